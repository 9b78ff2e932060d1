package app

import (
	"context"
	"database/sql"
	"errors"

	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
	"wangge/internal/platform/seal"
	"wangge/internal/round"
)

// What the key folder holds of a key that the database needs.
const (
	keyFits      = "ok"
	keyMissing   = "missing"
	keyDestroyed = "destroyed" // as required; what it sealed is gone for good
	keyForeign   = "foreign"   // a key of this name that does not open what is there
)

// KeyState is a key the database needs, and whether it is at hand.
type KeyState struct {
	Key   string `json:"key"`
	State string `json:"state"`
}

// keyStates returns of each key the database needs whether it is at hand. keys
// is nil where there is no folder.
func keyStates(ctx context.Context, q db.Queryer, keys *seal.Keyring) ([]KeyState, error) {
	registers, err := registersOf(ctx, q)
	if err != nil {
		return nil, err
	}
	var out []KeyState
	for _, key := range registers {
		state, err := keyState(ctx, q, keys, key)
		if err != nil {
			return nil, err
		}
		out = append(out, KeyState{key, state})
	}
	return out, nil
}

// keyState tries a key on something it sealed.
func keyState(ctx context.Context, q db.Queryer, keys *seal.Keyring, key string) (string, error) {
	if keys == nil {
		return keyMissing, nil
	}
	err := keys.Check(key)
	switch {
	case seal.IsDestroyed(err):
		return keyDestroyed, nil
	case err != nil && errs.As(err).Key == "seal.key_missing":
		return keyMissing, nil
	case err != nil:
		return "", err
	}
	table, query, args := "account", `SELECT id, sealed FROM account ORDER BY district, id LIMIT 1`, []any(nil)
	if key != seal.Standing {
		table, query, args = "mark", `SELECT id, sealed FROM mark WHERE register = $1 LIMIT 1`, []any{key}
	}
	var record id.ID
	var blob []byte
	err = q.QueryRowContext(ctx, query, args...).Scan(&record, &blob)
	if errors.Is(err, sql.ErrNoRows) {
		return keyFits, nil
	}
	if err != nil {
		return "", db.Fault("app.keyState", err)
	}
	if _, err := keys.Open(key, seal.AAD(key, table, record), blob); err != nil {
		return keyForeign, nil
	}
	return keyFits, nil
}

// openRounds counts the open rounds whose answers are sealed with a key.
func openRounds(ctx context.Context, q db.Queryer, district int, key string) (n int, err error) {
	err = q.QueryRowContext(ctx, `SELECT count(*) FROM round r JOIN emergency e ON e.district = r.district AND e.id = r.emergency_id
		WHERE e.district = $1 AND e.register = $2 AND r.state IN ($3, $4)`, district, key, string(round.Open), string(round.Opening)).Scan(&n)
	return n, db.Fault("app.openRounds", err)
}

// registersOf returns the keys the database needs: none while nothing was
// sealed, else the standing one and one an emergency.
func registersOf(ctx context.Context, q db.Queryer) ([]string, error) {
	const op = "app.registersOf"
	var sealed int
	if err := q.QueryRowContext(ctx, `SELECT count(*) FROM (SELECT 1 FROM account LIMIT 1) a`).Scan(&sealed); err != nil {
		return nil, db.Fault(op, err)
	}
	if sealed == 0 {
		return nil, nil
	}
	rows, err := q.QueryContext(ctx, `SELECT register FROM emergency ORDER BY district, id`)
	if err != nil {
		return nil, db.Fault(op, err)
	}
	defer rows.Close()
	list := []string{seal.Standing}
	for rows.Next() {
		var r string
		if err := rows.Scan(&r); err != nil {
			return nil, db.Fault(op, err)
		}
		list = append(list, r)
	}
	return list, db.Fault(op, rows.Err())
}
