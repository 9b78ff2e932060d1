package incoming

import (
	"context"
	"database/sql"
	"errors"
	"slices"

	"wangge/internal/grid"
	"wangge/internal/platform/db"
	"wangge/internal/platform/id"
)

const tableReceiver = "lead_receiver"

// receiverRow is a receiver as stored.
type receiverRow struct {
	Receiver
	sealed []byte
}

// receivers reads those in use, by name; all, or one.
func receivers(ctx context.Context, q db.Queryer, district int, one id.ID) ([]receiverRow, error) {
	a := db.NewArgs(district)
	where := ""
	if one != id.Zero {
		where = " AND id = " + a.Add(one)
	}
	return db.List(ctx, q, func(r *receiverRow) []any { return []any{&r.ID, &r.Name, &r.URL, &r.sealed} },
		"SELECT id, name, url, sealed FROM lead_receiver WHERE district = $1 AND until_ms = 0"+where+" ORDER BY name, id LIMIT 200", a.List()...)
}

func insertReceiver(ctx context.Context, tx *db.Tx, district int, r receiverRow, account id.ID, at int64) error {
	_, err := tx.ExecContext(ctx, "INSERT INTO lead_receiver (district, id, name, url, sealed, account_id, made_ms) VALUES ($1,$2,$3,$4,$5,$6,$7)",
		district, r.ID, r.Name, r.URL, r.sealed, account, at)
	return err
}

// renewReceiver gives a receiver that is there a new token.
func renewReceiver(ctx context.Context, tx *db.Tx, district int, r receiverRow, account id.ID, at int64) error {
	_, err := tx.ExecContext(ctx, "UPDATE lead_receiver SET sealed = $3, account_id = $4, made_ms = $5 WHERE district = $1 AND id = $2", district, r.ID, r.sealed, account, at)
	return err
}

func endReceiver(ctx context.Context, tx *db.Tx, district int, v id.ID, at int64) (bool, error) {
	return db.One(tx.ExecContext(ctx, "UPDATE lead_receiver SET until_ms = $3 WHERE district = $1 AND id = $2 AND until_ms = 0", district, v, at))
}

// sending is a lead on its way to a receiver.
type sending struct {
	receiver id.ID
	name     string
	tries    int
	at       int64
	failed   string
}

// sendingOf reads how far a lead has come; ok is false where nobody sends it.
func sendingOf(ctx context.Context, q db.Queryer, district int, lead id.ID) (s sending, ok bool, err error) {
	err = q.QueryRowContext(ctx, `SELECT n.receiver_id, r.name, n.tries, n.at_ms, n.error FROM lead_sending n JOIN lead_receiver r ON r.district = n.district AND r.id = n.receiver_id
		WHERE n.district = $1 AND n.lead_id = $2`, district, lead).Scan(&s.receiver, &s.name, &s.tries, &s.at, &s.failed)
	if errors.Is(err, sql.ErrNoRows) {
		return s, false, nil
	}
	return s, err == nil, err
}

func insertSending(ctx context.Context, tx *db.Tx, district int, lead, receiver id.ID, at int64) error {
	_, err := tx.ExecContext(ctx, "INSERT INTO lead_sending (district, lead_id, receiver_id, at_ms) VALUES ($1,$2,$3,$4)", district, lead, receiver, at)
	return err
}

func deleteSending(ctx context.Context, tx *db.Tx, district int, lead id.ID) error {
	_, err := tx.ExecContext(ctx, "DELETE FROM lead_sending WHERE district = $1 AND lead_id = $2", district, lead)
	return err
}

// setFailed notes a try that gave no receipt.
func setFailed(ctx context.Context, tx *db.Tx, district int, lead id.ID, at int64, failed string) error {
	_, err := tx.ExecContext(ctx, "UPDATE lead_sending SET tries = tries + 1, at_ms = $3, error = $4 WHERE district = $1 AND lead_id = $2", district, lead, at, failed)
	return err
}

// sentAway is the SQL of the leads l that the caller may put on a transfer sheet:
// they went to an authority outside and nobody sends them by API. again: those on
// a sheet already since they were handed on, else those that are not.
func sentAway(c grid.Caller, a *db.Args, again bool) string {
	on := "NOT "
	if again {
		on = ""
	}
	return "l.state = 'sent' AND l.result IN " + db.In(a, awayResults()) + " AND " + c.Scope(grid.LeadImport, a, grid.Columns{Path: "l.path"}) + " AND " + fullScope(c, a) + " AND " + inForce +
		" AND NOT EXISTS (SELECT 1 FROM lead_sending n WHERE n.district = l.district AND n.lead_id = l.id) AND " + on + "EXISTS (SELECT 1 FROM lead_event e WHERE e.district = l.district AND e.lead_id = l.id AND e.kind = 'sheet'" +
		" AND e.id > COALESCE((SELECT MAX(x.id) FROM lead_event x WHERE x.district = l.district AND x.lead_id = l.id AND x.kind = 'called'), 0))"
}

// fullScope is the SQL of the leads l of areas where the caller sees people in full.
func fullScope(c grid.Caller, a *db.Args) string {
	c.Grants = slices.DeleteFunc(slices.Clone(c.Grants), func(g grid.Grant) bool { return !g.Role.Sees(grid.FieldPhone) })
	return c.Scope(grid.LeadCall, a, grid.Columns{Path: "l.path"})
}

// forSheet reads the leads of a transfer sheet: the oldest first; of those that were
// on one, the last ones put there.
func forSheet(ctx context.Context, q db.Queryer, c grid.Caller, again bool, limit int) ([]lead, error) {
	a := db.NewArgs(c.District)
	order := "l.id"
	if again {
		order = "(SELECT MAX(e.id) FROM lead_event e WHERE e.district = l.district AND e.lead_id = l.id AND e.kind = 'sheet') DESC"
	}
	return leadsWhere(ctx, q, a, sentAway(c, a, again)+" ORDER BY "+order+" LIMIT "+a.Add(limit))
}

// countForSheet counts them.
func countForSheet(ctx context.Context, q db.Queryer, c grid.Caller, again bool) (n int, err error) {
	a := db.NewArgs(c.District)
	err = q.QueryRowContext(ctx, "SELECT COUNT(*) FROM lead l WHERE l.district = $1 AND "+sentAway(c, a, again), a.List()...).Scan(&n)
	return n, err
}

// referralOf is the receipt that a lead of another district was given; "" for one
// that has not come in.
func referralOf(ctx context.Context, q db.Queryer, district int, origin, reference string) (receipt string, err error) {
	err = q.QueryRowContext(ctx, "SELECT receipt FROM lead_referral WHERE district = $1 AND origin = $2 AND reference = $3", district, origin, reference).Scan(&receipt)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return receipt, err
}

func insertReferral(ctx context.Context, tx *db.Tx, district int, r Referral, lead id.ID, receipt string, account id.ID, at int64) error {
	_, err := tx.ExecContext(ctx, "INSERT INTO lead_referral (district, origin, reference, lead_id, receipt, account_id, at_ms) VALUES ($1,$2,$3,$4,$5,$6,$7)",
		district, r.From, r.Reference, lead, receipt, account, at)
	return err
}
