package round

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"

	"wangge/internal/platform/blob"
	"wangge/internal/platform/db/dbtest"
	"wangge/internal/platform/web"
	"wangge/internal/platform/web/webtest"
)

func TestMain(m *testing.M) { webtest.Main(m) }

// camera writes a picture of 12 megapixels as a phone makes it: some megabytes,
// with the place it was taken at in its metadata.
func camera(t *testing.T) string {
	t.Helper()
	m := image.NewRGBA(image.Rect(0, 0, 4000, 3000))
	rng := rand.New(rand.NewPCG(1, 2))
	for y := range 3000 {
		for x := range 4000 {
			n := uint8(rng.UintN(24))
			m.SetRGBA(x, y, color.RGBA{uint8(x>>4) + n, uint8(y>>4) + n, uint8((x + y) >> 5), 255})
		}
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: 90}); err != nil {
		t.Fatal(err)
	}
	raw := b.Bytes()
	note := append([]byte{0xff, 0xe1, 0, 2 + byte(len("GPS 45.7 126.6"))}, "GPS 45.7 126.6"...)
	raw = append(append(append([]byte{}, raw[:2]...), note...), raw[2:]...)
	if len(raw) < 3<<20 {
		t.Fatalf("the picture has only %d bytes", len(raw))
	}
	path := filepath.Join(t.TempDir(), "IMG_0001.jpg")
	if err := os.WriteFile(path, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// A photo of 12 megapixels is chosen on the phone page, made smaller before it
// travels over a slow line, kept sealed without its metadata, and shown.
func TestAPhotoIsTakenOnThePhonePage(t *testing.T) {
	w := newWorld(t, dbtest.One(t), 1, 1, 2)
	w.emergency()
	draft := w.draft(Doors, commA, Filter{}, w.form().ID)
	_, err := w.s.EditDraft(w.ctx, sys, draft.ID, DraftInput{AreaID: draft.AreaID, Name: draft.Name, TargetKind: Doors, FormID: draft.FormID, DueMs: draft.DueMs, NeedsPhoto: true})
	w.ok(err)
	_, err = w.s.Submit(w.ctx, sys, draft.ID)
	w.ok(err)
	w.ok(w.s.ApproveNow(w.ctx, sys, draft.ID))
	s := newSite(t, w)
	var sent int64
	next := s.srv.Config.Handler
	s.srv.Config.Handler = http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if r.Method == "POST" {
			sent = max(sent, r.ContentLength)
		}
		next.ServeHTTP(rw, r)
	})
	ctx := webtest.Browser(t)
	door := s.srv.URL + "/doors/" + w.doors[0].String()
	webtest.Run(t, ctx, webtest.Size(390, 844), webtest.Cookie(s.srv.URL, web.SessionCookie, "x"), webtest.Network(webtest.Line{Latency: 400, Kbit: 1000}), chromedp.Navigate(door),
		chromedp.Click(chromedp.CSS("button[value=normal]")), webtest.Until(`!!document.querySelector('.fld-err')`),
		chromedp.SetUploadFiles(chromedp.CSS("input[type=file]"), []string{camera(t)}), webtest.Until(`!document.querySelector('.photo img').hidden`))
	webtest.Shot(t, ctx, "door-photo-chosen")
	// The line is cut when the mark is made: the photo waits with it.
	webtest.Run(t, ctx, webtest.Network(webtest.Cut), chromedp.Click(chromedp.CSS("button[value=normal]")),
		webtest.Until(`document.getElementById('outbox-n').innerText!==''`))
	if hist, err := w.s.History(w.ctx, sys, draft.ID, w.doors[0]); err != nil || len(hist) != 0 {
		t.Fatalf("a mark without network: %+v %v", hist, err)
	}
	webtest.Run(t, ctx, webtest.Network(webtest.Line{Latency: 400, Kbit: 1000}), chromedp.Navigate(s.srv.URL+"/today"),
		webtest.Until(`document.querySelectorAll('#outbox-list .st-done').length===1`))
	if sent == 0 || sent > blob.MaxStored+4096 {
		t.Errorf("%d bytes travelled", sent)
	}
	webtest.Run(t, ctx, webtest.Network(webtest.Fast), chromedp.Navigate(door), webtest.Until(`(document.querySelectorAll(".card-body>details").forEach(d=>d.open=true),true)`),
		webtest.Until(`[...document.querySelectorAll('img.mark-photo')].some(i=>i.complete && i.naturalWidth===1600)`))
	webtest.Shot(t, ctx, "door-photo-shown")
	hist, err := w.s.History(w.ctx, sys, draft.ID, w.doors[0])
	w.ok(err)
	kept, err := w.s.MarkPhoto(w.ctx, sys, hist[0].ID)
	w.ok(err)
	if len(kept) > blob.MaxStored || bytes.Contains(kept, []byte("GPS")) || bytes.Contains(kept, []byte("Exif")) {
		t.Errorf("%d bytes kept, metadata: %v", len(kept), bytes.Contains(kept, []byte("GPS")))
	}
	var sealed []byte
	w.ok(w.d.Read().QueryRowContext(w.ctx, "SELECT sealed FROM photo WHERE id = $1", int64(hist[0].PhotoID)).Scan(&sealed))
	if bytes.Contains(sealed, kept[:64]) {
		t.Error("the photo is not sealed")
	}
}
