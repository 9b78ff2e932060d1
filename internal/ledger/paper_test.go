package ledger_test

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"mime/multipart"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"wangge/internal/grid"
	"wangge/internal/ledger"
	"wangge/internal/platform/db"
	"wangge/internal/platform/db/dbtest"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
	"wangge/internal/platform/web"
)

// sheetOfPaper is a picture of a page.
func sheetOfPaper(t testing.TB) []byte {
	t.Helper()
	m := image.NewRGBA(image.Rect(0, 0, 900, 1200))
	for i := range m.Pix {
		m.Pix[i] = byte(i * 7)
	}
	m.Set(1, 1, color.White)
	var b bytes.Buffer
	must(t, png.Encode(&b, m))
	return b.Bytes()
}

func TestPapersAreSealedLookedAtAndGo(t *testing.T) {
	both(t, 5, func(t *testing.T, w *world) {
		h := w.home(0, ledger.HouseholdInput{}, person("王建国", ""), person("李秀英", ""))
		wang, clerk := h.Persons[0].ID, caller(grid.RoleCommunity, communityPath)
		raw := sheetOfPaper(t)
		_, err := w.s.AddPaper(ctx, clerk, id.Zero, wang, "criminal_record", bytes.NewReader(raw))
		wantKind(t, err, errs.Invalid)
		_, err = w.s.AddPaper(ctx, caller(grid.RoleBuildingLeader, communityPath), id.Zero, wang, "consent", bytes.NewReader(raw))
		wantKind(t, err, errs.Denied)
		_, err = w.s.AddPaper(ctx, caller(grid.RoleCommunity, otherPath), id.Zero, wang, "consent", bytes.NewReader(raw))
		wantKind(t, err, errs.NotFound)
		_, err = w.s.AddPaper(ctx, clerk, id.Zero, wang, "consent", strings.NewReader("no picture"))
		wantKind(t, err, errs.Invalid)
		mine := must2[id.ID](t)(w.s.AddPaper(ctx, clerk, id.Zero, wang, "notice", bytes.NewReader(raw)))
		home := must2[id.ID](t)(w.s.AddPaper(ctx, clerk, h.ID, id.Zero, "consent", bytes.NewReader(raw)))
		if n := w.count("SELECT MAX(bytes) FROM photo"); n > 300<<10 {
			t.Errorf("%d bytes kept", n)
		}
		list := must2[[]ledger.Paper](t)(w.s.Papers(ctx, clerk, id.Zero, wang))
		if len(list) != 1 || list[0].Kind != "notice" || list[0].AccountID != 77 {
			t.Errorf("papers: %+v", list)
		}
		_, _, err = w.s.PaperPhoto(ctx, clerk, mine)
		wantKind(t, err, errs.Invalid) // no purpose
		for _, role := range []grid.Role{grid.RoleBuildingLeader, grid.RoleProperty, grid.RoleCommand} {
			c := caller(role, communityPath)
			c.Purpose = "verify_record"
			_, _, err = w.s.PaperPhoto(ctx, c, mine)
			wantKind(t, err, errs.Denied)
			_, err = w.s.Papers(ctx, c, id.Zero, wang)
			wantKind(t, err, errs.NotFound)
		}
		clerk.Purpose = "verify_record"
		_, jpeg, err := w.s.PaperPhoto(ctx, clerk, mine)
		must(t, err)
		if _, kind, err := image.Decode(bytes.NewReader(jpeg)); err != nil || kind != "jpeg" {
			t.Errorf("the picture: %s, %v", kind, err)
		}
		_, _, err = w.s.PaperPhoto(ctx, clerk, home)
		must(t, err)
		for _, p := range h.Persons { // a household's paper is a look at everybody in it
			if f := must2[*ledger.File](t)(w.s.File(ctx, w.sys, p.ID)); len(f.Looks) != 1 {
				t.Errorf("looks: %+v", f.Looks)
			}
		}
		w.clk.Advance(181 * 24 * time.Hour)
		if n := must2[int](t)(w.s.SweepPapers(ctx, w.sys)); n != 1 || w.count("SELECT COUNT(*) FROM photo") != 1 {
			t.Errorf("%d papers went", n)
		}
		_, _, err = w.s.PaperPhoto(ctx, clerk, mine)
		wantKind(t, err, errs.NotFound)
		if list = must2[[]ledger.Paper](t)(w.s.Papers(ctx, clerk, id.Zero, wang)); len(list) != 1 || list[0].DeletedMs == 0 {
			t.Errorf("the line that stays: %+v", list)
		}
	})
}

