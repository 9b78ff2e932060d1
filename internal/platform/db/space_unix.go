//go:build unix

package db

import "syscall"

// freeIn returns how many bytes may still be written into the folder dir.
func freeIn(dir string) (int64, error) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(dir, &s); err != nil {
		return 0, err
	}
	return int64(s.Bavail) * int64(s.Bsize), nil
}
