package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"
	"sync"

	assets "wangge/web"
)

// asset is a static file, held in memory plain and compressed.
type asset struct {
	hash        string
	contentType string
	plain, gz   []byte
}

var assetTable = sync.OnceValue(func() map[string]*asset {
	table := map[string]*asset{}
	err := fs.WalkDir(assets.FS, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := fs.ReadFile(assets.FS, name)
		if err == nil {
			table[name] = newAsset(name, b)
		}
		return err
	})
	if err != nil {
		panic("web: the static files built into the program cannot be read: " + err.Error())
	}
	return table
})

var assetTypes = map[string]string{
	".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml",
	".json": "application/json", ".webmanifest": "application/manifest+json", "": "text/plain; charset=utf-8",
}

func newAsset(name string, b []byte) *asset {
	sum := sha256.Sum256(b)
	ext := path.Ext(name)
	ct, ok := assetTypes[ext]
	if !ok {
		ct = mime.TypeByExtension(ext)
	}
	a := &asset{hash: hex.EncodeToString(sum[:5]), contentType: ct, plain: b}
	if compressible(ct) {
		var buf bytes.Buffer
		z, _ := gzip.NewWriterLevel(&buf, gzip.BestCompression)
		z.Write(b)
		z.Close()
		if buf.Len() < len(b) {
			a.gz = buf.Bytes()
		}
	}
	return a
}

// AssetURL returns the address of a static file such as "css/phone.css"; it
// changes with the file's content, so browsers may keep it for ever. Unknown
// names give an address that answers 404.
func AssetURL(name string) string {
	if a, ok := assetTable()[name]; ok {
		return "/assets/" + a.hash + "/" + name
	}
	return "/assets/0/" + name
}

// assetHandler serves /assets/<hash>/<name>. An old hash is answered with the
// present file, but not for keeping.
func assetHandler() http.Handler {
	table := assetTable()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		hash, name, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/assets/"), "/")
		a, ok := table[name]
		if !ok {
			plainText(w, http.StatusNotFound, "not found\n")
			return
		}
		serveAsset(w, r, a, hash == a.hash)
	})
}

func serveAsset(w http.ResponseWriter, r *http.Request, a *asset, current bool) {
	h := w.Header()
	if current {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	} else {
		h.Set("Cache-Control", "no-cache")
	}
	etag := `"` + a.hash + `"`
	h.Set("ETag", etag)
	h.Set("Content-Type", a.contentType)
	h.Add("Vary", "Accept-Encoding")
	if r.Header.Get("If-None-Match") == etag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	body := a.plain
	if a.gz != nil && acceptsGzip(r) {
		h.Set("Content-Encoding", "gzip")
		body = a.gz
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(http.StatusOK)
	if r.Method != http.MethodHead {
		w.Write(body)
	}
}
