package app

import (
	"bytes"
	"image"
	"image/png"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"wangge/internal/account"
	"wangge/internal/duty"
	"wangge/internal/grid"
	"wangge/internal/incoming"
	"wangge/internal/inspection"
	"wangge/internal/inspection/bulletin"
	"wangge/internal/ledger"
	"wangge/internal/ledger/importer"
	"wangge/internal/platform/clock"
	"wangge/internal/platform/id"
	"wangge/internal/platform/web"
	"wangge/internal/round"
	"wangge/internal/sim/district"
	"wangge/internal/task"
	"wangge/internal/transfer"
	"wangge/internal/trust"
)

// spot is one community with an object of every kind in it.
type spot struct {
	area, building, door, household, person grid.Place // only id, path, grid of what stands there
	grid                                    grid.Grid
	ids                                     map[string]id.ID // by kind of object
	peer                                    string           // path of the community it has an item with
	number                                  string           // code of a call
}

// world is a drill with objects of the clerk's community (own), of one in
// another street (sister), and of the district (above).
type world struct {
	*drill
	sys     grid.Caller
	spots   map[string]*spot
	callers map[string]grid.Caller // by role; "nobody" has an account and no post
	clients map[string]*http.Client
	cast    []actor // see actors
}

func newWorld(t *testing.T) *world {
	w := &world{drill: newDrill(t, Options{}, "mohe", 800), spots: map[string]*spot{}, callers: map[string]grid.Caller{}, clients: map[string]*http.Client{}}
	w.sys = grid.System(w.app.District, "test")
	ctx := t.Context()
	nobody, _ := must2(w.app.Accounts.CreateWithCode(grid.WithCaller(ctx, w.sys), id.Zero, account.NewAccount{Login: "nobody1", Name: "无职"}))
	code := must(w.app.Accounts.ResetCode(ctx, id.Zero, nobody.ID))
	must(w.app.Accounts.SetPassword(ctx, code, "tall-green-7-pines", "test", ""))
	w.logins["nobody"] = district.Printed{Login: district.Login{Role: "nobody", Login: "nobody1", Account: nobody.ID}, Password: "tall-green-7-pines"}
	for role, l := range w.logins {
		w.callers[role] = must(w.app.Grid.CallerFor(ctx, l.Account, w.app.District, w.app.clock().Now()))
		w.clients[role] = w.login(t, role)
	}
	own := must(w.app.Grid.Place(ctx, w.sys, w.loaded.Story.Community))
	w.spots["own"] = w.fill(t, own, nobody.ID)
	w.spots["sister"] = w.fill(t, w.sister(t, own), nobody.ID)
	w.tell(t, "own", "sister")
	w.tell(t, "sister", "own")
	root := must(w.app.Grid.Root(ctx, w.sys))
	w.spots["above"] = &spot{area: root, ids: map[string]id.ID{"area": root.ID, "round": w.loaded.Round, "form": w.form(t), "openround": w.loaded.Round, "district": root.ID, "post": w.callers["district_command"].Grants[0].PostID,
		"account": w.logins["district_command"].Account}, number: w.spots["own"].number}
	return w
}

// tell has one community tell another of a person who lives there.
func (w *world) tell(t *testing.T, from, to string) {
	t.Helper()
	item := must(w.app.Ledger.ProposeElsewhere(t.Context(), w.sys, ledger.ElsewhereInput{PersonID: w.spots[from].person.ID, ToArea: w.spots[to].area.ID}))
	w.spots[from].peer = w.spots[to].area.Path
	w.spots[from].ids["sent"], w.spots[to].ids["elsewhere"] = item, item
}

// must and must2 give the value of a call that cannot fail here.
func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func must2[A, B any](a A, b B, err error) (A, B) {
	if err != nil {
		panic(err)
	}
	return a, b
}

// sister finds a community of another street with people in it.
func (w *world) sister(t *testing.T, own grid.Place) grid.Place {
	t.Helper()
	for _, a := range must(w.app.Grid.Areas(t.Context(), w.sys, grid.Community)) {
		if strings.HasPrefix(a.Path, own.Path[:9]) {
			continue
		}
		if l, _, _ := w.peopled(t, a); l.ObjectID != id.Zero {
			return a
		}
	}
	t.Fatal("no other community has people")
	return grid.Place{}
}

