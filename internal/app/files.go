package app

import (
	"fmt"
	"os"
	"path/filepath"

	"wangge/internal/ledger/roster"
)

// OpenFiles opens tables by name; the function returned closes them all. A
// file that cannot be read is a fault of the call.
func OpenFiles(names []string) ([]roster.File, func(), error) {
	var open []*os.File
	closeAll := func() {
		for _, f := range open {
			f.Close()
		}
	}
	var out []roster.File
	for _, name := range names {
		f, err := os.Open(name)
		if err != nil {
			closeAll()
			return nil, nil, fmt.Errorf("%w: %v", ErrCall, err)
		}
		open = append(open, f)
		info, err := f.Stat()
		if err == nil && info.IsDir() {
			err = fmt.Errorf("%s is a folder", name)
		}
		if err != nil {
			closeAll()
			return nil, nil, fmt.Errorf("%w: %v", ErrCall, err)
		}
		out = append(out, roster.File{Name: filepath.Base(name), R: f, Size: info.Size()})
	}
	return out, closeAll, nil
}
