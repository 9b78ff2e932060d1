package importer_test

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"wangge/internal/grid"
	"wangge/internal/ledger/importer"
	"wangge/internal/platform/clock"
	"wangge/internal/platform/db"
	"wangge/internal/platform/db/dbtest"
	"wangge/internal/platform/i18n"
	"wangge/internal/platform/id"
	"wangge/internal/platform/web"
)

// request is one request by the caller a site was made for.
type request func(method, path, contentType string, body []byte) *httptest.ResponseRecorder

func site(t *testing.T, w *world, c grid.Caller) request {
	t.Helper()
	ren := web.NewRenderer(dbtest.Clock())
	p, err := importer.NewPages(w.s, ren)
	must(t, err)
	app := web.New(web.Options{Renderer: ren})
	p.Register(app)
	importer.RegisterAPI(web.NewAPI(app, "test", "1"), w.s)
	return func(method, path, contentType string, body []byte) *httptest.ResponseRecorder {
		r := httptest.NewRequest(method, path, bytes.NewReader(body))
		r.Header.Set("Content-Type", contentType)
		rec := httptest.NewRecorder()
		ctx := grid.WithCaller(web.WithSession(web.WithLang(r.Context(), c.Lang), web.Session{AccountID: id.ID(77)}), c)
		app.ServeMux().ServeHTTP(rec, r.WithContext(ctx))
		return rec
	}
}

const formType = "application/x-www-form-urlencoded"

func upload(t *testing.T, place id.ID, name, content string) (string, []byte) {
	var buf bytes.Buffer
	m := multipart.NewWriter(&buf)
	must(t, m.WriteField("place", place.String()))
	must(t, m.WriteField("compound", "幸福小区"))
	f, err := m.CreateFormFile("file", name)
	must(t, err)
	_, err = f.Write([]byte(content))
	must(t, err)
	must(t, m.Close())
	return m.FormDataContentType(), buf.Bytes()
}

func check(t *testing.T, rec *httptest.ResponseRecorder, status int, what string) string {
	t.Helper()
	body := rec.Body.String()
	if rec.Code != status || strings.Contains(body, "[ledger.") || strings.Contains(body, "[web.") || strings.Contains(body, "[sheet.") || strings.Contains(body, "[roster.") {
		i := max(0, strings.Index(body, "[ledger.")-20)
		t.Errorf("%s: status %d: %.400s", what, rec.Code, body[i:])
	}
	return body
}

func TestWizard(t *testing.T) {
	d := dbtest.Open(t, db.FileURL(t.TempDir()+"/p.db"))
	must(t, d.Migrate(ctx))
	w := newWorld(t, d)
	for _, lang := range i18n.Langs() {
		c := w.c
		c.Lang = lang
		do := site(t, w, c)
		check(t, do("GET", "/imports", "", nil), 200, "list")
		ct, body := upload(t, w.com, "picture.xlsx", "\x89PNG\r\n\x1a\n")
		check(t, do("POST", "/imports", ct, body), 422, "a picture")
		ct, body = upload(t, w.com, "a.csv", strings.ReplaceAll(first, "3,", lang[:1]+"3,")+"3,1,,,,,\n3,1,505,吴六,户主,12,\n")
		rec := do("POST", "/imports", ct, body)
		check(t, rec, http.StatusSeeOther, "upload")
		page := rec.Header().Get("Location")
		html := check(t, do("GET", page, "", nil), 200, "the wizard")
		if strings.Contains(html, "13812345678") {
			t.Error("the wizard shows a whole phone number")
		}
		check(t, do("POST", page, formType, []byte(url.Values{"compound": {"幸福"}, "map.0.A": {"building"}, "map.0.B": {"unit"}, "map.0.C": {"room"}, "map.0.D": {"name"}, "header.0": {"1"}}.Encode())), http.StatusSeeOther, "correct")
		check(t, do("POST", page+"/apply", formType, nil), http.StatusSeeOther, "apply")
		for range 2000 {
			v, err := w.s.Get(ctx, c, mustID(t, page))
			must(t, err)
			if v.State == importer.Applied {
				break
			}
			<-clock.Real().After(2 * time.Millisecond)
		}
		check(t, do("GET", page+"/progress", "", nil), 200, "progress")
		check(t, do("GET", page, "", nil), 200, "the result")
		check(t, do("POST", page+"/undo", formType, nil), http.StatusSeeOther, "undo")
		check(t, do("GET", page, "", nil), 200, "undone")
		rec = do("POST", "/api/v1/imports?place="+w.com.String()+"&compound=x&file=a.csv", "application/octet-stream", []byte(first))
		check(t, rec, http.StatusCreated, "stage by API")
		check(t, do("GET", "/api/v1/imports", "", nil), 200, "list by API")
	}
}

func mustID(t *testing.T, page string) id.ID {
	t.Helper()
	v, err := id.Parse(page[strings.LastIndexByte(page, '/')+1:])
	must(t, err)
	return v
}