// peopled finds a target of the open round whose people are on record, in the
// printed leader's grid where it can be.
func (w *world) peopled(t *testing.T, area grid.Place) (line round.Line, household, person id.ID) {
	t.Helper()
	lines, _, err := w.app.Rounds.Outstanding(t.Context(), w.sys, w.loaded.Round, round.ListQuery{Ref: round.NodeRef{Place: area.ID}, All: true, Limit: 2000})
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range lines {
		if line.ObjectID != id.Zero && l.GridID != w.loaded.Story.Grid {
			continue
		}
		if hs := must(w.app.Ledger.Behind(t.Context(), w.sys, l.DoorID)); len(hs) > 0 && len(hs[0].Persons) > 0 {
			line, household, person = l, hs[0].ID, hs[0].Persons[0].ID
			if l.GridID == w.loaded.Story.Grid {
				break
			}
		}
	}
	return line, household, person
}

func (w *world) form(t *testing.T) id.ID {
	t.Helper()
	return must(w.app.Rounds.Forms(t.Context(), w.sys))[0].ID
}

// fill makes or finds an object of every kind in a community.
func (w *world) fill(t *testing.T, area grid.Place, nobody id.ID) *spot {
	t.Helper()
	ctx, s := t.Context(), &spot{area: area}
	var line round.Line
	line, s.household.ID, s.person.ID = w.peopled(t, area)
	s.door = must(w.app.Grid.Place(ctx, w.sys, line.DoorID))
	s.building = must(w.app.Grid.Place(ctx, w.sys, s.door.ParentID))
	if s.building.Kind == grid.Unit {
		s.building = must(w.app.Grid.Place(ctx, w.sys, s.building.ParentID))
	}
	s.grid = must(w.app.Grid.Grid(ctx, w.sys, s.door.GridID))
	post := must(w.app.Grid.AddPost(ctx, w.sys, grid.NewPost{Role: grid.RoleCommunity, ObjectKind: grid.ObjectPlace, ObjectID: area.ID}))
	holder := must(w.app.Grid.AddHolder(ctx, w.sys, grid.Holder{PostID: post.ID, AccountID: w.account(t)}))
	s.ids = map[string]id.ID{"area": area.ID, "building": s.building.ID, "door": s.door.ID, "household": s.household.ID, "person": s.person.ID,
		"grid": s.grid.ID, "target": line.ObjectID, "post": post.ID, "holder": holder.ID, "account": holder.AccountID, "openround": w.loaded.Round, "district": must(w.app.Grid.Root(ctx, w.sys)).ID}
	s.ids["household2"] = must(w.app.Ledger.AddHousehold(ctx, w.sys, ledger.HouseholdInput{DoorID: s.door.ID, Kind: ledger.Family, Living: 1}, nil))
	s.ids["person2"] = must(w.app.Ledger.AddPerson(ctx, w.sys, s.ids["household2"], known, false))
	again := must(w.app.Ledger.AddPerson(ctx, w.sys, s.household.ID, ledger.Person{Name: "同一人", LivesHere: true}, false))
	kept := must(w.app.Ledger.Person(ctx, w.sys, s.person.ID))
	s.ids["merge"] = must(w.app.Ledger.MergePersons(ctx, w.sys, ledger.Merge{Keep: s.person.ID, Drop: again, KeepVersion: kept.Version, DropVersion: 1}))
	away := must(w.app.Grid.AddGrid(ctx, w.sys, grid.NewGrid{AreaID: area.ID, Kind: grid.BasicGrid, Name: "借划"}))
	must(w.app.Grid.AssignDoors(ctx, w.sys, away.ID, grid.Selection{Doors: []id.ID{s.door.ID}}))
	s.ids["redraw"] = must(w.app.Grid.AssignDoors(ctx, w.sys, s.grid.ID, grid.Selection{Doors: []id.ID{s.door.ID}})).ID
	w.fillRounds(t, s)
	s.ids["import"] = must(w.app.Imports.Stage(ctx, w.sys, importer.Target{Place: area.ID, Compound: "新"},
		[]importer.File{smallRoster()})).ID
	w.fillLeads(t, s)
	s.ids["export"] = must(w.app.Trust.Ask(ctx, w.sys, trust.NewExport{Place: area.ID, Purpose: ledger.Purposes()[0]})).ID
	must(w.app.Imports.Reconcile(ctx, w.sys, s.ids["import"], importer.ReconcileOptions{}))
	org := must(w.app.Grid.AddOrganisation(ctx, w.sys, grid.Organisation{AreaID: area.ID, Kind: grid.OrgKinds[0], Name: "局"}))
	team := must(w.app.Grid.SeedHQGroups(ctx, w.sys, area.ID))
	bound := must(w.app.Grid.Bind(ctx, w.sys, []grid.Binding{{OrgID: org.ID, ObjectKind: grid.ObjectPlace, ObjectID: area.ID}}, 0))
	s.ids["organisation"], s.ids["team"], s.ids["binding"] = org.ID, team[0].ID, bound[0].ID
	must(id.Zero, w.app.Ledger.EnterCorrection(ctx, w.sys, s.household.ID, ledger.Correction{Living: "59"}))
	s.ids["correction"] = must(w.app.Ledger.Corrections(ctx, w.sys, ledger.CorrectionFilter{Place: area.ID}))[0].ID
	s.ids["risk"] = must(w.app.Ledger.AddRisk(ctx, w.sys, s.person.ID, ledger.RiskKinds()[0], ""))
	must(w.app.Ledger.AddCare(ctx, w.sys, s.ids["person2"], knownCare, ledger.Actions()[0], knownCareNote))
	must(w.app.Ledger.AddRisk(ctx, w.sys, s.ids["person2"], ledger.RiskKinds()[0], knownRiskNote))
	s.ids["care"] = must(w.app.Ledger.AddCare(ctx, w.sys, s.person.ID, ledger.CareKinds()[0], "", ""))
	s.ids["task"] = must(w.app.Tasks.Issue(ctx, w.sys, task.Issue{Kind: "request", Title: "别人的事", PostID: w.callers["district_command"].Grants[0].PostID})).ID
	drawn := must(w.app.Inspect.Draw(ctx, w.sys, inspection.NewInspection{AreaID: area.ID, Object: inspection.Doors, N: 1}))
	_, visits := must2(w.app.Inspect.Inspection(ctx, w.sys, drawn.ID))
	s.ids["inspection"], s.ids["visit"] = drawn.ID, visits[0].ID
	w.fillBulletins(t, s)
	call := must(w.app.Duty.Log(ctx, w.sys, duty.NewCall{PlaceID: s.door.ID, Kind: task.KindRequest, Words: "要药", Phone: "12345"}))
	s.ids["call"], s.number = call.ID, call.Code
	s.ids["transfer"] = must(w.app.Transfers.Create(ctx, w.sys, transfer.Plan{People: "三人", To: "医院", FromPost: w.callers["district_command"].Grants[0].PostID,
		Steps: []transfer.Step{{PostID: w.callers["street"].Grants[0].PostID}}})).ID
	code := must(w.app.Accounts.ResetCode(ctx, id.Zero, holder.AccountID))
	s.ids["session"] = must(w.app.Accounts.SetPassword(ctx, code, "tall-green-7-pines", "test", "")).Session.ID
	return s
}

