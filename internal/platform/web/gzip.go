package web

import (
	"compress/gzip"
	"net/http"
	"strings"
	"sync"
)

// minGzip is the size in bytes from which an answer is worth compressing.
const minGzip = 700

var gzipPool = sync.Pool{New: func() any {
	z, _ := gzip.NewWriterLevel(nil, gzip.BestSpeed)
	return z
}}

// compress gzips text for clients that take it. Event streams, files that are
// compressed already and short answers pass through untouched.
func (a *App) compress(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !acceptsGzip(r) {
			next.ServeHTTP(w, r)
			return
		}
		zw := &gzipWriter{ResponseWriter: w}
		defer zw.close()
		next.ServeHTTP(zw, r)
	})
}

func acceptsGzip(r *http.Request) bool {
	for _, part := range strings.Split(r.Header.Get("Accept-Encoding"), ",") {
		name, q, _ := strings.Cut(strings.TrimSpace(part), ";")
		if strings.EqualFold(name, "gzip") {
			q = strings.ReplaceAll(q, " ", "")
			return q != "q=0" && q != "q=0.0"
		}
	}
	return false
}

// gzipWriter decides at the first byte whether to compress.
type gzipWriter struct {
	http.ResponseWriter
	z       *gzip.Writer
	status  int
	decided bool
}

func (w *gzipWriter) WriteHeader(status int) {
	if w.decided || w.status != 0 {
		return
	}
	w.status = status
	if status < 200 || status == http.StatusNoContent || status == http.StatusNotModified {
		w.decided = true
		w.ResponseWriter.WriteHeader(status)
	}
}

func (w *gzipWriter) Write(b []byte) (int, error) {
	if !w.decided {
		w.decide(b)
	}
	if w.z != nil {
		return w.z.Write(b)
	}
	return w.ResponseWriter.Write(b)
}

func (w *gzipWriter) decide(first []byte) {
	w.decided = true
	h := w.Header()
	if h.Get("Content-Type") == "" && len(first) > 0 {
		h.Set("Content-Type", http.DetectContentType(first))
	}
	if compressible(h.Get("Content-Type")) && h.Get("Content-Encoding") == "" && h.Get("Content-Range") == "" {
		h.Add("Vary", "Accept-Encoding")
		if len(first) >= minGzip {
			h.Set("Content-Encoding", "gzip")
			h.Del("Content-Length")
			w.z = gzipPool.Get().(*gzip.Writer)
			w.z.Reset(w.ResponseWriter)
		}
	}
	if w.status == 0 {
		w.status = http.StatusOK
	}
	w.ResponseWriter.WriteHeader(w.status)
}

// FlushError sends what is there, as streams and long downloads need.
func (w *gzipWriter) FlushError() error {
	if !w.decided {
		w.decide(nil)
	}
	if w.z != nil {
		if err := w.z.Flush(); err != nil {
			return err
		}
	}
	return http.NewResponseController(w.ResponseWriter).Flush()
}

// Flush is FlushError for callers that cannot take an error.
func (w *gzipWriter) Flush() { _ = w.FlushError() }

// Unwrap lets http.ResponseController reach the connection.
func (w *gzipWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *gzipWriter) close() {
	if !w.decided && w.status != 0 {
		w.decide(nil)
	}
	if w.z != nil {
		_ = w.z.Close()
		w.z.Reset(nil)
		gzipPool.Put(w.z)
		w.z = nil
	}
}

func compressible(contentType string) bool {
	base, _, _ := strings.Cut(contentType, ";")
	switch strings.TrimSpace(base) {
	case "text/html", "text/plain", "text/css", "text/csv", "text/javascript", "application/json",
		"application/problem+json", "application/openapi+json", "image/svg+xml", "application/geo+json", "application/x-ndjson":
		return true
	}
	return false
}
