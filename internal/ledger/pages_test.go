package ledger_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"wangge/internal/grid"
	"wangge/internal/ledger"
	"wangge/internal/platform/db"
	"wangge/internal/platform/db/dbtest"
	"wangge/internal/platform/i18n"
	"wangge/internal/platform/id"
	"wangge/internal/platform/web"
)

// site serves the ledger's pages to one caller.
func site(t *testing.T, w *world, c grid.Caller) func(method, path string, form url.Values) *httptest.ResponseRecorder {
	t.Helper()
	ren := web.NewRenderer(w.clk)
	p, err := ledger.NewPages(w.s, ren)
	must(t, err)
	app := web.New(web.Options{Renderer: ren})
	p.Register(app)
	api := web.NewAPI(app, "test", "1")
	ledger.RegisterAPI(api, w.s)
	return func(method, path string, form url.Values) *httptest.ResponseRecorder {
		body := strings.NewReader(form.Encode())
		r := httptest.NewRequest(method, path, body)
		if method == "POST" {
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		}
		ctx := grid.WithCaller(web.WithSession(web.WithLang(r.Context(), c.Lang), web.Session{AccountID: id.ID(77)}), c)
		rec := httptest.NewRecorder()
		app.ServeMux().ServeHTTP(rec, r.WithContext(ctx))
		return rec
	}
}

func TestPagesInBothLanguages(t *testing.T) {
	d := dbtest.Open(t, db.FileURL(t.TempDir()+"/p.db"))
	must(t, d.Migrate(ctx))
	w := newWorld(t, d, 5)
	p := person("王建国", "13812345678")
	p.Sex, p.Birth, p.Note = ledger.Male, "2015-03-07", "有狗"
	h := w.home(0, ledger.HouseholdInput{Living: 4, Nickname: "老王家"}, p, person("李秀英", ""))
	w.home(0, ledger.HouseholdInput{Kind: ledger.Shared}, person("赵四", ""))
	pid := h.Persons[0].ID
	_, err := w.s.AddCare(ctx, w.sys, pid, "dialysis", "escort", "周三")
	must(t, err)
	_, err = w.s.AddRisk(ctx, w.sys, pid, "close_contact", "")
	must(t, err)
	must(t, w.s.MovePerson(ctx, w.sys, ledger.Move{PersonID: pid, DoorID: w.doors[3]}))
	for _, lang := range i18n.Langs() {
		for _, role := range []grid.Role{grid.RoleCommunity, grid.RoleBuildingLeader} {
			c := caller(role, communityPath)
			c.Lang = lang
			get := site(t, w, c)
			for _, path := range []string{"/search", "/doors/" + w.doors[0].String() + "/households", "/households/" + h.ID.String(), "/persons/" + pid.String(), "/persons", "/persons?sort=-name"} {
				check(t, get("GET", path, nil), 200, path)
			}
			check(t, get("POST", "/search", url.Values{"q": {"王建国"}}), 200, "search")
			if role != grid.RoleCommunity {
				continue
			}
			for _, path := range []string{"/persons/" + pid.String() + "/edit", "/households/" + h.ID.String() + "/persons/new", "/care", "/risk", "/persons/export", "/persons?lives=here&registered=no"} {
				check(t, get("GET", path, nil), 200, path)
			}
			rec := get("POST", "/persons/"+pid.String()+"/unmask", url.Values{"purpose": {"verify_record"}})
			check(t, rec, 200, "unmask")
			if !strings.Contains(rec.Body.String(), "13812345678") {
				t.Error("the purpose shows nothing more")
			}
			check(t, get("POST", "/persons/"+pid.String()+"/move", url.Values{"to": {"9-9-999"}}), 422, "a move to nowhere")
			check(t, get("POST", "/doors/"+w.doors[1].String()+"/households", url.Values{"kind": {"nonsense"}}), 422, "a household of no kind")
		}
	}
}

func check(t *testing.T, rec *httptest.ResponseRecorder, status int, what string) {
	t.Helper()
	body := rec.Body.String()
	if rec.Code != status || strings.Contains(body, "[ledger.") || strings.Contains(body, "[web.") {
		i := max(0, strings.Index(body, "[ledger.")-20)
		t.Errorf("%s: status %d: %.300s", what, rec.Code, body[i:])
	}
	if strings.Contains(rec.Header().Get("Location"), "王") {
		t.Errorf("%s: a name in the address", what)
	}
}

