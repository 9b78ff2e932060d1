package seal

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"sync"
	"sync/atomic"

	"wangge/internal/platform/clock"
	"wangge/internal/platform/errs"
)

// Wrapper wraps data keys with a master key. The folder's master.key and the
// environment give the built-in one; a key management service is another.
type Wrapper interface {
	// Wrap encrypts a data key; keyID must be bound to the result.
	Wrap(ctx context.Context, keyID string, key []byte) ([]byte, error)
	// Unwrap reverses Wrap and fails if keyID is another.
	Unwrap(ctx context.Context, keyID string, wrapped []byte) ([]byte, error)
}

// Keyring holds the data keys of one installation. It is safe for concurrent use.
type Keyring struct {
	dir    string
	clk    clock.Clock
	wrap   Wrapper
	mu     sync.Mutex // guards the folder and changes of keys
	keys   atomic.Pointer[map[string]*dataKey]
	absent atomic.Pointer[map[string]string] // key id → message key of why it cannot be used
}

// Option changes how a Keyring is opened.
type Option func(*Keyring)

// WithClock sets the clock that dates keys, escrow copies and tombstones.
func WithClock(c clock.Clock) Option { return func(r *Keyring) { r.clk = c } }

// NewKeyring opens the key folder dir, making it (mode 0700) if needed. The
// master key is masterKey (32 bytes) or, when nil, the base64 text of
// WANGGE_MASTER_KEY or, without that, the folder's file master.key, which is
// made at the first start. A folder with keys but without its master key is an
// error: a new one could not open them.
func NewKeyring(dir string, masterKey []byte, opts ...Option) (*Keyring, error) {
	r := &Keyring{dir: dir, clk: clock.Real()}
	r.keys.Store(&map[string]*dataKey{})
	r.absent.Store(&map[string]string{})
	for _, o := range opts {
		o(r)
	}
	if err := makeFolder(dir); err != nil {
		return nil, errs.Wrap("seal.NewKeyring", err)
	}
	if masterKey == nil {
		var err error
		if masterKey, err = findMaster(dir); err != nil {
			return nil, errs.Wrap("seal.NewKeyring", err)
		}
	}
	w, err := newMasterWrapper(masterKey)
	if err != nil {
		return nil, errs.Wrap("seal.NewKeyring", err)
	}
	r.wrap = w
	return r, r.finishDestructions()
}

// OpenKeyring is NewKeyring for those who only read: it makes and changes
// nothing, and fails with NotFound "seal.folder_missing" where dir holds no keys.
func OpenKeyring(dir string) (*Keyring, error) {
	const op = "seal.OpenKeyring"
	if files, err := filepath.Glob(filepath.Join(dir, "*"+keySuffix)); err != nil || len(files) == 0 {
		return nil, errs.E(op, errs.NotFound, "seal.folder_missing", dir)
	}
	master, err := findMaster(dir)
	if err != nil {
		return nil, errs.Wrap(op, err)
	}
	w, err := newMasterWrapper(master)
	if err != nil {
		return nil, errs.Wrap(op, err)
	}
	r := &Keyring{dir: dir, clk: clock.Real(), wrap: w}
	r.keys.Store(&map[string]*dataKey{})
	r.absent.Store(&map[string]string{})
	return r, nil
}

func makeFolder(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	info, err := os.Stat(dir)
	if err != nil {
		return err
	}
	if info.Mode().Perm()&0o077 != 0 {
		return os.Chmod(dir, 0o700)
	}
	return nil
}

const masterEnv = "WANGGE_MASTER_KEY"

func findMaster(dir string) ([]byte, error) {
	if text := os.Getenv(masterEnv); text != "" {
		return decodeMaster(text)
	}
	name := filepath.Join(dir, masterFile)
	text, err := os.ReadFile(name)
	if err == nil {
		return decodeMaster(string(text))
	}
	if !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	if others, _ := filepath.Glob(filepath.Join(dir, "*"+keySuffix)); len(others) > 0 {
		return nil, errs.E("seal.findMaster", errs.Unavailable, "seal.master_missing")
	}
	return makeMaster(dir, name)
}

// makeMaster writes a new master key, or reads the one another process was
// quicker to write.
func makeMaster(dir, name string) ([]byte, error) {
	key := make([]byte, 32)
	if _, err := rand.Read(key); err != nil {
		return nil, err
	}
	err := writeNew(dir, name, []byte(base64.StdEncoding.EncodeToString(key)+"\n"))
	if errors.Is(err, os.ErrExist) {
		text, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		return decodeMaster(string(text))
	}
	return key, err
}

func decodeMaster(text string) ([]byte, error) {
	key, err := base64.StdEncoding.DecodeString(strings.TrimSpace(text))
	if err != nil || len(key) != 32 {
		return nil, errs.E("seal.decodeMaster", errs.Unavailable, "seal.master_bad")
	}
	return key, nil
}

