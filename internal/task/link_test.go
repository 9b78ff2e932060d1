package task

import (
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"wangge/internal/platform/db"
	"wangge/internal/platform/db/dbtest"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
)

const aDoor = "230103001001001001001001"

func (w *world) ties(who string, t Task) []Link {
	w.t.Helper()
	v, err := w.s.Task(w.ctx, w.as(who), t.ID)
	w.ok(err)
	var out []Link
	for _, x := range v.Links {
		out = append(out, x.Link)
	}
	return out
}

func TestALinkIsShownOnBothSidesAndComesOff(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		a, b := w.issue("help", "comm11", "grid11"), w.issue("request", "comm11", "leader11")
		strange := w.issue("help", "comm12", "grid12")
		c := w.as("grid11")
		if _, err := w.s.Link(w.ctx, c, a.ID, Link{"task", strange.ID}); !errs.Is(err, errs.Invalid) {
			t.Errorf("linked with a task that is not theirs to see: %v", err)
		}
		if _, err := w.s.Link(w.ctx, c, strange.ID, Link{"task", a.ID}); !errs.Is(err, errs.NotFound) {
			t.Errorf("linked from a task that is not theirs to see: %v", err)
		}
		for _, l := range []Link{{"task", a.ID}, {"lead", 5}, {"person", 5}, {"task", id.Zero}} {
			if _, err := w.s.Link(w.ctx, c, a.ID, l); !errs.Is(err, errs.Invalid) {
				t.Errorf("%+v: %v", l, err)
			}
		}
		_, err := w.s.Link(w.ctx, w.as("comm11"), a.ID, Link{"task", b.ID})
		w.ok(err)
		_, err = w.s.Link(w.ctx, w.as("comm11"), b.ID, Link{"task", a.ID}) // the other way round: it is there
		w.ok(err)
		_, err = w.s.Link(w.ctx, c, a.ID, Link{"place", w.place[aDoor]})
		w.ok(err)
		if got := w.ties("grid11", a); !slices.Equal(got, []Link{{"place", w.place[aDoor]}, {"task", b.ID}}) {
			t.Errorf("of the one: %+v", got)
		}
		if got := w.ties("leader11", b); !slices.Equal(got, []Link{{"task", a.ID}}) {
			t.Errorf("of the other: %+v", got)
		}
		v, err := w.s.Task(w.ctx, w.as("leader11"), b.ID)
		w.ok(err)
		if e := v.History[len(v.History)-1]; e.Kind != "link_task" || e.OtherID != a.ID || v.Links[0].Text != "" || v.Links[0].Href != "" {
			t.Errorf("who may not see the one reads its title, or the history is silent: %+v, %+v", e, v.Links)
		}
		page, err := w.s.tiedTo(w.ctx, c, Link{"place", w.place[aDoor]})
		if err != nil || len(page) != 1 || page[0].ID != a.ID {
			t.Errorf("the door's page: %+v, %v", page, err)
		}
		if page, err = w.s.tiedTo(w.ctx, w.as("grid12"), Link{"place", w.place[aDoor]}); err != nil || len(page) != 0 {
			t.Errorf("the door's page to a stranger: %+v, %v", page, err)
		}
		_, err = w.s.Unlink(w.ctx, w.as("leader11"), b.ID, Link{"task", a.ID})
		w.ok(err)
		if len(w.ties("grid11", a)) != 1 || len(w.ties("leader11", b)) != 0 {
			t.Error("taken off on one side only")
		}
		if _, err = w.s.Unlink(w.ctx, w.as("leader11"), b.ID, Link{"task", a.ID}); !errs.Is(err, errs.Conflict) {
			t.Errorf("taken off twice: %v", err)
		}
		w.whole()
	})
}

