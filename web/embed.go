// Package assets holds the static files of the pages: own styles and scripts,
// and the vendored front-end libraries with their versions and licences
// (vendor/VENDOR.json). What stands here is served; js/phone.js and js/sw.js are
// bundled from ts/ by "go generate ./web" and committed.
package assets

import "embed"

//go:generate go run ./build

// FS holds css/, js/, img/ and vendor/.
//
//go:embed css js img vendor
var FS embed.FS
