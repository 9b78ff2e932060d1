package lists

import (
	"context"
	"errors"
	"fmt"
	"io"

	"wangge/internal/account"
	"wangge/internal/grid"
	"wangge/internal/platform/audit"
	"wangge/internal/platform/clock"
	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/i18n"
	"wangge/internal/platform/id"
	"wangge/internal/platform/relist"
	"wangge/internal/platform/seal"
	"wangge/internal/platform/upload"
)

// Deps are what a Service is made of.
type Deps struct {
	DB       *db.DB
	Keys     *seal.Keyring // holds the standing key
	Clock    clock.Clock
	Audit    *audit.Log
	Grid     *grid.Service
	Accounts *account.Service
	Tables   []Table // lists of other packages
}

// Service takes lists out and in again.
type Service struct {
	d        *db.DB
	clk      clock.Clock
	log      *audit.Log
	grid     *grid.Service
	accounts *account.Service
	files    *upload.Store
	given    []Table
	chunk    int // how many changed rows share a transaction
	together int // how many are judged in one
}

// New returns the service.
func New(d Deps) *Service {
	s := &Service{d: d.DB, clk: d.Clock, log: d.Audit, grid: d.Grid, accounts: d.Accounts, given: d.Tables, chunk: chunk, together: together}
	var kinds []string
	for _, k := range s.Kinds() {
		kinds = append(kinds, string(k))
	}
	s.files = upload.New(d.DB, d.Keys, d.Clock, kinds...)
	return s
}

// Kinds lists the kinds that come back: the grid's and those handed in.
func (s *Service) Kinds() []Kind {
	out := Kinds()
	for _, t := range s.given {
		out = append(out, t.Kind)
	}
	return out
}

func (s *Service) now() int64 { return clock.Ms(s.clk.Now()) }

// begin finds the place (Zero: the highest the caller's posts cover) and asks
// for the right to the list there.
func (s *Service) begin(ctx context.Context, c grid.Caller, op string, t table, place id.ID) (*work, error) {
	if t == nil {
		return nil, errs.E(op, errs.NotFound, "error.not_found")
	}
	w := &work{s: s, c: c}
	var err error
	if place == id.Zero {
		w.at, err = s.grid.Home(ctx, c)
	} else {
		w.at, err = s.grid.Place(ctx, c, place)
	}
	if err != nil {
		return nil, err
	}
	return w, c.RequirePlace(op, t.right(), w.at.Path)
}

// Export writes a list of what is at and below a place (Zero: the highest the
// caller's posts cover) as a workbook in the caller's language, phones masked.
// when is the instant of Vacancies. Needs what changing the list needs, over
// the place, and leaves an entry of the record.
func (s *Service) Export(ctx context.Context, c grid.Caller, k Kind, place id.ID, when grid.When, out io.Writer) error {
	const op = "lists.Export"
	t := s.table(k, when)
	w, err := s.begin(ctx, c, op, t, place)
	if err != nil {
		return err
	}
	records, err := t.load(ctx, w)
	if err != nil {
		return errs.Wrap(op, err)
	}
	err = s.d.Write(ctx, op, func(tx *db.Tx) error {
		return s.note(ctx, tx, w, t, "export.list", fmt.Sprintf("kind=%s rows=%d", k, len(records)))
	})
	if err != nil {
		return err
	}
	return t.list().Write(out, c.Lang, i18n.T(c.Lang, "lists.kind."+string(k)), records)
}

func (s *Service) note(ctx context.Context, tx *db.Tx, w *work, t table, action, detail string) error {
	return s.log.Append(ctx, tx, audit.Entry{Account: w.c.AccountID, Post: w.c.PostFor(t.right()), Action: action, Object: "place", ObjectID: w.at.ID, Detail: detail})
}

// Options say how a list is brought back.
type Options struct {
	Kind  Kind
	Place id.ID  // of which it may speak; Zero is the caller's highest
	File  string // its name, as shown
	Dry   bool   // say what would change and change nothing
}