// Create makes the data key keyID. It is not an error if it exists; a destroyed
// one stays destroyed (seal.key_destroyed).
func (r *Keyring) Create(ctx context.Context, keyID string) error {
	const op = "seal.Create"
	if !keyIDShape.MatchString(keyID) {
		return errs.E(op, errs.Invalid, "seal.bad_key_id")
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, err := r.load(ctx, keyID); err == nil {
		return nil
	} else if errs.As(err).Key != "seal.key_missing" {
		return errs.Wrap(op, err)
	}
	secret := make([]byte, 32)
	if _, err := rand.Read(secret); err != nil {
		return errs.Wrap(op, err)
	}
	return errs.Wrap(op, r.install(ctx, keyID, secret))
}

// install writes a key file for secret and takes it into use. The caller holds mu.
func (r *Keyring) install(ctx context.Context, keyID string, secret []byte) error {
	wrapped, err := r.wrap.Wrap(ctx, keyID, secret)
	if err != nil {
		return err
	}
	f := keyFile{Version: 1, ID: keyID, CreatedMs: clock.Ms(r.clk.Now()), Wrapped: wrapped}
	if err := r.writeKeyFile(f); err != nil && !errors.Is(err, os.ErrExist) {
		return err
	}
	_, err = r.load(ctx, keyID)
	return err
}

// Check says why the key cannot be used now: Unavailable "seal.key_missing",
// "seal.key_destroyed", "seal.master_wrong"; nil where it can.
func (r *Keyring) Check(keyID string) error {
	_, err := r.key("seal.Check", keyID)
	return err
}

// Has reports whether the key can be used now.
func (r *Keyring) Has(keyID string) bool {
	_, err := r.key("seal.Has", keyID)
	return err == nil
}

// IDs returns the ids of the usable keys in order.
func (r *Keyring) IDs() ([]string, error) {
	names, err := filepath.Glob(filepath.Join(r.dir, "*"+keySuffix))
	if err != nil {
		return nil, errs.Wrap("seal.IDs", err)
	}
	return keysAmong(names), nil
}

// keysAmong returns the ids of the keys among file names, in order.
func keysAmong(names []string) (out []string) {
	for _, n := range names {
		if keyID := strings.TrimSuffix(filepath.Base(n), keySuffix); keyIDShape.MatchString(keyID) && keyID != "master" {
			out = append(out, keyID)
		}
	}
	sort.Strings(out)
	return out
}

// Reload forgets what is in memory, so that the next use reads the folder
// again. Replicas call it when another one created or destroyed a key.
func (r *Keyring) Reload() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.keys.Store(&map[string]*dataKey{})
	r.absent.Store(&map[string]string{})
}

// key returns the data key, from memory or from the folder.
func (r *Keyring) key(op, keyID string) (*dataKey, error) {
	if k := (*r.keys.Load())[keyID]; k != nil {
		return k, nil
	}
	if why, ok := (*r.absent.Load())[keyID]; ok {
		return nil, errs.E(op, errs.Unavailable, why)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	k, err := r.load(context.Background(), keyID)
	return k, errs.Wrap(op, err)
}

// load reads a key file into memory. The caller holds mu.
func (r *Keyring) load(ctx context.Context, keyID string) (*dataKey, error) {
	const op = "seal.load"
	if k := (*r.keys.Load())[keyID]; k != nil {
		return k, nil
	}
	if !keyIDShape.MatchString(keyID) {
		return nil, errs.E(op, errs.Invalid, "seal.bad_key_id")
	}
	if r.hasTombstone(keyID) {
		put(&r.absent, keyID, "seal.key_destroyed")
		return nil, errs.E(op, errs.Unavailable, "seal.key_destroyed")
	}
	f, err := r.readKeyFile(keyID)
	if errors.Is(err, os.ErrNotExist) {
		return nil, errs.E(op, errs.Unavailable, "seal.key_missing")
	}
	if err != nil {
		return nil, err
	}
	secret, err := r.wrap.Unwrap(ctx, keyID, f.Wrapped)
	if err != nil {
		return nil, err
	}
	defer clear(secret)
	k, err := newDataKey(secret)
	if err != nil {
		return nil, err
	}
	put(&r.keys, keyID, k)
	return k, nil
}

// put replaces the map behind p by a copy with one more entry.
func put[V any](p *atomic.Pointer[map[string]V], key string, v V) {
	m := maps.Clone(*p.Load())
	m[key] = v
	p.Store(&m)
}

// drop replaces the map behind p by a copy without key.
func drop[V any](p *atomic.Pointer[map[string]V], key string) {
	m := maps.Clone(*p.Load())
	delete(m, key)
	p.Store(&m)
}
