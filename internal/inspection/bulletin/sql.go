package bulletin

import (
	"context"

	"wangge/internal/grid"
	"wangge/internal/platform/db"
	"wangge/internal/platform/id"
)

const summed = `(SELECT COALESCE(SUM(e.n), 0) FROM bulletin_entry e WHERE e.district = b.district AND e.bulletin_id = b.id AND e.removed = 0 AND e.act = `

const bulletinSelect = `SELECT b.id, b.kind, b.state, b.area_id, b.path, b.post_id, b.writer_id, b.shown_by, b.published_by, b.year, b.number, b.version,
	b.created_ms, b.shown_ms, b.published_ms, b.withdrawn_ms, b.sealed, ` + summed + `'praise'), ` + summed + `'criticism'), ` + summed + `'interview')
	FROM bulletin b WHERE b.district = $1`

func bulletinFields(b *Bulletin) []any {
	return []any{&b.ID, &b.Kind, &b.State, &b.AreaID, &b.path, &b.PostID, &b.writer, &b.shownBy, &b.publishedBy, &b.Year, &b.Number, &b.Version,
		&b.CreatedMs, &b.ShownMs, &b.PublishedMs, &b.WithdrawnMs, &b.sealed, &b.sums[0], &b.sums[1], &b.sums[2]}
}

func selectBulletin(ctx context.Context, q db.Queryer, district int, b id.ID) ([]Bulletin, error) {
	return db.List(ctx, q, bulletinFields, bulletinSelect+" AND b.id = $2", district, b)
}

// selectBulletins reads the latest of a series below a path that the caller may
// see: all states where they may write or approve, else what was published over
// their area, below it or above it.
func selectBulletins(ctx context.Context, q db.Queryer, c grid.Caller, kind Kind, path string, limit int) ([]Bulletin, error) {
	a := db.NewArgs(c.District, string(kind))
	text := bulletinSelect + " AND b.kind = $2 AND (" + c.Scope(writing[kind], a, grid.Columns{Path: "b.path"}) +
		" OR " + c.Scope(approving[kind], a, grid.Columns{Path: "b.path"}) + " OR b.number <> 0 AND (" + c.Scope(grid.BulletinRead, a, grid.Columns{Path: "b.path"})
	for _, g := range c.Grants {
		if g.Role.May(grid.BulletinRead) && g.ObjectKind == grid.ObjectPlace {
			text += " OR b.path IN " + db.In(a, areasAbove(g.Path))
		}
	}
	text += "))"
	if path != "" {
		lo, hi := db.PathRange(path)
		text += " AND (b.path >= " + a.Add(lo) + " AND b.path < " + a.Add(hi) + " OR b.path IN " + db.In(a, areasAbove(path)) + ")"
	}
	return db.List(ctx, q, bulletinFields, text+" ORDER BY b.id DESC LIMIT "+a.Add(limit), a.List()...)
}

// areasAbove are the paths of the areas that hold a place: county, street and
// community.
func areasAbove(path string) (out []string) {
	for _, n := range []int{6, 9, 12} {
		if len(path) >= n {
			out = append(out, path[:n])
		}
	}
	return append(out, path)
}

const entrySelect = `SELECT e.id, e.bulletin_id, e.place_id, e.org_kind, e.act, e.n, e.item_id, e.visit_seq, e.who, e.version, e.shown_version, e.reached_ms, e.how,
	e.until_ms, e.replied_ms, e.removed, e.sealed FROM bulletin_entry e WHERE e.district = $1`

func entryFields(e *Entry) []any {
	return []any{&e.ID, &e.BulletinID, &e.PlaceID, &e.OrgKind, &e.Act, &e.N, &e.ItemID, &e.VisitSeq, &e.who, &e.version, &e.shownAs, &e.ReachedMs, &e.How,
		&e.UntilMs, &e.RepliedMs, &e.removed, &e.sealed}
}

func selectEntries(ctx context.Context, q db.Queryer, district int, b id.ID) ([]Entry, error) {
	return db.List(ctx, q, entryFields, entrySelect+" AND e.bulletin_id = $2 ORDER BY e.id", district, b)
}

func selectEntry(ctx context.Context, q db.Queryer, district int, e id.ID) ([]Entry, error) {
	return db.List(ctx, q, entryFields, entrySelect+" AND e.id = $2", district, e)
}

// selectNamed reads the latest entries that name an account and were shown.
func selectNamed(ctx context.Context, q db.Queryer, district int, who []byte, limit int) ([]Entry, error) {
	return db.List(ctx, q, entryFields, entrySelect+" AND e.who = $2 AND e.shown_version <> 0 ORDER BY e.id DESC LIMIT $3", district, who, limit)
}

