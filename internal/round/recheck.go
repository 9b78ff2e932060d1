package round

import (
	"context"
	"crypto/rand"
	"encoding/hex"

	"wangge/internal/grid"
	"wangge/internal/platform/audit"
	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
	"wangge/internal/platform/seal"
)

// Recheck is a random sample of done targets that somebody asks again.
type Recheck struct {
	ID         id.ID  `json:"id"`
	RoundID    id.ID  `json:"round_id"`
	PlaceID    id.ID  `json:"place_id,omitempty"`
	Seed       string `json:"seed"`
	Permille   int    `json:"permille"`
	Population int    `json:"population" doc:"Done targets the sample was drawn from"`
	AccountID  id.ID  `json:"account_id"`
	PostID     id.ID  `json:"post_id"`
	CreatedMs  int64  `json:"created_ms"`
	Items      int    `json:"items"`
	Asked      int    `json:"asked"`
	Differs    int    `json:"differs"`
	Absent     int    `json:"absent"`
	occ        id.ID
}

// RecheckItem is one target of a sample. The first answer is not told before
// the second is in; Differs then names the questions answered otherwise.
type RecheckItem struct {
	Line
	Outcome string   `json:"outcome,omitempty" enum:"same,differs,absent"`
	Differs []string `json:"differs,omitempty"`
	AtMs    int64    `json:"at_ms,omitempty"`
	markID  id.ID
}

// The outcomes of a recheck.
const (
	outcomeSame    = "same"
	outcomeDiffers = "differs"
	outcomeAbsent  = "absent"
)

// RecheckInput asks for a sample.
type RecheckInput struct {
	RoundID  id.ID  `json:"round_id"`
	PlaceID  id.ID  `json:"place_id,omitempty" doc:"Only below this place"`
	Permille int    `json:"permille" minimum:"1" maximum:"1000" doc:"Share of the done targets, in thousandths: 50 is 5 %"`
	Seed     string `json:"seed,omitempty" maxLength:"64" doc:"Gives the same sample again; random without one"`
}

// DrawRecheck draws and keeps a sample of the done targets below a place.
// Doors marked in bulk are drawn more often. The same seed over the same done
// targets gives the same sample.
func (s *Service) DrawRecheck(ctx context.Context, c grid.Caller, in RecheckInput) (Recheck, error) {
	const op = "round.DrawRecheck"
	r, err := selectRound(ctx, s.DB.Read(), c.District, in.RoundID)
	if err != nil {
		return Recheck{}, err
	}
	at := in.PlaceID
	if at == id.Zero {
		at = r.AreaID
	}
	p, err := selectPlace(ctx, s.DB.Read(), c.District, at)
	if err != nil {
		return Recheck{}, err
	}
	if err := c.RequirePlace(op, grid.RoundRecheck, p.Path); err != nil {
		return Recheck{}, err
	}
	if r.OccurrenceID == id.Zero || r.State == Opening {
		return Recheck{}, errs.E(op, errs.Conflict, "round.not_open")
	}
	if in.Permille < 1 || in.Permille > 1000 {
		return Recheck{}, errs.Field(errs.E(op, errs.Invalid, "round.recheck_share"), "permille")
	}
	if in.Seed == "" {
		in.Seed = NewSeed()
	}
	list, err := doneTargets(ctx, s.DB.Read(), r, p.Path)
	if err != nil {
		return Recheck{}, err
	}
	if len(list) == 0 {
		return Recheck{}, errs.E(op, errs.Conflict, "round.recheck_none")
	}
	rc := Recheck{ID: id.New(), RoundID: r.ID, PlaceID: at, Seed: in.Seed, Permille: in.Permille, Population: len(list),
		AccountID: c.AccountID, PostID: c.PostFor(grid.RoundRecheck), CreatedMs: s.now(), occ: r.OccurrenceID}
	sample := drawSample(in.Seed, in.Permille, list)
	rc.Items = len(sample)
	err = s.DB.Write(ctx, op, func(tx *db.Tx) error {
		if err := insertRecheck(ctx, tx, c.District, rc, seal.EmergencyKey(r.EmergencyID), sample); err != nil {
			return err
		}
		return s.Audit.Append(ctx, tx, audit.Entry{Account: c.AccountID, Post: rc.PostID, Action: "round.recheck", Object: "recheck", ObjectID: rc.ID})
	})
	return rc, err
}

// NewSeed is a fresh seed of a draw.
func NewSeed() string {
	b := make([]byte, 8)
	if _, err := rand.Read(b); err != nil {
		panic("round: the system gives no random bytes: " + err.Error())
	}
	return hex.EncodeToString(b)
}

// Rechecks lists the samples of a round, the latest first.
func (s *Service) Rechecks(ctx context.Context, c grid.Caller, round id.ID) ([]Recheck, error) {
	if err := c.Require("round.Rechecks", grid.RoundRecheck); err != nil {
		return nil, err
	}
	r, err := s.Round(ctx, c, round)
	if err != nil {
		return nil, err
	}
	list, err := selectRechecks(ctx, s.DB.Read(), r)
	if err != nil {
		return nil, err
	}
	var mine []Recheck
	for _, rc := range list {
		if ok, err := s.reachesSample(ctx, c, rc); err != nil {
			return nil, err
		} else if ok {
			mine = append(mine, rc)
		}
	}
	return mine, nil
}

