package audit

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"

	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
)

// Problem names a place where the record was tampered with.
type Problem struct {
	District int
	Chain    id.ID  // Zero for the root chain
	Seq      int64  // the link
	Entry    id.ID  // the entry, where one can be named
	What     string // key of the message, as "audit.problem.content"
}

// String names the place for logs and tests.
func (p Problem) String() string {
	return fmt.Sprintf("district %d chain %d link %d entry %d: %s", p.District, p.Chain, p.Seq, p.Entry, p.What)
}

// What can be wrong with the record.
const (
	WhatContent  = "audit.problem.content" // an entry of the link, or the link, was changed
	WhatMissing  = "audit.problem.missing" // the link was removed
	WhatEntries  = "audit.problem.entries" // entries were removed from or added to the link
	WhatOrphan   = "audit.problem.orphan"  // an entry belongs to no link
	WhatOrder    = "audit.problem.order"   // the link does not follow the one before it
	WhatAnchor   = "audit.problem.anchor"  // an anchored end is gone or another
	WhatRoot     = "audit.problem.root"    // the root chain was changed
	maxProblems  = 100
	verifyWindow = 2000
)

type verifier struct {
	q        db.Queryer
	district int
	anchors  map[id.ID]map[int64][]byte
	found    []Problem
}

// Verify checks every chain of every district and names what was tampered with,
// at most 100 places. No problems means that the record is whole; err tells
// only that it could not be read.
func Verify(ctx context.Context, d *db.DB) ([]Problem, error) {
	const op = "audit.Verify"
	districts, err := allDistricts(ctx, d.Read())
	if err != nil {
		return nil, errs.Wrap(op, err)
	}
	var out []Problem
	for _, district := range districts {
		v := &verifier{q: d.Read(), district: district, anchors: map[id.ID]map[int64][]byte{}}
		if err := v.run(ctx); err != nil {
			return nil, errs.Wrap(op, err)
		}
		out = append(out, v.found...)
	}
	return out[:min(len(out), maxProblems)], nil
}

func (v *verifier) note(chain id.ID, seq int64, entry id.ID, what string) {
	if len(v.found) < maxProblems {
		v.found = append(v.found, Problem{v.district, chain, seq, entry, what})
	}
}

func (v *verifier) run(ctx context.Context) error {
	if err := v.roots(ctx); err != nil {
		return err
	}
	chains, err := allChains(ctx, v.q, v.district)
	if err != nil {
		return err
	}
	for _, c := range chains {
		if err := v.chain(ctx, c); err != nil {
			return err
		}
		delete(v.anchors, c)
	}
	for c, at := range v.anchors {
		for seq := range at {
			v.note(c, seq, 0, WhatAnchor)
		}
	}
	orphans, err := selectOrphans(ctx, v.q, v.district, maxProblems)
	for _, e := range orphans {
		v.note(e.Chain, e.Seq, e.ID, WhatOrphan)
	}
	return err
}

// roots checks the root chain and collects what it anchors.
func (v *verifier) roots(ctx context.Context) error {
	prev, seq := firstHash(v.district, 0), int64(0)
	return eachRoot(ctx, v.q, v.district, func(r root) {
		if r.Seq != seq+1 || !bytes.Equal(r.Prev, prev) || !bytes.Equal(r.Hash, r.sum(v.district)) {
			v.note(0, r.Seq, 0, WhatRoot)
		}
		prev, seq = r.Hash, r.Seq
		var heads []head
		if err := json.Unmarshal([]byte(r.Heads), &heads); err != nil {
			v.note(0, r.Seq, 0, WhatRoot)
		}
		for _, h := range heads {
			if v.anchors[h.Chain] == nil {
				v.anchors[h.Chain] = map[int64][]byte{}
			}
			v.anchors[h.Chain][h.Seq] = h.Hash
		}
	})
}

// chain checks one chain, a window of links at a time.
func (v *verifier) chain(ctx context.Context, chain id.ID) error {
	last, err := chainHead(ctx, v.q, v.district, chain)
	if err != nil {
		return err
	}
	prev, seq := firstHash(v.district, chain), int64(0)
	for from := int64(0); from < last.Seq; from += verifyWindow {
		links, entries, err := selectWindow(ctx, v.q, v.district, chain, from, min(from+verifyWindow, last.Seq))
		if err != nil {
			return err
		}
		for _, k := range links {
			if k.Seq != seq+1 {
				v.note(chain, seq+1, 0, WhatMissing)
			}
			v.link(k, entries[k.Seq], prev)
			prev, seq = k.Hash, k.Seq
		}
	}
	for at := range v.anchors[chain] {
		if at > last.Seq {
			v.note(chain, at, 0, WhatAnchor)
		}
	}
	return nil
}

func (v *verifier) link(k link, entries []Entry, prev []byte) {
	switch {
	case len(entries) != k.Entries:
		v.note(k.Chain, k.Seq, firstID(entries), WhatEntries)
	case !bytes.Equal(k.Hash, k.sum(v.district, entries)):
		v.note(k.Chain, k.Seq, firstID(entries), WhatContent)
	case !bytes.Equal(k.Prev, prev):
		v.note(k.Chain, k.Seq, firstID(entries), WhatOrder)
	default:
		if h, ok := v.anchors[k.Chain][k.Seq]; ok && !bytes.Equal(h, k.Hash) {
			v.note(k.Chain, k.Seq, firstID(entries), WhatAnchor)
		}
	}
}

func firstID(entries []Entry) id.ID {
	if len(entries) == 0 {
		return 0
	}
	return entries[0].ID
}