// fillBulletins makes a draft, and a bulletin that names somebody who is nobody
// of those tried.
func (w *world) fillBulletins(t *testing.T, s *spot) {
	t.Helper()
	ctx := t.Context()
	draft := must(w.app.Bulletins.Create(ctx, w.sys, bulletin.NewBulletin{Kind: bulletin.Work, AreaID: s.area.ID, Title: "通报"}))
	shown := must(w.app.Bulletins.Create(ctx, w.sys, bulletin.NewBulletin{Kind: bulletin.Work, AreaID: s.area.ID, Title: "通报"}))
	v := must(w.app.Bulletins.Change(ctx, w.sys, shown.ID, bulletin.Change{Do: bulletin.Add, Entry: &bulletin.NewEntry{PlaceID: s.area.ID, Act: bulletin.Praise, Words: "好",
		PostID: s.ids["post"], AccountID: s.ids["account"]}}))
	must(w.app.Bulletins.Change(ctx, w.sys, shown.ID, bulletin.Change{Do: bulletin.Show}))
	s.ids["bulletin"], s.ids["notice"] = draft.ID, v.Entries[0].ID
}

func smallRoster() importer.File {
	text := "楼栋,单元,房号,姓名,身份证号\n1,1,101,王小明,\n1,1,102,李小红,2.30103E+17\n"
	return importer.File{Name: "r.csv", R: strings.NewReader(text), Size: int64(len(text))}
}

