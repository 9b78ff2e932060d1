package bulletin

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"wangge/internal/grid"
	"wangge/internal/inspection"
	"wangge/internal/platform/clock"
	"wangge/internal/platform/db"
	"wangge/internal/platform/db/dbtest"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/i18n"
	"wangge/internal/platform/id"
	"wangge/internal/platform/web"
)

func TestWhoIsNamedSeesItFirstAndReplies(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		b := w.draft(Work, "street")
		w.not("street", b, Change{Do: Show}, "bulletin.empty")
		v := w.do("street", b, Change{Do: Add, Entry: w.about(Criticism, "夜里卡点没人", "comm")})
		w.do("street", b, Change{Do: Add, Entry: &NewEntry{PlaceID: w.place["comm2"], Act: Praise, N: 12, Words: "志愿者送药", OrgKind: "volunteer_team"}})
		entry := v.Entries[0].ID
		if mine, err := w.s.Mine(ctx, w.as("comm")); err != nil || len(mine) != 0 {
			t.Errorf("a draft is nobody's to see: %+v, %v", mine, err)
		}
		_, err := w.s.Open(ctx, w.as("comm"), entry)
		w.refused(err, "bulletin.not_found")
		w.do("street", b, Change{Do: Show})
		w.not("street", b, Change{Do: Edit, EntryID: entry, Entry: w.about(Criticism, "x", "")}, "bulletin.is.shown")
		if asides, err := w.s.Aside(ctx, w.as("comm")); err != nil || len(asides) != 1 || !asides[0].Waits {
			t.Errorf("the inbox says nothing: %+v, %v", asides, err)
		}
		w.later(200)
		w.not("street2", b, Change{Do: Publish}, "bulletin.waiting") // nobody opened it: no time has run
		n, err := w.s.Open(ctx, w.as("comm"), entry)
		w.ok(err)
		if n.Words != "夜里卡点没人" || n.Name != "张comm" || !n.MayReply || n.UntilMs != clock.Ms(w.clk.Now())+48*hourMs {
			t.Errorf("who is named sees %+v", n)
		}
		w.later(47)
		w.not("street2", b, Change{Do: Publish}, "bulletin.waiting")
		const said = "那天两个人都在转运，\n不是没人。"
		_, err = w.s.Reply(ctx, w.as("comm"), entry, said)
		w.ok(err)
		_, err = w.s.Reply(ctx, w.as("comm"), entry, "再说一句")
		w.refused(err, "bulletin.replied")
		w.not("street", b, Change{Do: Publish}, "bulletin.alone")
		v = w.do("street2", b, Change{Do: Publish})
		if v.State != Published || v.Number != 1 || v.Entries[0].Reply != said || v.Sums[Praise] != 12 || v.Sums[Criticism] != 1 {
			t.Errorf("published %+v", v)
		}
		if len(v.Areas) != 2 || v.Areas[0].Name != "comm" || len(v.Orgs) != 1 || v.Orgs[0].Sums[Praise] != 12 {
			t.Errorf("figures %+v, %+v", v.Areas, v.Orgs)
		}
		for who, sees := range map[string]bool{"comm": true, "hq": true, "dept": true, "other": false, "far": false, "leader": false} {
			if _, err := w.s.Bulletin(ctx, w.as(who), b); (err == nil) != sees {
				t.Errorf("%s sees it: %v", who, err)
			}
		}
		w.not("comm", b, Change{Do: Withdraw, Words: "x"}, "bulletin.self")
		v = w.do("hq", b, Change{Do: Withdraw, Words: "情况不实"})
		if v.State != Withdrawn || len(v.Entries) != 2 {
			t.Errorf("withdrawn, who may approve sees %+v", v)
		}
		n, err = w.s.Open(ctx, w.as("comm"), entry)
		if err != nil || n.Status != Gone || n.Reason != "情况不实" || len(n.Replies) != 1 {
			t.Errorf("who was named sees %+v, %v", n, err)
		}
		b = w.draft(Work, "street")
		w.do("street", b, Change{Do: Add, Entry: w.about(Praise, "好", "")})
		w.do("street", b, Change{Do: Show})
		w.do("hq", b, Change{Do: Publish})
		if v, err := w.s.Bulletin(ctx, w.as("comm"), b); err != nil || v.Number != 2 {
			t.Errorf("names nobody and waits for nobody: %+v, %v", v, err)
		}
	})
}

