// Package schema holds the database's schema as goose migrations: one text
// serves both engines. It is a leaf: it imports nothing of the project.
//
// A migration is migrations/NNNNN_name.sql and begins with "-- +goose Up". Only
// that part is ever run: an installation goes forward or is restored from a
// backup. A released migration never changes; a new one is added.
//
// Columns are BIGINT, INTEGER, TEXT or BYTEA. A TEXT column that must sort by
// bytes (paths, codes) carries the token /*C*/ after its type: PostgreSQL gets
// COLLATE "C" in its place, SQLite sorts so already and keeps the comment.
package schema

import (
	"bytes"
	"embed"
	"io"
	"io/fs"
	"strings"
	"time"
)

//go:embed migrations
var files embed.FS

const (
	token      = "/*C*/"
	pgCollate  = `COLLATE "C"`
	pgEngine   = "postgres"
	migrations = "migrations"
)

// FS returns the migration files for the engine, "sqlite" or "postgres", at
// the root of the returned file system.
func FS(engine string) fs.FS {
	sub, err := fs.Sub(files, migrations)
	if err != nil {
		panic("schema: the embedded folder is missing: " + err.Error())
	}
	return Dialect(sub, engine)
}

// Dialect returns base with the engine's words in place of the tokens.
func Dialect(base fs.FS, engine string) fs.FS {
	if engine != pgEngine {
		return base
	}
	return &tokenFS{base: base}
}

// Collated returns the SQL text with the byte order token replaced for the
// engine, as the migrations get it.
func Collated(text, engine string) string {
	if engine != pgEngine {
		return text
	}
	return strings.ReplaceAll(text, token, pgCollate)
}

// tokenFS replaces the tokens of .sql files while reading.
type tokenFS struct{ base fs.FS }

// Open returns the named file with its tokens replaced.
func (t *tokenFS) Open(name string) (fs.File, error) {
	f, err := t.base.Open(name)
	if err != nil || !strings.HasSuffix(name, ".sql") {
		return f, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(f)
	if err != nil {
		return nil, err
	}
	text = bytes.ReplaceAll(text, []byte(token), []byte(pgCollate))
	return &memFile{Reader: bytes.NewReader(text), info: memInfo{name: info.Name(), size: int64(len(text))}}, nil
}

// ReadDir lists a folder of the base.
func (t *tokenFS) ReadDir(name string) ([]fs.DirEntry, error) { return fs.ReadDir(t.base, name) }

type memFile struct {
	*bytes.Reader
	info memInfo
}

func (f *memFile) Stat() (fs.FileInfo, error) { return f.info, nil }
func (f *memFile) Close() error               { return nil }

type memInfo struct {
	name string
	size int64
}

func (i memInfo) Name() string       { return i.name }
func (i memInfo) Size() int64        { return i.size }
func (i memInfo) Mode() fs.FileMode  { return 0o444 }
func (i memInfo) ModTime() time.Time { return time.Time{} }
func (i memInfo) IsDir() bool        { return false }
func (i memInfo) Sys() any           { return nil }
