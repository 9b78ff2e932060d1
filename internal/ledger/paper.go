package ledger

import (
	"context"
	_ "embed"
	"io"
	"slices"
	"time"

	"gopkg.in/yaml.v3"

	"wangge/internal/grid"
	"wangge/internal/platform/audit"
	"wangge/internal/platform/blob"
	"wangge/internal/platform/clock"
	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
)

//go:embed vocab/papers.yaml
var papersYAML []byte

type paperKind struct {
	Key  string `yaml:"key"`
	Days int    `yaml:"days"`
}

var paperKinds = loadPapers(papersYAML)

func loadPapers(b []byte) []paperKind {
	var doc struct {
		Papers []paperKind `yaml:"papers"`
	}
	if err := yaml.Unmarshal(b, &doc); err != nil {
		panic("ledger: papers.yaml: " + err.Error())
	}
	return doc.Papers
}

// PaperKinds lists the closed kinds of signed papers.
func PaperKinds() []string {
	out := make([]string, len(paperKinds))
	for i, k := range paperKinds {
		out[i] = k.Key
	}
	return out
}

// Paper is a signed paper photographed to a person's file or a household.
type Paper struct {
	ID          id.ID  `json:"id"`
	Kind        string `json:"kind" doc:"One of the closed kinds"`
	PersonID    id.ID  `json:"person_id,omitempty"`
	HouseholdID id.ID  `json:"household_id"`
	AccountID   id.ID  `json:"account_id"`
	CreatedMs   int64  `json:"created_ms"`
	KeepUntilMs int64  `json:"keep_until_ms" doc:"The picture is deleted then"`
	DeletedMs   int64  `json:"deleted_ms,omitempty" doc:"When the picture was deleted; the line stays"`
	photo       id.ID
}

// AddPaper keeps the photo of a signed paper with a person, or with a household
// where person is Zero: encoded anew without metadata, at most 300 KB, sealed.
// Errors of blob.Prepare; Invalid for a kind that is none of PaperKinds.
func (s *Service) AddPaper(ctx context.Context, c grid.Caller, household, person id.ID, kind string, r io.Reader) (id.ID, error) {
	const op = "ledger.AddPaper"
	if err := c.Require(op, grid.LedgerWrite); err != nil {
		return id.Zero, err
	}
	if err := s.mayKeep(ctx, c, household, person); err != nil { // before a picture is decoded
		return id.Zero, errs.Wrap(op, err)
	}
	k := slices.IndexFunc(paperKinds, func(k paperKind) bool { return k.Key == kind })
	if k < 0 {
		return id.Zero, errs.Field(errs.E(op, errs.Invalid, "ledger.paper.kind"), "kind")
	}
	photo, err := blob.Prepare(ctx, r)
	if err != nil {
		return id.Zero, errs.Field(err, "photo")
	}
	p := Paper{ID: id.New(), Kind: kind, PersonID: person, HouseholdID: household, AccountID: c.AccountID}
	err = s.change(ctx, c, op, func(w *work) error {
		register, err := w.paperOwner(&p)
		if err != nil {
			return err
		}
		if p.photo, err = photo.Save(ctx, w.tx, s.keys, c.District, register, c.AccountID, w.now); err != nil {
			return err
		}
		p.CreatedMs = w.now
		p.KeepUntilMs = clock.Ms(clock.FromMs(w.now).Add(time.Duration(paperKinds[k].Days) * 24 * time.Hour))
		if err := s.insertPaper(ctx, w.tx, c.District, p, c.PostFor(grid.LedgerWrite)); err != nil {
			return err
		}
		return s.audit.Append(ctx, w.tx, audit.Entry{Account: c.AccountID, Post: c.PostFor(grid.LedgerWrite), Action: "paper.add", Object: "household", ObjectID: p.HouseholdID, Detail: "paper=" + p.ID.String() + " kind=" + kind})
	})
	return p.ID, err
}

// mayKeep reports whether the caller may write the person or the household.
func (s *Service) mayKeep(ctx context.Context, c grid.Caller, household, person id.ID) (err error) {
	if person != id.Zero {
		_, err = s.person(ctx, s.db.Read(), c, grid.LedgerWrite, person)
	} else {
		_, _, err = s.household(ctx, s.db.Read(), c, grid.LedgerWrite, household)
	}
	return err
}

