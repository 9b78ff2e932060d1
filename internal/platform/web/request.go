package web

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"wangge/internal/platform/clock"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/i18n"
)

// Handler serves a request or returns an error, which WriteError turns into a
// page or a problem document.
type Handler func(w http.ResponseWriter, r *http.Request) error

// WithForm runs h with the form read into r.Form; one that cannot be read is
// invalid.
func WithForm(h Handler) Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		if err := r.ParseForm(); err != nil {
			return errs.E("web.WithForm", errs.Invalid, "error.bad_form")
		}
		return h(w, r)
	}
}

// Lang returns the language of the request: "zh" or "en".
func Lang(ctx context.Context) string {
	if l, ok := ctx.Value(langKey).(string); ok {
		return l
	}
	return i18n.ZH
}

// WithLang returns a context whose language is lang.
func WithLang(ctx context.Context, lang string) context.Context {
	return context.WithValue(ctx, langKey, i18n.Known(lang))
}

// RequestID returns the identifier of the request, as logged and as shown on
// pages about internal errors.
func RequestID(ctx context.Context) string {
	s, _ := ctx.Value(requestKey).(string)
	return s
}

// T returns the message of key in the request's language.
func T(ctx context.Context, key string, args ...any) string {
	return i18n.T(Lang(ctx), key, args...)
}

// IsHTMX reports whether the request was made by a part of a page and expects
// a fragment.
func IsHTMX(r *http.Request) bool {
	return r.Header.Get("HX-Request") == "true" && r.Header.Get("HX-Boosted") != "true"
}

// WantsJSON reports whether the caller is a program: the path is under /api/
// or the Accept header prefers JSON to HTML.
func WantsJSON(r *http.Request) bool {
	if strings.HasPrefix(r.URL.Path, "/api/") && r.URL.Path != "/api/docs" {
		return true
	}
	accept := r.Header.Get("Accept")
	return strings.Contains(accept, "json") && !strings.Contains(accept, "text/html")
}

// IsTLS reports whether the browser speaks TLS to us, directly or through a
// proxy that the server was told to trust.
func IsTLS(r *http.Request) bool {
	return r.TLS != nil || r.Header.Get(trustedProto) == "https"
}

// ServerURL is the server as the sender of a request knows it, as "https://host".
func ServerURL(r *http.Request) string {
	if IsTLS(r) {
		return "https://" + r.Host
	}
	return "http://" + r.Host
}

// TrustedProto is the header IsTLS goes by where only headers are at hand.
const TrustedProto = trustedProto

// forwarded is the address a trusted proxy says the request came from, else the
// address it has.
func forwarded(r *http.Request) string {
	all := r.Header.Values("X-Forwarded-For")
	if len(all) == 0 {
		return r.RemoteAddr
	}
	list := all[len(all)-1]
	last := strings.TrimSpace(list[strings.LastIndexByte(list, ',')+1:])
	if _, err := netip.ParseAddr(last); err != nil {
		return r.RemoteAddr
	}
	return net.JoinHostPort(last, "0")
}

// trustedProto is set by the middleware alone; the client's own is removed.
const trustedProto = "Wangge-Trusted-Proto"

const langCookie = "wangge_lang"

// chooseLang decides the language: ?lang=, cookie, account, browser, Chinese.
// A choice in the address is remembered for a year.
func chooseLang(w http.ResponseWriter, r *http.Request, account string) string {
	if r.URL.RawQuery != "" {
		if l := r.URL.Query().Get("lang"); l == i18n.ZH || l == i18n.EN {
			http.SetCookie(w, &http.Cookie{
				Name: langCookie, Value: l, Path: "/", MaxAge: 365 * 24 * 3600,
				Secure: IsTLS(r), HttpOnly: true, SameSite: http.SameSiteLaxMode,
			})
			return l
		}
	}
	if c, err := r.Cookie(langCookie); err == nil && (c.Value == i18n.ZH || c.Value == i18n.EN) {
		return c.Value
	}
	if account != "" {
		return i18n.Known(account)
	}
	return i18n.Match(r.Header.Get("Accept-Language"))
}

// NewKey returns a fresh idempotency key for a form.
func NewKey() string { return randomHex(12) }

func randomHex(n int) string {
	b := make([]byte, n)
	if _, err := rand.Read(b); err != nil {
		panic("web: the system gives no random bytes: " + err.Error())
	}
	return hex.EncodeToString(b)
}

// OneFile reads the short fields of a form and its one file (named "file"), of
// which at most limit bytes and one are read. The file is kept in memory, never
// in a temporary file, since it may hold names.
func OneFile(r *http.Request, limit int64) (values url.Values, name string, data []byte, err error) {
	values = url.Values{}
	form, err := r.MultipartReader()
	if err != nil {
		return nil, "", nil, errs.E("web.OneFile", errs.Invalid, "error.bad_form")
	}
	for {
		part, err := form.NextPart()
		if err == io.EOF {
			return values, name, data, nil
		}
		if err != nil {
			return nil, "", nil, err
		}
		b, err := io.ReadAll(io.LimitReader(part, limit+1))
		if err != nil {
			return nil, "", nil, err
		}
		if part.FormName() == "file" {
			name, data = part.FileName(), b
		} else if len(b) < 1<<10 {
			values.Add(part.FormName(), string(b))
		}
	}
}

// LocalTime reads an input of type datetime-local as UTC milliseconds of a time
// in UTC+8; an empty one is 0. Anything else is Invalid error.bad_date at the
// field.
func LocalTime(s, field string) (int64, error) {
	if s == "" {
		return 0, nil
	}
	t, err := time.ParseInLocation("2006-01-02T15:04", s, clock.CST)
	if err != nil {
		return 0, errs.Field(errs.E("web.LocalTime", errs.Invalid, "error.bad_date"), field)
	}
	return clock.Ms(t), nil
}
