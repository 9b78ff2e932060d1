package round

import (
	"context"
	"slices"
	"strings"

	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
	"wangge/internal/platform/seal"
)

// Recounted says how much Recount looked at.
type Recounted struct {
	Marks    int       `json:"marks"`  // opened and counted again
	Closed   int       `json:"closed"` // not opened: their key was destroyed as required
	Missing  []string  `json:"missing,omitempty"`
	Problems []Problem `json:"problems"` // where the counts differ, and marks that cannot be opened
}

// Recount counts the choice answers of every occurrence again from the
// sealed marks that are current, and compares them with the counts kept per
// leaf and grid. It streams the marks and keeps one occurrence's counts in
// memory. Occurrences whose key was destroyed are passed over (Closed), those
// whose key is not in the folder are named (Missing); neither is a problem of
// the data. It reads one instant and changes nothing.
func Recount(ctx context.Context, d *db.DB, keys *seal.Keyring) (Recounted, error) {
	var out Recounted
	err := d.Snapshot(ctx, "round.Recount", func(q db.Queryer) error {
		occs, err := allOccurrences(ctx, q)
		if err != nil {
			return err
		}
		for _, o := range occs {
			c := recount{occ: o, out: &out, keys: keys}
			if err := c.run(ctx, q); err != nil {
				return err
			}
		}
		return nil
	})
	return out, err
}

// recount is the counting of one occurrence.
type recount struct {
	occ        occRef
	out        *Recounted
	keys       *seal.Keyring
	once, each []Field
	off        map[choiceKey]int // kept minus counted
	kept       map[choiceKey]int
	told       int
	unread     bool
}

func (c *recount) run(ctx context.Context, q db.Queryer) error {
	form, perMember, err := askedIn(ctx, q, c.occ)
	if err != nil {
		return err
	}
	c.once, c.each = form.parts(perMember)
	if c.kept, err = keptChoices(ctx, q, c.occ); err != nil {
		return err
	}
	c.off = make(map[choiceKey]int, len(c.kept))
	for k, n := range c.kept {
		c.off[k] = n
	}
	if err := eachDone(ctx, q, c.occ, c.mark); err != nil || c.unread {
		return err
	}
	if err := c.compare(ctx, q); err != nil {
		return err
	}
	return c.cutoffs(ctx, q)
}

// cutoffs counts the answers of the occurrence's cut-offs again. Like figures,
// they may have moved between leaves since; their sums may not.
func (c *recount) cutoffs(ctx context.Context, q db.Queryer) error {
	cuts, err := cutoffsOf(ctx, q, c.occ)
	if err != nil {
		return err
	}
	for _, cut := range cuts {
		if !cut.Definitions.Answers {
			continue
		}
		sums, err := frozenSums(ctx, q, c.occ.district, cut.ID)
		if err != nil {
			return err
		}
		again, err := answersAt(ctx, q, c.occ, cut.AtMs, c.counts)
		if err != nil {
			return err
		}
		for k, n := range again {
			sums[ChoiceCount{Field: k.field, Choice: k.choice}] -= n
		}
		for k, off := range sums {
			if off != 0 {
				c.tell(Problem{Check: "cutoff_answers_differ", OccurrenceID: c.occ.id, ObjectID: cut.ID, Detail: "question=" + k.Field + " answer=" + k.Choice + " n=" + itoa(off)})
			}
		}
	}
	return nil
}

// counts opens a mark and tells what it adds to the counts.
func (c *recount) counts(m *markRow) ([]ChoiceCount, error) {
	var body sealedMark
	if err := c.keys.OpenJSON(m.register, seal.AAD(m.register, "mark", m.id), m.sealed, &body); err != nil {
		return nil, err
	}
	return choicesIn(c.once, c.each, body), nil
}

// mark takes one current mark's answers off what is kept.
func (c *recount) mark(k counterKey, mark id.ID, register string, sealed []byte) {
	var body sealedMark
	err := c.keys.OpenJSON(register, seal.AAD(register, "mark", mark), sealed, &body)
	switch {
	case err == nil:
		c.out.Marks++
		for _, v := range choicesIn(c.once, c.each, body) {
			c.off[choiceKey{k, v.Field, v.Choice}] -= v.N
		}
	case seal.IsDestroyed(err):
		c.out.Closed++
		c.unread = true
	case errs.As(err).Key == "seal.key_missing":
		c.unread = true
		if !slices.Contains(c.out.Missing, register) {
			c.out.Missing = append(c.out.Missing, register)
		}
	default:
		c.tell(Problem{Check: "mark_unreadable", OccurrenceID: c.occ.id, ObjectID: mark, Detail: "register=" + register})
	}
}

func (c *recount) tell(p Problem) {
	if c.told++; c.told <= maxProblems {
		c.out.Problems = append(c.out.Problems, p)
	}
}

// compare names the leaf and the question of every count that differs.
func (c *recount) compare(ctx context.Context, q db.Queryer) error {
	var wrong []choiceKey
	for k, n := range c.off {
		if n != 0 {
			wrong = append(wrong, k)
		}
	}
	slices.SortFunc(wrong, choiceKey.compare)
	paths := map[id.ID]string{}
	for _, k := range wrong[:min(len(wrong), maxProblems)] {
		if _, ok := paths[k.leaf]; !ok {
			path, err := pathOf(ctx, q, c.occ.district, k.leaf)
			if err != nil {
				return err
			}
			paths[k.leaf] = path
		}
		c.tell(Problem{Check: "answers_differ", OccurrenceID: c.occ.id, ObjectID: k.leaf, Detail: strings.Join([]string{
			"path=" + paths[k.leaf], "grid=" + k.grid.String(), "question=" + k.field, "answer=" + k.choice,
			"kept=" + itoa(c.kept[k]), "counted=" + itoa(c.kept[k]-c.off[k])}, " ")})
	}
	return nil
}
