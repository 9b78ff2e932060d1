package grid

import (
	"context"
	"sync/atomic"

	"wangge/internal/platform/clock"
	"wangge/internal/platform/db"
	"wangge/internal/platform/id"
)

// Topics of news between processes: TopicPlaces says that places were added,
// changed or closed.
const (
	TopicPlaces = "grid.places"
	topicGrants = "grid.grants"
)

// Account is what the pages of posts show of an account.
type Account struct {
	ID   id.ID  `json:"id"`
	Name string `json:"name"`
}

// Accounts is what grid needs to know of accounts; the app gives it.
type Accounts interface {
	// AccountNames returns the names of the accounts, for pages of those who manage posts.
	AccountNames(ctx context.Context, district int, ids []id.ID) (map[id.ID]string, error)
	// FindAccount finds the account with exactly this log-in name or phone; NotFound where there is none.
	FindAccount(ctx context.Context, district int, login string) (Account, error)
}

// Note is one entry for the audit: ids and keys only.
type Note struct {
	Caller   Caller
	Perm     Permission // the permission used; it tells the post spoken for
	Action   string
	Object   string
	ObjectID id.ID
	Detail   string
}

// Auditor writes a note in the transaction of the change it tells of.
type Auditor func(ctx context.Context, tx *db.Tx, n Note) error

// Move is one place whose lowest grid changed in a re-drawing.
type Move struct {
	PlaceID  id.ID
	ParentID id.ID
	Kind     Kind
	From, To id.ID // lowest grids; Zero is none
	path     string
}

// RegridHook moves what is counted by grid (rounds' targets and counters) in
// the transaction that re-draws.
type RegridHook func(ctx context.Context, tx *db.Tx, c Caller, moves []Move) error

// Service is the grid slice: places, grids, posts, bindings, vacancies.
type Service struct {
	d        *db.DB
	clk      clock.Clock
	audit    Auditor
	accounts Accounts
	regrid   []RegridHook
	merged   []MergeHook
	workload Workload
	sections []AreaSection
	states   DoorStates

	placesVersion atomic.Int64
	grantsVersion atomic.Int64
	grants        grantCache
	index         indexCache
	marks         landmarkCache
	vacant        vacancyCache
	line          lineCache
}

// New returns the service over an open database. audit and accounts may be
// nil: then nothing is audited and accounts show by number (tests, tools).
func New(d *db.DB, clk clock.Clock, audit Auditor, accounts Accounts) *Service {
	s := &Service{d: d, clk: clk, audit: audit, accounts: accounts}
	go s.follow(d.Listen(context.Background()))
	return s
}

// follow drops caches when another process changed what they hold; it ends
// when the database closes.
func (s *Service) follow(news <-chan string) {
	for topic := range news {
		if topic == TopicPlaces || topic == db.Everything {
			s.placesVersion.Add(1)
		}
		if topic == topicGrants || topic == db.Everything {
			s.grantsVersion.Add(1)
		}
	}
}

// placesChanged tells this and other processes that places and grids changed.
func (s *Service) placesChanged(tx *db.Tx) {
	tx.OnCommit(func() { s.placesVersion.Add(1) })
	tx.Notify(TopicPlaces)
}

// grantsChanged tells that posts, holders, teams or bindings changed.
func (s *Service) grantsChanged(tx *db.Tx) {
	tx.OnCommit(func() { s.grantsVersion.Add(1) })
	tx.Notify(topicGrants)
}

// OnRegrid adds a hook; call it before serving.
func (s *Service) OnRegrid(h RegridHook) { s.regrid = append(s.regrid, h) }

// SetAccounts gives the service its view of accounts; call it before serving.
func (s *Service) SetAccounts(a Accounts) { s.accounts = a }

// DB returns the database the service works on.
func (s *Service) DB() *db.DB { return s.d }

func (s *Service) nowMs() int64 { return clock.Ms(s.clk.Now()) }

// note writes an audit entry in the transaction; p is the permission used and
// tells the post spoken for.
func (s *Service) note(ctx context.Context, tx *db.Tx, c Caller, p Permission, action, object string, on id.ID, detail string) error {
	if s.audit == nil {
		return nil
	}
	return s.audit(ctx, tx, Note{Caller: c, Perm: p, Action: action, Object: object, ObjectID: on, Detail: detail})
}
