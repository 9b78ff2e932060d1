// Package escrow keeps the record of keys that left the key folder: each copy,
// of which keys, who keeps it, where, since when and made by whom.
//
// What it guarantees: a copy is on record before it can be used; a destroyed
// key is destroyed in every copy that can be reached, every other one is called
// back by name and stays listed until its end is recorded; a destroyed key that
// comes back with an old copy of the folder is destroyed again at the next
// start. Each act is an entry of the audit record. Entries and rows name bodies
// and places (an archive, a safe), never persons.
package escrow

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"wangge/internal/platform/audit"
	"wangge/internal/platform/clock"
	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
	"wangge/internal/platform/seal"
)

// Kinds of copies.
const (
	Folder = "folder" // a copy of the whole key folder
	Paper  = "paper"  // one key as a line of text
)

// States of a key in a copy.
const (
	Out    = "out"    // it is there
	Called = "called" // its key was destroyed; the holder has yet to prove it gone
	Ended  = "ended"
)

// Topic tells other processes that keys were made or destroyed.
const Topic = "keys"

// Copy is one key in one copy.
type Copy struct {
	ID      id.ID  `json:"id"` // of the copy; one copy may hold several keys
	Key     string `json:"key"`
	Kind    string `json:"kind"`
	Holder  string `json:"holder"`
	Place   string `json:"place,omitempty"`
	Folder  string `json:"folder,omitempty"` // the path a folder was written to
	MadeBy  string `json:"made_by"`
	MadeMs  int64  `json:"made_ms"`
	State   string `json:"state"`
	EndedBy string `json:"ended_by,omitempty"`
	EndedMs int64  `json:"ended_ms,omitempty"`
}

// Who says who gets a copy and who makes it.
type Who struct {
	Holder string // the body or post that keeps it
	Place  string // where it lies; a folder's path is recorded besides
	By     string // who is at the machine: the system's user
}

func (w *Who) check(op string) error {
	w.Holder, w.Place = strings.TrimSpace(w.Holder), strings.TrimSpace(w.Place)
	if w.Holder == "" {
		return errs.Field(errs.E(op, errs.Invalid, "escrow.who"), "holder")
	}
	for _, s := range []string{w.Holder, w.Place, w.By} {
		if len([]rune(s)) > 200 {
			return errs.E(op, errs.Invalid, "error.too_long", 200)
		}
	}
	return nil
}

// Register is the record of one district's installation.
type Register struct {
	District int
	DB       *db.DB
	Keys     *seal.Keyring
	Audit    *audit.Log
	Clock    clock.Clock
}

// CopyFolder records a copy of the key folder and writes it into dir, which must
// be empty or not there. keys are those in the copy; master tells whether the copy holds the master
// key: where not, it is kept apart and the copy needs it.
func (r *Register) CopyFolder(ctx context.Context, dir string, w Who) (c Copy, keys []string, master bool, err error) {
	const op = "escrow.CopyFolder"
	if err := w.check(op); err != nil {
		return c, nil, false, err
	}
	if dir, err = filepath.Abs(dir); err != nil {
		return c, nil, false, errs.Wrap(op, err)
	}
	im, err := r.Keys.Image()
	if err != nil {
		return c, nil, false, db.Fault(op, err)
	}
	tmp, err := beside(dir)
	if err != nil {
		return c, nil, false, err
	}
	defer os.RemoveAll(tmp)
	c = r.newCopy(Folder, w)
	c.Folder = dir
	if err := r.record(ctx, c, im.Keys); err != nil {
		return c, nil, false, err
	}
	if err := place(im, tmp, dir); err != nil {
		return c, nil, false, errors.Join(db.Fault(op, err), r.undone(context.WithoutCancel(ctx), c, tmp))
	}
	return c, im.Keys, im.Master, r.reachEnded(ctx, im.Keys, w.By)
}

// place writes a key folder's files, which get their name when all are there.
func place(im seal.Image, tmp, dir string) error {
	if err := im.WriteTo(tmp); err != nil {
		return err
	}
	return os.Rename(tmp, dir)
}

// undone ends a copy that was not made, once nothing of it is left.
func (r *Register) undone(ctx context.Context, c Copy, tmp string) error {
	if err := os.RemoveAll(tmp); err != nil {
		return err
	}
	return r.End(ctx, c.ID, "", c.MadeBy)
}

// reachEnded ends those of the keys in copies that were destroyed while a copy
// was made.
func (r *Register) reachEnded(ctx context.Context, keys []string, by string) error {
	ended, err := selectEnds(ctx, r.DB.Read(), r.District)
	if err != nil {
		return err
	}
	for _, key := range ended {
		if !slices.Contains(keys, key) {
			continue
		}
		if _, err := r.reach(ctx, key, by); err != nil {
			return err
		}
	}
	return nil
}

// beside makes the folder in which a copy is put together.
func beside(dir string) (string, error) {
	const op = "escrow.CopyFolder"
	list, err := os.ReadDir(dir)
	switch {
	case errors.Is(err, os.ErrNotExist):
	case err != nil || len(list) > 0:
		return "", errs.E(op, errs.Conflict, "escrow.not_empty", dir)
	}
	tmp, err := os.MkdirTemp(filepath.Dir(dir), ".wangge-unfinished-*")
	switch {
	case errors.Is(err, os.ErrNotExist):
		return "", errs.E(op, errs.NotFound, "escrow.no_folder", filepath.Dir(dir))
	case err != nil:
		return "", db.Fault(op, err)
	}
	return tmp, nil
}

