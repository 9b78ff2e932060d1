// Package assets holds the static files of the pages: own styles and scripts,
// and the vendored front-end libraries with their versions and licences
// (vendor/VENDOR.json). Nothing here is built: what stands here is served.
package assets

import "embed"

// FS holds css/, js/, img/ and vendor/.
//
//go:embed css js img vendor
var FS embed.FS
