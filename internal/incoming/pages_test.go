package incoming

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"wangge/internal/grid"
	"wangge/internal/platform/db"
	"wangge/internal/platform/db/dbtest"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/i18n"
	"wangge/internal/platform/id"
	"wangge/internal/platform/web"
)

// everybody is logged in.
type everybody struct{}

func (everybody) Lookup(context.Context, string) (web.Session, error) {
	return web.Session{AccountID: 7, Name: "tester"}, nil
}

// site serves the pages and the API of a world to one caller at a time.
type site struct {
	t   *testing.T
	srv *httptest.Server
	who grid.Caller
}

func newSite(t *testing.T, w *world) *site {
	t.Helper()
	ren := web.NewRenderer(w.Clock)
	pages := dbtest.Must(NewPages(w.s, ren, w.C.District))(t)
	app := web.New(web.Options{Renderer: ren, Identity: everybody{}, Log: slog.New(slog.DiscardHandler)})
	pages.Register(app)
	RegisterAPI(web.NewAPI(app, "test", "1"), w.s)
	s := &site{t: t}
	s.srv = httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		app.ServeHTTP(rw, r.WithContext(grid.WithCaller(r.Context(), s.who)))
	}))
	t.Cleanup(s.srv.Close)
	return s
}

// ask is send without where it leads.
func (s *site) ask(path string, form url.Values, want int) string {
	s.t.Helper()
	page, _ := s.send(path, form, want)
	return page
}

// send sends a form, or reads where it is nil, and fails unless the status is wanted.
func (s *site) send(path string, form url.Values, want int) (page, location string) {
	s.t.Helper()
	method, kind, text := http.MethodGet, "", ""
	if form != nil {
		method, kind, text = http.MethodPost, "application/x-www-form-urlencoded", form.Encode()
	}
	req := dbtest.Must(http.NewRequest(method, s.srv.URL+path, strings.NewReader(text)))(s.t)
	req.AddCookie(&http.Cookie{Name: web.SessionCookie, Value: "x"})
	req.Header.Set("Content-Type", kind)
	res := dbtest.Must((&http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}).Do(req))(s.t)
	defer res.Body.Close()
	b := dbtest.Must(io.ReadAll(res.Body))(s.t)
	if res.StatusCode != want {
		s.t.Fatalf("%s %s: %d, want %d\n%.900s", method, path, res.StatusCode, want, b)
	}
	return string(b), res.Header.Get("Location")
}

// fieldOf is the value of a hidden field of a page.
func fieldOf(t *testing.T, page, name string) string {
	t.Helper()
	_, rest, ok := strings.Cut(page, `name="`+name+`" value="`)
	if !ok {
		t.Fatalf("the page has no field %s", name)
	}
	value, _, _ := strings.Cut(rest, `"`)
	return value
}

