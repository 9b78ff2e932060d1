package importer

import (
	"context"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"wangge/internal/grid"
	"wangge/internal/ledger/roster"
	"wangge/internal/platform/clock"
	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
	"wangge/internal/platform/seal"
)

// Reconciliation is a comparison of a roster with the ledger.
type Reconciliation struct {
	Source string          `json:"source" doc:"Whose roster it is; its rules are remembered"`
	AsOf   string          `json:"as_of" doc:"The day the roster speaks of, 2006-01-02"`
	Rules  Rules           `json:"rules"`
	Counts ReconcileCounts `json:"counts"`
}

// ReconcileOptions say whose roster is compared, and by which rules. Without
// rules those remembered for the source hold; without a day, the upload's.
type ReconcileOptions struct {
	Source string
	AsOf   string
	Rules  *Rules
}

// maxSource is how long the name of a source may be, in characters.
const maxSource = 40

// ItemFilter narrows the items of a comparison.
type ItemFilter struct {
	Class Class
	Field string // only items that differ in it
	Open  bool   // only items no person decided
}

// Reconcile compares a planned import with the ledger by door and identity and
// keeps where they differ, to be decided. What was decided before goes.
func (s *Service) Reconcile(ctx context.Context, c grid.Caller, imp id.ID, o ReconcileOptions) (*Import, error) {
	const op = "importer.Reconcile"
	v, maps, err := s.load(ctx, s.db.Read(), c, imp)
	if err != nil {
		return nil, errs.Wrap(op, err)
	}
	files, err := s.files(ctx, c.District, v)
	if err != nil {
		return nil, errs.Wrap(op, err)
	}
	_, later, err := s.compare(ctx, c, v, maps, files, o)
	if err != nil {
		return nil, errs.Wrap(op, err)
	}
	return v, s.change(ctx, c, op, v, func(tx *db.Tx) error {
		if err := dropItems(ctx, tx, c.District, imp); err != nil {
			return err
		}
		if err := s.insertItems(ctx, tx, c.District, imp, v.judge.drafts, later); err != nil {
			return err
		}
		return s.keepRules(ctx, tx, c, v)
	})
}

// compare reads the files and finds where they differ from the ledger; later
// tells for which fields of which person the roster is the later word. It
// writes nothing.
func (s *Service) compare(ctx context.Context, c grid.Caller, v *Import, maps map[string]roster.Mapping, files []File, o ReconcileOptions) (p *plan, later map[id.ID]string, err error) {
	r, err := s.reconciliation(ctx, c, v, o)
	if err != nil {
		return nil, nil, err
	}
	v.judge = newJudge(Rules{})
	planned := v.Counts
	if p, err = s.read(ctx, c, v, maps, files, nil, nil); err != nil {
		return nil, nil, err
	}
	v.Counts = planned
	if later, err = s.laterThan(ctx, c, v.judge.drafts, s.asOfMs(v, r.AsOf)); err != nil {
		return nil, nil, err
	}
	r.Counts = v.judge.counts
	v.body.Reconcile, v.Reconcile = r, r
	return p, later, nil
}

// change stores an import that is still open to decisions, with what fn does.
func (s *Service) change(ctx context.Context, c grid.Caller, op string, v *Import, fn func(tx *db.Tx) error) error {
	return s.db.Write(ctx, op, func(tx *db.Tx) error {
		if err := enter(ctx, tx, c.District, v.ID, Planned, Planned, Failed); err != nil {
			return err
		}
		if err := fn(tx); err != nil {
			return err
		}
		v.State = Planned
		return s.saveBody(ctx, tx, c.District, v)
	})
}

