package web

import (
	"bytes"
	"context"
	"crypto/sha256"
	"io"
	"net/http"
	"net/url"
	"strings"

	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
)

// Response is an answer kept so that it can be given again.
type Response struct {
	Status      int
	Location    string // of a redirect
	ContentType string
	Body        []byte // at most 64 KiB; longer answers are kept without their body
}

// Idempotency remembers what was answered to a key, so that a form sent twice
// or a call repeated after a lost answer is done once. A key belongs to one
// account. hash is SHA-256 over method, path and payload; the store keys it
// (HMAC) before keeping it, since payloads hold personal fields.
type Idempotency interface {
	// Begin claims key. done is true when the key was answered before with the
	// same hash: then saved is that answer. The same key with another hash, or
	// one whose first request is still running, is an error of kind Conflict.
	Begin(ctx context.Context, account id.ID, key string, hash []byte) (done bool, saved Response, err error)
	// Finish keeps the answer.
	Finish(ctx context.Context, account id.ID, key string, answer Response) error
	// Abandon frees the key: the request failed and may be made again.
	Abandon(ctx context.Context, account id.ID, key string) error
}

// KeyField is the hidden form field that carries the idempotency key.
const KeyField = "_key"

// KeyHeader is the same for programs.
const KeyHeader = "Idempotency-Key"

const maxKept = 64 << 10

// once answers a repeated key from what was kept. It looks at requests of
// somebody logged in that change something and carry a key in the header or in
// an ordinary form. Uploads (multipart) are not looked at.
func (a *App) once(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		account := SessionFrom(r.Context()).AccountID
		if a.opt.Idempotency == nil || account == id.Zero || safeMethod(r.Method) {
			next.ServeHTTP(w, r)
			return
		}
		key, hash, err := keyOf(r)
		if err != nil {
			WriteError(w, r, err)
			return
		}
		if key == "" {
			next.ServeHTTP(w, r)
			return
		}
		done, saved, err := a.opt.Idempotency.Begin(r.Context(), account, key, hash)
		switch {
		case err != nil:
			WriteError(w, r, err)
		case done:
			replay(w, saved)
		default:
			a.runOnce(w, r, next, account, key)
		}
	})
}

func (a *App) runOnce(w http.ResponseWriter, r *http.Request, next http.Handler, account id.ID, key string) {
	ctx := context.WithoutCancel(r.Context())
	keep := &keeper{ResponseWriter: w}
	finished := false
	defer func() {
		if finished {
			return
		}
		if err := a.opt.Idempotency.Abandon(ctx, account, key); err != nil {
			a.opt.Log.WarnContext(ctx, "idempotency key not freed", "request", RequestID(ctx), "error", err)
		}
	}()
	next.ServeHTTP(keep, r)
	if keep.status >= 400 {
		return
	}
	finished = true
	if err := a.opt.Idempotency.Finish(ctx, account, key, keep.response()); err != nil {
		a.opt.Log.WarnContext(ctx, "answer not kept", "request", RequestID(ctx), "error", err)
	}
}

func safeMethod(m string) bool {
	return m == http.MethodGet || m == http.MethodHead || m == http.MethodOptions
}

// keyOf returns the key of r and the hash of what it asks, leaving the body
// readable.
func keyOf(r *http.Request) (string, []byte, error) {
	ct, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
	key := r.Header.Get(KeyHeader)
	form := strings.TrimSpace(ct) == "application/x-www-form-urlencoded"
	if !form && key == "" || strings.HasPrefix(ct, "multipart/") {
		return "", nil, nil
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return "", nil, err
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	if key == "" {
		values, err := url.ParseQuery(string(body))
		if err != nil {
			return "", nil, errs.E("web.form", errs.Invalid, "web.error.form")
		}
		key = values.Get(KeyField)
	}
	if len(key) > 80 {
		return "", nil, errs.Field(errs.E("web.form", errs.Invalid, "web.error.key"), KeyHeader)
	}
	h := sha256.New()
	io.WriteString(h, r.Method+" "+r.URL.RequestURI()+"\n")
	h.Write(body)
	return key, h.Sum(nil), nil
}

func replay(w http.ResponseWriter, saved Response) {
	h := w.Header()
	h.Set("Idempotent-Replayed", "true")
	if saved.Location != "" && saved.Status == http.StatusOK {
		h.Set("HX-Redirect", saved.Location)
	} else if saved.Location != "" {
		h.Set("Location", saved.Location)
	}
	if saved.ContentType != "" {
		h.Set("Content-Type", saved.ContentType)
	}
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(saved.Status)
	w.Write(saved.Body)
}

// keeper copies an answer while it is sent.
type keeper struct {
	http.ResponseWriter
	status int
	body   bytes.Buffer
	long   bool
}

func (k *keeper) WriteHeader(status int) {
	if k.status == 0 {
		k.status = status
	}
	k.ResponseWriter.WriteHeader(status)
}

func (k *keeper) Write(b []byte) (int, error) {
	if k.status == 0 {
		k.status = http.StatusOK
	}
	if k.long || k.body.Len()+len(b) > maxKept {
		k.long = true
		k.body.Reset()
	} else {
		k.body.Write(b)
	}
	return k.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController reach the connection.
func (k *keeper) Unwrap() http.ResponseWriter { return k.ResponseWriter }

func (k *keeper) response() Response {
	status := k.status
	if status == 0 {
		status = http.StatusOK
	}
	location := k.Header().Get("Location")
	if location == "" {
		location = k.Header().Get("HX-Redirect")
	}
	return Response{
		Status: status, Location: location,
		ContentType: k.Header().Get("Content-Type"), Body: bytes.Clone(k.body.Bytes()),
	}
}