// A caller types another address while the list's door stays ticked: the address
// holds. Only what somebody chose is remembered as a name of the compound.
func TestTypedAddressBeatsTheShownDoor(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		clerk, _ := w.caller(grid.RoleCommunity, w.Hua.ID)
		s := newSite(t, w)
		s.who = clerk
		rep := w.bring(clerk, w.Hua.ID, "A,,,,,甲,,13900000011,幸福小区3-2-502,", "B,,,,,乙,,13900000012,幸福小区3-2-502,", "C,,,,,丙,,13900000013,老毛纺厂家属院3-2-502,")
		people := w.people(clerk, rep.ListID)
		form := func(v id.ID, address, door string) url.Values {
			page := s.ask("/leads/"+v.String(), nil, http.StatusOK)
			return url.Values{"result": {"found_normal"}, "version": {fieldOf(t, page, "version")}, "shown_address": {fieldOf(t, page, "shown_address")},
				"shown_door": {fieldOf(t, page, "shown_door")}, "address": {address}, "door": {door}}
		}
		shown := w.doors[1].ID.String()
		at := "/leads/" + people["甲"].ID.String()
		s.ask(at, form(people["甲"].ID, "幸福小区3-2-503", shown), http.StatusSeeOther)
		if l := w.lead(clerk, people["甲"].ID); l.DoorID != w.doors[2].ID {
			t.Errorf("written to door %s, typed 503", l.Door)
		}
		at = "/leads/" + people["乙"].ID.String()
		page := s.ask(at, form(people["乙"].ID, "幸福小区3号楼", shown), http.StatusUnprocessableEntity)
		if fieldOf(t, page, "shown_door") != "" || strings.Contains(page, `value="`+shown+`" checked`) {
			t.Error("asked again, with the door of the former address ticked")
		}
		s.ask(at, form(people["乙"].ID, "幸福小区3-2-502", shown), http.StatusSeeOther)
		compound := dbtest.Must(w.Grid.Place(ctx, w.C, w.doors[0].ParentID))(t)
		for compound.Kind != grid.Compound {
			compound = dbtest.Must(w.Grid.Place(ctx, w.C, compound.ParentID))(t)
		}
		names := func(want int) {
			t.Helper()
			if got := dbtest.Must(w.led.Aliases(ctx, clerk, compound.ID))(t); len(got) != want {
				t.Errorf("%d names of the compound: %+v", want, got)
			}
		}
		names(0)
		s.ask("/leads/"+people["丙"].ID.String(), form(people["丙"].ID, "老毛纺厂家属院3-2-502", shown), http.StatusSeeOther)
		names(1)
	})
}

// A hostel behind one address reports; a flood is refused on a page that keeps
// what was typed, and other communities and addresses go on.
func TestManyReportsFromOneAddress(t *testing.T) {
	d := dbtest.One(t)
	w := newWorld(t, d)
	w.caller(grid.RoleCommunity, w.Hua.ID)
	self := SelfReport{Name: "周三", Phone: "13900000033", Address: "朋友家", Origin: "沈阳市", ArriveDay: w.Clock.Now().Format("2006-01-02"), People: 1}
	there := dbtest.Must(w.Grid.Area(ctx, w.C, "230103002001"))(t)
	w.caller(grid.RoleCommunity, there.ID)
	for i := range reportsThere {
		if _, err := w.s.Arrive(ctx, w.C, w.Hua.Code, "127.0.0.1", self); err != nil {
			t.Fatalf("report %d: %v", i, err)
		}
	}
	form := url.Values{"name": {"吴四"}, "phone": {"13900000034"}, "address": {"招待所"}, "origin": {"沈阳市"}, "arrive": {self.ArriveDay}, "people": {"1"}}
	page := newSite(t, w).ask("/arrive/"+w.Hua.Code, form, http.StatusTooManyRequests)
	if !strings.Contains(page, "吴四") || !strings.Contains(page, "招待所") || !strings.Contains(page, "/duty/"+w.Hua.Code) {
		t.Error("what was typed is lost")
	}
	for address, code := range map[string]string{"127.0.0.1": there.Code, "127.0.0.2": w.Hua.Code} {
		if _, err := w.s.Arrive(ctx, w.C, code, address, self); err != nil {
			t.Errorf("%s at %s: %v", address, code, err)
		}
	}
	refused := 0
	for range reportsOfOne {
		if _, err := w.s.Arrive(ctx, w.C, there.Code, "127.0.0.1", self); errs.Is(err, errs.TooMany) {
			refused++
		}
	}
	if refused < reportsOfOne-reportsThere {
		t.Errorf("only %d of a flood were refused", refused)
	}
	if _, err := w.s.Arrive(ctx, w.C, "999999999999", "127.0.0.1", self); !errs.Is(err, errs.NotFound) {
		t.Errorf("an area that is none: %v", err)
	}
	if _, err := w.s.Arrive(ctx, w.C, w.Hua.Code[:9], "127.0.0.1", self); err != nil {
		t.Errorf("those refused count against the address elsewhere: %v", err)
	}
	dbtest.OK(t, d.Close())
	newSite(t, w).ask("/arrive/"+w.Hua.Code, form, http.StatusTooManyRequests) // the database is not asked
}

