package app

import (
	"context"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"slices"
	"strings"
	"testing"

	"wangge/internal/account"
	"wangge/internal/grid"
	"wangge/internal/platform/clock"
	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
	"wangge/internal/platform/seal"
	"wangge/internal/platform/web"
	"wangge/internal/round"
)

// people tries what neighbours and boards must not see of people: full fields
// without right or purpose, numbers, lists and reasons.
func (w *world) people(t *testing.T) {
	s := w.spots["own"]
	c := w.sys
	c.Purpose = "verify_record"
	full := must(w.app.Ledger.Person(t.Context(), c, s.person.ID))
	if full.Name == "" || full.Name == seal.MaskName(full.Name) {
		t.Fatal("the person has no name to hide")
	}
	unmask := func(role string) bool { return w.callers[role].Can(grid.LedgerUnmask) }
	for role := range w.callers {
		for _, path := range []string{"/api/v1/persons/<person>", "/api/v1/persons/<person>/file", "/api/v1/households/<household>", "/api/v1/doors/<door>", "/persons/<person>", "/households/<household>"} {
			for _, purpose := range []string{"", "?purpose=verify_record", "?purpose=nonsense"} {
				at, _ := s.address(path+purpose, "")
				_, text, _ := w.answered(t, w.clients[role], "GET", at, "", "")
				for field, v := range map[string]string{"name": full.Name, "idno": full.IDNo} {
					if v != "" && strings.Contains(text, v) && !(purpose == "?purpose=verify_record" && unmask(role)) {
						t.Errorf("%s sees the %s in full on %s", role, field, at)
					}
				}
				neighbour := role == "building_leader" || role == "volunteer" || role == "property"
				if masked := seal.MaskIDNo(full.IDNo); neighbour && masked != "" && strings.Contains(text, masked) {
					t.Errorf("%s sees a masked identity number on %s", role, at)
				}
				if role != "community" && strings.Contains(text, `"risk":[`) {
					t.Errorf("%s sees the risk list on %s", role, at)
				}
			}
		}
		w.oracle(t, role, full.Phones, full.IDNo, full.Name)
		w.reasons(t, role)
		if w.app.mayHear(grid.WithCaller(t.Context(), w.callers[role]), "round:"+w.spots["sister"].ids["draft"].String()) &&
			!(rule{object: "draft", perm: grid.RoundRead, reach: seen}).may(w.callers[role], w.spots["sister"], w.doorsOf(t, w.callers[role])) {
			t.Errorf("%s hears of a sister's round", role)
		}
	}
}

// oracle looks for somebody of the sister community by whole values.
func (w *world) oracle(t *testing.T, role string, _ []string, _, _ string) {
	c, s := w.sys, w.spots["sister"]
	c.Purpose = "verify_record"
	p := must(w.app.Ledger.Person(t.Context(), c, s.person.ID))
	may := (rule{object: "person", perm: grid.LedgerRead, reach: covered}).may(w.callers[role], s, w.doorsOf(t, w.callers[role]))
	for _, text := range append([]string{p.IDNo}, p.Phones...) {
		if text == "" || may {
			continue
		}
		status, body, _ := w.answered(t, w.clients[role], "POST", "/api/v1/search", "application/json", `{"text":"`+text+`"}`)
		if status == http.StatusOK && strings.Contains(body, `"household_id"`) {
			t.Errorf("%s learns that %s exists elsewhere: %.200s", role, "a number", body)
		}
	}
}

// reasons looks for why doors are exempt in lists.
func (w *world) reasons(t *testing.T, role string) {
	if w.callers[role].Sees(grid.FieldCare) {
		return
	}
	_, text, _ := w.answered(t, w.clients[role], "GET", "/api/v1/rounds/"+w.loaded.Round.String()+"/outstanding?all=true&limit=5000", "", "")
	if strings.Contains(text, `"reason":`) || strings.Contains(text, "valid_until_ms") {
		t.Errorf("%s gets a list of why doors are exempt", role)
	}
}

