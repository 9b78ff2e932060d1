package importer_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"wangge/internal/ledger/importer"
	"wangge/internal/platform/errs"
)

// A comparison has three doors: the page, the API and the command (whose whole
// work is Preview and Run). These tests drive the same roster through each.

// door is one way in: it compares, sets rules and decides, and returns the import.
type door func(t *testing.T, w *world, do request) *importer.Import

// staged uploads the other office's roster.
func (w *world) staged(content string) *importer.Import {
	w.t.Helper()
	imp, err := w.s.Stage(ctx, w.c, w.target(), []importer.File{text("police.csv", content)})
	must(w.t, err)
	return imp
}

var severeRules = importer.Rules{Fields: map[string]string{"phone": importer.Ours, "note": importer.Newest}, OnlyThere: importer.Skip, OnlyHere: importer.Depart}

func byPage(t *testing.T, w *world, do request) *importer.Import {
	imp := w.staged(police)
	page := "/imports/" + imp.ID.String()
	form := func(path string, v url.Values) {
		t.Helper()
		check(t, do("POST", page+path, formType, []byte(v.Encode())), http.StatusSeeOther, path)
	}
	form("/compare", url.Values{"source": {"派出所"}, "as_of": {"2022-01-30"}})
	form("/rules?class=differs", url.Values{"rule.phone": {"ours"}, "rule.note": {"newest"}, "only_there": {"skip"}, "only_here": {"depart"}})
	for _, it := range w.items(imp, importer.ItemFilter{Field: "note"}) {
		form("/decide?class=differs", url.Values{pick(it, "note"): {"theirs"}})
	}
	form("/decide-all?class=only_there", url.Values{"word": {"add"}})
	return imp
}

func pick(it importer.Item, field string) string {
	seq, _ := json.Marshal(it.Seq)
	return "pick." + string(seq) + "." + field
}

func byAPI(t *testing.T, w *world, do request) *importer.Import {
	imp := w.staged(police)
	at := "/api/v1/imports/" + imp.ID.String()
	call := func(method, path string, body, out any) {
		t.Helper()
		b, err := json.Marshal(body)
		must(t, err)
		rec := do(method, at+path, "application/json", b)
		if check(t, rec, http.StatusOK, path); out != nil {
			must(t, json.Unmarshal(rec.Body.Bytes(), out))
		}
	}
	call("POST", "/reconcile", map[string]any{"source": "派出所", "as_of": "2022-01-30"}, nil)
	call("PUT", "/rules", severeRules, nil)
	var found struct{ Items []importer.Item }
	call("GET", "/items?class=differs&field=note", nil, &found)
	for _, it := range found.Items {
		call("POST", "/decisions", map[string]any{"decisions": []any{map[string]any{"seq": it.Seq, "picks": map[string]string{"note": "theirs"}}}}, nil)
	}
	var n struct{ Decided int }
	if call("POST", "/decisions", map[string]any{"all": map[string]any{"class": "only_there", "word": "add"}}, &n); n.Decided != 1 {
		t.Errorf("%d were decided at once, want 1", n.Decided)
	}
	return imp
}

var ids = regexp.MustCompile(`\d{15,}`)

// seen is the page of a comparison without what differs between two uploads.
func seen(t *testing.T, do request, imp *importer.Import, class importer.Class) string {
	t.Helper()
	html := check(t, do("GET", "/imports/"+imp.ID.String()+"/compare?class="+string(class), "", nil), http.StatusOK, "the page")
	_, main, _ := strings.Cut(html, "<main")
	main = regexp.MustCompile(`<input type="hidden" name="form_key"[^>]*>|value="[0-9a-zA-Z_-]{20,}"`).ReplaceAllString(main, "")
	return ids.ReplaceAllString(main, "ID")
}

func TestReconcileSameAtEveryDoor(t *testing.T) {
	type outcome struct{ items, pages, ledger string }
	var reference outcome
	for name, way := range map[string]door{"page": byPage, "api": byAPI} {
		both(t, func(t *testing.T, w *world) {
			w.run(first)
			imp := way(t, w, site(t, w, w.c))
			got := outcome{items: say(w.items(imp, importer.ItemFilter{}))}
			for _, lang := range []string{"zh", "en"} {
				c := w.c
				c.Lang = lang
				for _, class := range importer.Classes() {
					got.pages += seen(t, site(t, w, c), imp, class)
				}
			}
			done, err := w.s.Apply(ctx, w.c, imp.ID)
			must(t, err)
			counts, err := json.Marshal(done.Counts)
			must(t, err)
			got.ledger = string(counts) + strings.Join(w.file("李秀英").Person.Phones, " ")
			if reference.items == "" {
				reference = got
			}
			if got != reference {
				t.Errorf("by %s (%s) another answer:\n%s\n%s\nwant\n%s\n%s", name, w.d.Engine(), got.items, got.ledger, reference.items, reference.ledger)
			}
		})
	}
	want := "differs 李* phone=138****5679/139****0000>ours\ndiffers 张* note=养狗/养猫>theirs\nonly_there 新* add\nonly_here 赵* depart"
	if reference.items != want {
		t.Errorf("got\n%s\nwant\n%s", reference.items, want)
	}
}

