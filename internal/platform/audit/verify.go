package audit

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"

	"wangge/internal/platform/clock"
	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
)

// Problem names a row of the record that was tampered with.
type Problem struct {
	District int
	Table    string // audit_entry, audit_link, audit_root, audit_head or look
	Chain    id.ID  // Zero for the root chain and looks
	Seq      int64  // the link
	Entry    id.ID  // the entry, where one can be named
	Person   id.ID  // of a look: whom it was at
	At       int64  // when the row was written, UTC milliseconds; 0 where nothing tells
	What     string // key of the message, as "audit.problem.content"
}

// String names the row for logs and tests.
func (p Problem) String() string {
	at := ""
	if p.At != 0 {
		at = " at " + clock.FromMs(p.At).In(clock.CST).Format("2006-01-02 15:04:05")
	}
	if p.Table == "look" {
		return fmt.Sprintf("district %d look at person %d entry %d%s: %s", p.District, p.Person, p.Entry, at, p.What)
	}
	return fmt.Sprintf("district %d %s chain %d link %d entry %d%s: %s", p.District, p.Table, p.Chain, p.Seq, p.Entry, at, p.What)
}

// What can be wrong with the record.
const (
	WhatContent  = "audit.problem.content"  // the row was changed
	WhatMissing  = "audit.problem.missing"  // the link was removed
	WhatRemoved  = "audit.problem.removed"  // the entry was removed
	WhatAdded    = "audit.problem.added"    // the entry was added
	WhatEntries  = "audit.problem.entries"  // entries were removed from or added to the link
	WhatOrphan   = "audit.problem.orphan"   // an entry belongs to no link
	WhatOrder    = "audit.problem.order"    // the link does not follow the one before it
	WhatAnchor   = "audit.problem.anchor"   // an anchored end is gone or another
	WhatCut      = "audit.problem.cut"      // the chain ends before its recorded end
	WhatHead     = "audit.problem.head"     // the recorded end of the chain was changed or removed
	WhatRoot     = "audit.problem.root"     // the root chain was changed
	WhatLookGone = "audit.problem.lookgone" // the look was removed or changed
	WhatLookNew  = "audit.problem.looknew"  // the look was added or changed: nothing recorded it
	maxProblems  = 100
	verifyWindow = 2000
)

type verifier struct {
	q        db.Queryer
	district int
	anchors  map[id.ID]map[int64][]byte
	heads    map[id.ID]head
	found    []Problem
}

// Verify checks the record of every district from its root and names the rows
// that were tampered with, at most 100. No problems means that the record is
// whole; err tells only that it could not be read. It reads one instant.
func Verify(ctx context.Context, d *db.DB) ([]Problem, error) {
	const op = "audit.Verify"
	var out []Problem
	err := d.Snapshot(ctx, op, func(q db.Queryer) error {
		districts, err := allDistricts(ctx, q)
		if err != nil {
			return err
		}
		for _, district := range districts {
			v := &verifier{q: q, district: district, anchors: map[id.ID]map[int64][]byte{}, heads: map[id.ID]head{}}
			if err := v.run(ctx); err != nil {
				return err
			}
			out = append(out, v.found...)
		}
		return nil
	})
	return out[:min(len(out), maxProblems)], errs.Wrap(op, err)
}

func (v *verifier) note(p Problem) {
	if len(v.found) < maxProblems {
		p.District = v.district
		v.found = append(v.found, p)
	}
}

func (v *verifier) run(ctx context.Context) error {
	heads, err := selectHeads(ctx, v.q, v.district)
	if err != nil {
		return err
	}
	for _, h := range heads {
		v.heads[h.Chain] = h
	}
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
			v.note(Problem{Table: "audit_link", Chain: c, Seq: seq, What: WhatAnchor})
		}
	}
	for c, h := range v.heads {
		v.note(Problem{Table: "audit_link", Chain: c, Seq: h.Seq, What: WhatCut})
	}
	orphans, err := selectOrphans(ctx, v.q, v.district, maxProblems)
	if err != nil {
		return err
	}
	for _, e := range orphans {
		v.note(Problem{Table: "audit_entry", Chain: e.Chain, Seq: e.Seq, Entry: e.ID, At: e.At, What: WhatOrphan})
	}
	return v.looks(ctx)
}