// fillLeads brings in a list with one person whom somebody must place.
func (w *world) fillLeads(t *testing.T, s *spot) {
	t.Helper()
	text := "姓名,详细地址\n王小明,不知道哪里\n李小红,\n"
	rep := must(w.app.Incoming.Import(t.Context(), w.sys, incoming.Input{Area: s.area.ID, Files: []incoming.File{{Name: "l.csv", R: strings.NewReader(text), Size: int64(len(text))}}}))
	_, people, err := w.app.Incoming.Get(t.Context(), w.sys, rep.ListID)
	if err != nil || len(people) != 1 {
		t.Fatal(rep, people, err)
	}
	s.ids["leadlist"], s.ids["lead"] = rep.ListID, people[0].ID
}

// account makes an account that holds no post yet.
func (w *world) account(t *testing.T) id.ID {
	t.Helper()
	a, _ := must2(w.app.Accounts.CreateWithCode(grid.WithCaller(t.Context(), w.sys), id.Zero, account.NewAccount{Name: "某人"}))
	return a.ID
}

// smallPhoto is a picture as a phone sends it.
func smallPhoto() []byte {
	var b bytes.Buffer
	must(0, png.Encode(&b, image.NewRGBA(image.Rect(0, 0, 40, 40))))
	return b.Bytes()
}

// fillRounds makes a draft, a mark with a photo and a sample.
func (w *world) fillRounds(t *testing.T, s *spot) {
	t.Helper()
	ctx := t.Context()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewRGBA(image.Rect(0, 0, 40, 40))); err != nil {
		t.Fatal(err)
	}
	s.ids["paper"] = must(w.app.Ledger.AddPaper(ctx, w.sys, id.Zero, s.person.ID, ledger.PaperKinds()[0], bytes.NewReader(b.Bytes())))
	photo := must(w.app.Rounds.SavePhoto(ctx, w.sys, w.loaded.Round, &b))
	m := must(w.app.Rounds.Mark(ctx, w.sys, round.MarkInput{RoundID: w.loaded.Round, ObjectID: s.ids["target"], Result: "normal", PhotoID: photo}))
	rc := must(w.app.Rounds.DrawRecheck(ctx, w.sys, round.RecheckInput{RoundID: w.loaded.Round, PlaceID: s.area.ID, Permille: 1000}))
	f := must(w.app.Rounds.SaveForm(ctx, w.sys, round.Form{Name: "一问", AreaID: s.area.ID, Fields: round.Screening()}))
	d := must(w.app.Rounds.DraftRound(ctx, w.sys, round.DraftInput{AreaID: s.area.ID, Name: "草稿", TargetKind: round.Doors, FormID: f.ID,
		DueMs: clock.Ms(w.app.clock().Now()) + 86_400_000}))
	s.ids["photo"], s.ids["mark"], s.ids["recheck"], s.ids["form"], s.ids["round"] = photo, m.MarkID, rc.ID, f.ID, d.ID
	s.ids["draft"] = d.ID
	s.ids["cutoff"] = must(w.app.Rounds.CutNow(ctx, w.sys, w.loaded.Round)).ID
}

