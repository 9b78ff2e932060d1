package app

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"wangge/internal/account"
	"wangge/internal/grid"
	"wangge/internal/ledger"
	"wangge/internal/ledger/importer"
	"wangge/internal/platform/clock"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
	"wangge/internal/round"
)

// pick picks one of a list.
func pick[T any](w *walk, list []T) T { return list[w.r.IntN(len(list))] }

// nothing is what a step answers that found nothing to work on.
var nothing = errs.E("walk", errs.Conflict, "error.not_found")

func (w *walk) newAccount() id.ID {
	a, _, err := w.a.Accounts.CreateWithCode(grid.WithCaller(w.ctx(), w.c), id.Zero, account.NewAccount{Login: "walker", Name: "走"})
	w.must(err)
	return a.ID
}

// importRoster adds one or two doors with people to the roster and imports the whole of it again.
func (w *walk) importRoster() error {
	for range 1 + w.r.IntN(2) {
		w.rows = append(w.rows, fmt.Sprintf("%d号楼,1单元,%d0%d室,王%d,户主", 1+w.r.IntN(2), 1+w.r.IntN(6), 1+w.r.IntN(3), len(w.rows)))
	}
	text := "楼号,单元,房号,姓名,与户主关系\n" + strings.Join(w.rows, "\n") + "\n"
	imp, err := w.a.Imports.Stage(w.ctx(), w.c, w.target(), []importer.File{{Name: "r.csv", R: strings.NewReader(text), Size: int64(len(text))}})
	if err != nil {
		return err
	}
	if _, err := w.a.Imports.Apply(w.ctx(), w.c, imp.ID); err != nil {
		return err
	}
	w.applied = append(w.applied, imp.ID)
	return nil
}

// undoImport takes any earlier import back, whatever happened since.
func (w *walk) undoImport() error {
	if len(w.applied) == 0 {
		return nothing
	}
	i := w.r.IntN(len(w.applied))
	imp := w.applied[i]
	w.applied = slices.Delete(w.applied, i, i+1)
	return w.a.Imports.Undo(w.ctx(), w.c, imp)
}

func (w *walk) arrive() error {
	people := []ledger.Person{{Name: "赵新", LivesHere: true}, {Name: "赵旧", Registered: true}}[:w.r.IntN(3)]
	_, err := w.a.Ledger.AddHousehold(w.ctx(), w.c, ledger.HouseholdInput{DoorID: pick(w, w.now.doors).ID, Kind: "family", Living: 2}, people)
	return err
}

func (w *walk) depart() error {
	h := pick(w, w.now.households)
	return w.a.Ledger.DepartHousehold(w.ctx(), w.c, h.ID, h.Version, ledger.DepartReasons()[0])
}

func (w *walk) move() error {
	h := pick(w, w.now.households)
	return w.a.Ledger.MoveHousehold(w.ctx(), w.c, h.ID, h.Version, pick(w, w.now.doors).ID)
}

func (w *walk) merge() error {
	return w.a.Ledger.Join(w.ctx(), w.c, pick(w, w.now.households).ID, pick(w, w.now.households).ID)
}

func (w *walk) mergePeople() error {
	if len(w.now.persons) == 0 {
		return nothing
	}
	keep := pick(w, w.now.persons).ID
	m, err := w.a.Ledger.MergePersons(w.ctx(), w.c, ledger.Merge{Keep: keep, Drop: pick(w, w.now.persons).ID})
	if err == nil {
		w.merged = append(w.merged, [2]id.ID{keep, m})
	}
	return err
}

// undoMerge takes any earlier merge back; it is refused where either record changed since.
func (w *walk) undoMerge() error {
	if len(w.merged) == 0 {
		return nothing
	}
	m := w.merged[len(w.merged)-1]
	w.merged = w.merged[:len(w.merged)-1]
	return w.a.Ledger.UndoMerge(w.ctx(), w.c, m[0], m[1])
}

// elsewhere tells another community of a person, who then counts there or not.
func (w *walk) elsewhere() error {
	if len(w.now.persons) == 0 {
		return nothing
	}
	door := pick(w, w.now.doors)
	item, err := w.a.Ledger.ProposeElsewhere(w.ctx(), w.c, ledger.ElsewhereInput{PersonID: pick(w, w.now.persons).ID, ToArea: door.AreaID})
	if err != nil {
		return err
	}
	switch w.r.IntN(4) {
	case 0:
		return w.a.Ledger.RefuseElsewhere(w.ctx(), w.c, item, 0, ledger.RefuseReasons()[0], "")
	case 1:
		return nil // it waits
	}
	_, err = w.a.Ledger.AcceptElsewhere(w.ctx(), w.c, item, ledger.ElsewhereAcceptance{DoorID: door.ID})
	return err
}