// escalation tries to get more than one was given.
func (w *world) escalation(t *testing.T) {
	own, sister := w.spots["own"], w.spots["sister"]
	clerk := w.clients["community"]
	deny := func(what, method, path, body string) {
		t.Helper()
		body, _ = own.address(body, "")
		status, text, _ := w.answered(t, clerk, method, path, "application/json", body)
		if !refused(status) && status != http.StatusUnprocessableEntity {
			t.Errorf("%s: %d %.200s", what, status, text)
		}
	}
	for _, role := range []string{"admin", "district_command", "department", "street", "auditor"} {
		deny("a post above one's own: "+role, "POST", "/api/v1/posts", `{"role":"`+role+`","object_kind":"place","object_id":"<area>"}`)
	}
	deny("a post in an organisation bound elsewhere", "POST", "/api/v1/posts",
		`{"role":"grid_worker","object_kind":"place","object_id":"<area>","org_id":"`+sister.ids["organisation"].String()+`"}`)
	deny("own post bound elsewhere", "POST", "/api/v1/bindings",
		`{"object_kind":"place","object_id":"`+sister.area.ID.String()+`","members":[{"post_id":"<post>"}]}`)
	deny("another's post ended", "DELETE", "/api/v1/posts/"+sister.ids["post"].String(), "")
	deny("a draft taken from a sister", "PUT", "/api/v1/rounds/"+sister.ids["draft"].String(),
		`{"area_id":"<area>","name":"x","target_kind":"doors","form_id":"<form>","due_ms":9999999999999}`)
	deny("another's photo", "POST", "/api/v1/rounds/"+w.loaded.Round.String()+"/marks",
		`{"object_id":"<target>","result":"normal","photo_id":"`+sister.ids["photo"].String()+`"}`)
	deny("a token for another's post", "POST", "/api/v1/tokens", `{"post":"`+sister.ids["post"].String()+`","name":"x","days":1}`)
	w.takeover(t, "a department's account within the community", grid.RoleDepartment, 0)
	w.takeover(t, "the account of a command that begins tomorrow", grid.RoleCommand, 86_400_000)
	form := must(w.app.Rounds.SaveForm(t.Context(), w.callers["community"], round.Form{ID: sister.ids["form"], Name: "x", Fields: round.Screening()}))
	if old := must(w.app.Rounds.Form(t.Context(), w.sys, sister.ids["form"])); old.UntilMs != 0 || form.Version != 1 {
		t.Error("a clerk put a form of her own in the place of a sister's")
	}
	if _, err := w.app.Command.Board(t.Context(), w.callers["community"], sister.area.ID, id.Zero); !errs.Is(err, errs.NotFound) {
		t.Errorf("a clerk reads a sister's board: %v", err)
	}
	v := must(w.app.Grid.VacancyCount(t.Context(), w.callers["community"], sister.area.Path))
	if !v.Zero() {
		t.Errorf("a clerk reads what is vacant at a sister's: %+v", v)
	}
}

// takeover asks as the clerk for a code that sets the password of an account
// with a post of the role.
func (w *world) takeover(t *testing.T, what string, role grid.Role, later int64) {
	t.Helper()
	at := w.spots["own"].area.ID
	if later > 0 {
		at = w.spots["above"].area.ID
	}
	from := clock.Ms(w.app.clock().Now()) + later
	post := must(w.app.Grid.AddPost(t.Context(), w.sys, grid.NewPost{Role: role, ObjectKind: grid.ObjectPlace, ObjectID: at, FromMs: from}))
	holder := must(w.app.Grid.AddHolder(t.Context(), w.sys, grid.Holder{PostID: post.ID, AccountID: w.account(t), FromMs: from}))
	for method, path := range map[string]string{"POST": "/codes", "DELETE": "/sessions"} {
		if status, text, _ := w.answered(t, w.clients["community"], method, "/api/v1/accounts/"+holder.AccountID.String()+path, "application/json", ""); !refused(status) {
			t.Errorf("%s: %s %d %.100s", what, path, status, text)
		}
	}
	w.inTx(t, func(tx *db.Tx) error {
		_, err := w.app.Accounts.Create(t.Context(), tx, id.Zero, account.NewAccount{Name: "又一人"})
		return err
	})
}

// blindness: no first answer is told before the second is in, and no second
// answer is changed once the difference is known.
func (w *world) blindness(t *testing.T) {
	own, clerk := w.spots["own"], w.clients["community"]
	at, _ := own.address("/api/v1/rounds/<openround>/targets/<target>", "")
	if _, text, _ := w.answered(t, clerk, "GET", at, "", ""); strings.Contains(text, `"answers"`) {
		t.Errorf("the first answer is told while a recheck waits: %.300s", text)
	}
	send := func(answer string) int {
		body, _ := own.address(`{"object_id":"<target>",`+answer+`}`, "")
		status, _, _ := w.answered(t, clerk, "POST", "/api/v1/rechecks/"+own.ids["recheck"].String()+"/answers", "application/json", body)
		return status
	}
	if s := send(`"absent":true`); s != http.StatusOK {
		t.Fatal(s)
	}
	answers := `"answers":{"heads":"2","fever":"no","contact":"no"}`
	form := must(w.app.Rounds.Form(t.Context(), w.sys, own.ids["form"]))
	filled := round.NormalAnswers(form.Fields, nil, round.Drafts{round.NormalLiving: 2})
	parts := []string{}
	for k, v := range filled {
		parts = append(parts, `"`+k+`":"`+v+`"`)
	}
	answers = `"answers":{` + strings.Join(parts, ",") + `}`
	if s := send(answers); s != http.StatusOK {
		t.Fatal(s)
	}
	if s := send(answers); s != http.StatusConflict {
		t.Errorf("a second answer is given twice: %d", s)
	}
}

