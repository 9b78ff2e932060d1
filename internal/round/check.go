package round

import (
	"context"
	"strings"

	"wangge/internal/platform/db"
	"wangge/internal/platform/id"
)

// Problem is a violation of what this package guarantees.
type Problem struct {
	Check        string `json:"check"` // which guarantee
	OccurrenceID id.ID  `json:"occurrence_id"`
	ObjectID     id.ID  `json:"object_id,omitempty"`
	Detail       string `json:"detail"` // ids and counts only
}

// Checked says how much Check looked at.
type Checked struct {
	Occurrences int       `json:"occurrences"`
	Targets     int       `json:"targets"`
	Marks       int       `json:"marks"`
	Nodes       int       `json:"nodes"`
	Problems    []Problem `json:"problems"`
}

// maxProblems bounds the problems told of one kind and occurrence.
const maxProblems = 20

// Check verifies the coverage invariant of every occurrence in the database:
// counters equal the targets' states, each target has at most one current mark
// of its own whose class is its state, nothing supersedes a current mark, a
// node's figures are its own plus its children's on both trees, and every leaf
// and grid exists. It reads one instant and changes nothing.
func Check(ctx context.Context, d *db.DB) (Checked, error) {
	var out Checked
	err := d.Snapshot(ctx, "round.Check", func(q db.Queryer) error {
		occs, err := allOccurrences(ctx, q)
		if err != nil {
			return err
		}
		for _, o := range occs {
			out.Occurrences++
			if err := checkOccurrence(ctx, q, o, &out); err != nil {
				return err
			}
		}
		return nil
	})
	return out, err
}

func checkOccurrence(ctx context.Context, q db.Queryer, o occRef, out *Checked) error {
	for _, c := range checks {
		list, err := violations(ctx, q, o, c)
		if err != nil {
			return err
		}
		out.Problems = append(out.Problems, list...)
	}
	frozen, err := checkCutoffs(ctx, q, o)
	if err != nil {
		return err
	}
	out.Problems = append(out.Problems, frozen...)
	targets, marks, err := sizes(ctx, q, o)
	if err != nil {
		return err
	}
	out.Targets += targets
	out.Marks += marks
	list, err := selectCounters(ctx, q, o.district, o.id, 0)
	if err != nil {
		return err
	}
	nodes, problems, err := checkTrees(ctx, q, o, list)
	out.Nodes += nodes
	out.Problems = append(out.Problems, problems...)
	return err
}

// checkCutoffs counts each cut-off of an occurrence again from the marks. Where
// its targets lie may have changed since; their sum may not.
func checkCutoffs(ctx context.Context, q db.Queryer, o occRef) ([]Problem, error) {
	cuts, err := cutoffsOf(ctx, q, o)
	if err != nil {
		return nil, err
	}
	var out []Problem
	for _, cut := range cuts {
		frozen, err := selectFrozen(ctx, q, o.district, cut.ID)
		if err != nil {
			return nil, err
		}
		again, err := countAt(ctx, q, o.district, o.id, cut.AtMs)
		if err != nil {
			return nil, err
		}
		var a, b Figures
		for _, c := range frozen {
			a.add(c.Figures)
		}
		for _, d := range again {
			b.add(Figures{Total: d.total, Done: d.done, Exempt: d.exempt, Attempted: d.attempted})
		}
		if a != b {
			out = append(out, Problem{Check: "cutoff_differs", OccurrenceID: o.id, ObjectID: cut.ID, Detail: "n=" + itoa(a.Done-b.Done)})
		}
	}
	return out, nil
}

// checkTrees adds up both trees from the leaves and compares each node's own
// range sum with what its children give.
func checkTrees(ctx context.Context, q db.Queryer, o occRef, list []cell) (int, []Problem, error) {
	places, err := treeAbove(ctx, q, o)
	if err != nil {
		return 0, nil, err
	}
	grids, err := gridTree(ctx, q, o.district)
	if err != nil {
		return 0, nil, err
	}
	nodes, problems := sumTree(o, places, list, func(c cell) id.ID { return c.leaf })
	n2, p2 := sumTree(o, grids, list, func(c cell) id.ID { return c.grid })
	return nodes + n2, append(problems, p2...), nil
}

// sumTree climbs from each cell's node to the root by parents, and compares
// what arrives at each node with the range sum over the paths below it.
func sumTree(o occRef, tree map[id.ID]place, list []cell, node func(cell) id.ID) (int, []Problem) {
	climbed := map[id.ID]*Figures{}
	ranged := map[id.ID]*Figures{}
	byPath := map[string]id.ID{}
	lengths := map[int]bool{}
	for pid, p := range tree {
		byPath[p.Path] = pid
		lengths[len(p.Path)] = true
	}
	for _, c := range list {
		at := node(c)
		p, ok := tree[at]
		for seen := 0; ok && seen < 32; seen++ {
			addTo(climbed, at, c.Figures)
			at = p.ParentID
			p, ok = tree[at]
		}
		path := tree[node(c)].Path
		for n := range lengths {
			if n > len(path) {
				continue
			}
			if pid, ok := byPath[path[:n]]; ok {
				addTo(ranged, pid, c.Figures)
			}
		}
	}
	var problems []Problem
	for pid := range tree {
		a, b := climbed[pid], ranged[pid]
		if (a == nil) != (b == nil) || a != nil && *a != *b {
			problems = append(problems, Problem{Check: "tree_sum", OccurrenceID: o.id, ObjectID: pid, Detail: "path=" + strings.Clone(tree[pid].Path)})
		}
	}
	return len(tree), problems
}

func addTo(m map[id.ID]*Figures, at id.ID, f Figures) {
	if m[at] == nil {
		m[at] = &Figures{}
	}
	m[at].add(f)
}
