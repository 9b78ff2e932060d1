package round

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"

	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
)

type scanner func(dest ...any) error

// collect reads rows to their end.
func collect[T any](rows *sql.Rows, err error, one func(scan scanner) (T, error)) ([]T, error) {
	if err != nil {
		return nil, db.Fault("round", err)
	}
	defer rows.Close()
	var out []T
	for rows.Next() {
		v, err := one(rows.Scan)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, db.Fault("round", rows.Err())
}

// missing turns "no row" into NotFound with the key.
func missing(op string, err error, key string) error {
	if errors.Is(err, sql.ErrNoRows) {
		return errs.E(op, errs.NotFound, key)
	}
	return errs.Wrap(op, db.Fault(op, err))
}

// Forms.

const formCols = "id, name, version, fields, area_id, account_id, created_ms, until_ms"

func scanForm(scan scanner) (f Form, err error) {
	var fields string
	if err = scan(&f.ID, &f.Name, &f.Version, &fields, &f.AreaID, &f.AccountID, &f.CreatedMs, &f.UntilMs); err == nil {
		err = json.Unmarshal([]byte(fields), &f.Fields)
	}
	return f, err
}

func insertForm(ctx context.Context, tx *db.Tx, district int, f Form) error {
	fields, err := json.Marshal(f.Fields)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, "INSERT INTO form (district, "+formCols+") VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9)",
		district, f.ID, f.Name, f.Version, string(fields), f.AreaID, f.AccountID, f.CreatedMs, f.UntilMs)
	return err
}

func selectForm(ctx context.Context, q db.Queryer, district int, form id.ID) (Form, error) {
	f, err := scanForm(q.QueryRowContext(ctx, "SELECT "+formCols+" FROM form WHERE district = $1 AND id = $2", district, form).Scan)
	return f, missing("round.Form", err, "round.form_missing")
}

func selectForms(ctx context.Context, q db.Queryer, district int) ([]Form, error) {
	rows, err := q.QueryContext(ctx, "SELECT "+formCols+" FROM form WHERE district = $1 AND until_ms = 0 ORDER BY created_ms DESC, id DESC LIMIT 500", district)
	return collect(rows, err, scanForm)
}

func endForm(ctx context.Context, tx *db.Tx, district int, form id.ID, now int64) error {
	_, err := tx.ExecContext(ctx, "UPDATE form SET until_ms = $3 WHERE district = $1 AND id = $2 AND until_ms = 0", district, form, now)
	return err
}

// Rounds.

const roundCols = `r.id, r.emergency_id, r.area_id, r.name, r.kind, r.target_kind, r.form_id, r.filter, r.per_member, r.needs_photo,
	r.state, r.cost, r.due_ms, r.created_by, r.created_post, r.created_ms, r.approved_by, r.approved_post, r.approved_ms, r.closed_by, r.closed_ms,
	COALESCE(p.name, ''), COALESCE(p.path, ''), COALESCE(o.id, 0), COALESCE(o.version, 0), COALESCE(o.opened_ms, 0), COALESCE(o.job_id, 0), COALESCE(e.drill, 0),
	r.recurrence, r.next_ms, r.about_id, COALESCE(o.n, 0), COALESCE(o.planned_ms, 0), COALESCE(o.state, ''), COALESCE(o.due_ms, 0)`

const roundFrom = ` FROM round r
	LEFT JOIN place p ON p.district = r.district AND p.id = r.area_id
	LEFT JOIN occurrence o ON o.district = r.district AND o.id = r.current_id
	LEFT JOIN emergency e ON e.district = r.district AND e.id = r.emergency_id`

func scanRound(district int) func(scan scanner) (Round, error) {
	return func(scan scanner) (r Round, err error) {
		var filter, cost, recurrence string
		var member, photo, drill int
		var due int64
		err = scan(&r.ID, &r.EmergencyID, &r.AreaID, &r.Name, &r.Kind, &r.TargetKind, &r.FormID, &filter, &member, &photo,
			&r.State, &cost, &r.DueMs, &r.CreatedBy, &r.CreatedPost, &r.CreatedMs, &r.ApprovedBy, &r.ApprovedPost, &r.ApprovedMs, &r.ClosedBy, &r.ClosedMs,
			&r.AreaName, &r.AreaPath, &r.OccurrenceID, &r.Version, &r.OpenedMs, &r.JobID, &drill,
			&recurrence, &r.NextMs, &r.AboutID, &r.N, &r.PlannedMs, &r.occState, &due)
		if err != nil {
			return r, err
		}
		r.PerMember, r.NeedsPhoto, r.Drill, r.district = member == 1, photo == 1, drill == 1, district
		if err = json.Unmarshal([]byte(filter), &r.Filter); err == nil && cost != "" {
			err = json.Unmarshal([]byte(cost), &r.Cost)
		}
		if err == nil && recurrence != "" {
			err = json.Unmarshal([]byte(recurrence), &r.Recurrence)
		}
		if due != 0 {
			r.DueMs = due
		}
		return r, err
	}
}

