package round

import (
	"context"
	"slices"

	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
)

type targetKey struct{ occ, object id.ID }

// book is what a transaction will do to targets, marks and counts. Changes are
// collected in memory and written in one go: marks, targets in id order,
// counters in key order, versions.
type book struct {
	s        *Service
	district int
	first    map[targetKey]Target // as locked
	now      map[targetKey]Target
	pending  map[id.ID]*markRow // marks of this transaction
	marks    []*markRow
	links    [][2]id.ID // marks of earlier transactions that get a new one below them
	lifted   []lifted   // done marks of earlier transactions that no longer count
	choices  map[choiceKey]int
	counters map[counterKey]counterDelta
	occs     map[id.ID]id.ID // occurrence → round
	cuts     map[id.ID]int64 // occurrence → its latest cut-off, as read
	fields   map[id.ID][]Field
}

type lifted struct {
	mark id.ID
	from Target
	to   *Target // the answers go on counting there (a target that moved); nil: not at all
}

func (s *Service) newBook(district int) *book {
	return &book{s: s, district: district, first: map[targetKey]Target{}, now: map[targetKey]Target{}, pending: map[id.ID]*markRow{},
		choices: map[choiceKey]int{}, counters: map[counterKey]counterDelta{}, occs: map[id.ID]id.ID{}, cuts: map[id.ID]int64{}, fields: map[id.ID][]Field{}}
}

func (b *book) load(list []Target) {
	for _, t := range list {
		k := targetKey{t.OccurrenceID, t.ObjectID}
		b.first[k], b.now[k] = t, t
	}
}

// mark applies a mark to its target, which must be loaded.
func (b *book) mark(m *markRow) Target {
	k := targetKey{m.occ, m.object}
	t := b.now[k]
	step := nextTarget(t, m)
	if !step.current || m.late {
		if !m.late {
			b.now[k] = step.next
		}
		b.below(t.MarkID, m)
		b.add(m)
		return b.now[k]
	}
	m.prev = t.MarkID
	b.lift(t, nil)
	if m.class == Done {
		b.count(t, m.choices, 1)
	}
	b.now[k] = step.next
	b.add(m)
	return step.next
}

func (b *book) add(m *markRow) {
	b.marks = append(b.marks, m)
	b.pending[m.id] = m
}

// below puts m right under the current mark of its target.
func (b *book) below(current id.ID, m *markRow) {
	if current == id.Zero {
		return
	}
	if cur := b.pending[current]; cur != nil {
		m.prev, cur.prev = cur.prev, m.id
		return
	}
	b.links = append(b.links, [2]id.ID{current, m.id})
}

// lift takes the answers of a target's current mark out of the counts, or moves
// them to another place.
func (b *book) lift(t Target, to *Target) {
	if t.State != Done || t.MarkID == id.Zero {
		return
	}
	if cur := b.pending[t.MarkID]; cur != nil {
		b.count(t, cur.choices, -1)
		if to != nil {
			b.count(*to, cur.choices, 1)
		}
		return
	}
	b.lifted = append(b.lifted, lifted{t.MarkID, t, to})
}

func (b *book) count(t Target, choices []ChoiceCount, sign int) {
	for _, c := range choices {
		b.choices[choiceKey{counterKey{t.OccurrenceID, t.LeafID, t.GridID}, c.Field, c.Choice}] += sign * c.N
	}
}

// move puts a target under another leaf or grid, with its figures.
func (b *book) move(k targetKey, door, leaf, gridID id.ID) {
	t := b.now[k]
	if t.LeafID == leaf && t.GridID == gridID && t.DoorID == door {
		return
	}
	next := t
	next.DoorID, next.LeafID, next.GridID = door, leaf, gridID
	b.lift(t, &next)
	b.now[k] = next
}

// join adds a target that was not on the list when the round opened.
func (b *book) join(t Target) {
	k := targetKey{t.OccurrenceID, t.ObjectID}
	if _, there := b.now[k]; !there {
		b.now[k] = t
	}
}

// write makes the transaction's changes. It fails with round.closed_meanwhile
// where an occurrence was closed since it was read.
func (b *book) write(ctx context.Context, tx *db.Tx) error {
	if err := b.liftAnswers(ctx, tx); err != nil {
		return err
	}
	if err := b.link(ctx, tx); err != nil {
		return err
	}
	if err := b.stamp(ctx, tx); err != nil {
		return err
	}
	if err := insertMarks(ctx, tx, b.district, b.marks); err != nil {
		return err
	}
	touched, err := b.writeTargets(ctx, tx)
	if err != nil {
		return err
	}
	for _, occ := range touched {
		version, cut, err := bumpVersion(ctx, tx, b.district, occ)
		if err != nil {
			return err
		}
		if cut > b.cuts[occ] {
			return errs.E("round.write", errs.Conflict, cutMeanwhile)
		}
		if version == 0 {
			return errs.E("round.write", errs.Conflict, "round.closed_meanwhile")
		}
		change := coverChange{version: version, deltas: b.deltasOf(occ)}
		tx.OnCommit(func() { b.s.cover.note(occ, change) })
		tx.Notify(topic(b.occs[occ]))
	}
	return nil
}

