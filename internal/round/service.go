package round

import (
	"context"
	"log/slog"
	"sync"

	"wangge/internal/platform/audit"
	"wangge/internal/platform/clock"
	"wangge/internal/platform/db"
	"wangge/internal/platform/id"
	"wangge/internal/platform/seal"
)

// Deps are what a Service is made of.
type Deps struct {
	DB    *db.DB
	Clock clock.Clock
	Keys  *seal.Keyring
	Audit *audit.Log
	Log   *slog.Logger // nil: slog.Default
	// Background runs fn apart from the request (opening a round); nil: a
	// goroutine of its own. What is cut short is resumed by ResumeOpenings.
	Background func(name string, fn func(ctx context.Context))
}

// Service is the round slice: emergencies, forms, rounds, marks, coverage.
// It is safe for concurrent use.
type Service struct {
	Deps
	marks   *db.Batcher[*markItem]
	cover   coverCache
	where   whereabouts
	posted  handsCache
	infos   sync.Map // round id → *roundInfo of rounds that are open or closed
	opening sync.Map // round id → running in this process
}

// New returns the service and starts its batcher, which ends with the database.
func New(d Deps) *Service {
	if d.Log == nil {
		d.Log = slog.Default()
	}
	if d.Clock == nil {
		d.Clock = clock.Real()
	}
	if d.Background == nil {
		d.Background = func(_ string, fn func(ctx context.Context)) { go fn(context.Background()) }
	}
	s := &Service{Deps: d}
	s.cover.init()
	s.marks = db.NewBatcher(d.DB, db.BatchOptions{Op: "round.Mark", MaxItems: 1000, OwnLocks: true}, s.markBatch)
	go s.listen(d.DB.Listen(context.Background()))
	return s
}

func (s *Service) now() int64 { return clock.Ms(s.Clock.Now()) }

// topic names a round to those who watch it.
func topic(round id.ID) string { return "round:" + round.String() }

// roundInfo is what marking needs to know of a round and what never changes
// once it is open.
type roundInfo struct {
	round    Round
	form     Form
	register string
}

// info returns the round with its form, from memory once it is open.
func (s *Service) info(ctx context.Context, district int, round id.ID) (*roundInfo, error) {
	if v, ok := s.infos.Load(round); ok {
		if in := v.(*roundInfo); in.round.district == district {
			return in, nil
		}
	}
	in, err := s.loadInfo(ctx, s.DB.Read(), district, round)
	if err != nil {
		return nil, err
	}
	if in.round.State == Open || in.round.State == Closed {
		s.infos.Store(round, in)
	}
	return in, nil
}

func (s *Service) loadInfo(ctx context.Context, q db.Queryer, district int, round id.ID) (*roundInfo, error) {
	r, err := selectRound(ctx, q, district, round)
	if err != nil {
		return nil, err
	}
	f, err := selectForm(ctx, q, district, r.FormID)
	if err != nil {
		return nil, err
	}
	return &roundInfo{round: r, form: f, register: seal.EmergencyKey(r.EmergencyID)}, nil
}
