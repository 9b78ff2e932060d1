package round

import (
	"context"
	"log/slog"
	"sync"

	"wangge/internal/platform/audit"
	"wangge/internal/platform/clock"
	"wangge/internal/platform/db"
	"wangge/internal/platform/id"
	"wangge/internal/platform/jobs"
	"wangge/internal/platform/seal"
)

// Deps are what a Service is made of.
type Deps struct {
	DB    *db.DB
	Clock clock.Clock
	Keys  *seal.Keyring
	Audit *audit.Log
	Log   *slog.Logger // nil: slog.Default
	// Alone runs fn unless another process is at the same work; ok tells whether it
	// ran (jobs.Seats.Alone). nil: seats of its own.
	Alone func(ctx context.Context, work string, fn func(ctx context.Context) error) (ok bool, err error)
	// Background runs fn apart from the request (opening a round); nil: a
	// goroutine of its own. What is cut short is resumed by ResumeOpenings.
	Background func(name string, fn func(ctx context.Context))
}

// Service is the round slice: emergencies, forms, rounds, marks, coverage.
// It is safe for concurrent use.
type Service struct {
	Deps
	marks  *db.Batcher[*markItem]
	cover  coverCache
	where  whereabouts
	posted handsCache
	infos  infoCache
	parts  []Section
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
	if d.Alone == nil {
		d.Alone = jobs.NewSeats(d.DB, 0, d.Log, jobs.SeatTime).Alone
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

// infoCache remembers rounds that are open or closed, with their forms.
type infoCache struct {
	mu   sync.Mutex
	gen  uint64 // moves with every forgetting
	list map[id.ID]*roundInfo
}

// get returns a round that is remembered; else gen is what put needs.
func (k *infoCache) get(round id.ID) (in *roundInfo, gen uint64) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.list[round], k.gen
}

// put remembers a round read since gen; not where something was forgotten
// meanwhile, since the reading may be older than that.
func (k *infoCache) put(gen uint64, in *roundInfo) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if gen != k.gen {
		return
	}
	if k.list == nil {
		k.list = map[id.ID]*roundInfo{}
	}
	k.list[in.round.ID] = in
}

// forget drops a round.
func (k *infoCache) forget(round id.ID) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.gen++
	delete(k.list, round)
}

// forgetAll drops all rounds.
func (k *infoCache) forgetAll() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.gen++
	clear(k.list)
}

// info returns the round with its form, from memory once it is open.
func (s *Service) info(ctx context.Context, district int, round id.ID) (*roundInfo, error) {
	in, gen := s.infos.get(round)
	if in != nil && in.round.district == district {
		return in, nil
	}
	in, err := s.loadInfo(ctx, s.DB.Read(), district, round)
	if err != nil {
		return nil, err
	}
	if in.round.State == Open || in.round.State == Closed {
		s.infos.put(gen, in)
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