// reconciliation settles source, day and rules of a comparison.
func (s *Service) reconciliation(ctx context.Context, c grid.Caller, v *Import, o ReconcileOptions) (*Reconciliation, error) {
	r := &Reconciliation{Source: strings.TrimSpace(o.Source), AsOf: o.AsOf}
	if had := v.body.Reconcile; had != nil && o.Source == "" && o.AsOf == "" {
		r.Source, r.AsOf = had.Source, had.AsOf
	}
	if utf8.RuneCountInString(r.Source) > maxSource {
		return nil, errs.Field(errs.E("importer.reconcile", errs.Invalid, "error.too_long", maxSource), "source")
	}
	if r.AsOf == "" {
		r.AsOf = clock.Day(clock.FromMs(v.CreatedMs))
	} else if _, err := time.Parse(time.DateOnly, r.AsOf); err != nil {
		return nil, errs.Field(errs.E("importer.reconcile", errs.Invalid, "error.bad_date"), "as_of")
	}
	if o.Rules != nil {
		r.Rules = *o.Rules
		return r, r.Rules.Check()
	}
	var err error
	r.Rules, _, err = rulesOf(ctx, s.db.Read(), c.District, v.AreaID, r.Source)
	return r, err
}

// asOfMs is the end of the day a roster speaks of, but not after its upload.
func (s *Service) asOfMs(v *Import, day string) int64 {
	t, err := time.ParseInLocation(time.DateOnly, day, clock.CST)
	if err != nil {
		return v.CreatedMs
	}
	return min(v.CreatedMs, clock.Ms(t.AddDate(0, 0, 1)))
}

// laterThan tells for which fields of which person the roster of a day is the
// later word.
func (s *Service) laterThan(ctx context.Context, c grid.Caller, list []draft, asOf int64) (map[id.ID]string, error) {
	var persons []id.ID
	for _, d := range list {
		if d.class == Differs {
			persons = append(persons, d.person.ID)
		}
	}
	told, err := s.Ledger.Told(ctx, c, persons)
	out := map[id.ID]string{}
	for _, d := range list {
		if d.class != Differs {
			continue
		}
		for f := range d.Fields {
			if asOf > max(told[d.person.ID].Changed[f], d.person.FromMs) {
				if out[d.person.ID] == "" {
					out[d.person.ID] = ","
				}
				out[d.person.ID] += f + ","
			}
		}
	}
	return out, err
}

// keepRules remembers the rules for the source, where it has a name.
func (s *Service) keepRules(ctx context.Context, tx *db.Tx, c grid.Caller, v *Import) error {
	if v.body.Reconcile.Source == "" {
		return nil
	}
	return saveRules(ctx, tx, c.District, v.AreaID, v.body.Reconcile.Source, v.body.Reconcile.Rules, c.AccountID, s.nowMs())
}

// SetRules changes the rules of a comparison, and remembers them for its
// source. Decisions of persons stay.
func (s *Service) SetRules(ctx context.Context, c grid.Caller, imp id.ID, rules Rules) (*Import, error) {
	const op = "importer.SetRules"
	if err := rules.Check(); err != nil {
		return nil, errs.Wrap(op, err)
	}
	v, err := s.compared(ctx, c, imp)
	if err != nil {
		return nil, errs.Wrap(op, err)
	}
	v.body.Reconcile.Rules = rules
	return v, s.change(ctx, c, op, v, func(tx *db.Tx) error { return s.keepRules(ctx, tx, c, v) })
}

// Sources lists the sources whose rules are remembered for an import's area.
func (s *Service) Sources(ctx context.Context, c grid.Caller, imp id.ID) ([]string, error) {
	const op = "importer.Sources"
	v, _, err := s.load(ctx, s.db.Read(), c, imp)
	if err != nil {
		return nil, errs.Wrap(op, err)
	}
	list, err := sources(ctx, s.db.Read(), c.District, v.AreaID)
	return list, errs.Wrap(op, err)
}

// compared loads an import that was compared with the ledger.
func (s *Service) compared(ctx context.Context, c grid.Caller, imp id.ID) (*Import, error) {
	v, _, err := s.load(ctx, s.db.Read(), c, imp)
	if err == nil && v.body.Reconcile == nil {
		err = errs.E("importer.compared", errs.Conflict, "ledger.reconcile.not_yet")
	}
	return v, err
}

