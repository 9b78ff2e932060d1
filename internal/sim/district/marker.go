package district

import (
	"context"
	"encoding/json"

	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
)

// The keys under which table wangge holds what is known of the demo.
const (
	keyLoading = "demo.loading" // a load has begun and has not ended
	keyLoaded  = "demo.loaded"  // it has; the value describes it
)

// State says what a database holds.
type State string

// The states of a database as the demo sees it.
const (
	Fresh   State = "fresh"   // nothing: load it
	Half    State = "half"    // a load was cut off: clear it, then load
	Ready   State = "ready"   // a loaded district
	Foreign State = "foreign" // somebody's data: never touched
)

// StateOf tells what the database holds; loaded is set when it is Ready.
func StateOf(ctx context.Context, d *db.DB) (state State, loaded *Loaded, err error) {
	const op = "district.StateOf"
	marks, err := selectMarkers(ctx, d.Read())
	if err != nil {
		return "", nil, errs.Wrap(op, err)
	}
	if text, ok := marks[keyLoaded]; ok {
		loaded = &Loaded{}
		if err := json.Unmarshal([]byte(text), loaded); err != nil {
			return "", nil, errs.Wrap(op, err)
		}
		return Ready, loaded, nil
	}
	if _, ok := marks[keyLoading]; ok {
		return Half, nil, nil
	}
	used, err := anyRows(ctx, d.Read())
	if err != nil {
		return "", nil, errs.Wrap(op, err)
	}
	if used {
		return Foreign, nil, nil
	}
	return Fresh, nil, nil
}

// Clear empties a database whose load was cut off. Any other is refused
// (Conflict demo.not_half).
func Clear(ctx context.Context, d *db.DB) error {
	const op = "district.Clear"
	state, _, err := StateOf(ctx, d)
	if err != nil {
		return err
	}
	if state != Half {
		return errs.E(op, errs.Conflict, "demo.not_half")
	}
	for _, table := range tables {
		for {
			n, err := clearSome(ctx, d, table)
			if err != nil {
				return errs.Wrap(op, err)
			}
			if n < clearRows {
				break
			}
		}
	}
	return d.Write(ctx, op, func(tx *db.Tx) error { return dropMarker(ctx, tx, keyLoading) })
}

// begin marks that a load begins. The database must be fresh.
func begin(ctx context.Context, d *db.DB) error {
	const op = "district.Load"
	state, _, err := StateOf(ctx, d)
	if err != nil {
		return err
	}
	switch state {
	case Half:
		return errs.E(op, errs.Conflict, "demo.half")
	case Ready, Foreign:
		return errs.E(op, errs.Conflict, "demo.not_empty")
	}
	return d.Write(ctx, op, func(tx *db.Tx) error { return putMarker(ctx, tx, keyLoading, "1") })
}

// finish marks that the load is complete.
func finish(ctx context.Context, d *db.DB, l *Loaded) error {
	text, err := json.Marshal(l)
	if err != nil {
		return errs.Wrap("district.Load", err)
	}
	return d.Write(ctx, "district.Load", func(tx *db.Tx) error {
		if err := putMarker(ctx, tx, keyLoaded, string(text)); err != nil {
			return err
		}
		return dropMarker(ctx, tx, keyLoading)
	})
}
