// Package sealtest gives tests a keyring in a temporary folder.
package sealtest

import (
	"context"
	"testing"

	"wangge/internal/platform/seal"
)

// New returns a keyring in a folder of its own that holds the standing key and
// those named.
func New(t testing.TB, keyIDs ...string) *seal.Keyring {
	t.Helper()
	r, err := seal.NewKeyring(t.TempDir(), []byte("0123456789abcdef0123456789abcdef"))
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range append([]string{seal.Standing}, keyIDs...) {
		if err := r.Create(context.Background(), k); err != nil {
			t.Fatal(err)
		}
	}
	return r
}
