package seal

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"

	"wangge/internal/platform/errs"
)

const (
	keySuffix  = ".key"
	tombSuffix = ".destroyed"
	masterFile = "master" + keySuffix
)

// keyFile is the content of <id>.key.
type keyFile struct {
	Version   int    `json:"version"`
	ID        string `json:"id"`
	CreatedMs int64  `json:"created_ms"`
	Wrapped   []byte `json:"wrapped"`
}

func (r *Keyring) path(keyID, suffix string) string { return filepath.Join(r.dir, keyID+suffix) }

func (r *Keyring) readKeyFile(keyID string) (keyFile, error) {
	var f keyFile
	raw, err := os.ReadFile(r.path(keyID, keySuffix))
	if err != nil {
		return f, err
	}
	if err := json.Unmarshal(raw, &f); err != nil || f.Version != 1 || f.ID != keyID {
		return f, errs.E("seal.readKeyFile", errs.Unavailable, "seal.key_file_bad", keyID)
	}
	return f, nil
}

func (r *Keyring) writeKeyFile(f keyFile) error {
	raw, err := json.Marshal(f)
	if err != nil {
		return err
	}
	return writeNew(r.dir, r.path(f.ID, keySuffix), raw)
}

// CheckFolder says whether dir can hold keys: it is a folder one can write into,
// or can be made. Unavailable "seal.folder_bad" where not; nothing is left behind.
func CheckFolder(dir string) error {
	at := dir
	for {
		info, err := os.Stat(at)
		if err == nil && !info.IsDir() {
			return errs.E("seal.CheckFolder", errs.Unavailable, "seal.folder_bad", at)
		}
		up := filepath.Dir(at)
		if err == nil || up == at {
			break
		}
		at = up
	}
	f, err := os.CreateTemp(at, ".new-*")
	if err != nil {
		return &errs.Error{Op: "seal.CheckFolder", Kind: errs.Unavailable, Key: "seal.folder_bad", Args: []any{at}, Err: err}
	}
	f.Close()
	os.Remove(f.Name())
	return nil
}

// writeNew writes a file durably and whole, failing with os.ErrExist if name is taken.
func writeNew(dir, name string, content []byte) error {
	return writeVia(dir, content, func(tmp string) error { return os.Link(tmp, name) })
}

// replace writes a file durably in place of the one of that name.
func replace(dir, name string, content []byte) error {
	return writeVia(dir, content, func(tmp string) error { return os.Rename(tmp, name) })
}

func writeVia(dir string, content []byte, place func(tmp string) error) error {
	f, err := os.CreateTemp(dir, ".new-*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(content)
	if err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = place(f.Name())
	}
	if err != nil {
		return err
	}
	return syncFolder(dir)
}

func syncFolder(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

// overwrite fills a file with random bytes before removing it. On file systems
// that copy on write the old bytes may stay; they are wrapped by the master key.
func overwrite(dir, name string) error {
	f, err := os.OpenFile(name, os.O_WRONLY, 0)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	info, err := f.Stat()
	if err == nil {
		junk := make([]byte, info.Size())
		_, _ = rand.Read(junk)
		_, err = f.WriteAt(junk, 0)
	}
	if err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = os.Remove(name)
	}
	if err != nil {
		return err
	}
	return syncFolder(dir)
}

func (r *Keyring) hasTombstone(keyID string) bool {
	_, err := os.Stat(r.path(keyID, tombSuffix))
	return err == nil
}

// finishDestructions removes key files whose tombstone is already written: a
// destruction that was cut short.
func (r *Keyring) finishDestructions() error {
	tombs, err := filepath.Glob(filepath.Join(r.dir, "*"+tombSuffix))
	if err != nil {
		return errs.Wrap("seal.NewKeyring", err)
	}
	for _, t := range tombs {
		if err := overwrite(r.dir, strings.TrimSuffix(t, tombSuffix)+keySuffix); err != nil {
			return errs.Wrap("seal.NewKeyring", err)
		}
	}
	return nil
}

// masterWrapper wraps with AES-256-GCM under a key in memory.
type masterWrapper struct{ aead cipher.AEAD }

func newMasterWrapper(key []byte) (Wrapper, error) {
	if len(key) != 32 {
		return nil, errs.E("seal.master", errs.Unavailable, "seal.master_bad")
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	aead, err := cipher.NewGCM(block)
	return masterWrapper{aead}, err
}

func wrapAAD(keyID string) []byte { return []byte("wangge key v1 " + keyID) }

// Wrap encrypts a data key under the master key.
func (w masterWrapper) Wrap(_ context.Context, keyID string, key []byte) ([]byte, error) {
	nonce := make([]byte, nonceSize)
	if _, err := rand.Read(nonce); err != nil {
		return nil, err
	}
	return w.aead.Seal(nonce, nonce, key, wrapAAD(keyID)), nil
}

// Unwrap decrypts a data key; seal.master_wrong where the master key is another.
func (w masterWrapper) Unwrap(_ context.Context, keyID string, wrapped []byte) ([]byte, error) {
	if len(wrapped) > nonceSize {
		if key, err := w.aead.Open(nil, wrapped[:nonceSize], wrapped[nonceSize:], wrapAAD(keyID)); err == nil {
			return key, nil
		}
	}
	return nil, errs.E("seal.Unwrap", errs.Unavailable, "seal.master_wrong", keyID)
}
