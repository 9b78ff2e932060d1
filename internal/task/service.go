package task

import (
	"context"
	"log/slog"
	"sync"

	"wangge/internal/grid"
	"wangge/internal/ledger"
	"wangge/internal/platform/audit"
	"wangge/internal/platform/clock"
	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
	"wangge/internal/platform/seal"
	"wangge/internal/round"
)

// Deps are what a Service is made of.
type Deps struct {
	DB    *db.DB
	Clock clock.Clock
	Keys  *seal.Keyring
	Audit *audit.Log
	Log   *slog.Logger // nil: slog.Default
	Grid  *grid.Service
	// Ledger and Rounds hold the persons and rounds that tasks can be linked with;
	// nil: with none.
	Ledger *ledger.Service
	Rounds *round.Service
	// Names gives accounts' names, for the pages of who may see a task.
	Names func(ctx context.Context, ids []id.ID) (map[id.ID]string, error)
}

// Service is the task slice. It is safe for concurrent use.
type Service struct {
	Deps
	kinds  kindCache
	asides []Asides
	shifts func(ctx context.Context, c grid.Caller, line *grid.Line, nowMs int64) (Shifts, error) // see AskShifts; nil: rosters alone
}

// Aside is a line above the inbox: something besides tasks that is there for the
// caller in person.
type Aside struct {
	Text, Href string
	Waits      bool // for the caller to do something
}

// Asides finds such lines.
type Asides func(ctx context.Context, c grid.Caller) ([]Aside, error)

// AddAsides has lines of another slice stand above everybody's inbox. Call it
// before the pages are served.
func (s *Service) AddAsides(f Asides) { s.asides = append(s.asides, f) }

// New returns the service.
func New(d Deps) *Service {
	if d.Log == nil {
		d.Log = slog.Default()
	}
	s := &Service{Deps: d}
	go s.listen(d.DB.Listen(context.Background()))
	return s
}

func (s *Service) now() int64 { return clock.Ms(s.Clock.Now()) }

// Topics of news: of one task, and of what a post has before it.
const (
	topicTask  = "task:"
	topicPost  = "taskpost:"
	topicKinds = "task.kinds"
)

// tell says that a task changed, to those who look at it or at what it is a part
// of, and to the posts it is before.
func tell(tx *db.Tx, list ...Task) {
	for _, t := range list {
		for _, of := range []id.ID{t.ID, t.ParentID, t.RootID} {
			if of != id.Zero {
				tx.Notify(topicTask + of.String())
			}
		}
		for _, p := range []id.ID{t.PostID, t.IssuerPostID, t.AbovePostID, t.DoerPostID} {
			if p != id.Zero {
				tx.Notify(topicPost + p.String())
			}
		}
	}
}

// listen drops the kinds another process changed.
func (s *Service) listen(news <-chan string) {
	for topic := range news {
		if topic == topicKinds || topic == db.Everything {
			s.kinds.drop()
		}
	}
}

type kindCache struct {
	mu   sync.Mutex
	gen  int
	list map[int]Kinds
}

func (k *kindCache) drop() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.gen++
	k.list = nil
}

// Kinds returns the kinds of the caller's district, retired ones too.
func (s *Service) Kinds(ctx context.Context, c grid.Caller) (Kinds, error) {
	s.kinds.mu.Lock()
	list, gen := s.kinds.list[c.District], s.kinds.gen
	s.kinds.mu.Unlock()
	if list != nil {
		return list, nil
	}
	own, err := selectKinds(ctx, s.DB.Read(), c.District)
	if err != nil {
		return nil, errs.Wrap("task.Kinds", err)
	}
	list = withOwn(own)
	s.kinds.mu.Lock()
	defer s.kinds.mu.Unlock()
	if gen == s.kinds.gen {
		if s.kinds.list == nil {
			s.kinds.list = map[int]Kinds{}
		}
		s.kinds.list[c.District] = list
	}
	return list, nil
}

// content is what of a task lies sealed.
type content struct {
	Title    string    `json:"title,omitempty"`
	Text     string    `json:"text,omitempty"`
	Note     string    `json:"note,omitempty"`
	Question *Question `json:"question,omitempty"`
	Fact     string    `json:"fact,omitempty"`
	Says     *Says     `json:"says,omitempty"`
}

func (s *Service) sealContent(register string, task id.ID, c content) ([]byte, error) {
	return s.Keys.SealJSON(register, seal.AAD(register, "task", task), c)
}

// open reads what lies sealed of tasks, for a reader in a language. Where a key
// is gone (the emergency has ended), the text stays empty.
func (s *Service) open(lang string, list []row) ([]Task, error) {
	out := make([]Task, len(list))
	shared := map[id.ID]content{}
	for i, r := range list {
		t := r.Task
		from := t.ID
		if t.textID != id.Zero {
			from = t.textID
		}
		c, ok := shared[from]
		if !ok && len(r.shown) > 0 { // one that stands for a record has no words of its own
			if err := s.Keys.OpenJSON(t.register, seal.AAD(t.register, "task", from), r.shown, &c); err != nil && !seal.IsDestroyed(err) {
				return nil, err
			}
			if t.textID != id.Zero {
				shared[from] = c
			}
		}
		t.Title, t.Text, t.Question, t.Note, t.Fact = c.Title, c.Text, c.Question, c.Note, c.Fact
		if c.Says != nil {
			t.Title, t.Text = c.Says.Title.In(lang), c.Says.Text.In(lang)
		}
		if t.textID != id.Zero && len(r.sealed) > 0 {
			var own content
			if err := s.Keys.OpenJSON(t.register, seal.AAD(t.register, "task", t.ID), r.sealed, &own); err != nil && !seal.IsDestroyed(err) {
				return nil, err
			}
			t.Note = own.Note
		}
		if len(r.answer) > 0 {
			b, err := s.Keys.Open(t.register, seal.AAD(t.register, "task_answer", t.ID), r.answer)
			if err != nil && !seal.IsDestroyed(err) {
				return nil, err
			}
			t.Answer = string(b)
		}
		out[i] = t
	}
	return out, nil
}

// eventAAD names a line of a task's history.
func eventAAD(register string, task id.ID, seq int) string {
	return seal.AAD(register, "task_event", task) + "/" + id.ID(seq).String()
}

func (s *Service) sealNote(register string, task id.ID, seq int, note string) ([]byte, error) {
	if note == "" {
		return []byte{}, nil
	}
	return s.Keys.Seal(register, eventAAD(register, task, seq), []byte(note))
}

// postsOf are the posts a caller holds now, each once.
func postsOf(c grid.Caller) []id.ID {
	var out []id.ID
	seen := map[id.ID]bool{}
	for _, g := range c.Grants {
		if !seen[g.PostID] && g.Role.May(grid.TaskDo) {
			seen[g.PostID] = true
			out = append(out, g.PostID)
		}
	}
	return out
}