// The command says before and after the same as the page: what it would do
// (--dry-run), and what it did.
func TestReconcileOfTheCommandIsThatOfThePage(t *testing.T) {
	both(t, func(t *testing.T, w *world) {
		w.run(first)
		paged := w.compare(police, importer.ReconcileOptions{Source: "派出所", Rules: &severeRules})
		target := w.target()
		target.Reconcile = &importer.ReconcileOptions{Source: "派出所"} // the rules are remembered
		files := func() []importer.File { return []importer.File{text("police.csv", police)} }
		dry, err := w.s.Preview(ctx, w.c, target, files())
		must(t, err)
		w.want("a dry run writes nothing", "SELECT COUNT(*) FROM person_event", 0)
		run, err := w.s.Run(ctx, w.c, target, files())
		must(t, err)
		for name, r := range map[string]*importer.Report{"dry": dry, "run": run} {
			list := append(append(append([]importer.Item{}, r.Reconcile.Differs...), r.Reconcile.OnlyThere...), r.Reconcile.OnlyHere...)
			var want []importer.Item
			for _, c := range importer.Classes() {
				list2, _, err := w.s.Items(ctx, w.c, paged.ID, importer.ItemFilter{Class: c}, 0, 100)
				must(t, err)
				want = append(want, list2...)
			}
			if say(list) != say(want) {
				t.Errorf("%s:\n%s\nthe page:\n%s", name, say(list), say(want))
			}
			if r.Reconcile.Counts.Same != paged.Reconcile.Counts.Same || r.Reconcile.AsOf != paged.Reconcile.AsOf || r.Reconcile.Rules.OnlyHere != importer.Depart {
				t.Errorf("%s: %+v, the page %+v", name, r.Reconcile.Reconciliation, paged.Reconcile)
			}
		}
		w.want("persons: one is gone, the new one skipped", persons, 3)
		w.phone("李秀英", "13812345679")
	})
}

func TestReconcileRefusals(t *testing.T) {
	both(t, func(t *testing.T, w *world) {
		w.run(first)
		do := site(t, w, w.c)
		imp := w.staged(police)
		at := "/api/v1/imports/" + imp.ID.String()
		for _, c := range []struct {
			method, path, body string
			status             int
			says               string
		}{
			{"GET", "/items", "", http.StatusConflict, ""},
			{"PUT", "/rules", `{}`, http.StatusConflict, ""},
			{"POST", "/decisions", `{}`, http.StatusConflict, ""},
			{"POST", "/reconcile", `{"as_of":"yesterday"}`, http.StatusUnprocessableEntity, "as_of"},
			{"POST", "/reconcile", `{"source":"` + strings.Repeat("所", 41) + `"}`, http.StatusUnprocessableEntity, "source"},
			{"POST", "/reconcile", `{"rules":{"fields":{"zeal":"ours"}}}`, http.StatusUnprocessableEntity, "zeal"},
			{"POST", "/reconcile", `{"rules":{"only_here":"burn"}}`, http.StatusUnprocessableEntity, "only_here"},
			{"POST", "/reconcile", `{}`, http.StatusOK, `"same":1`},
			{"PUT", "/rules", `{"fields":{"phone":"loudest"}}`, http.StatusUnprocessableEntity, "phone"},
			{"POST", "/decisions", `{"decisions":[{"seq":999,"picks":{"phone":"ours"}}]}`, http.StatusNotFound, ""},
			{"POST", "/decisions", `{"decisions":[{"seq":1,"picks":{"note":"ours"}}]}`, http.StatusUnprocessableEntity, "picks"},
			{"POST", "/decisions", `{"all":{"class":"only_there","word":"depart"}}`, http.StatusUnprocessableEntity, "picks"},
			{"GET", "/items?class=strangers", "", http.StatusUnprocessableEntity, "class"},
			{"GET", "/items?limit=501", "", http.StatusUnprocessableEntity, "limit"},
		} {
			rec := do(c.method, at+c.path, "application/json", []byte(c.body))
			if rec.Code != c.status || !strings.Contains(rec.Body.String(), c.says) {
				t.Errorf("%s %s %s: %d, want %d naming %q: %.300s", c.method, c.path, c.body, rec.Code, c.status, c.says, rec.Body)
			}
		}
		page := "/imports/" + imp.ID.String()
		check(t, do("POST", page+"/compare", formType, []byte("as_of=31.1.2022")), http.StatusUnprocessableEntity, "a wrong day on the page")
		check(t, do("POST", page+"/compare", formType, []byte(url.Values{"source": {strings.Repeat("所", 41)}}.Encode())), http.StatusUnprocessableEntity, "a long source on the page")
		other := w.c
		other.Grants = elsewhereGrants()
		stranger := site(t, w, other)
		for _, path := range []string{"/items", "/reconcile", "/rules", "/decisions"} {
			method, body := map[string]string{"/items": "GET", "/rules": "PUT"}[path], "{}"
			if method == "" {
				method = "POST"
			}
			if rec := stranger(method, at+path, "application/json", []byte(body)); rec.Code != http.StatusNotFound {
				t.Errorf("another community's clerk: %s %d", path, rec.Code)
			}
		}
		_, err := w.s.Apply(ctx, w.c, imp.ID)
		must(t, err)
		if err := w.s.Decide(ctx, w.c, imp.ID, nil); !errs.Is(err, errs.Conflict) {
			t.Errorf("decided after it was written: %v", err)
		}
	})
}
