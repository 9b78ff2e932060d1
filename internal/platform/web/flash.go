package web

import (
	"encoding/base64"
	"encoding/json"
	"net/http"

	"wangge/internal/platform/i18n"
)

const flashCookie = "wangge_flash"

type flash struct {
	Kind string   `json:"k"`
	Key  string   `json:"m"`
	Args []string `json:"a,omitempty"`
}

// Flash leaves a message for the page shown next: kind is "ok", "warn",
// "error" or "info", key a message of the catalogue. Arguments travel in a
// cookie and must not be personal.
func Flash(w http.ResponseWriter, r *http.Request, kind, key string, args ...string) {
	b, err := json.Marshal(flash{kind, key, args})
	if err != nil || len(b) > 2000 {
		return
	}
	http.SetCookie(w, &http.Cookie{
		Name: flashCookie, Value: base64.RawURLEncoding.EncodeToString(b), Path: "/", MaxAge: 120,
		HttpOnly: true, Secure: IsTLS(r), SameSite: http.SameSiteLaxMode,
	})
}

// takeFlash returns the message left for this page and forgets it.
func takeFlash(w http.ResponseWriter, r *http.Request, lang string) []Notice {
	c, err := r.Cookie(flashCookie)
	if err != nil {
		return nil
	}
	http.SetCookie(w, &http.Cookie{Name: flashCookie, Path: "/", MaxAge: -1, HttpOnly: true})
	b, err := base64.RawURLEncoding.DecodeString(c.Value)
	var f flash
	if err != nil || json.Unmarshal(b, &f) != nil || !i18n.Has(f.Key) {
		return nil
	}
	args := make([]any, len(f.Args))
	for i, a := range f.Args {
		args[i] = a
	}
	return []Notice{{Kind: noticeKind(f.Kind), Text: i18n.T(lang, f.Key, args...)}}
}

func noticeKind(k string) string {
	switch k {
	case "ok", "warn", "error":
		return k
	}
	return "info"
}

// Redirect sends the browser to a path of this server after a form was
// handled; parts of a page that htmx posted are sent there too.
func Redirect(w http.ResponseWriter, r *http.Request, path string) error {
	if IsHTMX(r) {
		w.Header().Set("HX-Redirect", path)
		w.WriteHeader(http.StatusOK)
		return nil
	}
	http.Redirect(w, r, path, http.StatusSeeOther)
	return nil
}