// may is the oracle.
func (r rule) may(c grid.Caller, s *spot, doors map[id.ID][]grid.Place) bool {
	switch r.reach {
	case public, open:
		return true
	case nobody:
		return false
	}
	path := s.area.Path
	switch r.object {
	case "building":
		path = s.building.Path
	case "door", "household", "person", "target", "mark", "care", "correction", "paper":
		path = s.door.Path
	case "grid":
		path = s.grid.Path
	case "openround", "district":
		path = s.area.Path[:6] // the district's
	}
	for _, g := range c.Grants {
		if !g.Role.May(r.perm) || r.sees != "" && !g.Role.Sees(r.sees) {
			continue
		}
		at := []string{g.Path}
		if g.ObjectKind == grid.ObjectDoors {
			at = at[:0]
			for _, d := range doors[g.PostID] {
				at = append(at, d.Path)
			}
		}
		for _, p := range at {
			area, _, _ := strings.Cut(p, "g")
			if g.ObjectKind != grid.ObjectGrid {
				area = p
			}
			inGrid := g.ObjectKind == grid.ObjectGrid && strings.HasPrefix(s.grid.Path, p) && path == s.door.Path
			switch r.reach {
			case held:
				return true
			case placed:
				if g.ObjectKind == grid.ObjectPlace {
					return true
				}
			case seen:
				if strings.HasPrefix(path, area) || strings.HasPrefix(area, path) || inGrid {
					return true
				}
			case covered:
				if strings.HasPrefix(path, p) && g.ObjectKind != grid.ObjectGrid || inGrid || r.object == "grid" && strings.HasPrefix(path, p) {
					return true
				}
			case whole, between:
				holds := strings.HasPrefix(path, p) || r.reach == between && strings.HasPrefix(s.peer, p)
				if g.ObjectKind == grid.ObjectPlace && holds {
					return true
				}
			}
		}
	}
	return false
}

func (w *world) doorsOf(t *testing.T, c grid.Caller) map[id.ID][]grid.Place {
	t.Helper()
	out := map[id.ID][]grid.Place{}
	for _, g := range c.Grants {
		if g.ObjectKind == grid.ObjectDoors {
			out[g.PostID] = must(w.app.Grid.PostDoors(t.Context(), w.sys, g.PostID))
		}
	}
	return out
}

// address fills the placeholders of a pattern or body; ok is false where the
// spot has no such object.
func (s *spot) address(text, object string) (string, bool) {
	if object == "building" || object == "target" || object == "area" { // of the open round
		text = strings.Replace(text, "/rounds/{id}", "/rounds/<openround>", 1)
	}
	if object != "" {
		v, ok := s.ids[object]
		if !ok {
			return "", false
		}
		text = strings.ReplaceAll(text, "{id}", v.String())
	}
	for kind, v := range s.ids {
		text = strings.ReplaceAll(text, "<"+kind+">", v.String())
	}
	text = strings.NewReplacer("{object}", s.ids["target"].String(), "risk/{item}", "risk/"+s.ids["risk"].String(), "merges/{item}", "merges/"+s.ids["merge"].String(), "{item}", s.ids["care"].String(),
		"{holder}", s.ids["holder"].String(), "{session}", s.ids["session"].String(), "{code}", s.area.Code, "{key}", "help", "{seq}", "1", "{n}", "1", "{number}", s.number, "{$}", "").Replace(text)
	return text, !strings.ContainsAny(text, "<>") && !strings.Contains(text, "{id}")
}

// answered sends a request without following redirects.
func (w *world) answered(t *testing.T, c *http.Client, method, path, kind, body string, head ...string) (int, string, http.Header) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, w.srv.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if kind != "" {
		req.Header.Set("Content-Type", kind)
	}
	for i := 0; i+1 < len(head); i += 2 {
		req.Header.Set(head[i], head[i+1])
	}
	one := *c
	one.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	res, err := one.Do(req)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	return res.StatusCode, string(text), res.Header
}

// refused reports whether a status hides or refuses.
func refused(status int) bool { return status == http.StatusForbidden || status == http.StatusNotFound }

// TestWhoMayWhat tries every route with every role in every standing, and what
// a table of routes cannot say: strangers, fields, escalation. A route without a
// rule fails: whoever adds one says who may use it.
func TestWhoMayWhat(t *testing.T) {
	w := newWorld(t)
	patterns := w.srv.Config.Handler.(*web.App).Patterns()
	for _, p := range patterns {
		if _, ok := ruleOf(p); !ok {
			t.Errorf("%s has no line in testdata/permissions.txt that says who may use it", p)
		}
	}
	for _, r := range rules {
		if !slices.Contains(patterns, r.pattern) {
			t.Errorf("%s has a line in testdata/permissions.txt and is no route", r.pattern)
		}
	}
	t.Run("page", w.document)
	t.Run("matrix", w.matrix)
	t.Run("fields", w.fields)
	t.Run("strangers", func(t *testing.T) { w.outside(t, patterns) })
	t.Run("people", w.people)
	t.Run("escalation", w.escalation)
	t.Run("rechecks", w.blindness)
	t.Run("homes", w.homes)
	w.cleanDrill(t)
}
