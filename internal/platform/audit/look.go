package audit

import (
	"cmp"
	"context"

	"wangge/internal/platform/clock"
	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
)

// Look says who looks at persons' unmasked fields, and why.
type Look struct {
	Account id.ID
	Post    id.ID
	Role    string // the role's key, shown to the person instead of a name
	Purpose string // the key of the purpose
	Object  string // what the numbers are of; empty: recorded persons
}

// Seen is a look as the person sees it: role, purpose and time, and for an
// auditor the account.
type Seen struct {
	Person  id.ID
	Day     string // 2006-01-02 in UTC+8
	At      int64  // of the first look of the day, UTC milliseconds
	Role    string
	Purpose string
	Account id.ID
	Post    id.ID
}

// actionLook is the action of a look's entry.
const actionLook = "person.look"

// Look records that persons were looked at: one entry for each person × viewer
// × purpose × day, however often. It must succeed before the fields are shown.
func (l *Log) Look(ctx context.Context, tx *db.Tx, k Look, persons ...id.ID) error {
	const op = "audit.Look"
	if !keyShape.MatchString(k.Purpose) || !keyShape.MatchString(k.Role) {
		return errs.E(op, errs.Internal, "error.internal")
	}
	now := l.clk.Now()
	var entries []Entry
	for _, p := range persons {
		s := Seen{Person: p, Day: clock.Day(now), At: clock.Ms(now), Role: k.Role, Purpose: k.Purpose, Account: k.Account, Post: k.Post}
		fresh, err := insertLook(ctx, tx, l.district, s)
		if err != nil {
			return errs.Wrap(op, err)
		}
		if fresh {
			entries = append(entries, Entry{At: s.At, Account: k.Account, Post: k.Post, Action: actionLook, Object: cmp.Or(k.Object, "person"), ObjectID: p, Purpose: k.Purpose, Detail: "role=" + k.Role})
		}
	}
	return errs.Wrap(op, l.Append(ctx, tx, entries...))
}

// LookOutside is Look for pages that only read: it writes a transaction of its
// own, and none where every look of today is recorded already.
func (l *Log) LookOutside(ctx context.Context, d *db.DB, k Look, persons ...id.ID) error {
	const op = "audit.LookOutside"
	day := clock.Day(l.clk.Now())
	var missing []id.ID
	err := db.Chunks(persons, 500, func(part []id.ID) error {
		seen, err := looked(ctx, d.Read(), l.district, day, k, part)
		for _, p := range part {
			if !seen[p] {
				missing = append(missing, p)
			}
		}
		return err
	})
	if err != nil || len(missing) == 0 {
		return errs.Wrap(op, err)
	}
	return d.Write(ctx, op, func(tx *db.Tx) error { return l.Look(ctx, tx, k, missing...) })
}

// LooksAt lists who looked at a person, newest first, at most limit. records
// are the person's: the one there is and those that were merged into it.
func (l *Log) LooksAt(ctx context.Context, q db.Queryer, limit int, records ...id.ID) ([]Seen, error) {
	out, err := selectLooks(ctx, q, l.district, records, limit)
	return out, errs.Wrap("audit.LooksAt", err)
}

// Filter narrows the list of the auditor's page; zero fields do not narrow.
type Filter struct {
	Account  id.ID
	ObjectID id.ID
	Action   string // exact, or a beginning when it ends in a dot
	From     int64  // UTC milliseconds, inclusive
	Until    int64  // UTC milliseconds, exclusive
}

// Day limits the filter to one day of UTC+8.
func (f Filter) Day(day string) (Filter, error) {
	from, until, err := dayRange(day)
	if err != nil {
		return f, err
	}
	f.From, f.Until = from, until
	return f, nil
}

// List returns entries newest first, at most limit (1 to 500), from the cursor
// on; the empty cursor begins. next is empty at the end.
func (l *Log) List(ctx context.Context, q db.Queryer, f Filter, cursor string, limit int) (list []Entry, next string, err error) {
	const op = "audit.List"
	limit = min(max(limit, 1), 500)
	before := id.ID(0)
	if cursor != "" {
		if before, err = id.Parse(cursor); err != nil {
			return nil, "", errs.Field(errs.E(op, errs.Invalid, "error.bad_cursor"), "cursor")
		}
	}
	list, err = selectEntries(ctx, q, l.district, f, before, limit+1)
	if err != nil {
		return nil, "", errs.Wrap(op, err)
	}
	if len(list) > limit {
		list = list[:limit]
		next = list[limit-1].ID.String()
	}
	return list, next, nil
}
