package audit

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"wangge/internal/platform/clock"
	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
)

// chainHead returns the end of a chain; of an empty one, link 0.
func chainHead(ctx context.Context, q db.Queryer, district int, chain id.ID) (head, error) {
	h := head{Chain: chain}
	err := q.QueryRowContext(ctx, `SELECT seq, hash FROM audit_link WHERE district = $1 AND chain = $2 ORDER BY seq DESC LIMIT 1`,
		district, chain).Scan(&h.Seq, &h.Hash)
	if errors.Is(err, sql.ErrNoRows) {
		h.Hash, err = firstHash(district, chain), nil
	}
	return h, err
}

func insertLink(ctx context.Context, tx *db.Tx, district int, k link) (bool, error) {
	return db.One(tx.ExecContext(ctx, `INSERT INTO audit_link (district, chain, seq, entries, at_ms, prev, hash, digests)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (district, chain, seq) DO NOTHING`,
		district, k.Chain, k.Seq, k.Entries, k.At, k.Prev, k.Hash, k.Digests))
}

// setHead writes where a chain ends; chain 0 is the root chain.
func setHead(ctx context.Context, tx *db.Tx, district int, h head) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO audit_head (district, chain, seq, hash) VALUES ($1, $2, $3, $4)
		ON CONFLICT (district, chain) DO UPDATE SET seq = excluded.seq, hash = excluded.hash`, district, h.Chain, h.Seq, h.Hash)
	return err
}

func selectHeads(ctx context.Context, q db.Queryer, district int) ([]head, error) {
	return db.List(ctx, q, func(h *head) []any {
		return []any{&h.Chain, &h.Seq, &h.Hash}
	}, `SELECT chain, seq, hash FROM audit_head WHERE district = $1 ORDER BY chain`, district)
}

const insertEntry = `INSERT INTO audit_entry (district, id, chain, seq, at_ms, account_id, post_id, action, object, object_id, purpose, detail)
	VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`

func insertEntries(ctx context.Context, tx *db.Tx, district int, entries []Entry) error {
	for _, e := range entries {
		_, err := tx.ExecContext(ctx, insertEntry, district, e.ID, e.Chain, e.Seq, e.At, e.Account, e.Post, e.Action, e.Object, e.ObjectID, e.Purpose, e.Detail)
		if err != nil {
			return err
		}
	}
	return nil
}

func insertLook(ctx context.Context, tx *db.Tx, district int, s Seen) (bool, error) {
	return db.One(tx.ExecContext(ctx, `INSERT INTO look (district, person_id, day, account_id, purpose, role, post_id, first_ms)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (district, person_id, day, account_id, purpose) DO NOTHING`,
		district, s.Person, s.Day, s.Account, s.Purpose, s.Role, s.Post, s.At))
}

func looked(ctx context.Context, q db.Queryer, district int, day string, k Look, persons []id.ID) (map[id.ID]bool, error) {
	a := db.NewArgs(district, day, k.Account, k.Purpose)
	out := map[id.ID]bool{}
	err := db.Each(ctx, q, func(rows *sql.Rows) error {
		var p id.ID
		err := rows.Scan(&p)
		out[p] = true
		return err
	}, `SELECT person_id FROM look
		WHERE district = $1 AND day = $2 AND account_id = $3 AND purpose = $4 AND person_id IN `+db.In(a, persons), a.List()...)
	return out, err
}

func selectLooks(ctx context.Context, q db.Queryer, district int, records []id.ID, limit int) ([]Seen, error) {
	a := db.NewArgs(district, limit)
	return db.List(ctx, q, (*Seen).fields, `SELECT `+seenColumns+` FROM look
		WHERE district = $1 AND person_id IN `+db.In(a, records)+` ORDER BY day DESC, first_ms DESC LIMIT $2`, a.List()...)
}

const entryColumns = `id, chain, seq, at_ms, account_id, post_id, action, object, object_id, purpose, detail`

func (e *Entry) fields() []any {
	return []any{&e.ID, &e.Chain, &e.Seq, &e.At, &e.Account, &e.Post, &e.Action, &e.Object, &e.ObjectID, &e.Purpose, &e.Detail}
}

func selectEntries(ctx context.Context, q db.Queryer, district int, f Filter, before id.ID, limit int) ([]Entry, error) {
	a := db.NewArgs(district)
	where := `district = $1`
	and := func(on bool, cond string, v any) {
		if on {
			where += ` AND ` + cond + a.Add(v)
		}
	}
	and(before != 0, `id < `, before)
	and(f.Account != 0, `account_id = `, f.Account)
	and(f.ObjectID != 0, `object_id = `, f.ObjectID)
	and(f.From != 0, `at_ms >= `, f.From)
	and(f.Until != 0, `at_ms < `, f.Until)
	if n := len(f.Action); n > 0 && f.Action[n-1] == '.' {
		lo, hi := db.PathRange(f.Action)
		and(true, `action >= `, lo)
		and(true, `action < `, hi)
	} else {
		and(n > 0, `action = `, f.Action)
	}
	return db.List(ctx, q, (*Entry).fields, `SELECT `+entryColumns+` FROM audit_entry WHERE `+where+` ORDER BY id DESC LIMIT `+a.Add(limit), a.List()...)
}

func dayRange(day string) (from, until int64, err error) {
	t, err := time.ParseInLocation(time.DateOnly, day, clock.CST)
	if err != nil {
		return 0, 0, errs.Field(errs.E("audit.Filter", errs.Invalid, "error.bad_date"), "day")
	}
	return clock.Ms(t), clock.Ms(t.AddDate(0, 0, 1)), nil
}

func lastRoot(ctx context.Context, q db.Queryer, district int) (root, error) {
	var r root
	err := q.QueryRowContext(ctx, `SELECT seq, hash FROM audit_root WHERE district = $1 ORDER BY seq DESC LIMIT 1`, district).Scan(&r.Seq, &r.Hash)
	if errors.Is(err, sql.ErrNoRows) {
		r.Hash, err = firstHash(district, 0), nil
	}
	return r, err
}

func insertRoot(ctx context.Context, tx *db.Tx, district int, r root) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO audit_root (district, seq, at_ms, heads, prev, hash) VALUES ($1, $2, $3, $4, $5, $6)`,
		district, r.Seq, r.At, r.Heads, r.Prev, r.Hash)
	if err != nil {
		return err
	}
	return setHead(ctx, tx, district, head{Seq: r.Seq, Hash: r.Hash})
}

