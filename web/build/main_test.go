package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// The committed scripts are those that the sources make: run "go generate ./web".
func TestScriptsAreNotStale(t *testing.T) {
	for entry, to := range bundles {
		want, err := bundle("..", entry)
		if err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(filepath.Join("..", to))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("web/%s is not what web/%s makes: run go generate ./web", to, entry)
		}
	}
}
