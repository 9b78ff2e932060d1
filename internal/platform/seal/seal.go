// Package seal keeps personal fields unreadable outside a running server.
//
// A Keyring is a folder apart from the database with one file for each register
// (the standing one and one an emergency). A file holds a random 32-byte data
// key wrapped by the master key; from a data key two others are derived, one for
// sealing (AES-256-GCM, random nonce, version byte) and one for keyed hashes
// that let an exact value be looked up without being stored.
//
// What it guarantees: a copied database without the folder cannot be read; a
// sealed blob moved to another record does not open (the AAD names register,
// table and id); a destroyed key never comes back under its name.
package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"hash"
	"regexp"
	"sync"
	"unsafe"

	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
)

// Standing is the key id of the community's standing register.
const Standing = "standing"

// EmergencyKey returns the key id of an emergency's register.
func EmergencyKey(emergency id.ID) string { return "emergency-" + emergency.String() }

// AAD names the record a blob belongs to: <register>/<table>/<id>. A blob opens
// only under the AAD it was sealed with.
func AAD(register, table string, record id.ID) string {
	return register + "/" + table + "/" + record.String()
}

const (
	version   = 1
	nonceSize = 12
	tagSize   = 16
	hashSize  = 16
	// Overhead is how many bytes a sealed blob is longer than its plain text.
	Overhead = 1 + nonceSize + tagSize
)

var keyIDShape = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,63}$`)

// dataKey is a register's key with what is derived from it, ready for use.
type dataKey struct {
	aead   cipher.AEAD
	hashes sync.Pool
}

func newDataKey(secret []byte) (*dataKey, error) {
	sealing, err := hkdf.Key(sha256.New, secret, nil, "wangge seal v1", 32)
	if err != nil {
		return nil, err
	}
	hashing, err := hkdf.Key(sha256.New, secret, nil, "wangge hash v1", 32)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(sealing)
	if err != nil {
		return nil, err
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, err
	}
	k := &dataKey{aead: aead}
	k.hashes.New = func() any { return hmac.New(sha256.New, hashing) }
	return k, nil
}

// bytesOf views s as bytes without copying; the callee must not write to it.
func bytesOf(s string) []byte { return unsafe.Slice(unsafe.StringData(s), len(s)) }

// Seal returns plain sealed under the key keyID for the record named by aad.
func (r *Keyring) Seal(keyID, aad string, plain []byte) ([]byte, error) {
	return r.AppendSeal(make([]byte, 0, len(plain)+Overhead), keyID, aad, plain)
}

// AppendSeal is Seal that appends to dst; with room in dst it allocates nothing.
func (r *Keyring) AppendSeal(dst []byte, keyID, aad string, plain []byte) ([]byte, error) {
	k, err := r.key("seal.Seal", keyID)
	if err != nil {
		return nil, err
	}
	n := len(dst)
	dst = append(dst, version)
	dst = append(dst, make([]byte, nonceSize)...)
	nonce := dst[n+1 : n+1+nonceSize]
	if _, err := rand.Read(nonce); err != nil {
		return nil, errs.Wrap("seal.Seal", err)
	}
	return k.aead.Seal(dst, nonce, plain, bytesOf(aad)), nil
}

// Open returns the plain text of a blob sealed under keyID for aad. Errors are
// seal.key_destroyed or seal.key_missing (Unavailable), and seal.damaged
// (Internal) where the blob was altered or belongs to another record.
func (r *Keyring) Open(keyID, aad string, blob []byte) ([]byte, error) {
	return r.AppendOpen(make([]byte, 0, max(0, len(blob)-Overhead)), keyID, aad, blob)
}

// AppendOpen is Open that appends to dst; with room in dst it allocates nothing.
func (r *Keyring) AppendOpen(dst []byte, keyID, aad string, blob []byte) ([]byte, error) {
	k, err := r.key("seal.Open", keyID)
	if err != nil {
		return nil, err
	}
	if len(blob) < Overhead || blob[0] != version {
		return nil, errs.E("seal.Open", errs.Internal, "seal.damaged")
	}
	out, err := k.aead.Open(dst, blob[1:1+nonceSize], blob[1+nonceSize:], bytesOf(aad))
	if err != nil {
		return nil, errs.E("seal.Open", errs.Internal, "seal.damaged")
	}
	return out, nil
}

// SealJSON seals the JSON form of v.
func (r *Keyring) SealJSON(keyID, aad string, v any) ([]byte, error) {
	plain, err := json.Marshal(v)
	if err != nil {
		return nil, errs.Wrap("seal.SealJSON", err)
	}
	return r.Seal(keyID, aad, plain)
}

// OpenJSON opens a blob of SealJSON into v.
func (r *Keyring) OpenJSON(keyID, aad string, blob []byte, v any) error {
	plain, err := r.Open(keyID, aad, blob)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(plain, v); err != nil {
		return errs.E("seal.OpenJSON", errs.Internal, "seal.damaged")
	}
	return nil
}

var separator = []byte{0}

// Hash returns 16 bytes by which an exact value can be looked up under keyID;
// kind ("phone", "name", "idno" …) keeps equal values of different fields
// apart. Normalise the value first (NormPhone, NormName, NormIDNo). An empty
// value, or a key that is missing or destroyed, gives nil, which finds nothing.
func (r *Keyring) Hash(keyID, kind, value string) []byte {
	if value == "" {
		return nil
	}
	k, err := r.key("seal.Hash", keyID)
	if err != nil {
		return nil
	}
	h := k.hashes.Get().(hash.Hash)
	defer k.hashes.Put(h)
	h.Reset()
	h.Write(bytesOf(kind))
	h.Write(separator)
	h.Write(bytesOf(value))
	return h.Sum(make([]byte, 0, sha256.Size))[:hashSize:hashSize]
}