// outside tries every route without log-in, and every writing one as another
// site would have a browser send it.
func (w *world) outside(t *testing.T, patterns []string) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	none := &http.Client{Jar: jar}
	for _, p := range patterns {
		method, path, _ := strings.Cut(p, " ")
		path = strings.NewReplacer("{id}", "7", "{object}", "7", "{item}", "7", "{holder}", "7", "{session}", "7", "{$}", "").Replace(path)
		if method != "GET" {
			if status, _, _ := w.answered(t, w.clients["district_command"], method, path, "application/x-www-form-urlencoded", "", "Sec-Fetch-Site", "cross-site"); status != http.StatusForbidden {
				t.Errorf("%s from another site: %d", p, status)
			}
		}
		if r, _ := ruleOf(p); r.reach == public {
			continue
		}
		status, _, h := w.answered(t, none, method, path, "application/json", "{}")
		if status != http.StatusUnauthorized && !strings.HasPrefix(h.Get("Location"), "/login") {
			t.Errorf("%s without log-in: %d", p, status)
		}
	}
	for _, next := range []string{"//evil.example", "https://evil.example", `/\evil.example`, "/%0d%0aX:1"} {
		p := w.logins["volunteer"]
		status, _, h := w.answered(t, none, "POST", "/login", "application/x-www-form-urlencoded",
			url.Values{"login": {p.Login.Login}, "password": {p.Password}, "next": {next}}.Encode())
		if at, err := url.Parse(h.Get("Location")); err != nil || status != http.StatusSeeOther || at.Host != "" || strings.ContainsAny(h.Get("Location"), "\\\r\n") {
			t.Errorf("log-in leads to %q", h.Get("Location"))
		}
	}
	for _, c := range jar.Cookies(must(url.Parse(w.srv.URL))) {
		if c.Name == web.SessionCookie && len(c.Value) < 40 {
			t.Errorf("a session's secret has only %d characters", len(c.Value))
		}
	}
	for _, path := range []string{"/assets/../../etc/passwd", "/assets/%2e%2e/%2e%2e/go.mod", "/assets/..%2f..%2fgo.mod", "/assets/"} {
		if status, text, _ := w.answered(t, none, "GET", path, "", ""); status == http.StatusOK && (strings.Contains(text, "root:") || strings.Contains(text, "module ")) {
			t.Errorf("%s gives %.80s", path, text)
		}
	}
}

// inTx runs fn in a transaction of the drill's database.
func (w *world) inTx(t *testing.T, fn func(tx *db.Tx) error) {
	t.Helper()
	if err := w.app.DB.Write(context.Background(), "test", fn); err != nil {
		t.Fatal(err)
	}
}

// homes: an account that never had a post is seen by who made it and by those
// who manage accounts at or above the area it was made for, by nobody else.
func (w *world) homes(t *testing.T) {
	ctx, now := t.Context(), w.app.clock().Now()
	as := func(c grid.Caller) context.Context { return grid.WithCaller(ctx, c) }
	sees := func(c grid.Caller, a id.ID) bool {
		t.Helper()
		list, _, err := w.app.Accounts.List(as(c), "人", "", 500)
		if err != nil {
			t.Fatal(err)
		}
		listed := slices.ContainsFunc(list, func(x account.Account) bool { return x.ID == a })
		if managed := w.app.Accounts.Manages(as(c), a) == nil; managed != listed {
			t.Errorf("listed %v, managed %v", listed, managed)
		}
		return listed
	}
	clerk, street, command := w.callers["community"], w.callers["street"], w.callers["district_command"]
	colleague := must(w.app.Grid.CallerFor(ctx, w.spots["own"].ids["account"], w.app.District, now))
	sister := must(w.app.Grid.CallerFor(ctx, w.spots["sister"].ids["account"], w.app.District, now))
	made := func(c grid.Caller) id.ID {
		a, _ := must2(w.app.Accounts.CreateWithCode(as(c), c.AccountID, account.NewAccount{Name: "新人"}))
		return a.ID
	}
	for _, c := range []struct {
		what string
		a    id.ID
		of   grid.Caller
		want bool
	}{
		{"the clerk's own", made(clerk), clerk, true},
		{"the clerk's, by a colleague", made(clerk), colleague, true},
		{"the clerk's, by the street", made(clerk), street, true},
		{"the clerk's, by the command", made(clerk), command, true},
		{"the clerk's, by another street's clerk", made(clerk), sister, false},
		{"the street's, by the clerk", made(street), clerk, false},
		{"the installation's, by the clerk", w.account(t), clerk, false},
		{"the installation's, by the command", w.account(t), command, true},
	} {
		if got := sees(c.of, c.a); got != c.want {
			t.Errorf("%s: seen %v", c.what, got)
		}
	}
	moved := made(command)
	moved2 := must(w.app.Grid.AddPost(ctx, w.sys, grid.NewPost{Role: grid.RoleVolunteer, ObjectKind: grid.ObjectPlace, ObjectID: w.spots["own"].area.ID}))
	must(w.app.Grid.AddHolder(ctx, w.sys, grid.Holder{PostID: moved2.ID, AccountID: moved}))
	if !sees(clerk, moved) || sees(sister, moved) {
		t.Error("with a post an account is seen where its post is")
	}
}
