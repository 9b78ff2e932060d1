package db

import (
	"net/url"
	"path/filepath"
	"strings"

	"wangge/internal/platform/errs"
)

// location is a parsed database URL.
type location struct {
	engine Engine
	path   string // SQLite: absolute file name
	url    string // PostgreSQL: the URL as given
}

// parseURL reads "sqlite:///abs/file.db", "sqlite:rel/file.db",
// "postgres://…" or "postgresql://…".
func parseURL(s string) (location, error) {
	const op = "db.Open"
	scheme, rest, ok := strings.Cut(s, ":")
	if !ok {
		return location{}, errs.E(op, errs.Invalid, "db.url")
	}
	switch scheme {
	case "postgres", "postgresql":
		if u, err := url.Parse(s); err != nil || u.Path == "" || u.Path == "/" {
			return location{}, errs.E(op, errs.Invalid, "db.url")
		}
		return location{engine: Postgres, url: s}, nil
	case "sqlite":
		return parseFile(rest)
	}
	return location{}, errs.E(op, errs.Invalid, "db.url")
}

func parseFile(rest string) (location, error) {
	const op = "db.Open"
	if after, ok := strings.CutPrefix(rest, "//"); ok {
		if !strings.HasPrefix(after, "/") {
			return location{}, errs.E(op, errs.Invalid, "db.url")
		}
		rest = after
	}
	path, err := url.PathUnescape(rest)
	if err != nil || path == "" || strings.HasSuffix(path, "/") || strings.ContainsAny(path, "\x00?") {
		return location{}, errs.E(op, errs.Invalid, "db.url")
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return location{}, errs.Wrap(op, err)
	}
	return location{engine: SQLite, path: abs}, nil
}

// FileURL returns the URL of a SQLite file.
func FileURL(path string) string {
	return "sqlite://" + (&url.URL{Path: filepath.ToSlash(path)}).EscapedPath()
}