func selectRound(ctx context.Context, q db.Queryer, district int, round id.ID) (Round, error) {
	r, err := scanRound(district)(q.QueryRowContext(ctx, "SELECT "+roundCols+roundFrom+" WHERE r.district = $1 AND r.id = $2", district, round).Scan)
	return r, missing("round.Round", err, "round.missing")
}

// moveRound gives a round another area and the filter it has now.
func moveRound(ctx context.Context, tx *db.Tx, r Round, area id.ID) error {
	filter, err := json.Marshal(r.Filter)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, "UPDATE round SET area_id = $3, filter = $4 WHERE district = $1 AND id = $2", r.district, r.ID, area, string(filter))
	return err
}

// moveForms gives the forms of an area to another.
func moveForms(ctx context.Context, tx *db.Tx, district int, from, to id.ID) error {
	_, err := tx.ExecContext(ctx, "UPDATE form SET area_id = $3 WHERE district = $1 AND area_id = $2", district, from, to)
	return err
}

func selectRounds(ctx context.Context, q db.Queryer, district int, where string, a *db.Args) ([]Round, error) {
	rows, err := q.QueryContext(ctx, "SELECT "+roundCols+roundFrom+" WHERE r.district = $1"+where, a.List()...)
	return collect(rows, err, scanRound(district))
}

func insertRound(ctx context.Context, tx *db.Tx, district int, r Round) error {
	filter, err := json.Marshal(r.Filter)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO round (district, id, emergency_id, area_id, name, kind, target_kind, form_id, filter, per_member, needs_photo,
		state, due_ms, created_by, created_post, created_ms, recurrence, about_id) VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15,$16,$17,$18)`,
		district, r.ID, r.EmergencyID, r.AreaID, r.Name, r.Kind, string(r.TargetKind), r.FormID, string(filter), bit(r.PerMember), bit(r.NeedsPhoto),
		string(r.State), r.DueMs, r.CreatedBy, r.CreatedPost, r.CreatedMs, r.Recurrence.text(), r.AboutID)
	return err
}

func updateDraft(ctx context.Context, tx *db.Tx, district int, r Round) error {
	filter, err := json.Marshal(r.Filter)
	if err != nil {
		return err
	}
	return changed(tx.ExecContext(ctx, `UPDATE round SET area_id=$3, name=$4, kind=$5, target_kind=$6, form_id=$7, filter=$8, per_member=$9,
		needs_photo=$10, due_ms=$11, recurrence=$12, about_id=$13, cost='' WHERE district=$1 AND id=$2 AND state='draft'`,
		district, r.ID, r.AreaID, r.Name, r.Kind, string(r.TargetKind), r.FormID, string(filter), bit(r.PerMember), bit(r.NeedsPhoto), r.DueMs, r.Recurrence.text(), r.AboutID))
}

// text is the recurrence as kept; "" of a round that runs once.
func (p Recurrence) text() string {
	if !p.Repeats() && len(p.Cutoffs) == 0 {
		return ""
	}
	b, err := json.Marshal(p)
	if err != nil {
		panic("round: a recurrence is numbers and texts: " + err.Error())
	}
	return string(b)
}

// changed makes a Conflict of an update that found its row in another state.
func changed(res sql.Result, err error) error {
	if err != nil {
		return err
	}
	if n, err := res.RowsAffected(); err != nil || n > 0 {
		return err
	}
	return errs.E("round", errs.Conflict, "round.state_changed")
}

func setCost(ctx context.Context, tx *db.Tx, district int, round id.ID, cost Cost) error {
	b, err := json.Marshal(cost)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, "UPDATE round SET cost = $3 WHERE district = $1 AND id = $2", district, round, string(b))
	return err
}

func setState(ctx context.Context, tx *db.Tx, district int, round id.ID, from, to RoundState) error {
	return changed(tx.ExecContext(ctx, "UPDATE round SET state = $4 WHERE district = $1 AND id = $2 AND state = $3", district, round, string(from), string(to)))
}

func setApproved(ctx context.Context, tx *db.Tx, r Round, account, post id.ID, now int64) error {
	return changed(tx.ExecContext(ctx, `UPDATE round SET state='opening', approved_by=$3, approved_post=$4, approved_ms=$5, current_id=$6, next_ms=$7
		WHERE district=$1 AND id=$2 AND state='submitted'`, r.district, r.ID, account, post, now, r.OccurrenceID, r.NextMs))
}

func setClosed(ctx context.Context, tx *db.Tx, r Round, account id.ID, now int64) error {
	if err := changed(tx.ExecContext(ctx, `UPDATE occurrence SET state='closed', closed_ms=$3, version=version+1 WHERE district=$1 AND id=$2 AND state='open'`,
		r.district, r.OccurrenceID, now)); err != nil {
		return err
	}
	return changed(tx.ExecContext(ctx, "UPDATE round SET state='closed', next_ms=0, closed_by=$3, closed_ms=$4 WHERE district=$1 AND id=$2 AND state='open'",
		r.district, r.ID, account, now))
}
