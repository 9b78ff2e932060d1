package staff

import (
	"context"
	"fmt"

	"wangge/internal/account"
	"wangge/internal/grid"
	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/i18n"
	"wangge/internal/platform/id"
)

// chunk is how many rows share a transaction.
const chunk = 300

// apply writes the plan in chunks. A row that turns out to be refused is told
// in the report and keeps nobody else out.
func (p *planner) apply(ctx context.Context) error {
	made := &made{accounts: map[string]id.ID{}, posts: map[string]id.ID{}}
	var lines []*Line
	for i := range p.report.Lines {
		if l := &p.report.Lines[i]; l.State == StateNew || l.State == StateChanged || l.State == StateEnded {
			lines = append(lines, l)
		}
	}
	err := db.Chunks(lines, chunk, func(part []*Line) error {
		err := p.write(ctx, part, made)
		if err == nil || !errs.Mendable(err) {
			return err
		}
		for _, l := range part {
			if err := p.write(ctx, []*Line{l}, made); err != nil {
				if !errs.Mendable(err) {
					return err
				}
				p.fail(l, err)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	if p.o.Complete {
		err = p.endMissing(ctx)
	}
	p.count()
	return err
}

func (p *planner) fail(l *Line, err error) {
	e := errs.As(err)
	l.State, l.Reason, l.acts = StateRefused, i18n.T(p.o.Lang, e.Key, e.Args...), nil
	p.report.Problems = append(p.report.Problems, Problem{Sheet: l.Sheet, Row: l.Row, Text: l.Reason, Severity: "error"})
}

// made is what earlier chunks made, by the keys of persons and seats.
type made struct {
	accounts map[string]id.ID
	posts    map[string]id.ID
}

// batch is what one transaction makes.
type batch struct {
	people  []account.NewAccount
	keys    []string // of people
	posts   []grid.NewPost
	seats   map[string]id.ID
	holders []act
	terms   []grid.Term
	renames []person
}

func (p *planner) batch(lines []*Line, m *made) batch {
	b := batch{seats: map[string]id.ID{}}
	seen := map[string]bool{}
	for _, l := range lines {
		for _, a := range l.acts {
			if a.renamed {
				b.renames = append(b.renames, a.person)
			}
			if a.state == StateChanged && a.holder.ID != id.Zero || a.state == StateEnded {
				b.terms = append(b.terms, a.term)
			}
			if a.state != StateNew {
				continue
			}
			if k := a.person.key; a.person.account == id.Zero && m.accounts[k] == id.Zero && !seen[k] {
				seen[k] = true
				b.keys = append(b.keys, k)
				b.people = append(b.people, account.NewAccount{Name: a.person.name, Phone: a.person.phone, Worker: a.role.Worker(), Home: grid.AreaAt(p.w.areas, a.object.path)})
			}
			if a.seat != "" && m.posts[a.seat] == id.Zero && b.seats[a.seat] == id.Zero {
				n := grid.NewPost{ID: id.New(), Role: a.role, Title: a.title, ObjectKind: a.object.kind, ObjectID: a.object.id, OrgID: a.org, FromMs: min(orNow(a.from, p.now), p.now), Doors: a.object.doors}
				b.seats[a.seat] = n.ID
				b.posts = append(b.posts, n)
			}
			b.holders = append(b.holders, a)
		}
	}
	return b
}

func orNow(ms, now int64) int64 {
	if ms == 0 {
		return now
	}
	return ms
}

// write makes the accounts, posts and holders of some lines in one transaction.
func (p *planner) write(ctx context.Context, lines []*Line, m *made) error {
	const op = "staff.write"
	b := p.batch(lines, m)
	fresh := map[string]id.ID{}
	err := p.s.d.Write(ctx, op, func(tx *db.Tx) error {
		clear(fresh)
		accounts, err := p.s.accounts.CreateMany(ctx, tx, p.c.AccountID, b.people)
		if err != nil {
			return err
		}
		for i, a := range accounts {
			fresh[b.keys[i]] = a.ID
		}
		if _, err := p.s.grid.AddPostsIn(ctx, tx, p.c, b.posts); err != nil {
			return err
		}
		var holders []grid.Holder
		for _, a := range b.holders {
			h := grid.Holder{PostID: first(a.post, m.posts[a.seat], b.seats[a.seat]), FromMs: a.from, UntilMs: a.until,
				AccountID: first(a.person.account, m.accounts[a.person.key], fresh[a.person.key])}
			holders = append(holders, h)
		}
		if err := p.s.grid.AddHoldersIn(ctx, tx, p.c, holders); err != nil {
			return err
		}
		if err := p.s.grid.ChangeTermsIn(ctx, tx, p.c, b.terms); err != nil {
			return err
		}
		for _, who := range b.renames {
			if err := p.s.accounts.Rename(ctx, tx, p.c.AccountID, who.account, who.name); err != nil {
				return err
			}
		}
		return p.s.grid.NoteStaff(ctx, tx, p.c, p.w.base.ID, fmt.Sprintf("rows=%d accounts=%d posts=%d", len(lines), len(b.people), len(b.posts)))
	})
	if err != nil {
		return err
	}
	for k, v := range fresh {
		m.accounts[k] = v
	}
	for k, v := range b.seats {
		m.posts[k] = v
	}
	return nil
}

// first is the first identifier that is one.
func first(list ...id.ID) id.ID {
	for _, v := range list {
		if v != id.Zero {
			return v
		}
	}
	return id.Zero
}

// endMissing ends the terms of those whom a complete list does not name.
func (p *planner) endMissing(ctx context.Context) error {
	return db.Chunks(p.report.Missing, chunk, func(part []Missing) error {
		return p.s.d.Write(ctx, "staff.endMissing", func(tx *db.Tx) error {
			terms := make([]grid.Term, len(part))
			for i, m := range part {
				terms[i] = grid.Term{HolderID: m.holder.ID, PostID: m.PostID, FromMs: min(m.holder.FromMs, p.now-1), UntilMs: p.now, ChangedPeriod: true}
			}
			if err := p.s.grid.ChangeTermsIn(ctx, tx, p.c, terms); err != nil {
				return err
			}
			return p.s.grid.NoteStaff(ctx, tx, p.c, p.w.base.ID, fmt.Sprintf("ended=%d", len(part)))
		})
	})
}