// A reply that is right leads to another wording, and that one is shown again.
func TestAnotherWordingIsShownAgain(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		b := w.draft(Discipline, "dept")
		first := w.do("dept", b, Change{Do: Add, Entry: w.about(Interview, "迟到三次", "leader")}).Entries[0].ID
		v := w.do("dept", b, Change{Do: Add, Entry: w.about(Criticism, "没有交接", "comm")})
		second := v.Entries[1].ID
		w.do("dept", b, Change{Do: Show})
		w.do("dept", b, Change{Do: Tell, EntryID: first, How: ByPhone})
		w.not("dept", b, Change{Do: Tell, EntryID: first, How: OnPaper}, "bulletin.reached")
		w.do("dept", b, Change{Do: TakeDown, EntryID: first, Words: "只迟到一次"})
		_, err := w.s.Open(ctx, w.as("comm"), second)
		w.ok(err)
		_, err = w.s.Reply(ctx, w.as("comm"), second, "已经交接")
		w.ok(err)
		w.do("dept", b, Change{Do: Revise})
		w.do("dept", b, Change{Do: Edit, EntryID: first, Entry: w.about(Interview, "迟到一次", "")})
		w.do("dept", b, Change{Do: Edit, EntryID: second, Entry: w.about(Criticism, "没有交接", "")})
		if n, err := w.s.Open(ctx, w.as("leader"), first); err != nil || n.Status != Rewritten || n.Words != "" {
			t.Errorf("a wording that was not shown: %+v, %v", n, err)
		}
		w.do("dept", b, Change{Do: Show})
		w.not("hq", b, Change{Do: Publish}, "bulletin.waiting")
		n, err := w.s.Open(ctx, w.as("leader"), first)
		w.ok(err)
		if n.Words != "迟到一次" || len(n.Replies) != 1 || n.Replies[0].Now || !n.Replies[0].Taken || !n.MayReply {
			t.Errorf("the new wording: %+v", n)
		}
		w.later(72)
		v = w.do("hq", b, Change{Do: Publish})
		if v.Entries[0].Reply != "" || v.Entries[1].Reply != "已经交接" {
			t.Errorf("replies stand to the wording they were given to: %+v", v.Entries)
		}
		// kept apart: the series have numbers, rights and lists of their own
		other := w.draft(Work, "hq")
		w.do("hq", other, Change{Do: Add, Entry: w.about(Praise, "好", "")})
		w.do("hq", other, Change{Do: Show})
		if v := w.do("hq2", other, Change{Do: Publish}); v.Number != 1 {
			t.Errorf("number %d", v.Number)
		}
		for kind, want := range map[Kind]id.ID{Work: other, Discipline: b} {
			if list, err := w.s.List(ctx, w.as("far"), kind, id.Zero); err != nil || len(list) != 0 {
				t.Errorf("elsewhere: %+v, %v", list, err)
			}
			if list, err := w.s.List(ctx, w.as("comm"), kind, w.place["comm"]); err != nil || len(list) != 1 || list[0].ID != want {
				t.Errorf("%s: %+v, %v", kind, list, err)
			}
		}
		_, err = w.s.Create(ctx, w.as("street"), NewBulletin{Kind: Discipline, AreaID: w.place["street"], Title: "x"})
		w.refused(err, "grid.denied.discipline.write")
	})
}

