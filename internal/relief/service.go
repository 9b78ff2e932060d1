package relief

import (
	"context"
	"log/slog"
	"math"
	"sync"
	"sync/atomic"

	"wangge/internal/grid"
	"wangge/internal/platform/audit"
	"wangge/internal/platform/clock"
	"wangge/internal/platform/db"
	"wangge/internal/platform/id"
	"wangge/internal/platform/seal"
	"wangge/internal/task"
)

// Deps are what a Service is made of.
type Deps struct {
	DB    *db.DB
	Clock clock.Clock
	Keys  *seal.Keyring
	Audit *audit.Log
	Log   *slog.Logger // nil: slog.Default
	Grid  *grid.Service
	Tasks *task.Service
	// Names gives accounts' names.
	Names func(ctx context.Context, ids []id.ID) (map[id.ID]string, error)
}

// Service keeps the changes of shift. It is safe for concurrent use.
type Service struct {
	Deps
	since  atomic.Int64 // since when changes are signed; 0: not read yet
	minded mindedCache
}

// New returns the service, and has tasks ask it who is told, and say above
// inboxes what there is to sign.
func New(d Deps) *Service {
	if d.Log == nil {
		d.Log = slog.Default()
	}
	s := &Service{Deps: d}
	d.Tasks.AskShifts(s.Shifts)
	d.Tasks.AddAsides(s.Asides)
	go s.listen(d.DB.Listen(context.Background()))
	return s
}

func (s *Service) now() int64 { return clock.Ms(s.Clock.Now()) }

// Topics of news: that somebody signed, and of what is before a post.
const (
	topicSigned = "relief"
	topicPost   = "taskpost:"
)

// listen drops what was worked out from signatures when another process signs.
func (s *Service) listen(news <-chan string) {
	for topic := range news {
		if topic == topicSigned || topic == db.Everything {
			s.minded.drop()
		}
	}
}

// tell says within a transaction that posts have other tasks before them.
func (s *Service) tell(tx *db.Tx, posts ...id.ID) {
	tx.OnCommit(s.minded.drop)
	tx.Notify(topicSigned)
	for _, p := range posts {
		if p != id.Zero {
			tx.Notify(topicPost + p.String())
		}
	}
}

// sinceMs is since when changes of shift are signed: the first sweep. Rosters
// that are older than that change nothing by themselves.
func (s *Service) sinceMs(ctx context.Context, q db.Queryer, district int) (int64, error) {
	if v := s.since.Load(); v != 0 {
		return v, nil
	}
	since, _, err := selectSwept(ctx, q, district)
	if err == nil && since != math.MaxInt64 {
		s.since.Store(since)
	}
	return since, err
}

// books reads the signatures of posts as they are needed; err is the first that
// went wrong.
type books struct {
	ctx      context.Context
	q        db.Queryer
	district int
	line     *grid.Line
	since    int64
	from     int64
	have     map[id.ID]book
	err      error
}

func (s *Service) books(ctx context.Context, q db.Queryer, c grid.Caller, line *grid.Line, now int64) (*books, error) {
	since, err := s.sinceMs(ctx, q, c.District)
	return &books{ctx: ctx, q: q, district: c.District, line: line, since: since, from: now - backMs - dayMs, have: map[id.ID]book{}}, err
}

// of is the book of a post.
func (b *books) of(post id.ID) book {
	if have, ok := b.have[post]; ok {
		return have
	}
	out := book{since: b.since}
	if p := b.line.Post(post); p != nil && p.HasRoster() && b.err == nil {
		var list []Record
		list, b.err = selectOf(b.ctx, b.q, b.district, []id.ID{post}, b.from)
		out = bookOf(list, b.since)
	}
	b.have[post] = out
	return out
}

func bookOf(list []Record, since int64) book {
	out := book{since, make(map[int64]signed, len(list))}
	for _, r := range list {
		if r.InMs != 0 {
			out.in[r.EndMs] = signed{r.InMs, r.InID}
		}
	}
	return out
}

// mindedCache keeps, until somebody signs, which posts' open tasks are before
// another post since nobody of theirs has the shift.
type mindedCache struct {
	mu          sync.Mutex
	gen         int
	line        *grid.Line
	from, until int64
	by          map[id.ID][]id.ID
}

func (m *mindedCache) drop() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.gen++
	m.line = nil
}

// mindedMs is for how long what posts mind is kept, so that a term that ends by
// the clock is seen.
const mindedMs = minuteMs

// mindedBy lists for posts of the line the rostered posts below whose open tasks
// are before them at an instant.
func (s *Service) mindedBy(ctx context.Context, c grid.Caller, line *grid.Line, now int64) (map[id.ID][]id.ID, error) {
	m := &s.minded
	m.mu.Lock()
	gen, by := m.gen, m.by
	ok := m.line == line && m.from <= now && now < m.until
	m.mu.Unlock()
	if ok {
		return by, nil
	}
	since, err := s.sinceMs(ctx, s.DB.Read(), c.District)
	if err != nil {
		return nil, err
	}
	all, err := selectSigned(ctx, s.DB.Read(), c.District, now-backMs-dayMs)
	if err != nil {
		return nil, err
	}
	by, until := mindedAt(line, now, func(p id.ID) book { return book{since, all[p]} })
	m.mu.Lock()
	defer m.mu.Unlock()
	if gen == m.gen {
		m.line, m.from, m.until, m.by = line, now, min(until, now+mindedMs), by
	}
	return by, nil
}

// mindedAt works out which posts mind which at an instant, and until when that
// stays so.
func mindedAt(line *grid.Line, now int64, books func(id.ID) book) (by map[id.ID][]id.ID, until int64) {
	by, until = map[id.ID][]id.ID{}, math.MaxInt64
	for _, p := range line.Rostered() {
		if len(p.Holders(now)) == 0 || !p.Rostered(now) {
			continue
		}
		st := stand(p, now, books(p.ID))
		until = min(until, st.UntilMs)
		if len(st.Accounts) > 0 {
			continue
		}
		if at, _ := before(line, p.ID, now, books); at != p.ID {
			by[at] = append(by[at], p.ID)
		}
	}
	return by, until
}