func TestTwoLinkTheSameTwoTasksAtOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		a, b := w.issue("help", "comm11", "grid11"), w.issue("help", "comm11", "grid11")
		c := w.as("comm11")
		var both sync.WaitGroup
		for _, p := range [][2]id.ID{{a.ID, b.ID}, {b.ID, a.ID}} {
			both.Go(func() {
				if _, err := w.s.Link(w.ctx, c, p[0], Link{"task", p[1]}); err != nil && !errs.Is(err, errs.Conflict) {
					t.Error(err)
				}
			})
		}
		both.Wait()
		if len(w.ties("comm11", a)) != 1 || len(w.ties("comm11", b)) != 1 {
			t.Error("it is not one link")
		}
		w.whole()
	})
}

func TestAnotherTaskIsChosenFromAList(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		s := newSite(t, w)
		issue := func(kind, title, to string, place id.ID) Task {
			x, err := w.s.Issue(w.ctx, w.as("comm11"), Issue{Kind: kind, Title: title, PostID: w.post[to], PlaceID: place})
			w.ok(err)
			return x
		}
		twice := issue("help", "medicine for the old lady", "grid11", w.place[aDoor])
		far, near := issue("request", "a lamp", "grid11", id.Zero), issue("help", "needs medicine", "grid11", w.place[aDoor])
		w.issue("help", "comm12", "grid12")
		titles := func(words string, a Action) (out []string) {
			list, err := w.s.Candidates(w.ctx, w.as("grid11"), twice.ID, a, words)
			w.ok(err)
			for _, x := range list {
				out = append(out, x.Title)
			}
			return out
		}
		for words, want := range map[string][]string{"": {"needs medicine", "a lamp"}, "LAMP": {"a lamp"}, far.ID.String(): {"a lamp"}, far.ID.String()[12:]: {"a lamp"}, "building1": {"needs medicine"}, "nothing": nil} {
			if got := titles(words, Merge); !slices.Equal(got, want) {
				t.Errorf("%q: %v, want %v", words, got, want)
			}
		}
		at := "/tasks/" + twice.ID.String()
		page, _ := s.ask("grid11", "zh", at+"/merge", nil, 200)
		if strings.Index(page, "needs medicine") > strings.Index(page, "a lamp") || !strings.Contains(page, `value="`+near.ID.String()+`"`) {
			t.Error("the one about the same door does not stand first")
		}
		for _, lang := range []string{"zh", "en"} {
			for _, kind := range []string{"task", "place"} {
				s.ask("grid11", lang, at+"/links?kind="+kind, url.Values{"q": {"building1"}}, 200)
			}
		}
		s.ask("grid12", "zh", at+"/merge", nil, 404)
		s.ask("grid11", "zh", at+"/link", url.Values{"kind": {"place"}, "object": {w.place[aDoor].String()}}, 303)
		if page, _ = s.ask("grid11", "zh", at, nil, 200); strings.Count(page, "/places/"+w.place[aDoor].String()) < 3 { // its place, the link, the history
			t.Error("the page does not show the link and its history")
		}
		s.ask("grid11", "zh", at+"/link", url.Values{"kind": {"place"}, "object": {w.place[aDoor].String()}, "off": {"1"}}, 303)
		s.ask("grid11", "zh", at, url.Values{"do": {"merge"}, "merge": {near.ID.String()}}, 303)
		if got := w.ties("grid11", near); !slices.Equal(got, []Link{{"task", twice.ID}}) {
			t.Errorf("what was merged into it: %+v", got)
		}
		if _, err := w.s.Unlink(w.ctx, w.as("grid11"), near.ID, Link{"task", twice.ID}); !errs.Is(err, errs.Conflict) {
			t.Errorf("a merging is unlinked: %v", err)
		}
		w.whole()
	})
}

