package importer

import (
	"bytes"
	"cmp"
	"context"
	"io"
	"log/slog"
	"maps"
	"sync"

	"wangge/internal/grid"
	"wangge/internal/ledger"
	"wangge/internal/ledger/roster"
	"wangge/internal/platform/audit"
	"wangge/internal/platform/clock"
	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
	"wangge/internal/platform/seal"
)

// Deps are the parts an importer is made of.
type Deps struct {
	DB     *db.DB
	Keys   *seal.Keyring
	Audit  *audit.Log
	Clock  clock.Clock
	Log    *slog.Logger
	Ledger *ledger.Service
	Places Places
	// Drill accepts identity numbers that are not assigned (demo, exercises).
	Drill bool
}

// Service imports rosters. It is safe for concurrent use; one import writes at
// a time.
type Service struct {
	Deps
	db    *db.DB
	keys  *seal.Keyring
	owner string     // this process among those that share the database
	one   sync.Mutex // one import writes at a time, so that two cannot add the same people
	runs  sync.WaitGroup
	stop  context.CancelFunc
	alive context.Context
}

// New returns an importer over its parts.
func New(d Deps) *Service {
	if d.Log == nil {
		d.Log = slog.New(slog.DiscardHandler)
	}
	s := &Service{Deps: d, db: d.DB, keys: d.Keys, owner: id.New().String()}
	s.alive, s.stop = context.WithCancel(context.Background())
	return s
}

// Close cancels running imports, which undo what they wrote, and waits for them.
func (s *Service) Close() {
	s.stop()
	s.runs.Wait()
}

func (s *Service) nowMs() int64 { return clock.Ms(s.Clock.Now()) }

// Stage keeps files, sealed, for an import below the target and plans it.
// Errors: Denied outside the caller's area, Invalid for what is no table (field
// "file"), TooMany above MaxBytes.
func (s *Service) Stage(ctx context.Context, c grid.Caller, t Target, files []File) (*Import, error) {
	const op = "importer.Stage"
	imp, err := s.begin(ctx, c, t)
	if err != nil {
		return nil, errs.Wrap(op, err)
	}
	blobs, err := readFiles(files)
	if err != nil {
		return nil, errs.Wrap(op, err)
	}
	imp.ID, imp.State, imp.CreatedMs = id.New(), Staged, s.nowMs()
	for i, f := range files {
		imp.body.Files = append(imp.body.Files, fileInfo{Name: f.Name, Size: int64(len(blobs[i])), Parts: (len(blobs[i]) + partSize - 1) / partSize})
	}
	maps, err := mappingsFor(ctx, s.db.Read(), c.District, imp.AreaID)
	if err != nil {
		return nil, errs.Wrap(op, err)
	}
	if _, err := s.understand(ctx, c, imp, maps, asFiles(imp, blobs)); err != nil {
		return nil, errs.Wrap(op, err)
	}
	err = s.db.Write(ctx, op, func(tx *db.Tx) error {
		if err := s.insertImport(ctx, tx, c.District, imp); err != nil {
			return err
		}
		part := 0
		for _, b := range blobs {
			n, err := s.saveParts(ctx, tx, c.District, imp.ID, part, b)
			if err != nil {
				return err
			}
			part += n
		}
		return s.savePlan(ctx, tx, c.District, imp, maps)
	})
	return imp, err
}

// begin checks the target and returns the import to be.
func (s *Service) begin(ctx context.Context, c grid.Caller, t Target) (*Import, error) {
	const op = "importer.begin"
	kind, area, path, name, err := s.placeOf(ctx, s.db.Read(), c.District, t.Place)
	if err != nil {
		return nil, err
	}
	if err := c.RequirePlace(op, grid.LedgerImport, path); err != nil {
		return nil, errs.Field(err, "place")
	}
	imp := &Import{AreaID: t.Place, path: path, Place: name, community: name, AccountID: c.AccountID, postID: c.PostFor(grid.LedgerImport)}
	imp.body.Compound = t.Compound
	switch kind {
	case grid.Community:
	case grid.Compound:
		imp.AreaID, imp.CompoundID = area, t.Place
		if _, _, _, imp.community, err = s.placeOf(ctx, s.db.Read(), c.District, area); err != nil {
			return nil, err
		}
	default:
		return nil, errs.Field(errs.E(op, errs.Invalid, "ledger.import.bad_place"), "place")
	}
	return imp, nil
}

