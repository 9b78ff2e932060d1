package house

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	docLink = regexp.MustCompile(`\]\(([^)#\s]+)(#[^)]*)?\)`)
	docPath = regexp.MustCompile("`((?:cmd|internal|web|docs|scripts)/[A-Za-z0-9_./-]+)`")
)

// TestDocsPointAtWhatIsThere: every relative link of a page, and every path of
// the repository it names, exists.
func TestDocsPointAtWhatIsThere(t *testing.T) {
	links := 0
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			if d != nil && (d.Name() == ".git" || d.Name() == "vendor") {
				return filepath.SkipDir
			}
			return err
		}
		if filepath.Ext(p) != ".md" {
			return nil
		}
		b, err := os.ReadFile(p)
		if err != nil {
			return err
		}
		for _, m := range docLink.FindAllStringSubmatch(string(b), -1) {
			if strings.Contains(m[1], "://") || strings.HasPrefix(m[1], "mailto:") {
				continue
			}
			links++
			if _, err := os.Stat(filepath.Join(filepath.Dir(p), m[1])); err != nil {
				t.Errorf("%s links to %s, which is not there", p, m[1])
			}
		}
		for _, m := range docPath.FindAllStringSubmatch(string(b), -1) {
			if _, err := os.Stat(filepath.Join(root, m[1])); err != nil && !strings.Contains(m[1], "slice") {
				t.Errorf("%s names %s, which is not there", p, m[1])
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if links < 20 {
		t.Errorf("only %d links found: does the search still work?", links)
	}
}