// Import compares a list with what is recorded and, unless Dry, makes the
// changes; rows that are refused keep nobody else out. Errors: Invalid at
// "file" for what is no such list, Denied without the right over the place.
func (s *Service) Import(ctx context.Context, c grid.Caller, data []byte, o Options) (*relist.Report, error) {
	const op = "lists.Import"
	t := s.table(o.Kind, grid.When{})
	if o.Kind == Vacancies {
		t = nil
	}
	w, err := s.begin(ctx, c, op, t, o.Place)
	if err != nil {
		return nil, err
	}
	rows, err := t.list().Read(ctx, data)
	if err != nil {
		return nil, err
	}
	have, err := t.load(ctx, w)
	if err != nil {
		return nil, errs.Wrap(op, err)
	}
	lines := t.list().Diff(c.Lang, have, rows)
	if err := s.carryOut(ctx, w, t, o, lines); err != nil {
		return nil, errs.Wrap(op, err)
	}
	return relist.Sum(o.File, lines), nil
}

const (
	// chunk is how many changed rows share a transaction.
	chunk = 500
	// together is how many changed rows are judged together before they are
	// written: on SQLite nobody else writes meanwhile, a second or two.
	together = 3000
)

// errDry undoes a transaction that only showed what would happen.
var errDry = errors.New("lists: nothing is to be written")

// carryOut makes the changes of the lines, or makes and undoes them.
func (s *Service) carryOut(ctx context.Context, w *work, t table, o Options, lines []relist.Line) error {
	var todo []*relist.Line
	for i := range lines {
		if st := lines[i].State; st == relist.Changed || st == relist.New {
			todo = append(todo, &lines[i])
		}
	}
	if o.Dry {
		return s.rehearse(ctx, w, t, todo)
	}
	return db.Chunks(todo, s.chunk, func(part []*relist.Line) error {
		var refused map[int]error
		err := s.d.WriteLow(ctx, "lists.Import", func(tx *db.Tx) (err error) {
			if refused, err = s.apply(ctx, tx, w, t, part); err != nil {
				return err
			}
			return s.note(ctx, tx, w, t, "list.imported", fmt.Sprintf("kind=%s rows=%d refused=%d", o.Kind, len(part), len(refused)))
		})
		if err == nil {
			refuse(w, part, refused)
		}
		return err
	})
}

// rehearse makes all changes in one transaction and undoes it, so that each row
// is judged with those before it in place, as when they are written.
func (s *Service) rehearse(ctx context.Context, w *work, t table, todo []*relist.Line) error {
	const op = "lists.rehearse"
	if len(todo) == 0 {
		return nil
	}
	if len(todo) > s.together {
		return errs.Field(errs.E(op, errs.Invalid, "lists.too_many", len(todo), s.together), "file")
	}
	var refused map[int]error
	err := s.d.WriteLow(ctx, op, func(tx *db.Tx) (err error) {
		if refused, err = s.apply(ctx, tx, w, t, todo); err != nil {
			return err
		}
		return errDry
	})
	if !errors.Is(err, errDry) {
		return err
	}
	refuse(w, todo, refused)
	return nil
}

func refuse(w *work, part []*relist.Line, refused map[int]error) {
	for i, why := range refused {
		e := errs.As(why)
		part[i].Refuse(w.c.Lang, e.Field, e.Key, e.Args...)
	}
}

// apply carries out lines one by one and says which cannot be.
func (s *Service) apply(ctx context.Context, tx *db.Tx, w *work, t table, part []*relist.Line) (map[int]error, error) {
	refused := map[int]error{}
	t.start()
	for i, l := range part {
		err := tx.Savepoint(ctx, func() error { return t.apply(ctx, tx, w, l) })
		if err != nil && !errs.Mendable(err) {
			return nil, err
		}
		if err != nil {
			refused[i] = err
		}
	}
	return refused, nil
}