// paperOwner checks whom a paper is kept with and tells the person's file of it.
func (w *work) paperOwner(p *Paper) (register string, err error) {
	if p.PersonID == id.Zero {
		h, err := w.open(p.HouseholdID)
		if err != nil {
			return "", err
		}
		delete(w.households, h.ID) // it does not change
		return h.Register, nil
	}
	who, err := w.person(p.PersonID, 0)
	if err != nil {
		return "", err
	}
	p.HouseholdID = who.HouseholdID
	return who.Register, w.event(who, EventPaper, p.ID, nil, p.Kind)
}

// Papers lists the papers of a person (with those of records taken into it) or,
// where person is Zero, of a household; newest first.
func (s *Service) Papers(ctx context.Context, c grid.Caller, household, person id.ID) ([]Paper, error) {
	const op = "ledger.Papers"
	if person == id.Zero {
		if _, _, err := s.household(ctx, s.db.Read(), seeing(c, grid.FieldAddress), grid.LedgerRead, household); err != nil {
			return nil, errs.Wrap(op, err)
		}
		out, err := s.papersOf(ctx, c.District, "household_id", []id.ID{household})
		return out, errs.Wrap(op, err)
	}
	if _, err := s.person(ctx, s.db.Read(), seeing(c, grid.FieldAddress), grid.LedgerRead, person); err != nil {
		return nil, errs.Wrap(op, err)
	}
	records, err := s.mergedInto(ctx, s.db.Read(), c.District, person)
	if err != nil {
		return nil, errs.Wrap(op, err)
	}
	out, err := s.papersOf(ctx, c.District, "person_id", records)
	return out, errs.Wrap(op, err)
}

// PaperPhoto returns the picture of a paper as JPEG. It needs c.Purpose and a
// post at the door that may see addresses in full; the look is recorded for the
// person, or for everybody of the household.
func (s *Service) PaperPhoto(ctx context.Context, c grid.Caller, paper id.ID) (Paper, []byte, error) {
	const op = "ledger.PaperPhoto"
	p, err := s.paper(ctx, c.District, paper)
	if err != nil {
		return p, nil, errs.Wrap(op, err)
	}
	var recs []personRec
	if p.PersonID != id.Zero {
		var r personRec
		r, err = s.person(ctx, s.db.Read(), c, grid.LedgerRead, p.PersonID)
		recs = []personRec{r}
	} else if _, _, err = s.household(ctx, s.db.Read(), c, grid.LedgerRead, p.HouseholdID); err == nil {
		recs, err = s.members(ctx, s.db.Read(), c, grid.LedgerRead, []id.ID{p.HouseholdID})
	}
	if err != nil {
		return p, nil, errs.Wrap(op, err)
	}
	if err := checkPurpose(c.Purpose); err != nil && !c.IsSystem() {
		return p, nil, err
	}
	var looked []id.ID
	for _, r := range recs {
		if !r.sight.has(seesAddress) {
			return p, nil, errs.E(op, errs.Denied, "ledger.paper.denied")
		}
		looked = append(looked, r.ID)
	}
	if len(recs) == 0 && !c.IsSystem() && !c.Sees(grid.FieldAddress) {
		return p, nil, errs.E(op, errs.Denied, "ledger.paper.denied")
	}
	if err := s.look(ctx, c, looked); err != nil {
		return p, nil, errs.Wrap(op, err)
	}
	jpeg, err := blob.Load(ctx, s.db.Read(), s.keys, c.District, p.photo)
	return p, jpeg, errs.Wrap(op, err)
}

// SweepPapers deletes the pictures whose time is over and returns how many; the
// lines that say that there was one stay.
func (s *Service) SweepPapers(ctx context.Context, c grid.Caller) (n int, err error) {
	const op = "ledger.SweepPapers"
	err = s.db.WriteLow(ctx, op, func(tx *db.Tx) error {
		due, err := s.papersDue(ctx, tx, c.District, s.nowMs(), 500)
		if err != nil || len(due) == 0 {
			n = 0
			return err
		}
		entries := make([]audit.Entry, len(due))
		photos := make([]id.ID, len(due))
		for i, p := range due {
			photos[i] = p.photo
			entries[i] = audit.Entry{Action: "paper.expired", Object: "household", ObjectID: p.HouseholdID, Detail: "paper=" + p.ID.String()}
		}
		n = len(due)
		if err := blob.Delete(ctx, tx, c.District, photos); err != nil {
			return err
		}
		if err := s.endPapers(ctx, tx, c.District, due, s.nowMs()); err != nil {
			return err
		}
		return s.audit.Append(ctx, tx, entries...)
	})
	return n, err
}