// cutMeanwhile says that a cut-off was taken while a mark was being written: it
// is received after it, and is made again.
const cutMeanwhile = "round.cut_meanwhile"

// stamp has the marks received after the latest cut-off of their occurrence, so
// that what a cut-off holds is told by when marks were received.
func (b *book) stamp(ctx context.Context, tx *db.Tx) error {
	unknown := map[id.ID]bool{}
	for k := range b.now {
		if _, ok := b.cuts[k.occ]; !ok {
			unknown[k.occ] = true
		}
	}
	if len(unknown) > 0 {
		states, err := occStates(ctx, tx, b.district, sortedIDs(unknown))
		if err != nil {
			return err
		}
		for occ, st := range states {
			b.cuts[occ] = st.cut
		}
	}
	for _, m := range b.marks {
		m.receivedMs = max(m.receivedMs, b.cuts[m.occ]+1)
	}
	return nil
}

// writeTargets writes the targets that changed and the figures they count in,
// and returns their occurrences.
func (b *book) writeTargets(ctx context.Context, tx *db.Tx) (touched []id.ID, err error) {
	changed, touched := b.changes()
	var fresh, stayed, moved []Target
	for _, t := range changed {
		switch was, had := b.first[targetKey{t.OccurrenceID, t.ObjectID}]; {
		case !had:
			fresh = append(fresh, t)
		case was.DoorID == t.DoorID && was.LeafID == t.LeafID && was.GridID == t.GridID:
			stayed = append(stayed, t)
		default:
			moved = append(moved, t)
		}
	}
	if err := insertTargets(ctx, tx, b.district, fresh); err != nil {
		return nil, err
	}
	if err := saveTargets(ctx, tx, b.district, stayed, moved); err != nil {
		return nil, err
	}
	if err := moveCounters(ctx, tx, b.district, b.counters); err != nil {
		return nil, err
	}
	return touched, moveChoices(ctx, tx, b.district, b.choices)
}

// changes returns the targets that differ from what was read, in key order, and
// the occurrences they belong to; it fills the counters' deltas.
func (b *book) changes() (moved []Target, touched []id.ID) {
	for k, t := range b.now {
		old, had := b.first[k]
		if had && old == t {
			continue
		}
		moved = append(moved, t)
		touched = append(touched, k.occ)
		if had {
			b.counter(old, -1)
		}
		b.counter(t, 1)
	}
	slices.SortFunc(moved, func(a, c Target) int {
		if v := compareID(a.OccurrenceID, c.OccurrenceID); v != 0 {
			return v
		}
		return compareID(a.ObjectID, c.ObjectID)
	})
	slices.Sort(touched)
	return moved, slices.Compact(touched)
}

func (b *book) counter(t Target, n int) {
	k := counterKey{t.OccurrenceID, t.LeafID, t.GridID}
	d := b.counters[k]
	d.add(t.State, n)
	b.counters[k] = d
}

// deltasOf returns what happens to the counters of one occurrence.
func (b *book) deltasOf(occ id.ID) map[[2]id.ID]counterDelta {
	out := map[[2]id.ID]counterDelta{}
	for k, d := range b.counters {
		if k.occ == occ && !d.zero() {
			out[[2]id.ID{k.leaf, k.grid}] = d
		}
	}
	return out
}

// link rewrites the history around marks that arrived after later ones.
func (b *book) link(ctx context.Context, tx *db.Tx) error {
	if len(b.links) == 0 {
		return nil
	}
	above := make([]id.ID, len(b.links))
	for i, l := range b.links {
		above[i] = l[0]
	}
	list, err := selectMarks(ctx, tx, b.district, above)
	if err != nil {
		return err
	}
	prev := map[id.ID]id.ID{}
	for _, m := range list {
		prev[m.id] = m.prev
	}
	for _, l := range b.links {
		b.pending[l[1]].prev = prev[l[0]]
		prev[l[0]] = l[1]
	}
	for _, top := range sortedIDs(prev) {
		if err := relink(ctx, tx, b.district, top, prev[top]); err != nil {
			return err
		}
	}
	return nil
}