// build adds a building with two doors to a compound.
func (w *walk) build() error {
	compounds := w.places(grid.Compound)
	if len(compounds) == 0 {
		return nothing
	}
	b, d := id.New(), len(w.now.doors)
	_, err := w.a.Grid.AddPlaces(w.ctx(), w.c, []grid.NewPlace{{ID: b, ParentID: pick(w, compounds).ID, Kind: grid.Building, Name: fmt.Sprint(1000 + d)},
		{ParentID: b, Kind: grid.Door, Name: "101"}, {ParentID: b, Kind: grid.Door, Name: "102"}})
	return err
}

func (w *walk) open() error {
	open := 0
	for _, r := range w.rounds {
		if !r.closed {
			open++
		}
	}
	if open >= 4 {
		return nothing
	}
	area := w.root
	if d := pick(w, w.now.doors); w.r.IntN(2) == 0 {
		area = must(w.a.Grid.Place(w.ctx(), w.c, d.AreaID))
	}
	return w.openOver(pick(w, []round.TargetKind{round.Doors, round.Households, round.Persons}), area)
}

// close is refused while anything is outstanding, and signs each of the rest.
func (w *walk) close() error {
	r := w.pickRound(false)
	if r == nil || w.r.IntN(2) > 0 {
		return nothing
	}
	reasons := map[id.ID]string{}
	for object, t := range r.targets {
		if t.state == round.Outstanding || t.state == round.Attempted {
			reasons[object] = round.SignOffs()[0].Code
		}
	}
	if len(reasons) > 0 {
		if err := w.a.Rounds.Close(w.ctx(), w.c, round.CloseInput{RoundID: r.ID}); !errs.Is(err, errs.Conflict) {
			w.t.Fatalf("closing with %d outstanding: %v", len(reasons), err)
		}
	}
	if err := w.a.Rounds.Close(w.ctx(), w.c, round.CloseInput{RoundID: r.ID, Reasons: reasons}); err != nil {
		return err
	}
	for object := range reasons {
		r.targets[object].state = round.Exempt
	}
	r.closed = true
	return nil
}

// postEnds gives somebody a post over one door's building for a while: a mark
// there is taken, one elsewhere is refused, and none is taken after its end.
func (w *walk) postEnds() error {
	var r *modelRound
	for _, v := range w.rounds {
		if !v.closed && v.TargetKind == round.Doors {
			r = v
		}
	}
	if r == nil {
		return nothing
	}
	doors := w.inside(r)
	own, other := pick(w, doors), grid.Place{}
	under := own.Path[:len(own.Path)-3] // of the own door's parent, which may be a compound with buildings beside the door
	for _, d := range doors {
		if !strings.HasPrefix(d.Path, under) {
			other = d
		}
	}
	now := w.a.clock().Now()
	post, err := w.a.Grid.AddPost(w.ctx(), w.c, grid.NewPost{Role: grid.RoleBuildingLeader, ObjectKind: grid.ObjectPlace, ObjectID: own.ParentID, FromMs: clock.Ms(now)})
	if err != nil {
		return err
	}
	_, err = w.a.Grid.AddHolder(w.ctx(), w.c, grid.Holder{PostID: post.ID, AccountID: w.account, FromMs: clock.Ms(now)})
	w.must(err)
	leader := must(w.a.Grid.CallerFor(w.ctx(), w.account, w.a.District, now.Add(time.Second)))
	w.must(w.send(leader, r, own.ID, "normal", "own"))
	if other.ID != id.Zero {
		_, err := w.a.Rounds.Mark(w.ctx(), leader, round.MarkInput{RoundID: r.ID, ObjectID: other.ID, Result: "normal"})
		if !errs.Is(err, errs.Denied) {
			w.t.Fatalf("a leader of %s marked %s: %v", under, other.Path, err)
		}
	}
	end := w.a.clock().Now()
	w.must(w.a.Grid.EndPost(w.ctx(), w.c, post.ID, clock.Ms(end)))
	late := must(w.a.Grid.CallerFor(w.ctx(), w.account, w.a.District, end.Add(time.Minute)))
	if _, err := w.a.Rounds.Mark(w.ctx(), late, round.MarkInput{RoundID: r.ID, ObjectID: own.ID, Result: "normal"}); !errs.Is(err, errs.Denied) {
		w.t.Fatalf("a mark after the end of the post: %v", err)
	}
	return nil
}

// results are what may be found at a target of a kind.
func results(kind round.TargetKind) []string {
	if kind == round.Doors {
		return []string{"normal", "absent", "refused", "verified_empty"}
	}
	return []string{"normal", "absent", "refused", "living_elsewhere"}
}