func TestWhatABulletinRefuses(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		b := w.draft(Work, "street")
		for key, e := range map[string]*NewEntry{
			"bulletin.elsewhere": {PlaceID: w.place["far"], Act: Praise, Words: "x"},
			"bulletin.bad_n":     {PlaceID: w.place["comm"], Act: Praise, Words: "x", N: -1},
			"bulletin.person":    {PlaceID: w.place["comm"], Act: Praise, Words: "x", PostID: w.post["comm"], AccountID: w.acct["far"]},
			"bulletin.self":      {PlaceID: w.place["comm"], Act: Praise, Words: "x", PostID: w.post["street"], AccountID: w.acct["street"]},
			"error.required":     {PlaceID: w.place["comm"], Act: Praise, Words: " "},
			"error.too_long":     {PlaceID: w.place["comm"], Act: Praise, Words: strings.Repeat("字", maxWords+1)},
			"error.bad_choice":   {PlaceID: w.place["comm"], Act: "score", Words: "x"},
		} {
			w.not("street", b, Change{Do: Add, Entry: e}, key)
		}
		w.not("other", b, Change{Do: Add, Entry: w.about(Praise, "x", "")}, "bulletin.not_found")
		w.not("comm", b, Change{Do: Add, Entry: w.about(Praise, "x", "")}, "bulletin.not_found")
		w.not("street", b, Change{Do: "burn"}, "error.bad_choice")
		v := w.do("street", b, Change{Do: Add, Entry: w.about(Praise, "x", "street2"), Seen: 1})
		w.not("street", b, Change{Do: Show, Seen: 1}, "bulletin.moved")
		w.not("street2", b, Change{Do: Remove, EntryID: v.Entries[0].ID}, "bulletin.self")
		w.not("street", b, Change{Do: Withdraw}, "bulletin.reason")
		// nothing of it can be read off the database
		var plain int
		w.ok(d.Read().QueryRowContext(ctx, "SELECT COUNT(*) FROM bulletin_entry WHERE district = $1 AND (who = $2 OR sealed = $2)", district, []byte(w.acct["street2"].String())).Scan(&plain))
		if plain != 0 {
			t.Error("the account named stands in clear")
		}
	})
}

// Whoever wrote any of it is refused, not only who began it or showed it.
func TestWhoWroteAnyOfItDoesNotPublish(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		b := w.draft(Work, "street")
		entry := w.do("street", b, Change{Do: Add, Entry: w.about(Praise, "好", "")}).Entries[0].ID
		w.do("street2", b, Change{Do: Show}) // then writes, and somebody else shows it again
		w.do("street", b, Change{Do: Revise})
		for by, ch := range map[string]Change{
			"street2": {Do: Add, Entry: w.about(Criticism, "夜里没人", "")},
			"hq":      {Do: Edit, EntryID: entry, Entry: w.about(Praise, "很好", "")},
			"hq2":     {Do: Head, Title: "九月第二期"},
		} {
			w.do(by, b, ch)
			w.do("street", b, Change{Do: Show})
			w.not(by, b, Change{Do: Publish}, "bulletin.alone")
			if v, err := w.s.Bulletin(ctx, w.as(by), b); err != nil || v.Can[Publish] || !v.Alone {
				t.Errorf("%s is offered to publish it: %+v, %v", by, v.Can, err)
			}
			w.do("street", b, Change{Do: Revise})
		}
		w.do("street", b, Change{Do: Show})
		w.not("hq", b, Change{Do: Publish}, "bulletin.alone") // also after others wrote
	})
}

// The line above the inbox counts all that waits, also beyond the list's bound.
func TestTheInboxCountsWhatWaits(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		b := w.draft(Work, "street")
		one := w.do("street", b, Change{Do: Add, Entry: w.about(Criticism, "夜里没人", "comm")}).Entries[0].ID
		w.do("street", b, Change{Do: Show})
		_, entries, err := w.s.read(ctx, d.Read(), district, b)
		w.ok(err)
		more := make([]Entry, maxNotices)
		for i := range more {
			more[i] = entries[0]
			more[i].ID = id.New()
			w.ok(w.s.sealEntry(&more[i]))
		}
		w.ok(d.Write(ctx, "test", func(tx *db.Tx) error { return writeEntries(ctx, tx, district, more) }))
		says := func(want string, waits bool) {
			t.Helper()
			if a, err := w.s.Aside(ctx, w.as("comm")); err != nil || len(a) != 1 || a[0].Text != want || a[0].Waits != waits {
				t.Errorf("the inbox says %+v, %v, want %q", a, err, want)
			}
		}
		says(i18n.T("zh", "bulletin.inbox.wait", maxNotices+1), true)
		_, err = w.s.Open(ctx, w.as("comm"), one)
		w.ok(err)
		_, err = w.s.Reply(ctx, w.as("comm"), one, "有人")
		w.ok(err)
		says(i18n.T("zh", "bulletin.inbox.wait", maxNotices), true)
		w.do("street", b, Change{Do: Revise})
		says(i18n.T("zh", "bulletin.inbox.all"), false)
		if a, err := w.s.Aside(ctx, w.as("far")); err != nil || len(a) != 0 {
			t.Errorf("who is not named: %+v, %v", a, err)
		}
	})
}