func readFiles(files []File) ([][]byte, error) {
	const op = "importer.files"
	if len(files) == 0 {
		return nil, errs.Field(errs.E(op, errs.Invalid, "error.required"), "file")
	}
	var total int64
	out := make([][]byte, len(files))
	for i, f := range files {
		if total += f.Size; total > MaxBytes {
			return nil, errs.Field(errs.E(op, errs.TooMany, "error.too_big", MaxBytes>>10), "file")
		}
		out[i] = make([]byte, f.Size)
		if _, err := f.R.ReadAt(out[i], 0); err != nil && err != io.EOF {
			return nil, err
		}
	}
	return out, nil
}

func asFiles(imp *Import, blobs [][]byte) []File {
	out := make([]File, len(blobs))
	for i, b := range blobs {
		out[i] = File{Name: imp.body.Files[i].Name, R: bytes.NewReader(b), Size: int64(len(b))}
	}
	return out
}

// plan is what reading a roster gave: places to be made, records matched.
type plan struct {
	result  *roster.Result
	res     *resolver
	match   *matcher
	rejects *rejects
	other   int // rows that name another compound than the one chosen
}

// read parses the files and matches every accepted row. It writes nothing, but
// gives w, unless that is nil, what can be written while it reads on.
func (s *Service) read(ctx context.Context, c grid.Caller, imp *Import, maps map[string]roster.Mapping, files []File, keep *rejects, w *writer) (*plan, error) {
	places, err := placesUnder(ctx, s.db.Read(), c.District, imp.path)
	if err != nil {
		return nil, err
	}
	hs, ps, err := s.Ledger.Under(ctx, c, imp.path)
	if err != nil {
		return nil, err
	}
	root := node{imp.AreaID, grid.Community}
	if imp.CompoundID != id.Zero {
		root = node{imp.CompoundID, grid.Compound}
	}
	p := &plan{res: newResolver(root, imp.compoundFor(places), places), rejects: keep}
	p.res.knowHeads(places, hs, ps)
	p.match = newMatcher(hs, ps, s.nowMs(), ledger.Origin{Source: ledger.SourceImport, AccountID: c.AccountID, PostID: imp.postID, ImportID: imp.ID})
	compounds := namesOf(places, grid.Compound)
	p.match.judge = imp.judge
	p.match.archive.from(w)
	o := roster.Options{Mappings: maps, Places: imp.body.Places, Compounds: compounds, Lang: c.Lang, Drill: s.Drill, Today: clock.Day(s.Clock.Now())}
	if keep != nil {
		o.Rejects = keep
	}
	list := make([]roster.File, len(files))
	for i, f := range files {
		list[i] = roster.File{Name: f.Name, R: f.R, Size: f.Size}
	}
	needs := false
	back := newExported(s, p.match)
	var failed error
	o.Known = back.check(ctx, c.District, &failed)
	p.result, err = roster.Parse(ctx, list, o, func(row roster.Row) error {
		if row.Record != "" {
			back.take(&row)
			return nil
		}
		if row.Compound == "" && row.Group == "" && row.Building != "" && root.kind == grid.Community && p.res.compound == "" {
			needs = true
		}
		if root.kind == grid.Compound {
			p.otherThan(imp.Place, row.Compound)
		}
		if j := imp.judge; j != nil {
			p.match.rowKey = j.key(&row)
			if j.skip[p.match.rowKey] {
				p.match.counts.Skipped++
				return nil
			}
		}
		had := len(p.res.fresh)
		door, village := p.res.door(&row)
		p.match.take(&row, door, village, len(p.res.fresh) > had)
		if w != nil && p.due() {
			return p.handOver(false, w.give)
		}
		return p.match.archive.failed
	})
	if err = cmp.Or(failed, err); err != nil {
		return nil, err
	}
	if imp.judge != nil {
		p.match.missing(places, p.res.fresh)
	}
	imp.body.Needs = needs
	imp.ask(p, compounds)
	imp.Counts = p.match.counts
	imp.Counts.NewDoors = p.res.doors
	for _, f := range p.res.fresh {
		if f.Kind == grid.Door {
			imp.Counts.NewDoors++
		}
	}
	for _, sh := range p.result.Sheets {
		imp.Counts.Rejected += sh.Rejected
	}
	return p, nil
}

// compoundFor returns the compound for rows that name none: the one chosen, or
// the community's only one.
func (imp *Import) compoundFor(places []known) string {
	if imp.body.Compound != "" || imp.CompoundID != id.Zero {
		return imp.body.Compound
	}
	only := ""
	for _, p := range places {
		if p.kind == grid.Compound {
			if only != "" {
				return ""
			}
			only = p.name
		}
	}
	return only
}

// understand reads the files and keeps what was understood in the import.
func (s *Service) understand(ctx context.Context, c grid.Caller, imp *Import, maps map[string]roster.Mapping, files []File) (*plan, error) {
	p, err := s.read(ctx, c, imp, maps, files, nil, nil)
	if err != nil {
		return nil, errs.Field(err, "file")
	}
	imp.State = Planned
	imp.understood(p)
	return p, nil
}

