package seal

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"

	"wangge/internal/platform/clock"
	"wangge/internal/platform/errs"
)

// Tombstone is what stays of a destroyed key: that it existed and when it ended.
type Tombstone struct {
	ID          string `json:"id"`
	CreatedMs   int64  `json:"created_ms"`
	DestroyedMs int64  `json:"destroyed_ms"`
}

// Text returns a key as one line to be printed or written down. Whoever reads
// it can open what the key sealed: package escrow records where it goes.
func (r *Keyring) Text(ctx context.Context, keyID string) (string, error) {
	const op = "seal.Text"
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, err := r.load(ctx, keyID); err != nil {
		return "", errs.Wrap(op, err)
	}
	f, err := r.readKeyFile(keyID)
	if err != nil {
		return "", errs.Wrap(op, err)
	}
	secret, err := r.wrap.Unwrap(ctx, keyID, f.Wrapped)
	if err != nil {
		return "", errs.Wrap(op, err)
	}
	return encodeCopy(keyID, secret), nil
}

// encodeCopy writes "wangge-key:<id>:<base64 of key and 4 bytes of checksum>".
func encodeCopy(keyID string, secret []byte) string {
	sum := sha256.Sum256(append([]byte(keyID), secret...))
	return "wangge-key:" + keyID + ":" + base64.StdEncoding.EncodeToString(append(append([]byte(nil), secret...), sum[:4]...))
}

func decodeCopy(text string) (keyID string, secret []byte, ok bool) {
	parts := strings.Split(strings.TrimSpace(text), ":")
	if len(parts) != 3 || parts[0] != "wangge-key" {
		return "", nil, false
	}
	raw, err := base64.StdEncoding.DecodeString(parts[2])
	if err != nil || len(raw) != 36 || encodeCopy(parts[1], raw[:32]) != strings.TrimSpace(text) {
		return "", nil, false
	}
	return parts[1], raw[:32], true
}

// RestoreText puts a key back, from the line of Text, into a folder that lost
// it, and returns its id. A destroyed key is refused.
func (r *Keyring) RestoreText(ctx context.Context, text string) (string, error) {
	const op = "seal.RestoreText"
	keyID, secret, ok := decodeCopy(text)
	if !ok || !keyIDShape.MatchString(keyID) {
		return "", errs.E(op, errs.Invalid, "seal.copy_bad")
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	_, err := r.load(ctx, keyID)
	if err == nil {
		return "", errs.E(op, errs.Conflict, "seal.key_exists", keyID)
	}
	if errs.As(err).Key != "seal.key_missing" {
		return "", errs.Wrap(op, err)
	}
	return keyID, errs.Wrap(op, r.install(ctx, keyID, secret))
}

// Image is every file of a key folder as read at one time: keys, tombstones and,
// where it lies there, the master key.
type Image struct {
	// Keys are the ids of the keys in it, in order.
	Keys []string
	// Master tells whether the master key is in it; where it is not, it comes from
	// the environment and a copy cannot be read without it.
	Master bool
	files  map[string][]byte
}

// Image reads the folder, to be written elsewhere.
func (r *Keyring) Image() (Image, error) {
	const op = "seal.Image"
	im := Image{files: map[string][]byte{}}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, suffix := range []string{keySuffix, tombSuffix} {
		names, err := filepath.Glob(filepath.Join(r.dir, "*"+suffix))
		if err != nil {
			return Image{}, errs.Wrap(op, err)
		}
		for _, name := range names {
			raw, err := os.ReadFile(name)
			if err != nil {
				return Image{}, errs.Wrap(op, err)
			}
			im.files[filepath.Base(name)] = raw
		}
		if suffix == keySuffix {
			im.Keys = keysAmong(names)
		}
	}
	im.Master = im.files[masterFile] != nil
	return im, nil
}

// WriteTo writes the files into the empty folder dir, durably.
func (im Image) WriteTo(dir string) error {
	for name, raw := range im.files {
		if err := writeNew(dir, filepath.Join(dir, name), raw); err != nil {
			return errs.Wrap("seal.WriteTo", err)
		}
	}
	return nil
}

// DestroyIn ends a key in a copy of the folder that WriteTo wrote: its file is
// overwritten and removed, and a tombstone takes its place. NotFound
// "seal.key_missing" where dir holds no such key.
func (r *Keyring) DestroyIn(dir, keyID string) error {
	c := &Keyring{dir: dir, clk: r.clk}
	c.keys.Store(&map[string]*dataKey{})
	c.absent.Store(&map[string]string{})
	return errs.Wrap("seal.DestroyIn", c.Destroy(keyID))
}

// Destroy ends a key: its tombstone is written, its file overwritten and
// removed, its memory dropped. What it sealed can never be read again but with
// a copy of the key that left the folder: package escrow knows of those.
// Destroying twice is not an error.
func (r *Keyring) Destroy(keyID string) error {
	const op = "seal.Destroy"
	if !keyIDShape.MatchString(keyID) {
		return errs.E(op, errs.Invalid, "seal.bad_key_id")
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.hasTombstone(keyID) {
		f, err := r.readKeyFile(keyID)
		if errors.Is(err, os.ErrNotExist) {
			return errs.E(op, errs.NotFound, "seal.key_missing")
		}
		if err := r.writeTombstone(Tombstone{ID: keyID, CreatedMs: f.CreatedMs, DestroyedMs: clock.Ms(r.clk.Now())}); err != nil {
			return errs.Wrap(op, err)
		}
	}
	drop(&r.keys, keyID)
	put(&r.absent, keyID, "seal.key_destroyed")
	return errs.Wrap(op, overwrite(r.dir, r.path(keyID, keySuffix)))
}

func (r *Keyring) writeTombstone(t Tombstone) error {
	raw, err := json.Marshal(t)
	if err != nil {
		return err
	}
	return replace(r.dir, r.path(t.ID, tombSuffix), raw)
}

// IsDestroyed reports whether err says that the key of a record was destroyed.
func IsDestroyed(err error) bool { return err != nil && errs.As(err).Key == "seal.key_destroyed" }
