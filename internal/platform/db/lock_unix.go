//go:build unix

package db

import (
	"os"
	"syscall"

	"wangge/internal/platform/errs"
)

// lockFile takes the lock of the one writer; the system gives it back when the
// process ends, however it ends. The file stays: removing it would race.
func lockFile(path string) (release func(), err error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		return nil, errs.E("db.Open", errs.Conflict, "db.locked", path)
	}
	return func() { f.Close() }, nil
}