// understood keeps what reading the files gave.
func (imp *Import) understood(p *plan) {
	imp.body.Totals = [3]int{p.result.Doors, p.result.Households, p.result.Persons}
	imp.Doors, imp.Households, imp.Persons = p.result.Doors, p.result.Households, p.result.Persons
	imp.body.Sheets = nil
	for _, sh := range p.result.Sheets {
		u := Understood{File: sh.File, Sheet: sh.Sheet, HeaderRow: sh.HeaderRow, Columns: sh.Columns, Rows: sh.Rows, Accepted: sh.Accepted,
			Rejected: sh.Rejected, Skipped: sh.Skipped, Problems: []Finding{}, MapKey: sh.Key, HeaderText: sh.Headers, Samples: sh.Sample, IsRoster: sh.Roster,
			MoreDoubts: sh.Doubts, AllErrors: sh.Errors, AllRepairs: sh.Repaired,
			Said: append([]roster.Said{}, sh.Said...), Community: sh.Community, Joined: sh.Joined, PlaceKey: sh.PlaceKey}
		for _, f := range sh.Problems[:min(len(sh.Problems), shownProblems)] {
			u.Problems = append(u.Problems, Finding{f.Row, f.Column, f.Value, string(f.Severity), f.Problem})
		}
		imp.body.Sheets = append(imp.body.Sheets, u)
	}
	imp.Sheets, imp.NeedsName, imp.Questions, imp.Reconcile = imp.body.Sheets, imp.body.Needs, imp.body.Asks, imp.body.Reconcile
}

// shownProblems is how many problems of a sheet are kept for the page; the
// rejected rows' workbook has every error.
const shownProblems = 500

// Get returns an import within the caller's area.
func (s *Service) Get(ctx context.Context, c grid.Caller, imp id.ID) (*Import, error) {
	v, _, err := s.load(ctx, s.db.Read(), c, imp)
	return v, errs.Wrap("importer.Get", err)
}

// List returns imports of the caller's areas, newest first, at most 50.
func (s *Service) List(ctx context.Context, c grid.Caller, before id.ID) ([]*Import, error) {
	const op = "importer.List"
	if err := c.Require(op, grid.LedgerImport); err != nil {
		return nil, err
	}
	list, err := s.list(ctx, c, before, 50)
	return list, errs.Wrap(op, err)
}

// Correct takes what a person says about a roster that was read otherwise,
// remembers the columns for the area, and plans again.
func (s *Service) Correct(ctx context.Context, c grid.Caller, imp id.ID, say Correction) (*Import, error) {
	const op = "importer.Correct"
	v, known, err := s.load(ctx, s.db.Read(), c, imp)
	if err != nil {
		return nil, errs.Wrap(op, err)
	}
	if v.State != Planned && v.State != Failed && v.State != Staged {
		return nil, errs.E(op, errs.Conflict, "ledger.import.bad_state")
	}
	maps.Copy(known, say.Mappings)
	if v.body.Places == nil {
		v.body.Places = map[string]roster.Place{}
	}
	maps.Copy(v.body.Places, say.Places)
	v.body.Compound, v.body.Reconcile = say.Compound, nil // another reading is another comparison
	files, err := s.files(ctx, c.District, v)
	if err != nil {
		return nil, errs.Wrap(op, err)
	}
	v.Counts = ImportCounts{}
	if _, err := s.understand(ctx, c, v, known, files); err != nil {
		return nil, errs.Wrap(op, err)
	}
	err = s.db.Write(ctx, op, func(tx *db.Tx) error {
		if err := enter(ctx, tx, c.District, imp, Planned, Staged, Planned, Failed); err != nil {
			return err
		}
		if err := dropItems(ctx, tx, c.District, imp); err != nil {
			return err
		}
		for k, m := range say.Mappings {
			if err := rememberMapping(ctx, tx, c.District, v.AreaID, k, m, s.nowMs()); err != nil {
				return err
			}
		}
		return s.savePlan(ctx, tx, c.District, v, known)
	})
	return v, err
}

// files opens the staged files.
func (s *Service) files(ctx context.Context, district int, v *Import) ([]File, error) {
	blobs := make([][]byte, len(v.body.Files))
	part := 0
	for i, f := range v.body.Files {
		b, err := s.loadParts(ctx, district, v.ID, part, part+f.Parts)
		if err != nil {
			return nil, err
		}
		if int64(len(b)) != f.Size {
			return nil, errs.E("importer.files", errs.Conflict, "ledger.import.gone")
		}
		blobs[i], part = b, part+f.Parts
	}
	return asFiles(v, blobs), nil
}
