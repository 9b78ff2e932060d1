// Package account knows who may log in: accounts, passwords, sessions, one-time
// codes, tokens of programs, and what was answered to a repeated submission.
//
// What it guarantees: name, phone and log-in name of an account are sealed and
// found only by keyed hash; passwords are kept as argon2id over a keyed hash, so
// a copied database alone cannot even be guessed at; sessions, tokens and codes
// are kept as hashes; ending one takes effect with the next request. There is
// never a session of somebody who must still choose a password.
//
// What an account may do is not decided here: posts and grants are grid's, told
// through Authorizer.
package account

import (
	"context"
	"log/slog"

	"wangge/internal/platform/audit"
	"wangge/internal/platform/clock"
	"wangge/internal/platform/db"
	"wangge/internal/platform/id"
	"wangge/internal/platform/seal"
)

// State says whether an account may log in.
type State string

// The states of an account.
const (
	Active State = "active"
	Locked State = "locked" // by an administrator, until unlocked
)

// Account is a person who may log in. Login, Name and Phone are personal fields:
// they are sealed in the database and never logged.
type Account struct {
	ID          id.ID
	Login       string
	Name        string
	Phone       string
	Lang        string // "zh" or "en"
	State       State
	MustChange  bool  // the password was printed or given by another and must be changed
	Worker      bool  // sessions last 14 days on a device instead of 12 hours
	HasPassword bool  // false until the first code was used
	LockedUntil int64 // UTC milliseconds; after failed log-ins
	Created     int64 // UTC milliseconds
	MadeBy      id.ID // who made the account; Zero: the installation
	Home        id.ID // the area it was made for; Zero: the district
}

// Post is what an account's page and its tokens need to know of a post.
type Post struct {
	ID    id.ID
	Title string
	Where string // the place or grid it is over; only from PostsShown
	Until int64  // UTC milliseconds; 0: open. Only from PostsShown
}

// Subject is an account as whoever decides about it must know it.
type Subject struct{ ID, MadeBy, Home id.ID }

// Authorizer is what this package needs to know of posts and grants.
type Authorizer interface {
	// MayManageAccounts reports whether the caller in ctx administers accounts at all.
	MayManageAccounts(ctx context.Context) bool
	// Manageable returns which of the accounts the caller in ctx administers: those
	// whose every post lies within a post of the caller that manages accounts; of
	// those without a post the ones the caller made or whose home lies within it.
	Manageable(ctx context.Context, accounts []Subject) (map[id.ID]bool, error)
	// HomeFor returns the area that accounts made by the caller in ctx are for:
	// that of the first post that manages accounts; Zero for the installation.
	HomeFor(ctx context.Context) id.ID
	// PostsOf returns the posts the account holds now, the first one being the one shown.
	PostsOf(ctx context.Context, account id.ID) ([]Post, error)
	// MustSecond reports whether the settings ask a second step of the account's posts.
	MustSecond(ctx context.Context, account id.ID) (bool, error)
	// PostsShown is PostsOf with what a page tells of each.
	PostsShown(ctx context.Context, account id.ID) ([]Post, error)
}

// Options are what a Service is made of. All but First, Log and Auth are needed.
type Options struct {
	District int
	DB       *db.DB
	Keys     *seal.Keyring // holds the standing key
	Clock    clock.Clock   // the machine's clock, not the demo's fast one: sessions end by it
	Audit    *audit.Log
	Auth     Authorizer // nil: nobody administers, nobody holds a post
	// First is called in the transaction that makes the first account through the
	// set-up link, to give it the district's duty post. May be nil.
	First func(ctx context.Context, tx *db.Tx, account id.ID) error
	Log   *slog.Logger // nil: slog.Default
}

// Service keeps the accounts of a district.
type Service struct {
	district int
	d        *db.DB
	keys     *seal.Keyring
	clk      clock.Clock
	audit    *audit.Log
	auth     Authorizer
	first    func(ctx context.Context, tx *db.Tx, account id.ID) error
	log      *slog.Logger
	queue    *queue
	desk     *desk
	known    *known
}

// New returns the service. Its keyring must hold the standing key.
func New(o Options) *Service {
	s := &Service{
		district: o.District, d: o.DB, keys: o.Keys, clk: o.Clock, audit: o.Audit, auth: o.Auth, first: o.First,
		log: o.Log, queue: newQueue(hashSlots()), desk: newDesk(o.Clock),
		known: newKnown(0),
	}
	if o.DB.Engine() == db.Postgres { // there may be other processes
		s.known.keep = knownFor
	}
	if s.log == nil {
		s.log = slog.Default()
	}
	if s.auth == nil {
		s.auth = nobody{}
	}
	return s
}

// nobody is the Authorizer of an installation without posts.
type nobody struct{}

// MayManageAccounts is false.
func (nobody) MayManageAccounts(context.Context) bool { return false }

// Manageable is none.
func (nobody) Manageable(context.Context, []Subject) (map[id.ID]bool, error) { return nil, nil }

// HomeFor is the district.
func (nobody) HomeFor(context.Context) id.ID { return id.Zero }

// PostsOf is none.
func (nobody) PostsOf(context.Context, id.ID) ([]Post, error) { return nil, nil }

// MustSecond is false.
func (nobody) MustSecond(context.Context, id.ID) (bool, error) { return false, nil }

// PostsShown is none.
func (nobody) PostsShown(context.Context, id.ID) ([]Post, error) { return nil, nil }

func (s *Service) now() int64 { return clock.Ms(s.clk.Now()) }

// personal is what is sealed of an account.
type personal struct {
	Login string `json:"login"`
	Name  string `json:"name"`
	Phone string `json:"phone,omitempty"`
}

func accountAAD(account id.ID) string { return seal.AAD(seal.Standing, "account", account) }

func (s *Service) loginHash(login string) []byte {
	return s.keys.Hash(seal.Standing, "login", normLogin(login))
}

// phoneHash returns an empty hash, never nil, where there is no phone.
func (s *Service) phoneHash(phone string) []byte {
	return append([]byte{}, s.keys.Hash(seal.Standing, "account.phone", seal.NormPhone(phone))...)
}