// A place's page lists its tasks, whether linked with it or about it, and no
// people to be verified, of whom a community may have hundreds.
func TestAPlacesPageListsItsTasksNotThePeopleToVerify(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		at := w.place["230103001001"]
		about := func(title string, links ...Link) id.ID {
			x, err := w.s.Issue(w.ctx, w.as("comm11"), Issue{Kind: "request", Title: title, PostID: w.post["grid11"], PlaceID: at, Links: links})
			w.ok(err)
			return x.ID
		}
		both := about("about it and linked with it", Link{"place", at})
		for range maxTied {
			lead := about("lead", Link{"place", at})
			w.write(func(tx *db.Tx) error {
				_, err := tx.ExecContext(w.ctx, `UPDATE task SET kind = 'lead' WHERE district = $1 AND id = $2`, district, lead)
				return err
			})
		}
		linked := w.issue("help", "comm11", "grid11")
		_, err := w.s.Link(w.ctx, w.as("comm11"), linked.ID, Link{"place", at})
		w.ok(err)
		got, err := w.s.tiedTo(w.ctx, w.as("comm11"), Link{"place", at})
		if err != nil || len(got) != 2 || got[0].ID != linked.ID || got[1].ID != both {
			t.Errorf("the place's page: %+v, %v", got, err)
		}
		if got, err = w.s.tiedTo(w.ctx, w.as("comm11"), Link{"place", id.Zero}); err != nil || len(got) != 0 {
			t.Errorf("of no place: %+v, %v", got, err)
		}
	})
}

// What was merged into a task is no link of those people may make: neither does
// it use them up, nor can it be taken off, though somebody had linked the two.
func TestManyMergedAreCountedAndLeaveRoomForLinks(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		c := w.as("comm11")
		into, twin, other := w.issue("help", "comm11", "grid11"), w.issue("help", "comm11", "grid11"), w.issue("request", "comm11", "leader11")
		_, err := w.s.Link(w.ctx, c, into.ID, Link{"task", twin.ID})
		w.ok(err)
		w.do("grid11", twin, Change{Action: Merge, MergeInto: into.ID})
		if _, err = w.s.Unlink(w.ctx, c, into.ID, Link{"task", twin.ID}); !errs.Is(err, errs.Conflict) {
			t.Errorf("a merging that had been a link is unlinked: %v", err)
		}
		var merged []Link
		for range 60 {
			merged = append(merged, Link{"task", w.issue("help", "comm11", "grid11").ID})
		}
		w.write(func(tx *db.Tx) error { return insertLinks(w.ctx, tx, district, into.ID, merged, id.Zero) })
		_, err = w.s.Link(w.ctx, c, into.ID, Link{"task", other.ID})
		w.ok(err)
		v, err := w.s.Task(w.ctx, c, into.ID)
		w.ok(err)
		if len(v.Links) != maxTies || v.MoreLinks != 62-maxTies || v.Links[0].Link != (Link{"task", other.ID}) || !v.Links[0].ByHand {
			t.Errorf("%d links and %d more, first %+v", len(v.Links), v.MoreLinks, v.Links[0])
		}
		for _, l := range v.Links {
			if l.Text != "title" || l.Href == "" {
				t.Errorf("not named: %+v", l)
			}
		}
		var made []Link
		for i := range maxLinks - 1 {
			made = append(made, Link{"person", id.ID(i + 1)})
		}
		w.write(func(tx *db.Tx) error { return insertLinks(w.ctx, tx, district, into.ID, made, c.AccountID) })
		if _, err = w.s.Link(w.ctx, c, into.ID, Link{"place", w.place[aDoor]}); !errs.Is(err, errs.Invalid) || errs.As(err).Key != "task.links.many" {
			t.Errorf("more links than may be made: %v", err)
		}
		s := newSite(t, w)
		for lang, words := range map[string]string{"zh": "还有 31 项关联", "en": "Links not listed here: 31"} {
			if page, _ := s.ask("comm11", lang, "/tasks/"+into.ID.String(), nil, 200); !strings.Contains(page, words) {
				t.Errorf("%s: the page does not say how many more there are", lang)
			}
		}
	})
}