func eachRoot(ctx context.Context, q db.Queryer, district int, fn func(root)) error {
	return db.Each(ctx, q, func(rows *sql.Rows) error {
		var r root
		if err := rows.Scan(&r.Seq, &r.At, &r.Heads, &r.Prev, &r.Hash); err != nil {
			return err
		}
		fn(r)
		return nil
	}, `SELECT seq, at_ms, heads, prev, hash FROM audit_root WHERE district = $1 ORDER BY seq`, district)
}

func allDistricts(ctx context.Context, q db.Queryer) ([]int, error) {
	return db.List(ctx, q, func(n *int) []any {
		return []any{n}
	}, `SELECT DISTINCT district FROM audit_link UNION SELECT DISTINCT district FROM audit_root
		UNION SELECT DISTINCT district FROM audit_entry UNION SELECT DISTINCT district FROM audit_head
		UNION SELECT DISTINCT district FROM look ORDER BY district`)
}

// allChains steps from chain to chain along the key instead of reading every link.
func allChains(ctx context.Context, q db.Queryer, district int) ([]id.ID, error) {
	var out []id.ID
	for last := id.ID(-1); ; {
		var next id.ID
		err := q.QueryRowContext(ctx, `SELECT chain FROM audit_link WHERE district = $1 AND chain > $2 ORDER BY chain LIMIT 1`, district, last).Scan(&next)
		if errors.Is(err, sql.ErrNoRows) {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
		out = append(out, next)
		last = next
	}
}

// selectWindow reads the links with from < seq ≤ until and their entries.
func selectWindow(ctx context.Context, q db.Queryer, district int, chain id.ID, from, until int64) ([]link, map[int64][]Entry, error) {
	links, err := db.List(ctx, q, func(k *link) []any {
		k.Chain = chain
		return []any{&k.Seq, &k.Entries, &k.At, &k.Prev, &k.Hash, &k.Digests}
	}, `SELECT seq, entries, at_ms, prev, hash, digests FROM audit_link
		WHERE district = $1 AND chain = $2 AND seq > $3 AND seq <= $4 ORDER BY seq`, district, chain, from, until)
	if err != nil {
		return nil, nil, err
	}
	list, err := db.List(ctx, q, (*Entry).fields, `SELECT `+entryColumns+` FROM audit_entry
		WHERE district = $1 AND chain = $2 AND seq > $3 AND seq <= $4 ORDER BY seq, id`, district, chain, from, until)
	entries := map[int64][]Entry{}
	for _, e := range list {
		entries[e.Seq] = append(entries[e.Seq], e)
	}
	return links, entries, err
}

func selectOrphans(ctx context.Context, q db.Queryer, district, limit int) ([]Entry, error) {
	return db.List(ctx, q, (*Entry).fields, `SELECT `+entryColumns+` FROM audit_entry WHERE district = $1
		AND NOT EXISTS (SELECT 1 FROM audit_link l WHERE l.district = audit_entry.district AND l.chain = audit_entry.chain AND l.seq = audit_entry.seq)
		ORDER BY id LIMIT $2`, district, limit)
}

// looksWithoutEntry returns rows of look whose entry is missing or says something else.
func looksWithoutEntry(ctx context.Context, q db.Queryer, district, limit int) ([]Seen, error) {
	return db.List(ctx, q, (*Seen).fields, `SELECT `+seenColumns+` FROM look l WHERE district = $1
		AND NOT EXISTS (SELECT 1 FROM audit_entry e WHERE e.district = l.district AND e.object_id = l.person_id AND e.at_ms = l.first_ms AND e.action = '`+actionLook+`'
			AND e.account_id = l.account_id AND e.post_id = l.post_id AND e.purpose = l.purpose AND e.detail = 'role=' || l.role)
		ORDER BY first_ms LIMIT $2`, district, limit)
}

// entriesWithoutLook returns entries of looks whose row is missing or says something else.
func entriesWithoutLook(ctx context.Context, q db.Queryer, district, limit int) ([]Entry, error) {
	return db.List(ctx, q, (*Entry).fields, `SELECT `+entryColumns+` FROM audit_entry e WHERE district = $1 AND action = '`+actionLook+`'
		AND NOT EXISTS (SELECT 1 FROM look l WHERE l.district = e.district AND l.person_id = e.object_id AND l.first_ms = e.at_ms
			AND l.account_id = e.account_id AND l.post_id = e.post_id AND l.purpose = e.purpose AND 'role=' || l.role = e.detail)
		ORDER BY id LIMIT $2`, district, limit)
}

// eachLook gives every look.
func eachLook(ctx context.Context, q db.Queryer, district int, fn func(Seen)) error {
	return db.Each(ctx, q, func(rows *sql.Rows) error {
		var s Seen
		err := rows.Scan(s.fields()...)
		fn(s)
		return err
	}, `SELECT `+seenColumns+` FROM look WHERE district = $1`, district)
}

const seenColumns = `person_id, day, first_ms, role, purpose, account_id, post_id`

func (s *Seen) fields() []any {
	return []any{&s.Person, &s.Day, &s.At, &s.Role, &s.Purpose, &s.Account, &s.Post}
}
