package inspection

import (
	"bytes"
	"encoding/json"
	"image"
	"image/jpeg"
	"image/png"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"wangge/internal/grid"
	"wangge/internal/platform/db"
	"wangge/internal/platform/db/dbtest"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/web"
)

// picture is a photo as a phone sends it, with a telling text behind it.
func picture(t *testing.T) *bytes.Buffer {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewRGBA(image.Rect(0, 0, 40, 30))); err != nil {
		t.Fatal(err)
	}
	b.WriteString("GPS 45.7 126.6")
	return &b
}

func TestPhotosOfAVisitGoWithItsTask(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		i, items := w.draw(Areas, 5, "s")
		item := items[0].ID // the first community
		found := NewVisit{Outcome: Found, Answers: fine(i), Words: "通道锁着"}
		if _, err := w.s.Visit(w.ctx, w.as("street"), item, found, strings.NewReader("no picture")); !errs.Is(err, errs.Invalid) || errs.As(err).Field != "photo" {
			t.Fatalf("what is no picture: %v", err)
		}
		if _, err := w.s.Visit(w.ctx, w.as("street"), item, found, picture(t), picture(t), picture(t), picture(t)); !errs.Is(err, errs.Invalid) {
			t.Fatalf("four photos: %v", err)
		}
		v, err := w.s.Visit(w.ctx, w.as("street"), item, found, picture(t), picture(t))
		w.ok(err)
		if v.Visits[0].Photos != 2 {
			t.Fatalf("kept %+v", v.Visits)
		}
		x, err := w.s.Tasks.Task(w.ctx, w.as("c1"), v.TaskID)
		w.ok(err)
		if x.Events != 2 || len(x.History) != 2 || x.History[0].Kind != "issue" {
			t.Fatalf("history %+v", x.History)
		}
		for n := range 2 {
			mine, err := w.s.Photo(w.ctx, w.as("c1"), item, 1, n+1) // who has the task reads the visit
			w.ok(err)
			theirs, err := w.s.Tasks.Photo(w.ctx, w.as("c1"), v.TaskID, n+1)
			w.ok(err)
			conf, err := jpeg.DecodeConfig(bytes.NewReader(mine))
			w.ok(err)
			if !bytes.Equal(mine, theirs) || bytes.Contains(mine, []byte("GPS")) || conf.Width != 40 {
				t.Errorf("photo %d: %d and %d bytes, %d wide", n+1, len(mine), len(theirs), conf.Width)
			}
		}
		for who, n := range map[string]int{"c2": 1, "other": 1, "street": 3} {
			if _, err := w.s.Photo(w.ctx, w.as(who), item, 1, n); !errs.Is(err, errs.NotFound) {
				t.Errorf("%s reads photo %d: %v", who, n, err)
			}
		}
	})
}

func TestTheFormSendsPhotos(t *testing.T) {
	var b bytes.Buffer
	form := multipart.NewWriter(&b)
	for _, content := range []string{"one", "", "two"} {
		f, err := form.CreateFormFile("photo", "p.jpg")
		if err != nil {
			t.Fatal(err)
		}
		f.Write([]byte(content))
	}
	form.WriteField("outcome", "found")
	form.Close()
	r := httptest.NewRequest("POST", "/inspections/visits/1", &b)
	r.Header.Set("Content-Type", form.FormDataContentType())
	photos, done, err := photosOf(r)
	if err != nil || len(photos) != 2 || r.PostForm.Get("outcome") != "found" {
		t.Errorf("%d photos, %v, %v", len(photos), r.PostForm, err)
	}
	done()
}

// A program sends the photos of a visit with it.
func TestPhotosOfAVisitByAPI(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		i, items := w.draw(Areas, 5, "s")
		app := web.New(web.Options{Renderer: web.NewRenderer(d.Clock()), Identity: everybody{}, Log: slog.New(slog.DiscardHandler)})
		RegisterAPI(web.NewAPI(app, "test", "1"), w.s)
		send := func(photos ...[]byte) (int, string) {
			text, err := json.Marshal(map[string]any{"outcome": Found, "answers": fine(i), "words": "通道锁着", "photos": photos})
			w.ok(err)
			req := httptest.NewRequest("POST", "/api/v1/inspections/visits/"+items[0].ID.String(), bytes.NewReader(text))
			req.AddCookie(&http.Cookie{Name: web.SessionCookie, Value: "x"})
			rec := httptest.NewRecorder()
			app.ServeHTTP(rec, req.WithContext(grid.WithCaller(req.Context(), w.as("street"))))
			return rec.Code, rec.Body.String()
		}
		p := picture(t).Bytes()
		for name, bad := range map[string][][]byte{"no picture": {[]byte("x")}, "four": {p, p, p, p}} {
			if code, text := send(bad...); code != 422 {
				t.Errorf("%s: %d %s", name, code, text)
			}
		}
		if code, text := send(p, p); code != 200 || !strings.Contains(text, `"photos":2`) {
			t.Fatalf("%d %s", code, text)
		}
		_, err := w.s.Photo(w.ctx, w.as("street"), items[0].ID, 1, 2)
		w.ok(err)
	})
}
