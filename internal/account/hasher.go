package account

import (
	"context"
	"encoding/hex"
	"runtime"

	"github.com/alexedwards/argon2id"

	"wangge/internal/platform/errs"
	"wangge/internal/platform/seal"
)

// params are OWASP's first choice for argon2id: 19 MiB, two passes.
var params = &argon2id.Params{Memory: 19 * 1024, Iterations: 2, Parallelism: 1, SaltLength: 16, KeyLength: 32}

// hashSlots is how many passwords are hashed at once: half the cores, so that the
// other half goes on answering.
func hashSlots() int { return max(1, runtime.NumCPU()/2) }

// pepper turns a password into what argon2id is given: a keyed hash, useless to
// guess at without the key folder. It is all that is kept of a password while
// somebody waits. Nil stands for what can be nobody's password.
func (s *Service) pepper(password string) ([]byte, error) {
	if password == "" || len(password) > 4*maxPassword {
		return nil, nil
	}
	h := s.keys.Hash(seal.Standing, "password", password)
	if h == nil {
		return nil, errs.E("account.hash", errs.Unavailable, "seal.key_missing")
	}
	return h, nil
}

// HashPassword checks a new password against the rules (errors name the field
// "password") and returns what is kept of it. It waits for its turn as long as ctx
// lasts and takes about 25 ms of a core, so it is called before a transaction,
// never inside. Errors: TooMany account.queue, Unavailable account.queue_full.
func (s *Service) HashPassword(ctx context.Context, password, login, phone string) (string, error) {
	if err := checkPassword(password, login, phone); err != nil {
		return "", err
	}
	peppered, err := s.pepper(password)
	if err != nil {
		return "", err
	}
	defer clear(peppered)
	turn, err := s.queue.pass(ctx, s.now())
	if err != nil {
		return "", err
	}
	defer turn.leave()
	return createHash(peppered)
}

// createHash returns what is kept of a password. It is called in a turn.
func createHash(peppered []byte) (string, error) {
	hash, err := argon2id.CreateHash(hex.EncodeToString(peppered), params)
	return hash, errs.Wrap("account.createHash", err)
}

// nobodysHash is compared with where there is no account, so that the answer
// takes as long as for one that exists.
const nobodysHash = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

// verify reports whether the password is the one behind hash; never for an empty
// hash. It is called in a turn.
func verify(peppered []byte, hash string) (bool, error) {
	known := hash != ""
	if !known {
		hash = nobodysHash
	}
	ok, err := argon2id.ComparePasswordAndHash(hex.EncodeToString(peppered), hash)
	return ok && known && len(peppered) > 0, errs.Wrap("account.verify", err)
}