// Items returns items of a comparison behind a number (0: from the first), at
// most limit, and the number to go on from, 0 at the end.
func (s *Service) Items(ctx context.Context, c grid.Caller, imp id.ID, f ItemFilter, after, limit int) (list []Item, next int, err error) {
	const op = "importer.Items"
	v, err := s.compared(ctx, c, imp)
	if err != nil {
		return nil, 0, errs.Wrap(op, err)
	}
	rows, err := s.items(ctx, s.db.Read(), c.District, imp, f, after, limit+1)
	if err != nil {
		return nil, 0, errs.Wrap(op, err)
	}
	if len(rows) > limit {
		rows = rows[:limit]
		next = rows[limit-1].Seq
	}
	var doors []id.ID
	for _, r := range rows {
		if r.Class != OnlyThere {
			doors = append(doors, r.DoorID)
		}
	}
	words, err := s.Ledger.DoorTexts(ctx, c.District, doors)
	for _, r := range rows {
		list = append(list, r.shown(v.body.Reconcile.Rules, words[r.DoorID]))
	}
	return list, next, errs.Wrap(op, err)
}

// shown is an item as a person sees it: masked, with what would be done.
func (r itemRow) shown(rules Rules, door string) Item {
	it := r.Item
	it.Name, it.Door, it.Sheet, it.Row = seal.MaskName(r.sealedItem.Name), r.sealedItem.Door, r.sealedItem.Sheet, r.sealedItem.Row
	if r.Class == OnlyThere {
		it.DoorID = id.Zero
	} else {
		it.Door = door
	}
	it.ByPerson = len(r.picks) > 0
	if r.Class != Differs {
		if it.Decision = r.picks[""]; it.Decision == "" {
			it.Decision = rules.ofClass(r.Class)
		}
		return it
	}
	for _, f := range RuleFields() {
		ch, ok := r.sealedItem.Fields[f]
		if !ok {
			continue
		}
		d := Difference{Field: f, Later: strings.Contains(r.newest, ","+f+","), Pick: r.picks[f]}
		if d.Ours, d.Theirs = maskedPair(f, ch.Old, ch.New); f == "door" {
			d.Ours = door
		}
		if d.Pick == "" {
			d.Pick = rules.side(f, d.Later)
		}
		it.Fields = append(it.Fields, d)
	}
	return it
}

// Decision is what a person decided about one item: the side of each field
// (theirs, ours), or under "" what becomes of somebody whom one side names
// (add, skip, keep, depart). An empty word leaves the field to the rules.
type Decision struct {
	Seq   int               `json:"seq"`
	Picks map[string]string `json:"picks"`
}

