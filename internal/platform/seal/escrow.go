package seal

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"os"
	"strings"

	"wangge/internal/platform/clock"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
)

// Copy records one copy of a key that left the folder.
type Copy struct {
	ID      id.ID  `json:"id"`
	Holder  string `json:"holder"` // the body or post that keeps it
	Place   string `json:"place"`  // where it lies, as "safe of the archive"
	MadeMs  int64  `json:"made_ms"`
	EndedMs int64  `json:"ended_ms,omitempty"` // when its holder proved it gone; 0 while it exists
}

// Tombstone is what stays of a destroyed key: that it existed, when it ended,
// and which copies were out.
type Tombstone struct {
	ID          string `json:"id"`
	CreatedMs   int64  `json:"created_ms"`
	DestroyedMs int64  `json:"destroyed_ms"`
	Copies      []Copy `json:"copies,omitempty"`
}

// Escrow returns a copy of the key as one line of text to be printed or stored
// elsewhere, after recording who holds it and where.
func (r *Keyring) Escrow(ctx context.Context, keyID, holder, place string) (Copy, string, error) {
	const op = "seal.Escrow"
	holder, place = strings.TrimSpace(holder), strings.TrimSpace(place)
	if holder == "" || place == "" {
		return Copy{}, "", errs.E(op, errs.Invalid, "seal.escrow_who")
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, err := r.load(ctx, keyID); err != nil {
		return Copy{}, "", errs.Wrap(op, err)
	}
	f, err := r.readKeyFile(keyID)
	if err != nil {
		return Copy{}, "", errs.Wrap(op, err)
	}
	secret, err := r.wrap.Unwrap(ctx, keyID, f.Wrapped)
	if err != nil {
		return Copy{}, "", errs.Wrap(op, err)
	}
	c := Copy{ID: id.New(), Holder: holder, Place: place, MadeMs: clock.Ms(r.clk.Now())}
	f.Copies = append(f.Copies, c)
	if err := r.writeKeyFile(f, false); err != nil {
		return Copy{}, "", errs.Wrap(op, err)
	}
	return c, encodeCopy(keyID, secret), nil
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

// RestoreCopy puts an escrowed key back into a folder that lost it, and returns
// its id. A destroyed key is refused.
func (r *Keyring) RestoreCopy(ctx context.Context, text string) (string, error) {
	const op = "seal.RestoreCopy"
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

// Copies lists the copies of a key, also of a destroyed one.
func (r *Keyring) Copies(keyID string) ([]Copy, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if t, err := r.tombstone(keyID); err == nil {
		return t.Copies, nil
	}
	f, err := r.readKeyFile(keyID)
	if errors.Is(err, os.ErrNotExist) {
		err = errs.E("seal.Copies", errs.NotFound, "seal.key_missing")
	}
	return f.Copies, errs.Wrap("seal.Copies", err)
}

// EndCopy records that the holder of a copy proved it destroyed.
func (r *Keyring) EndCopy(keyID string, copyID id.ID) error {
	const op = "seal.EndCopy"
	r.mu.Lock()
	defer r.mu.Unlock()
	t, terr := r.tombstone(keyID)
	f, ferr := r.readKeyFile(keyID)
	copies := f.Copies
	if terr == nil {
		copies = t.Copies
	} else if ferr != nil {
		return errs.E(op, errs.NotFound, "seal.key_missing")
	}
	for i := range copies {
		if copies[i].ID != copyID {
			continue
		}
		if copies[i].EndedMs == 0 {
			copies[i].EndedMs = clock.Ms(r.clk.Now())
		}
		if terr == nil {
			return errs.Wrap(op, r.writeTombstone(t))
		}
		return errs.Wrap(op, r.writeKeyFile(f, false))
	}
	return errs.E(op, errs.NotFound, "seal.copy_unknown")
}

// Destroy ends a key: its tombstone is written, its file overwritten and
// removed, its memory dropped. What it sealed can never be read again. It
// returns the copies that are still out, each of which must be ended by its
// holder. Destroying twice is not an error.
func (r *Keyring) Destroy(keyID string) ([]Copy, error) {
	const op = "seal.Destroy"
	if !keyIDShape.MatchString(keyID) {
		return nil, errs.E(op, errs.Invalid, "seal.bad_key_id")
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	t, err := r.tombstone(keyID)
	if err != nil {
		f, err := r.readKeyFile(keyID)
		if errors.Is(err, os.ErrNotExist) {
			return nil, errs.E(op, errs.NotFound, "seal.key_missing")
		}
		t = Tombstone{ID: keyID, CreatedMs: f.CreatedMs, DestroyedMs: clock.Ms(r.clk.Now()), Copies: f.Copies}
		if err := r.writeTombstone(t); err != nil {
			return nil, errs.Wrap(op, err)
		}
	}
	drop(&r.keys, keyID)
	put(&r.absent, keyID, "seal.key_destroyed")
	if err := overwrite(r.dir, r.path(keyID, keySuffix)); err != nil {
		return nil, errs.Wrap(op, err)
	}
	var out []Copy
	for _, c := range t.Copies {
		if c.EndedMs == 0 {
			out = append(out, c)
		}
	}
	return out, nil
}

func (r *Keyring) tombstone(keyID string) (Tombstone, error) {
	var t Tombstone
	raw, err := os.ReadFile(r.path(keyID, tombSuffix))
	if err != nil {
		return t, err
	}
	return t, json.Unmarshal(raw, &t)
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