func TestWrongInputComesBack(t *testing.T) {
	d := dbtest.Open(t, db.FileURL(t.TempDir()+"/p.db"))
	must(t, d.Migrate(ctx))
	w := newWorld(t, d, 5)
	h := w.home(0, ledger.HouseholdInput{}, person("王建国", "13812345678"))
	do := site(t, w, caller(grid.RoleCommunity, communityPath))
	home, file := "/households/"+h.ID.String(), "/persons/"+h.Persons[0].ID.String()
	for _, tc := range []struct {
		path, field, typed string
		form               url.Values
		status             int
	}{
		{"/doors/" + w.doors[1].String() + "/households", "living", "三四个", url.Values{"kind": {"family"}}, 422},
		{home, "living", "-4", url.Values{"kind": {"family"}}, 422},
		{home, "nickname", "老王家", url.Values{"kind": {"family"}, "living": {"1"}, "registered": {"1"}, "version": {"99"}}, 409},
		{home + "/move", "to", "火星1号", nil, 422},
		{home + "/depart", "reason", "", nil, 422},
		{home + "/split", "person", "", nil, 422},
		{home + "/unmask", "purpose", "好奇", nil, 422},
		{home + "/persons/new", "birth", "去年", url.Values{"name": {"李四"}}, 422},
		{home + "/persons/new", "note", "什么都没有", nil, 422},
		{file + "/edit", "idno", "12345", url.Values{"name": {"王建国"}}, 422},
		{file + "/edit", "phone", "12", url.Values{"name": {"王建国"}}, 422},
		{file + "/move", "to", "9-9-999", nil, 422},
		{file + "/depart", "reason", "不想说", nil, 422},
		{file + "/note", "text", "", nil, 422},
		{file + "/care", "kind", "", nil, 422},
		{file + "/risk", "kind", "", nil, 422},
		{file + "/unmask", "purpose", "", nil, 422},
	} {
		form := url.Values{tc.field: {tc.typed}}
		for k, v := range tc.form {
			form[k] = v
		}
		rec := do("POST", tc.path, form)
		check(t, rec, tc.status, tc.path+" "+tc.field)
		body := rec.Body.String()
		if !strings.Contains(body, "notice-error") {
			t.Errorf("%s: nothing says what is wrong", tc.path)
		}
		if shown := tc.field != "reason" && tc.field != "purpose"; shown && !strings.Contains(body, tc.typed) {
			t.Errorf("%s: what was typed in %s is gone", tc.path, tc.field)
		}
	}
}

func TestPagesWrite(t *testing.T) {
	d := dbtest.Open(t, db.FileURL(t.TempDir()+"/p.db"))
	must(t, d.Migrate(ctx))
	w := newWorld(t, d, 5)
	do := site(t, w, caller(grid.RoleCommunity, communityPath))
	rec := do("POST", "/doors/"+w.doors[0].String()+"/households", url.Values{"kind": {"family"}, "living": {"6"}, "registered": {"2"}})
	check(t, rec, http.StatusSeeOther, "add a household")
	home := rec.Header().Get("Location")
	rec = do("POST", home+"/persons/new", url.Values{"name": {"王建国"}, "phone": {"13812345678"}, "lives_here": {"1"}})
	check(t, rec, http.StatusSeeOther, "record a person")
	file := rec.Header().Get("Location")
	for path, form := range map[string]url.Values{
		"/note": {"text": {"夜里咳嗽"}}, "/care": {"kind": {"pregnant"}, "action": {"visit"}}, "/edit": {"name": {"王*"}, "phone": {"138****5678"}, "lives_here": {"1"}, "registered": {"1"}},
	} {
		check(t, do("POST", file+path, form), http.StatusSeeOther, path)
	}
	check(t, do("POST", file+"/move", url.Values{"to": {"3-1-503"}, "with": {"1"}}), http.StatusSeeOther, "move")
	check(t, do("POST", file+"/depart", url.Values{"reason": {"died"}}), http.StatusSeeOther, "depart")
	check(t, do("POST", file+"/return", nil), http.StatusSeeOther, "return")
	check(t, do("GET", file, nil), 200, "the file")
	check(t, do("POST", home+"/depart", url.Values{"reason": {"moved_away"}}), http.StatusSeeOther, "close the household")
	rec = do("GET", "/api/v1/persons"+strings.TrimPrefix(file, "/persons")+"/file", nil)
	check(t, rec, 200, "the file by API")
}