// Decide records decisions about single items.
func (s *Service) Decide(ctx context.Context, c grid.Caller, imp id.ID, list []Decision) error {
	const op = "importer.Decide"
	v, err := s.compared(ctx, c, imp)
	if err != nil {
		return errs.Wrap(op, err)
	}
	return s.change(ctx, c, op, v, func(tx *db.Tx) error {
		for _, d := range list {
			rows, err := s.items(ctx, tx, c.District, imp, ItemFilter{}, d.Seq-1, 1)
			if err != nil {
				return err
			}
			if len(rows) == 0 || rows[0].Seq != d.Seq {
				return errs.E(op, errs.NotFound, "error.not_found")
			}
			picks, err := rows[0].with(d.Picks)
			if err == nil {
				err = savePicks(ctx, tx, c.District, imp, d.Seq, picks)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// with merges picks into those of the item; it refuses what the item does not ask.
func (r itemRow) with(picks map[string]string) (map[string]string, error) {
	out := map[string]string{}
	for f, side := range r.picks {
		out[f] = side
	}
	for f, side := range picks {
		var known []string
		switch {
		case f != "" && strings.Contains(r.fields, ","+f+","):
			known = []string{Theirs, Ours, ""}
		case f == "" && r.Class == OnlyThere:
			known = []string{Add, Skip, ""}
		case f == "" && r.Class == OnlyHere:
			known = []string{Keep, Depart, ""}
		}
		if !slices.Contains(known, side) {
			return nil, errs.Field(errs.E("importer.decide", errs.Invalid, "error.bad_choice"), "picks")
		}
		if out[f] = side; side == "" {
			delete(out, f)
		}
	}
	return out, nil
}

// DecideAll decides every item of a filter the same way: a side for its fields
// (or the filter's field), or what becomes of people whom one side names. An
// empty word leaves them to the rules again. It returns how many items it changed.
func (s *Service) DecideAll(ctx context.Context, c grid.Caller, imp id.ID, f ItemFilter, word string) (n int, err error) {
	const op = "importer.DecideAll"
	v, err := s.compared(ctx, c, imp)
	if err != nil {
		return 0, errs.Wrap(op, err)
	}
	if f.Class == "" {
		return 0, errs.Field(errs.E(op, errs.Invalid, "error.bad_choice"), "class")
	}
	return n, s.change(ctx, c, op, v, func(tx *db.Tx) error {
		n = 0
		for after := 0; ; {
			rows, err := s.items(ctx, tx, c.District, imp, f, after, listChunk)
			if err != nil || len(rows) == 0 {
				return err
			}
			for _, r := range rows {
				picks, err := r.with(r.all(f.Field, word))
				if err == nil {
					err = savePicks(ctx, tx, c.District, imp, r.Seq, picks)
				}
				if err != nil {
					return err
				}
				n++
			}
			after = rows[len(rows)-1].Seq
		}
	})
}

// all gives one word to the whole item, or to one field of it.
func (r itemRow) all(field, word string) map[string]string {
	if r.Class != Differs {
		return map[string]string{"": word}
	}
	out := map[string]string{}
	for _, f := range strings.Split(strings.Trim(r.fields, ","), ",") {
		if field == "" || f == field {
			out[f] = word
		}
	}
	return out
}

// judgeOf builds what decides while a compared import is written; nil where it
// was not compared.
func (s *Service) judgeOf(ctx context.Context, district int, v *Import) (*judge, error) {
	if v.body.Reconcile == nil {
		return nil, nil
	}
	j := newJudge(v.body.Reconcile.Rules)
	for after := 0; ; {
		rows, err := s.items(ctx, s.db.Read(), district, v.ID, ItemFilter{}, after, listChunk)
		if err != nil {
			return nil, err
		}
		if len(rows) == 0 {
			return j, nil
		}
		for _, r := range rows {
			j.decided(&r)
		}
		after = rows[len(rows)-1].Seq
	}
}

func (j *judge) decided(r *itemRow) {
	if r.Class == OnlyThere {
		word := r.picks[""]
		if word == "" {
			word = j.rules.ofClass(OnlyThere)
		}
		if word == Skip {
			j.skip[r.key] = true
		}
		return
	}
	if len(r.picks) > 0 {
		j.picks[r.PersonID] = r.picks
	}
	if r.newest != "" {
		j.later[r.PersonID] = r.newest
	}
}

// newWords forgets words that lost which the persons' files already tell, so
// that importing the same roster again adds nothing.
func (w *writer) newWords(ctx context.Context, part []*personState) error {
	var persons []id.ID
	for _, q := range part {
		if len(q.outvoted) > 0 {
			persons = append(persons, q.ID)
		}
	}
	told, err := w.s.Ledger.Told(ctx, w.c, persons)
	for _, q := range part {
		for f, ch := range q.outvoted {
			if told[q.ID].Outvoted[f] == ch.Old {
				delete(q.outvoted, f)
			}
		}
	}
	return err
}