// reachesSample reports whether the caller may recheck something where the
// sample was drawn.
func (s *Service) reachesSample(ctx context.Context, c grid.Caller, rc Recheck) (bool, error) {
	p, err := selectPlace(ctx, s.DB.Read(), c.District, rc.PlaceID)
	if err != nil {
		return false, err
	}
	return s.reaches(ctx, c, grid.RoundRecheck, p.Path)
}

// RecheckItems lists the targets of a sample in walking order, as far as the
// caller may recheck them.
func (s *Service) RecheckItems(ctx context.Context, c grid.Caller, recheck id.ID) (Recheck, []RecheckItem, error) {
	const op = "round.RecheckItems"
	if err := c.Require(op, grid.RoundRecheck); err != nil {
		return Recheck{}, nil, err
	}
	rc, err := selectRecheck(ctx, s.DB.Read(), c.District, recheck)
	if err != nil {
		return rc, nil, err
	}
	if ok, err := s.reachesSample(ctx, c, rc); err != nil {
		return Recheck{}, nil, err
	} else if !ok {
		return Recheck{}, nil, errs.E(op, errs.NotFound, "round.recheck_missing")
	}
	items, err := selectRecheckItems(ctx, s.DB.Read(), c, rc)
	if err != nil || len(items) == 0 {
		return rc, items, err
	}
	info, err := s.info(ctx, c.District, rc.RoundID)
	if err != nil {
		return rc, nil, err
	}
	lines := make([]Line, len(items))
	for i, it := range items {
		lines[i] = it.Line
	}
	if err := s.nameLines(ctx, c, info.round.TargetKind, lines); err != nil {
		return rc, nil, err
	}
	for i := range items {
		items[i].Line = lines[i]
	}
	return rc, items, nil
}

// RecheckAnswer is what was answered when asked again.
type RecheckAnswer struct {
	RecheckID id.ID             `json:"recheck_id"`
	ObjectID  id.ID             `json:"object_id"`
	Absent    bool              `json:"absent,omitempty" doc:"Nobody answered"`
	Answers   map[string]string `json:"answers,omitempty"`
	Note      string            `json:"note,omitempty" maxLength:"500"`
}

// AnswerRecheck records the second answer, compares it with the first and
// returns the outcome. The first answer stands until somebody marks anew.
func (s *Service) AnswerRecheck(ctx context.Context, c grid.Caller, in RecheckAnswer) (RecheckItem, error) {
	const op = "round.AnswerRecheck"
	rc, items, err := s.RecheckItems(ctx, c, in.RecheckID)
	if err != nil {
		return RecheckItem{}, err
	}
	var item *RecheckItem
	for i := range items {
		if items[i].ObjectID == in.ObjectID {
			item = &items[i]
		}
	}
	if item == nil {
		return RecheckItem{}, errs.E(op, errs.NotFound, "round.not_sampled")
	}
	if item.Outcome == outcomeSame || item.Outcome == outcomeDiffers {
		return RecheckItem{}, errs.E(op, errs.Conflict, "round.state_changed") // who saw what differs answers no more
	}
	info, err := s.info(ctx, c.District, rc.RoundID)
	if err != nil {
		return RecheckItem{}, err
	}
	once, _ := info.form.parts(info.round.PerMember)
	body := sealedMark{Note: in.Note}
	item.Outcome, item.Differs, item.AtMs = outcomeAbsent, nil, s.now()
	if !in.Absent {
		kept, faults := CheckAnswers(once, in.Answers, "answers.")
		if len(faults) > 0 {
			return RecheckItem{}, faultsOf(faults)
		}
		body.Answers = kept
		first, err := s.firstAnswers(ctx, c.District, item.markID)
		if err != nil {
			return RecheckItem{}, err
		}
		item.Outcome = outcomeSame
		if item.Differs = differences(once, first, kept); len(item.Differs) > 0 {
			item.Outcome = outcomeDiffers
		}
	}
	sealed, err := s.Keys.SealJSON(info.register, seal.AAD(info.register, "recheck_item/"+in.RecheckID.String(), in.ObjectID), body)
	if err != nil {
		return RecheckItem{}, err
	}
	return *item, s.DB.Write(ctx, op, func(tx *db.Tx) error {
		tx.Notify(topic(rc.RoundID))
		return saveRecheckItem(ctx, tx, c, rc.ID, *item, sealed)
	})
}

func (s *Service) firstAnswers(ctx context.Context, district int, mark id.ID) (map[string]string, error) {
	list, err := selectMarks(ctx, s.DB.Read(), district, []id.ID{mark})
	if err != nil || len(list) == 0 {
		return nil, err
	}
	body, err := s.open(list[0])
	return body.Answers, err
}
