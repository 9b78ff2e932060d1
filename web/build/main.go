// Command build bundles the TypeScript of the worker's pages (web/ts) into the
// scripts that are served (web/js). It needs no Node.
package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/evanw/esbuild/pkg/api"
)

// bundles are the scripts made, by their entry.
var bundles = map[string]string{"ts/main.ts": "js/phone.js", "ts/sw.ts": "js/sw.js"}

// bundle returns the script made of an entry below the folder web.
func bundle(web, entry string) ([]byte, error) {
	r := api.Build(api.BuildOptions{
		EntryPoints: []string{filepath.Join(web, entry)}, Bundle: true, Format: api.FormatIIFE, Target: api.ES2017, Charset: api.CharsetASCII,
		MinifySyntax: true, MinifyWhitespace: true, MinifyIdentifiers: true, LegalComments: api.LegalCommentsNone, LogLevel: api.LogLevelSilent,
	})
	var faults []error
	for _, m := range r.Errors {
		at := ""
		if m.Location != nil {
			at = fmt.Sprintf("%s:%d: ", m.Location.File, m.Location.Line)
		}
		faults = append(faults, errors.New(at+m.Text))
	}
	if len(faults) > 0 {
		return nil, errors.Join(faults...)
	}
	return r.OutputFiles[0].Contents, nil
}

func main() {
	for entry, to := range bundles {
		b, err := bundle(".", entry)
		if err == nil {
			err = os.WriteFile(to, b, 0o644)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
}
