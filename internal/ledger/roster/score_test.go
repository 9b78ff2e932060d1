//go:build score

package roster

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// TestScore prints what is understood of the real workbooks in WANGGE_DATA.
func TestScore(t *testing.T) {
	dir := os.Getenv("WANGGE_DATA")
	if dir == "" {
		t.Fatal("WANGGE_DATA names no folder")
	}
	files, err := filepath.Glob(filepath.Join(dir, "excel", "*.xls*"))
	if err != nil || len(files) == 0 {
		t.Fatal("no workbooks", err)
	}
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		rows := 0
		res, err := Parse(context.Background(), []File{{filepath.Base(f), bytes.NewReader(data), int64(len(data))}}, Options{}, func(r Row) error {
			if rows++; rows <= 3 && testing.Verbose() {
				fmt.Printf("   %+v\n", r)
			}
			return nil
		})
		if err != nil {
			fmt.Println(filepath.Base(f), err)
			continue
		}
		for _, s := range res.Sheets {
			if len(s.Problems) > 4 {
				s.Problems = s.Problems[:4]
			}
		}
		out, _ := json.MarshalIndent(res, "", " ")
		fmt.Println(string(out))
	}
}