// roots checks the root chain and collects what it anchors.
func (v *verifier) roots(ctx context.Context) error {
	prev, seq := firstHash(v.district, 0), int64(0)
	err := eachRoot(ctx, v.q, v.district, func(r root) {
		bad := Problem{Table: "audit_root", Seq: r.Seq, At: r.At, What: WhatRoot}
		var heads []head
		switch err := json.Unmarshal([]byte(r.Heads), &heads); {
		case r.Seq != seq+1:
			v.note(Problem{Table: "audit_root", Seq: seq + 1, What: WhatMissing})
		case !bytes.Equal(r.Prev, prev), !bytes.Equal(r.Hash, r.sum(v.district)), err != nil:
			v.note(bad)
		}
		prev, seq = r.Hash, r.Seq
		for _, h := range heads {
			if v.anchors[h.Chain] == nil {
				v.anchors[h.Chain] = map[int64][]byte{}
			}
			v.anchors[h.Chain][h.Seq] = h.Hash
		}
	})
	if err == nil {
		v.end("audit_root", head{Seq: seq, Hash: prev})
	}
	return err
}

// end compares where a chain ends with where it is recorded to end.
func (v *verifier) end(table string, last head) {
	want, ok := v.heads[last.Chain]
	delete(v.heads, last.Chain)
	switch {
	case !ok && last.Seq > 0, ok && want.Seq < last.Seq, ok && want.Seq == last.Seq && !bytes.Equal(want.Hash, last.Hash):
		v.note(Problem{Table: "audit_head", Chain: last.Chain, Seq: last.Seq, What: WhatHead})
	case ok && want.Seq > last.Seq:
		v.note(Problem{Table: table, Chain: last.Chain, Seq: want.Seq, What: WhatCut})
	}
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
			for missing := seq + 1; missing < k.Seq && missing <= seq+maxProblems; missing++ {
				v.note(Problem{Table: "audit_link", Chain: chain, Seq: missing, What: WhatMissing})
			}
			v.link(k, entries[k.Seq], prev)
			prev, seq = k.Hash, k.Seq
		}
	}
	for at := range v.anchors[chain] {
		if at > last.Seq {
			v.note(Problem{Table: "audit_link", Chain: chain, Seq: at, What: WhatAnchor})
		}
	}
	v.end("audit_link", last)
	return nil
}

func (v *verifier) link(k link, entries []Entry, prev []byte) {
	bad := Problem{Table: "audit_link", Chain: k.Chain, Seq: k.Seq, At: k.At, Entry: firstID(entries)}
	named := v.entries(k, entries)
	switch {
	case named:
	case len(entries) != k.Entries:
		bad.What = WhatEntries
	case !bytes.Equal(k.Hash, k.sum(v.district, entries)):
		bad.What = WhatContent
	case !bytes.Equal(k.Prev, prev):
		bad.What = WhatOrder
	default:
		if h, ok := v.anchors[k.Chain][k.Seq]; ok && !bytes.Equal(h, k.Hash) {
			bad.What = WhatAnchor
		}
	}
	if bad.What != "" {
		v.note(bad)
	}
}

// entries names the rows of a link that were changed, removed or added, where
// the link still tells; false where all are as they were.
func (v *verifier) entries(k link, entries []Entry) (named bool) {
	if len(k.Digests)%digestSize != 0 || len(k.Digests) == 0 {
		return false
	}
	kept := map[id.ID][]byte{}
	for at := 0; at < len(k.Digests); at += digestSize {
		kept[id.ID(binary.BigEndian.Uint64(k.Digests[at:]))] = k.Digests[at : at+digestSize]
	}
	for _, e := range entries {
		p := Problem{Table: "audit_entry", Chain: k.Chain, Seq: k.Seq, Entry: e.ID, At: k.At}
		switch d, ok := kept[e.ID]; {
		case !ok:
			p.What = WhatAdded
		case !bytes.Equal(d, digestsOf([]Entry{e})):
			p.What = WhatContent
		}
		if p.What != "" {
			v.note(p)
			named = true
		}
		delete(kept, e.ID)
	}
	for gone := range kept {
		v.note(Problem{Table: "audit_entry", Chain: k.Chain, Seq: k.Seq, Entry: gone, At: k.At, What: WhatRemoved})
		named = true
	}
	return named
}

// looks compares the looks with their entries, both ways.
func (v *verifier) looks(ctx context.Context) error {
	alone, err := looksWithoutEntry(ctx, v.q, v.district, maxProblems)
	if err != nil {
		return err
	}
	for _, s := range alone {
		v.note(Problem{Table: "look", Person: s.Person, At: s.At, What: WhatLookNew})
	}
	gone, err := entriesWithoutLook(ctx, v.q, v.district, maxProblems)
	if err != nil {
		return err
	}
	for _, e := range gone {
		v.note(Problem{Table: "look", Person: e.ObjectID, Entry: e.ID, At: e.At, What: WhatLookGone})
	}
	return eachLook(ctx, v.q, v.district, func(s Seen) {
		if s.Day != clock.Day(clock.FromMs(s.At)) {
			v.note(Problem{Table: "look", Person: s.Person, At: s.At, What: WhatContent})
		}
	})
}

func firstID(entries []Entry) id.ID {
	if len(entries) == 0 {
		return 0
	}
	return entries[0].ID
}