// Where every view takes one reader at a time, many at once never wait for each
// other: one free reader is enough.
func TestAViewNeedsOneReader(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		b := w.draft(Work, "street")
		entry := w.do("street", b, Change{Do: Add, Entry: w.about(Praise, "好", "comm")}).Entries[0].ID
		w.do("street", b, Change{Do: Show})
		street, comm := w.as("street"), w.as("comm")
		ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
		defer cancel()
		free := holdReaders(ctx, t, d, d.Load().Readers-1)
		defer free()
		if v, err := w.s.Bulletin(ctx, street, b); err != nil || len(v.Entries) != 1 || v.Entries[0].Where != "comm" || v.Body == "" {
			t.Errorf("with one reader free: %+v, %v", v, err)
		}
		if _, err := w.s.Open(ctx, comm, entry); err != nil {
			t.Errorf("who is named, with one reader free: %v", err)
		}
	})
}

func TestAFindingIsTakenInAsAFact(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		i, err := w.insp.Draw(ctx, w.as("street"), inspection.NewInspection{AreaID: w.place["street"], Object: inspection.Areas, N: 9})
		w.ok(err)
		_, items, err := w.insp.Inspection(ctx, w.as("street"), i.ID)
		w.ok(err)
		answers := map[string]string{}
		for _, f := range i.Fields {
			answers[f.Key] = "no"
		}
		_, err = w.insp.Visit(ctx, w.as("street"), items[0].ID, inspection.NewVisit{Outcome: inspection.Found, Answers: answers, Words: "通道锁着"})
		w.ok(err)
		found, err := w.insp.Findings(ctx, w.as("street"), w.place["street"])
		if err != nil || len(found) != 1 || found[0].Words != "通道锁着" || !found[0].Open {
			t.Fatalf("findings: %+v, %v", found, err)
		}
		if _, err := w.insp.Findings(ctx, w.as("other"), w.place["street"]); !errs.Is(err, errs.Denied) {
			t.Errorf("another street reads them: %v", err)
		}
		b := w.draft(Work, "street")
		e := w.about(Criticism, found[0].Words, "")
		e.ItemID, e.VisitSeq = found[0].ItemID, 7
		w.not("street", b, Change{Do: Add, Entry: e}, "error.bad_choice")
		e.VisitSeq = found[0].Seq
		if v := w.do("street", b, Change{Do: Add, Entry: e}); v.Entries[0].ItemID != items[0].ID {
			t.Errorf("%+v", v.Entries)
		}
	})
}

type everybody struct{}

func (everybody) Lookup(context.Context, string) (web.Session, error) {
	return web.Session{AccountID: 7, Name: "tester"}, nil
}

