//go:build !unix

package db

import (
	"os"

	"wangge/internal/platform/errs"
)

// lockFile takes the lock of the one writer: the file exists only while it is
// held. Systems without flock refuse to remove an open file, so that a lock left
// by a process that died can be told from a live one.
func lockFile(path string) (release func(), err error) {
	os.Remove(path)
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, errs.E("db.Open", errs.Conflict, "db.locked", path)
	}
	return func() {
		f.Close()
		os.Remove(path)
	}, nil
}
