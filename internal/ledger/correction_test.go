package ledger_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"wangge/internal/grid"
	"wangge/internal/ledger"
	"wangge/internal/platform/db"
	"wangge/internal/platform/db/dbtest"
	"wangge/internal/platform/errs"
)

func TestHouseholdCorrectsItself(t *testing.T) {
	both(t, 5, func(t *testing.T, w *world) {
		h := w.home(0, ledger.HouseholdInput{Living: 3}, person("王建国", "13812345678"), person("李秀英", ""))
		wang, li := h.Persons[0].ID, h.Persons[1].ID
		clerk := caller(grid.RoleCommunity, communityPath)
		_, _, err := w.s.CorrectionCode(ctx, caller(grid.RoleBuildingLeader, communityPath), h.ID)
		wantKind(t, err, errs.Denied)
		old, _, err := w.s.CorrectionCode(ctx, clerk, h.ID)
		must(t, err)
		code, until, err := w.s.CorrectionCode(ctx, clerk, h.ID)
		must(t, err)
		if until != w.clk.Now().Add(14*24*time.Hour).UnixMilli() {
			t.Errorf("good until %d", until)
		}
		_, err = w.s.CorrectionSheet(ctx, w.sys, old, "a")
		wantKind(t, err, errs.Invalid)
		sheet, err := w.s.CorrectionSheet(ctx, w.sys, strings.ToLower(strings.ReplaceAll(code, "-", " ")), "a")
		must(t, err)
		if sheet.Living != 3 || len(sheet.Persons) != 2 || sheet.Persons[0].Name != "王*" || sheet.Persons[0].Phones[0] != "138****5678" || sheet.Persons[0].IDNo != "" {
			t.Errorf("the sheet: %+v", sheet)
		}
		wantKind(t, w.s.SubmitCorrection(ctx, w.sys, code, "a", ledger.Correction{}), errs.Invalid)
		wantKind(t, w.s.SubmitCorrection(ctx, w.sys, code, "a", ledger.Correction{Persons: []ledger.PersonCorrection{{PersonID: 7, Name: "x"}}}), errs.Invalid)
		must(t, w.s.SubmitCorrection(ctx, w.sys, code, "a", ledger.Correction{Living: "2",
			Persons: []ledger.PersonCorrection{{PersonID: wang, Name: "王建国", Phone: "139 0000 1111"}, {PersonID: li, Gone: true}},
			New:     []ledger.NewcomerCorrection{{Name: "王小明", Relation: "子"}}}))
		wantKind(t, w.s.SubmitCorrection(ctx, w.sys, code, "a", ledger.Correction{Living: "1"}), errs.Invalid) // used
		if v := w.full(wang); v.Phones[0] != "13812345678" {
			t.Error("something changed before it was accepted")
		}
		list := must2[[]ledger.CorrectionView](t)(w.s.Corrections(ctx, clerk, ledger.CorrectionFilter{}))
		if len(list) != 1 || list[0].Open != 4 || list[0].Source != "resident" || len(list[0].Proposals) != 0 {
			t.Fatalf("the list: %+v", list)
		}
		if other := must2[[]ledger.CorrectionView](t)(w.s.Corrections(ctx, caller(grid.RoleCommunity, "230103001009"), ledger.CorrectionFilter{})); len(other) != 0 {
			t.Error("another community sees it")
		}
		item := list[0].ID
		v := must2[ledger.CorrectionView](t)(w.s.Correction(ctx, clerk, item))
		if v.Proposals[1].New != "139****1111" || v.Proposals[1].Basis != ledger.Consent || v.Unmasked {
			t.Errorf("masked: %+v", v.Proposals)
		}
		clerk.Purpose = ledger.PurposeCorrect
		v = must2[ledger.CorrectionView](t)(w.s.Correction(ctx, clerk, item))
		if v.Proposals[1].New != "13900001111" || v.Proposals[1].Old != "13812345678" || !v.Unmasked {
			t.Errorf("in full: %+v", v.Proposals)
		}
		if f := must2[*ledger.File](t)(w.s.File(ctx, w.sys, wang)); len(f.Looks) != 1 || f.Looks[0].Purpose != ledger.PurposeCorrect {
			t.Errorf("looks: %+v", f.Looks)
		}
		decide := func(index int, accept bool) error { return w.s.DecideCorrection(ctx, clerk, item, 0, index, accept) }
		must(t, decide(3, true))                    // the newcomer was among the unnamed
		wantKind(t, decide(0, true), errs.Conflict) // three are recorded as living there
		must(t, decide(1, true))
		must(t, decide(2, true))
		must(t, decide(0, true))
		wantKind(t, decide(0, false), errs.Conflict)
		now := w.see(h.ID)
		if now.Living != 2 || len(now.Persons) != 3 || w.full(wang).Phones[0] != "13900001111" || w.full(li).LivesHere {
			t.Errorf("after accepting: %+v", now)
		}
		f := must2[*ledger.File](t)(w.s.File(ctx, clerk, wang))
		if e := f.Events[0]; e.Source != "resident" || e.Changes["phone"].Old != "13812345678" {
			t.Errorf("the history: %+v", e)
		}
		if list = must2[[]ledger.CorrectionView](t)(w.s.Corrections(ctx, clerk, ledger.CorrectionFilter{Closed: true})); len(list) != 1 {
			t.Error("it is not closed")
		}
		must(t, w.s.EnterCorrection(ctx, clerk, h.ID, ledger.Correction{Persons: []ledger.PersonCorrection{{PersonID: wang, Relation: "户主"}}}))
		paper := must2[[]ledger.CorrectionView](t)(w.s.Corrections(ctx, clerk, ledger.CorrectionFilter{}))[0]
		must(t, w.s.DecideCorrection(ctx, clerk, paper.ID, paper.Version, 0, false))
		if paper.Source != "paper" || w.full(wang).Relation != "" {
			t.Error("what was declined became the record")
		}
	})
}

