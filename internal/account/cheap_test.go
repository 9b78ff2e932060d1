package account

import (
	"testing"

	"github.com/alexedwards/argon2id"
)

// CheapHashes makes passwords cheap to hash until the test ends, for tests of
// thousands of accounts.
func CheapHashes(t testing.TB) {
	old := params
	params = &argon2id.Params{Memory: 8, Iterations: 1, Parallelism: 1, SaltLength: 16, KeyLength: 32}
	t.Cleanup(func() { params = old })
}