// countNamed counts the entries that name an account and were shown, and those of
// them that wait for the account: Unread or Answering, as statusOf tells it.
func countNamed(ctx context.Context, q db.Queryer, district int, who []byte) (all, waits int, err error) {
	err = q.QueryRowContext(ctx, `SELECT COUNT(*), COALESCE(SUM(CASE WHEN b.state = 'shown' AND e.removed = 0 AND e.replied_ms = 0 THEN 1 ELSE 0 END), 0)
		FROM bulletin_entry e JOIN bulletin b ON b.district = e.district AND b.id = e.bulletin_id
		WHERE e.district = $1 AND e.who = $2 AND e.shown_version <> 0`, district, who).Scan(&all, &waits)
	return all, waits, err
}

// reply is what an entry was answered with.
type reply struct {
	entry   id.ID
	version int
	atMs    int64
	account id.ID
	sealed  []byte
}

func selectReplies(ctx context.Context, q db.Queryer, district int, b id.ID) ([]reply, error) {
	return db.List(ctx, q, func(r *reply) []any { return []any{&r.entry, &r.version, &r.atMs, &r.account, &r.sealed} },
		`SELECT r.entry_id, r.version, r.at_ms, r.account_id, r.sealed FROM bulletin_reply r JOIN bulletin_entry e ON e.district = r.district AND e.id = r.entry_id
		WHERE r.district = $1 AND e.bulletin_id = $2 ORDER BY r.entry_id, r.version`, district, b)
}

func insertReply(ctx context.Context, tx *db.Tx, district int, r reply) error {
	_, err := tx.ExecContext(ctx, "INSERT INTO bulletin_reply (district, entry_id, version, at_ms, account_id, sealed) VALUES ($1,$2,$3,$4,$5,$6)",
		district, r.entry, r.version, r.atMs, r.account, r.sealed)
	return err
}

func insertBulletin(ctx context.Context, tx *db.Tx, district int, b Bulletin) error {
	_, err := tx.ExecContext(ctx, "INSERT INTO bulletin (district, id, kind, state, area_id, path, post_id, writer_id, version, created_ms, sealed) VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11)",
		district, b.ID, string(b.Kind), string(b.State), b.AreaID, b.path, b.PostID, b.writer, b.Version, b.CreatedMs, b.sealed)
	return err
}

// updateBulletin writes what changes of a bulletin, one version on; ok is false
// where somebody was quicker.
func updateBulletin(ctx context.Context, tx *db.Tx, district int, b Bulletin, was int) (ok bool, err error) {
	return db.One(tx.ExecContext(ctx, `UPDATE bulletin SET state = $3, shown_by = $4, published_by = $5, year = $6, number = $7, version = $8, shown_ms = $9, published_ms = $10,
		withdrawn_ms = $11, sealed = $12 WHERE district = $1 AND id = $2 AND version = $13`,
		district, b.ID, string(b.State), b.shownBy, b.publishedBy, b.Year, b.Number, b.Version, b.ShownMs, b.PublishedMs, b.WithdrawnMs, b.sealed, was))
}

// nextNumber is the number the next bulletin of a series gets.
func nextNumber(ctx context.Context, q db.Queryer, district int, b Bulletin) (n int, err error) {
	err = q.QueryRowContext(ctx, "SELECT COALESCE(MAX(number), 0) + 1 FROM bulletin WHERE district = $1 AND area_id = $2 AND kind = $3 AND year = $4",
		district, b.AreaID, string(b.Kind), b.Year).Scan(&n)
	return n, err
}

var entryColumns = []string{"district", "id", "bulletin_id", "place_id", "org_kind", "act", "n", "item_id", "visit_seq", "who", "version", "shown_version", "reached_ms", "how",
	"until_ms", "replied_ms", "removed", "sealed"}

// writeEntries stores entries as they are now.
func writeEntries(ctx context.Context, tx *db.Tx, district int, list []Entry) error {
	rows := make([][]any, len(list))
	for i, e := range list {
		removed := 0
		if e.removed {
			removed = 1
		}
		if e.who == nil {
			e.who = []byte{}
		}
		rows[i] = []any{district, int64(e.ID), int64(e.BulletinID), int64(e.PlaceID), e.OrgKind, string(e.Act), e.N, int64(e.ItemID), e.VisitSeq, e.who, e.version, e.shownAs,
			e.ReachedMs, string(e.How), e.UntilMs, e.RepliedMs, removed, e.sealed}
	}
	return tx.BulkUpsert(ctx, "bulletin_entry", entryColumns, "district, id", `place_id = excluded.place_id, org_kind = excluded.org_kind, act = excluded.act, n = excluded.n,
		version = excluded.version, shown_version = excluded.shown_version, reached_ms = excluded.reached_ms, how = excluded.how, until_ms = excluded.until_ms,
		replied_ms = excluded.replied_ms, removed = excluded.removed, sealed = excluded.sealed`, rows)
}