// send makes one mark and tells the model.
func (w *walk) send(c grid.Caller, r *modelRound, object id.ID, result, note string) error {
	in := round.MarkInput{RoundID: r.ID, ObjectID: object, Result: result, Note: note, ClientKey: id.New().String(), Correct: w.r.IntN(6) == 0}
	_, err := w.a.Rounds.Mark(w.ctx(), c, in)
	if err == nil {
		if c.AccountID == w.c.AccountID { // a key belongs to its account
			w.sent = append(w.sent, in)
		}
		r.targets[object].mark(result, w.a.clock().Now(), in.Correct)
	}
	return err
}

func (w *walk) mark() error {
	r := w.pickRound(false)
	if r == nil {
		return nothing
	}
	return w.send(w.c, r, pick(w, r.objects()), pick(w, results(r.TargetKind)), "")
}

// markAgain sends an earlier mark once more: it is the same mark; with another
// content under its key it is refused.
func (w *walk) markAgain() error {
	if len(w.sent) == 0 {
		return nothing
	}
	in := pick(w, w.sent)
	out, err := w.a.Rounds.Mark(w.ctx(), w.c, in)
	if err != nil || !out.Replayed {
		w.t.Fatalf("a mark sent again: %+v, %v", out, err)
	}
	in.Note += "!"
	if _, err := w.a.Rounds.Mark(w.ctx(), w.c, in); !errs.Is(err, errs.Conflict) {
		w.t.Fatalf("another mark under a used key: %v", err)
	}
	return nil
}

// phone sends a batch that lay on a phone with a wrong clock, twice.
func (w *walk) phone() error {
	r := w.pickRound(false)
	if r == nil {
		return nothing
	}
	wrong := pick(w, []time.Duration{0, -26 * time.Hour, -5 * time.Minute, time.Hour, 4000 * time.Hour})
	now := w.a.clock().Now()
	var ins []round.MarkInput
	var happened []time.Time
	for _, object := range w.some(r, 6) {
		at := now.Add(-time.Duration(1+w.r.IntN(9*24)) * time.Hour)
		happened = append(happened, at)
		ins = append(ins, round.MarkInput{RoundID: r.ID, ObjectID: object, Result: pick(w, results(r.TargetKind)), ClientKey: id.New().String(),
			ClaimedMs: clock.Ms(at.Add(wrong)), SentMs: clock.Ms(now.Add(wrong))})
	}
	for i, out := range w.a.Rounds.MarkMany(w.ctx(), w.c, ins) {
		w.must(out.Err)
		r.targets[ins[i].ObjectID].mark(ins[i].Result, happened[i], false)
	}
	for _, out := range w.a.Rounds.MarkMany(w.ctx(), w.c, ins) {
		if out.Err != nil || !out.Replayed {
			w.t.Fatalf("a batch sent again: %+v", out)
		}
	}
	return nil
}

// late marks a target of a closed round: kept, and no figure moves.
func (w *walk) late() error {
	r := w.pickRound(true)
	if r == nil {
		return nothing
	}
	out, err := w.a.Rounds.Mark(w.ctx(), w.c, round.MarkInput{RoundID: r.ID, ObjectID: pick(w, r.objects()), Result: "normal"})
	if err == nil && !out.Late {
		w.t.Fatalf("a mark for a closed round is not late: %+v", out)
	}
	return err
}

// rush marks several targets at once, on all replicas, while a building is re-drawn and somebody arrives.
func (w *walk) rush() error {
	r := w.pickRound(false)
	if r == nil {
		return nothing
	}
	kind := pick(w, results(r.TargetKind))
	objects := w.some(r, 8)
	problems := make([]error, len(objects))
	var wg sync.WaitGroup
	for i, object := range objects {
		in := round.MarkInput{RoundID: r.ID, ObjectID: object, Result: kind, ClientKey: id.New().String()}
		a := w.all[i%len(w.all)]
		wg.Go(func() { _, problems[i] = a.Rounds.Mark(w.ctx(), w.c, in) })
	}
	// The walk's randomness is not for several hands: only these two use it.
	var moved [2]error
	wg.Go(func() { moved[0] = w.redraw(); moved[1] = w.arrive() })
	wg.Wait()
	for i, object := range objects {
		w.must(problems[i])
		r.targets[object].mark(kind, w.a.clock().Now(), false)
	}
	for _, err := range moved {
		if err != nil && !errs.Is(err, errs.Invalid) && !errs.Is(err, errs.Conflict) {
			return err
		}
	}
	return nil
}

// some picks up to n different targets.
func (w *walk) some(r *modelRound, n int) []id.ID {
	chosen := map[id.ID]bool{}
	objects := r.objects()
	for range n {
		chosen[pick(w, objects)] = true
	}
	return slices.Sorted(maps.Keys(chosen))
}