func sortedIDs[V any](m map[id.ID]V) []id.ID {
	out := make([]id.ID, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

// markBatch writes the marks that share a transaction, each with its own result.
func (s *Service) markBatch(ctx context.Context, tx *db.Tx, items []*db.Item[*markItem]) error {
	byDistrict := map[int][]*db.Item[*markItem]{}
	for _, it := range items {
		d := it.Value.caller.District
		byDistrict[d] = append(byDistrict[d], it)
	}
	for d, part := range byDistrict {
		if err := s.markDistrict(ctx, tx, d, part); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) markDistrict(ctx context.Context, tx *db.Tx, district int, items []*db.Item[*markItem]) error {
	items, err := s.firstOfKey(ctx, tx, items)
	if err != nil || len(items) == 0 {
		return err
	}
	objects := map[id.ID][]id.ID{}
	for _, it := range items {
		objects[it.Value.row.occ] = append(objects[it.Value.row.occ], it.Value.row.object)
	}
	b := s.newBook(district)
	occs := sortedIDs(objects)
	for _, occ := range occs {
		list, err := lockTargets(ctx, tx, district, occ, objects[occ])
		if err != nil {
			return err
		}
		b.load(list)
	}
	states, err := occStates(ctx, tx, district, occs)
	if err != nil {
		return err
	}
	for occ, st := range states {
		b.occs[occ], b.cuts[occ] = st.round, st.cut
	}
	at, err := s.where.of(ctx, tx, district, b.leaves(), b.grids())
	if err != nil {
		return err
	}
	for _, it := range items {
		if err := s.apply(ctx, tx, b, states, at, it); err != nil {
			return err
		}
	}
	return b.write(ctx, tx)
}

// leaves and grids are where the targets lie that were read.
func (b *book) leaves() map[id.ID]bool {
	out := map[id.ID]bool{}
	for _, t := range b.first {
		out[t.LeafID] = true
	}
	return out
}

func (b *book) grids() map[id.ID]bool {
	out := map[id.ID]bool{}
	for _, t := range b.first {
		out[t.GridID] = true
	}
	return out
}

// apply makes one mark of a batch. at holds the paths of the targets' leaves and
// grids: a mark is authorised where its target lies now.
func (s *Service) apply(ctx context.Context, tx *db.Tx, b *book, states map[id.ID]occState, at map[id.ID]string, it *db.Item[*markItem]) error {
	v := it.Value
	m := *v.row // the batch may run again
	t, ok := b.now[targetKey{m.occ, m.object}]
	switch st := states[m.occ].state; {
	case !ok:
		it.Fail(errs.E("round.Mark", errs.NotFound, "round.not_target"))
		return nil
	case st == Closed || st == Ended && v.past:
		m.late = true
	case st == Ended:
		it.Fail(errs.E("round.Mark", errs.Conflict, turnedMeanwhile))
		return nil
	case st != Open:
		it.Fail(errs.E("round.Mark", errs.Conflict, "round.not_open"))
		return nil
	}
	if t.LeafID != v.leaf || t.GridID != v.grid {
		may, err := mayMark(ctx, tx, v.caller, t, at)
		if err != nil {
			return err
		}
		if !may {
			it.Fail(errs.E("round.Mark", errs.Denied, "round.mark_scope"))
			return nil
		}
	}
	if v.atOnce { // later than what is there, also where this server's clock is behind
		m.correctedMs = max(m.correctedMs, t.MarkedMs)
	}
	next := b.mark(&m)
	v.out = MarkResult{MarkID: m.id, ObjectID: m.object, State: next.State, Attempts: next.Attempts, Evening: next.Evening(),
		Late: m.late, Older: !m.late && next.MarkID != m.id, ClockOff: v.clockOff}
	return nil
}

// firstOfKey answers the items whose key was used before, in this batch or an
// earlier one, and returns the others. Alone in its transaction an item looks
// its key up; in company the unique index of the marks guards it: a key that
// was used before fails the batch, whose items then run alone.
func (s *Service) firstOfKey(ctx context.Context, tx *db.Tx, items []*db.Item[*markItem]) ([]*db.Item[*markItem], error) {
	if len(items) == 1 {
		v := items[0].Value
		old, err := markByKey(ctx, tx, v.caller.District, v.row.account, v.row.clientKey)
		found, err := replay(v, old, err)
		if found && err != nil {
			items[0].Fail(err)
			return nil, nil
		}
		if found || err != nil {
			return nil, err
		}
		return items, nil
	}
	type key struct {
		account id.ID
		key     string
	}
	seen := map[key]bool{}
	for _, it := range items {
		k := key{it.Value.row.account, it.Value.row.clientKey}
		if seen[k] {
			return nil, errs.E("round.Mark", errs.Conflict, "db.duplicate")
		}
		seen[k] = true
	}
	return items, nil
}