// CopyText returns one key as a line to be written down, after recording it.
func (r *Register) CopyText(ctx context.Context, key string, w Who) (Copy, string, error) {
	const op = "escrow.CopyText"
	if err := w.check(op); err != nil {
		return Copy{}, "", err
	}
	if w.Place == "" {
		return Copy{}, "", errs.Field(errs.E(op, errs.Invalid, "escrow.where"), "place")
	}
	line, err := r.Keys.Text(ctx, key)
	if err != nil {
		return Copy{}, "", err
	}
	c := r.newCopy(Paper, w)
	return c, line, r.record(ctx, c, []string{key})
}

func (r *Register) newCopy(kind string, w Who) Copy {
	return Copy{ID: id.New(), Kind: kind, Holder: w.Holder, Place: w.Place, MadeBy: w.By, MadeMs: clock.Ms(r.Clock.Now()), State: Out}
}

func (r *Register) record(ctx context.Context, c Copy, keys []string) error {
	const op = "escrow.record"
	return r.DB.Write(ctx, op, func(tx *db.Tx) error {
		for _, key := range keys {
			if err := insertCopy(ctx, tx, r.District, c, key); err != nil {
				return err
			}
		}
		return r.Audit.Append(ctx, tx, audit.Entry{Action: "key.copied", Object: "key_copy", ObjectID: c.ID,
			Detail: "kind=" + c.Kind + " keys=" + strings.Join(keys, ",")})
	})
}

// Copies lists every key in every copy, the latest copies first.
func (r *Register) Copies(ctx context.Context) ([]Copy, error) {
	return selectCopies(ctx, r.DB.Read(), r.District, "")
}

// End records that the holder of a copy proved it gone: all of it, or only one
// of its keys. NotFound "escrow.unknown" where no such key is out.
func (r *Register) End(ctx context.Context, copyID id.ID, key, by string) error {
	const op = "escrow.End"
	return r.DB.Write(ctx, op, func(tx *db.Tx) error {
		n, err := endCopy(ctx, tx, r.District, copyID, key, by, clock.Ms(r.Clock.Now()))
		if err != nil {
			return err
		}
		if n == 0 {
			return errs.E(op, errs.NotFound, "escrow.unknown")
		}
		return r.Audit.Append(ctx, tx, audit.Entry{Action: "key.copy_ended", Object: "key_copy", ObjectID: copyID, Detail: key})
	})
}

// Destroy ends the key of an emergency for good and returns its copies: ended
// where the copy could be reached and its key file removed, else called back.
// It goes on where an earlier call was cut short. Invalid "escrow.standing" for
// any key but an emergency's.
func (r *Register) Destroy(ctx context.Context, key, by string) ([]Copy, error) {
	const op = "escrow.Destroy"
	number, ok := strings.CutPrefix(key, "emergency-")
	emergency, err := id.Parse(number)
	if !ok || err != nil {
		return nil, errs.E(op, errs.Invalid, "escrow.standing", key)
	}
	if err := r.Keys.Check(key); err != nil && !seal.IsDestroyed(err) {
		return nil, errs.Wrap(op, err)
	}
	err = r.DB.Write(ctx, op, func(tx *db.Tx) error {
		fresh, err := insertEnd(ctx, tx, r.District, key, by, clock.Ms(r.Clock.Now()))
		if err != nil {
			return err
		}
		if err := callBack(ctx, tx, r.District, key); err != nil || !fresh {
			return err
		}
		tx.Notify(Topic)
		return r.Audit.Append(ctx, tx, audit.Entry{Action: "key.destroyed", Object: "emergency", ObjectID: emergency, Detail: key})
	})
	if err != nil {
		return nil, err
	}
	if err := r.Keys.Destroy(key); err != nil {
		return nil, db.Fault(op, err)
	}
	return r.reach(ctx, key, by)
}

// reach ends a destroyed key in the copies this machine can reach.
func (r *Register) reach(ctx context.Context, key, by string) ([]Copy, error) {
	list, err := selectCopies(ctx, r.DB.Read(), r.District, key)
	if err != nil {
		return nil, err
	}
	for _, c := range list {
		if c.State != Called || c.Kind != Folder {
			continue
		}
		if r.Keys.DestroyIn(c.Folder, key) != nil {
			continue // its holder is asked for a proof
		}
		if err := r.End(ctx, c.ID, key, by); err != nil {
			return nil, err
		}
	}
	return selectCopies(ctx, r.DB.Read(), r.District, key)
}

// Enforce destroys keys of the folder that the record says are destroyed: an
// old copy of the folder was put back, or another process destroyed them.
func (r *Register) Enforce(ctx context.Context) error {
	ended, err := selectEnds(ctx, r.DB.Read(), r.District)
	if err != nil {
		return err
	}
	for _, key := range ended {
		if r.Keys.Check(key) != nil {
			continue
		}
		if err := r.Keys.Destroy(key); err != nil {
			return db.Fault("escrow.Enforce", err)
		}
	}
	return nil
}