func TestPaperPages(t *testing.T) {
	dir := t.TempDir()
	d := dbtest.Open(t, db.FileURL(dir+"/p.db"))
	must(t, d.Migrate(ctx))
	w := newWorld(t, d, 5)
	h := w.home(0, ledger.HouseholdInput{}, person("王建国", ""))
	file := "/persons/" + h.Persons[0].ID.String() + "/papers"
	for _, lang := range []string{"zh", "en"} {
		c := caller(grid.RoleCommunity, communityPath)
		c.Lang = lang
		do := site(t, w, c)
		check(t, do("GET", file, nil), 200, "papers")
		check(t, do("GET", "/households/"+h.ID.String()+"/papers", nil), 200, "a household's papers")
		for _, tc := range []struct {
			kind   string
			photo  []byte
			status int
		}{{"notice", sheetOfPaper(t), 303}, {"", sheetOfPaper(t), 422}, {"notice", []byte("%PDF-1.4"), 422}, {"notice", nil, 422}} {
			var b bytes.Buffer
			m := multipart.NewWriter(&b)
			must(t, m.WriteField("kind", tc.kind))
			if tc.photo != nil {
				part, err := m.CreateFormFile("photo", "p.png")
				must(t, err)
				part.Write(tc.photo)
			}
			must(t, m.Close())
			check(t, send(t, w, c, file, m.FormDataContentType(), &b), tc.status, "upload "+tc.kind)
		}
		list := must2[[]ledger.Paper](t)(w.s.Papers(ctx, c, id.Zero, h.Persons[0].ID))
		check(t, do("POST", "/papers/"+list[0].ID.String(), nil), 422, "without a purpose")
		rec := do("POST", "/papers/"+list[0].ID.String(), url.Values{"purpose": {"verify_record"}})
		if check(t, rec, 200, "the picture"); !strings.Contains(rec.Body.String(), "data:image/jpeg;base64,/9j/") {
			t.Error("the picture is not shown")
		}
		check(t, do("GET", strings.TrimSuffix(file, "/papers"), nil), 200, "the person's file")
	}
	must(t, d.Close())
	raw, err := os.ReadFile(filepath.Join(dir, "p.db"))
	must(t, err)
	if bytes.Contains(raw, []byte("JFIF")) || bytes.Contains(raw, []byte{0xff, 0xd8, 0xff, 0xdb}) {
		t.Error("a picture lies in clear")
	}
}

// send posts a body of any type to the ledger's pages.
func send(t *testing.T, w *world, c grid.Caller, path, kind string, body *bytes.Buffer) *httptest.ResponseRecorder {
	t.Helper()
	ren := web.NewRenderer(w.clk)
	p, err := ledger.NewPages(w.s, ren)
	must(t, err)
	app := web.New(web.Options{Renderer: ren})
	p.Register(app)
	r := httptest.NewRequest("POST", path, body)
	r.Header.Set("Content-Type", kind)
	rec := httptest.NewRecorder()
	app.ServeMux().ServeHTTP(rec, r.WithContext(grid.WithCaller(web.WithSession(web.WithLang(r.Context(), c.Lang), web.Session{AccountID: id.ID(77)}), c)))
	return rec
}