func TestPages(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		ren := web.NewRenderer(d.Clock())
		pages, err := NewPages(w.s, ren)
		w.ok(err)
		app := web.New(web.Options{Renderer: ren, Identity: everybody{}, Log: slog.New(slog.DiscardHandler)})
		pages.Register(app)
		RegisterAPI(web.NewAPI(app, "test", "1"), w.s)
		ask := func(who, method, path string, form url.Values, want int, contain string) string {
			t.Helper()
			at := ""
			for _, lang := range []string{"en", "zh"} {
				if method == "POST" && lang == "en" {
					continue
				}
				req := httptest.NewRequest(method, path, strings.NewReader(form.Encode()))
				req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
				req.AddCookie(&http.Cookie{Name: web.SessionCookie, Value: "x"})
				req.AddCookie(&http.Cookie{Name: "wangge_lang", Value: lang})
				rec := httptest.NewRecorder()
				app.ServeHTTP(rec, req.WithContext(grid.WithCaller(req.Context(), w.as(who))))
				if rec.Code != want || !strings.Contains(rec.Body.String(), contain) {
					t.Fatalf("%s %s: %d, want %d with %q\n%.1500s", method, path, rec.Code, want, contain, rec.Body)
				}
				at = rec.Header().Get("Location")
			}
			return at
		}
		street, comm := w.place["street"].String(), w.place["comm"].String()
		ask("street", "GET", "/bulletins", nil, 200, "<form")
		ask("comm", "GET", "/bulletins?kind=discipline", nil, 200, "bulletins")
		ask("street", "POST", "/bulletins", url.Values{"kind": {"work"}, "area": {street}}, 422, "必填")
		at := ask("street", "POST", "/bulletins", url.Values{"kind": {"work"}, "area": {street}, "title": {"九月第一期"}}, 303, "")
		ask("street", "GET", at, nil, 200, at+"/people")
		ask("street", "GET", at+"/findings", nil, 200, at)
		ask("street", "GET", at+"/people", nil, 200, "?at="+comm)
		who := "post=" + w.post["comm"].String() + "&amp;account=" + w.acct["comm"].String()
		ask("street", "GET", at+"/people?at="+comm, nil, 200, who)
		ask("street", "GET", at+"/entry?"+strings.ReplaceAll(who, "&amp;", "&"), nil, 200, "张comm")
		form := url.Values{"act": {"criticism"}, "n": {"1"}, "place": {comm}, "words": {""}, "post": {w.post["comm"].String()}, "account": {w.acct["comm"].String()}}
		ask("street", "POST", at+"/entry", form, 422, "必填")
		form.Set("words", "夜里没人")
		ask("street", "POST", at+"/entry", form, 303, "")
		ask("street", "GET", at, nil, 200, "夜里没人")
		b := id.From(strings.TrimPrefix(at, "/bulletins/"))
		v, err := w.s.Bulletin(ctx, w.as("street"), b)
		w.ok(err)
		entry := v.Entries[0].ID.String()
		ask("street", "GET", at+"/entry?entry="+entry, nil, 200, "夜里没人")
		ask("street", "POST", at, url.Values{"do": {"show"}, "version": {"1"}}, 409, "有人先改了")
		ask("street", "POST", at, url.Values{"do": {"show"}}, 303, "")
		ask("street", "GET", at+"/entry", nil, 409, "")
		ask("comm", "GET", "/named", nil, 200, "/named/"+entry)
		ask("comm", "GET", "/named/"+entry, nil, 200, "夜里没人")
		ask("far", "GET", "/named/"+entry, nil, 404, "")
		ask("comm", "POST", "/named/"+entry, url.Values{}, 422, "必填")
		ask("comm", "POST", "/named/"+entry, url.Values{"words": {"有人，在转运"}}, 303, "")
		ask("street", "GET", at, nil, 200, "有人，在转运")
		ask("street2", "POST", at, url.Values{"do": {"publish"}}, 303, "")
		ask("comm", "GET", at+"/print", nil, 200, "有人，在转运")
		ask("comm", "GET", "/bulletins", nil, 200, at)
		ask("comm", "GET", "/bulletins/file?kind=work", nil, 200, "PK")
		ask("comm", "GET", "/api/v1/bulletins?kind=work", nil, 200, `"number":1`)
		ask("comm", "GET", "/api/v1"+at, nil, 200, "有人，在转运")
		ask("comm", "GET", "/api/v1/named", nil, 200, `"status":"published"`)
		ask("street", "POST", at, url.Values{"do": {"withdraw"}, "words": {"不实"}}, 303, "")
		ask("comm", "GET", at, nil, 200, "不实")
	})
}

func TestTheLatestRuleGivesTheTime(t *testing.T) {
	if h := Hours(Criticism, clock.Ms(clock.FromMs(1_800_000_000_000))); h != 48 {
		t.Errorf("%d hours", h)
	}
	was := ruleSets
	defer func() { ruleSets = was }()
	ruleSets = append(slices.Clone(was), ruleSet{From: "2030-01-01", Hours: map[Act]int64{Criticism: 96}})
	if now, then := Hours(Criticism, 1_800_000_000_000), Hours(Criticism, 1_900_000_000_000); now != 48 || then != 96 {
		t.Errorf("%d now, %d then", now, then)
	}
}
