package ledger

import (
	"context"
	"runtime"
	"sync"

	"wangge/internal/grid"
	"wangge/internal/platform/audit"
	"wangge/internal/platform/clock"
	"wangge/internal/platform/db"
	"wangge/internal/platform/id"
	"wangge/internal/platform/seal"
	"wangge/internal/platform/web"
)

// Listener hears of changes of households and persons inside the transaction
// that makes them; its error fails the change. A bulk load tells its changes
// in pieces of a few thousand.
type Listener func(ctx context.Context, tx *db.Tx, changes []Change) error

// Deps are the parts a ledger is made of.
type Deps struct {
	DB *db.DB
	// District is the one whose households correct what is recorded by a code,
	// without a log-in.
	District int
	Keys     *seal.Keyring
	Audit    *audit.Log
	Clock    clock.Clock
	// Names gives the names of accounts, for the authors in a person's file; nil
	// (tests, tools) shows them by number.
	Names func(ctx context.Context, accounts []id.ID) (map[id.ID]string, error)
	// Places finds places, grids and posts for the search; nil (tools) finds none.
	Places Places
}

// Places is what the ledger's search asks of the grid.
type Places interface {
	Find(ctx context.Context, c grid.Caller, text string, below id.ID) (grid.Hits, error)
}

// Service is the ledger of one installation. It is safe for concurrent use.
type Service struct {
	db        *db.DB
	district  int
	keys      *seal.Keyring
	audit     *audit.Log
	clk       clock.Clock
	names     func(ctx context.Context, accounts []id.ID) (map[id.ID]string, error)
	places    Places
	listeners []Listener
	sections  []PersonSection
	people    population
	facets    facetCache
	told      Answered  // nil: no rounds
	fixes     web.Guard // wrong codes of households' corrections
	doors     doorIndex
	laters    sync.Map // *Later → true: who holds hashes back now
}

// New returns the ledger over its parts.
func New(d Deps) *Service {
	s := &Service{db: d.DB, district: d.District, keys: d.Keys, audit: d.Audit, clk: d.Clock, names: d.Names, places: d.Places}
	go s.follow(d.DB.Listen(context.Background()))
	return s
}

// OnHousehold adds a listener. All listeners are added before the first change.
func (s *Service) OnHousehold(fn Listener) { s.listeners = append(s.listeners, fn) }

// Answered tells of the doors below a path that rounds asked a question lately:
// whether all who were asked there gave the answer. Doors that were not asked
// are not in it.
type Answered func(ctx context.Context, c grid.Caller, path, question, answer string) (map[id.ID]bool, error)

// AskRounds sets from where facets learn what the ledger cannot know. It is set
// before the first question of completeness.
func (s *Service) AskRounds(fn Answered) { s.told = fn }

// Tell hands changes to the listeners within tx. The importer uses it too.
func (s *Service) Tell(ctx context.Context, tx *db.Tx, changes []Change) error {
	if len(changes) == 0 {
		return nil
	}
	tx.OnCommit(s.people.forget)
	tx.Notify(topicPeople)
	if err := s.elsewhereNews(ctx, tx, changes); err != nil {
		return err
	}
	for _, fn := range s.listeners {
		if err := fn(ctx, tx, changes); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) nowMs() int64 { return clock.Ms(s.clk.Now()) }

// Tables as they stand in the AAD of sealed blobs.
const (
	tableHousehold = "household"
	tablePerson    = "person"
	tableEvent     = "person_event"
	tableCare      = "care_item"
	tableRisk      = "risk_item"
)

func (s *Service) sealPerson(p *Person) ([]byte, error) {
	var buf [512]byte
	return s.keys.Seal(p.Register, seal.AAD(p.Register, tablePerson, p.ID), appendPerson(buf[:0], p))
}

func (s *Service) sealHousehold(h *Household) ([]byte, error) {
	var buf [256]byte
	return s.keys.Seal(h.Register, seal.AAD(h.Register, tableHousehold, h.ID), appendHousehold(buf[:0], h))
}

func (s *Service) openPerson(p *Person, blob []byte) error {
	plain, err := s.keys.Open(p.Register, seal.AAD(p.Register, tablePerson, p.ID), blob)
	if err != nil {
		return err
	}
	return decodePerson(plain, p)
}

func (s *Service) openHousehold(h *Household, blob []byte) error {
	plain, err := s.keys.Open(h.Register, seal.AAD(h.Register, tableHousehold, h.ID), blob)
	if err != nil {
		return err
	}
	return decodeHousehold(plain, h)
}

// The kinds of keyed hashes of a person.
const (
	keyName   = "name"
	keyPhone  = "phone"
	keyPhone4 = "phone4"
	keyIDNo   = "idno"
)

// personKey is one row of person_key.
type personKey struct {
	kind string
	hash []byte
}

// keysOf returns the hashes by which the person is found, each once.
func (s *Service) keysOf(p *Person) []personKey {
	out := make([]personKey, 0, 5)
	add := func(kind, value string) {
		h := s.keys.Hash(p.Register, kind, value)
		if h == nil {
			return
		}
		for _, k := range out {
			if string(k.hash) == string(h) {
				return
			}
		}
		out = append(out, personKey{kind, h})
	}
	add(keyName, seal.NormName(p.Name))
	for _, ph := range p.Phones {
		add(keyPhone, seal.NormPhone(ph))
		add(keyPhone4, seal.LastFour(ph))
	}
	add(keyPhone, seal.NormPhone(p.Landline))
	add(keyIDNo, seal.NormIDNo(p.IDNo))
	add(keyIDNo, seal.NormIDNo(p.Passport))
	return out
}

// parallel calls fn for parts of 0..n on every core and returns the first error.
func parallel(n int, fn func(lo, hi int) error) error {
	workers := min(runtime.GOMAXPROCS(0), max(1, n/64))
	if workers == 1 {
		return fn(0, n)
	}
	var wg sync.WaitGroup
	errsOf := make([]error, workers)
	for w := range workers {
		wg.Go(func() { errsOf[w] = fn(n*w/workers, n*(w+1)/workers) })
	}
	wg.Wait()
	for _, err := range errsOf {
		if err != nil {
			return err
		}
	}
	return nil
}

// doorCols names the columns of the joined door place in scoped queries.
var doorCols = grid.Columns{Path: "d.path", Grid: "d.grid_id", Door: "d.id"}

func orNew(v id.ID) id.ID {
	if v == id.Zero {
		return id.New()
	}
	return v
}

// registers lists the registers whose hashes a search asks under: the standing
// one. Emergency registers refer to its records by id.
func (s *Service) registers() []string { return []string{seal.Standing} }