// Two callers record one person at once: who is second is told, and what they
// wrote stays.
func TestWhoIsSecondLosesNoWord(t *testing.T) {
	w := newWorld(t, dbtest.One(t))
	clerk, _ := w.caller(grid.RoleCommunity, w.Hua.ID)
	rep := w.bring(clerk, w.Hua.ID, "A,,,,,甲,,13900000011,,")
	s, v := newSite(t, w), w.people(clerk, rep.ListID)["甲"].ID
	s.who = clerk
	at := "/leads/" + v.String()
	first := fieldOf(t, s.ask(at, nil, http.StatusOK), "version")
	form := func(result, version, note string) url.Values {
		return url.Values{"result": {result}, "version": {version}, "note": {note}}
	}
	s.ask(at, form("no_answer", first, ""), http.StatusSeeOther)
	page := s.ask(at, form("call_later", first, "下午三点再打"), http.StatusConflict)
	if !strings.Contains(page, "下午三点再打") || !strings.Contains(page, i18n.T("zh", "incoming.moved.again")) {
		t.Error("the second's words are lost")
	}
	second := fieldOf(t, page, "version")
	s.ask(at, form("abroad", second, "已回国"), http.StatusSeeOther)
	if page = s.ask(at, form("call_later", second, "下午三点再打"), http.StatusConflict); !strings.Contains(page, "下午三点再打") || !strings.Contains(page, i18n.T("zh", "incoming.moved")) {
		t.Error("the words for somebody settled are lost")
	}
}

// A number of three digits reaches nobody.
func TestWhoCanBeDialled(t *testing.T) {
	for text, want := range map[string]bool{"123": false, "12": false, "abc": false, "": true, "13900000011": true, "0451-87654321": true, "87654321": true} {
		if err := (&body{}).dialled(text); (err == nil) != want {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// An open desk moves: somebody is pushed to it, its person is settled by another
// or taken away, its caller's post ends.
func TestTheOpenDeskMoves(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		clerk, post := w.caller(grid.RoleCommunity, w.Hua.ID)
		other, _ := w.caller(grid.RoleCommunity, w.Hua.ID)
		s := newSite(t, w)
		s.who = clerk
		dbtest.OK(t, w.s.Sit(ctx, clerk))
		heard := make(chan bool, 1)
		news := d.Listen(t.Context())
		go func() {
			for n := range news {
				if n == topic || n == db.Everything {
					heard <- true
					return
				}
			}
		}()
		if page := s.ask("/desk", nil, http.StatusOK); !strings.Contains(page, `id="desk" data-live="`+topic+`"`) {
			t.Error("an empty desk does not wait for news")
		}
		rep := w.bring(other, w.Hua.ID, "A,,,,,甲,,13900000011,,", "B,,,,,乙,,13900000012,,")
		<-heard
		page := s.ask("/desk", nil, http.StatusOK)
		_, at, ok := strings.Cut(page, `hx-get="/desk/now?`)
		if !ok {
			t.Fatal("somebody came and the desk does not show them")
		}
		at, _, _ = strings.Cut(at, `"`)
		at = "/desk/now?" + strings.ReplaceAll(at, "&amp;", "&")
		says := func(want string) {
			t.Helper()
			if page := s.ask(at, nil, http.StatusOK); strings.Contains(page, "notice") != (want != "") || !strings.Contains(page, i18n.T("zh", want)) && want != "" {
				t.Errorf("want %q: %s", want, page)
			}
		}
		says("")
		dbtest.OK(t, w.s.Close(ctx, clerk, rep.ListID, "到期"))
		says("")
		now := dbtest.Must(w.s.Desk(ctx, clerk))(t).Now
		dbtest.OK(t, w.s.Record(ctx, other, now.ID, Outcome{Result: "no_answer"}))
		says("incoming.desk.changed")
		dbtest.OK(t, w.s.Record(ctx, other, now.ID, Outcome{Result: "abroad"}))
		says("incoming.desk.gone")
		dbtest.OK(t, w.Grid.EndPost(ctx, w.C, post, 0))
		w.Clock.Advance(time.Second)
		dbtest.OK(t, w.s.Rebalance(ctx, w.C))
		says("incoming.desk.off")
	})
}