func TestCodesAreNotGuessed(t *testing.T) {
	d := dbtest.Open(t, db.FileURL(t.TempDir()+"/p.db"))
	must(t, d.Migrate(ctx))
	w := newWorld(t, d, 5)
	h := w.home(0, ledger.HouseholdInput{}, person("王建国", ""))
	code, _, err := w.s.CorrectionCode(ctx, w.sys, h.ID)
	must(t, err)
	for range 20 {
		_, err = w.s.CorrectionSheet(ctx, w.sys, "AAAAA-AAAAA", "evil")
		wantKind(t, err, errs.Invalid)
	}
	_, err = w.s.CorrectionSheet(ctx, w.sys, code, "evil")
	wantKind(t, err, errs.TooMany)
	_, err = w.s.CorrectionSheet(ctx, w.sys, code, "good")
	must(t, err)
	w.clk.Advance(11 * time.Minute)
	_, err = w.s.CorrectionSheet(ctx, w.sys, code, "evil")
	must(t, err)
	w.clk.Advance(14 * 24 * time.Hour)
	_, err = w.s.CorrectionSheet(ctx, w.sys, code, "good")
	wantKind(t, err, errs.Invalid)
}

func TestCorrectionPages(t *testing.T) {
	d := dbtest.Open(t, db.FileURL(t.TempDir()+"/p.db"))
	must(t, d.Migrate(ctx))
	w := newWorld(t, d, 5)
	h := w.home(0, ledger.HouseholdInput{}, person("王建国", "13812345678"))
	wang := h.Persons[0].ID.String()
	for _, lang := range []string{"zh", "en"} {
		c := caller(grid.RoleCommunity, communityPath)
		c.Lang = lang
		do := site(t, w, c)
		check(t, do("GET", "/corrections", nil), 200, "nothing yet")
		check(t, do("GET", "/households/"+h.ID.String(), nil), 200, "the household")
		check(t, do("POST", "/households/"+h.ID.String()+"/code", nil), 200, "the slip")
		code, _, err := w.s.CorrectionCode(ctx, w.sys, h.ID)
		must(t, err)
		check(t, do("GET", "/fix", nil), 200, "asking for the code")
		check(t, do("POST", "/fix", url.Values{"code": {"ABC"}}), 422, "no code")
		rec := do("GET", "/fix?code="+code, nil)
		if check(t, rec, 200, "the form"); strings.Contains(rec.Body.String(), "13812345678") || strings.Contains(rec.Body.String(), "建国") {
			t.Error("a household's code shows more than masks")
		}
		rec = do("POST", "/fix/send", url.Values{"code": {code}, "person": {wang}, "phone-" + wang: {"12"}, "relation-" + wang: {"户主本人"}})
		if check(t, rec, 422, "a wrong phone"); !strings.Contains(rec.Body.String(), "户主本人") {
			t.Error("what was typed is gone")
		}
		check(t, do("POST", "/fix/send", url.Values{"code": {code}, "new-phone-0": {"13900001111"}}), 422, "a newcomer without a name")
		check(t, do("POST", "/fix/send", url.Values{"code": {code}, "living": {"-3"}}), 422, "a wrong count")
		check(t, do("POST", "/fix/send", url.Values{"code": {code}}), 422, "nothing filled in")
		check(t, do("POST", "/fix/send", url.Values{"code": {code}, "person": {wang}, "phone-" + wang: {"13900002222"}, "name-" + wang: {"王建国" + lang}}), 200, "send")
		check(t, do("GET", "/households/"+h.ID.String()+"/paper", nil), 200, "the paper form")
		check(t, do("POST", "/households/"+h.ID.String()+"/paper", nil), 422, "an empty paper")
		list := must2[[]ledger.CorrectionView](t)(w.s.Corrections(ctx, c, ledger.CorrectionFilter{}))
		item := "/corrections/" + list[0].ID.String()
		check(t, do("GET", "/corrections", nil), 200, "the list")
		check(t, do("GET", item, nil), 200, "masked")
		rec = do("POST", item, nil)
		if check(t, rec, 200, "in full"); !strings.Contains(rec.Body.String(), "13900002222") {
			t.Error("the clerk cannot see what to check")
		}
		check(t, do("POST", item+"/decide", url.Values{"index": {"0"}, "accept": {"1"}}), 200, "accept")
		check(t, do("POST", item+"/decide", url.Values{"index": {"0"}}), 409, "decide twice")
		check(t, do("POST", item+"/decide", url.Values{"index": {"1"}}), 200, "decline")
		check(t, do("GET", "/corrections?state=closed", nil), 200, "closed ones")
	}
}
