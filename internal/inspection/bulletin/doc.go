// Package bulletin keeps bulletins: work bulletins (工作通报) and discipline
// bulletins (纪律通报), two series with rights and numbers of their own.
//
// A bulletin is a list of entries: praise, criticism or an interview (表扬、批评、
// 约谈) in an area, with its words. Its figures are the sums of its entries, in
// walking order; nothing is ranked or scored.
//
// What it guarantees: an entry that names a person was shown to that person in
// the very words that are published, and the person replied or had the time to
// reply that the rule gives, counted from the instant the words reached them; the
// reply stands beneath, unaltered. Who publishes wrote nothing of it, neither
// title, text nor an entry, did not show it and is not named. Words, names and
// replies lie sealed; which account an entry names is a keyed hash.
//
// What it does not: title and text are about the matter, and nothing but the form
// that asks for it and the eyes of who publishes keeps names out of them. Who is
// named is not shown them, and another title or text asks for no other reply.
package bulletin

import (
	"context"
	"slices"

	"wangge/internal/grid"
	"wangge/internal/inspection"
	"wangge/internal/platform/audit"
	"wangge/internal/platform/clock"
	"wangge/internal/platform/db"
	"wangge/internal/platform/id"
	"wangge/internal/platform/seal"
)

// Kind is a series of bulletins.
type Kind string

// The kinds.
const (
	Work       Kind = "work"
	Discipline Kind = "discipline"
)

// Kinds lists the series in the order pages show them.
var Kinds = []Kind{Work, Discipline}

// State is where a bulletin stands.
type State string

// The states.
const (
	Draft     State = "draft"     // being written
	Shown     State = "shown"     // fixed, before those it names
	Published State = "published" // numbered, before all who may read it
	Withdrawn State = "withdrawn"
)

// States lists the states in their order.
var States = []State{Draft, Shown, Published, Withdrawn}

// Act is what an entry says.
type Act string

// The acts.
const (
	Praise    Act = "praise"
	Criticism Act = "criticism"
	Interview Act = "interview"
)

// Acts lists the acts in the order pages show them.
var Acts = []Act{Praise, Criticism, Interview}

// How is the way by which an entry reached who it names.
type How string

// The ways. Opened is noted by the page itself, the others by who told them.
const (
	Opened   How = "opened"
	OnPaper  How = "paper"
	ByPhone  How = "phone"
	InPerson How = "person"
)

// Ways are those that somebody notes.
var Ways = []How{OnPaper, ByPhone, InPerson}

// Bulletin is a bulletin without its entries. Times are UTC milliseconds, 0 for
// not yet.
type Bulletin struct {
	ID          id.ID       `json:"id"`
	Kind        Kind        `json:"kind" enum:"work,discipline"`
	State       State       `json:"state" enum:"draft,shown,published,withdrawn"`
	AreaID      id.ID       `json:"area_id"`
	Area        string      `json:"area" doc:"The area in words"`
	PostID      id.ID       `json:"post_id" doc:"Issues it"`
	Body        string      `json:"body" doc:"The issuing post in words"`
	Year        int         `json:"year,omitempty"`
	Number      int         `json:"number,omitempty" doc:"Within area, kind and year, from publication on"`
	Title       string      `json:"title,omitempty"`
	Text        string      `json:"text,omitempty"`
	Reason      string      `json:"reason,omitempty" doc:"Why it was withdrawn"`
	Version     int         `json:"version" doc:"Give it back with a change to be told when somebody was quicker"`
	Sums        map[Act]int `json:"sums" doc:"Of its entries"`
	CreatedMs   int64       `json:"created_ms"`
	ShownMs     int64       `json:"shown_ms,omitempty"`
	PublishedMs int64       `json:"published_ms,omitempty"`
	WithdrawnMs int64       `json:"withdrawn_ms,omitempty"`
	path        string
	writer      id.ID   // began it
	writers     []id.ID // wrote title, text or an entry since
	shownBy     id.ID
	publishedBy id.ID
	sealed      []byte
	sums        [3]int // in the order of Acts
}

// Entry is one thing a bulletin says.
type Entry struct {
	ID         id.ID  `json:"id"`
	BulletinID id.ID  `json:"bulletin_id"`
	PlaceID    id.ID  `json:"place_id" doc:"The area it is about"`
	Where      string `json:"where"`
	OrgKind    string `json:"org_kind,omitempty" doc:"Kind of the organisation it is about"`
	Act        Act    `json:"act" enum:"praise,criticism,interview"`
	N          int    `json:"n" doc:"How often; 1 where somebody is named"`
	Words      string `json:"words,omitempty"`
	Name       string `json:"name,omitempty" doc:"Whom it names; empty: nobody"`
	PostID     id.ID  `json:"post_id" doc:"The post of who is named"`
	Post       string `json:"post,omitempty"`
	ItemID     id.ID  `json:"visit_item_id" doc:"The inspected item it was taken from; 0: none"`
	VisitSeq   int    `json:"visit_seq,omitempty"`
	ReachedMs  int64  `json:"reached_ms,omitempty" doc:"When these words reached who is named"`
	How        How    `json:"how,omitempty" enum:",opened,paper,phone,person"`
	UntilMs    int64  `json:"until_ms,omitempty" doc:"Till when a reply is possible"`
	RepliedMs  int64  `json:"replied_ms,omitempty"`
	Reply      string `json:"reply,omitempty"`
	Taken      bool   `json:"reply_taken_down,omitempty" doc:"The reply came on paper or by phone"`
	account    id.ID
	version    int
	shownAs    int // the wording last shown
	removed    bool
	path       string
	who        []byte
	sealed     []byte
}

// Named reports whether the entry names somebody.
func (e Entry) Named() bool { return len(e.who) > 0 }

// Settled reports whether the entry lets its bulletin be published at an
// instant: it names nobody, or these words reached who is named and they replied
// or had their time.
func (e Entry) Settled(nowMs int64) bool {
	return !e.Named() || e.shownAs == e.version && e.ReachedMs != 0 && (e.RepliedMs != 0 || e.UntilMs <= nowMs)
}

// wrote reports whether an account wrote anything of it, or showed it.
func (b Bulletin) wrote(account id.ID) bool {
	return account == b.writer || account == b.shownBy || slices.Contains(b.writers, account)
}

// headWords is what of a bulletin lies sealed.
type headWords struct {
	Title  string `json:"title"`
	Text   string `json:"text,omitempty"`
	Reason string `json:"reason,omitempty"`
	// Writers are the accounts that wrote title, text or an entry after it was begun.
	Writers []id.ID `json:"writers,omitempty"`
}

// entryWords is what of an entry lies sealed.
type entryWords struct {
	Words   string `json:"words"`
	Name    string `json:"name,omitempty"`
	Account id.ID  `json:"account,omitempty"`
	Post    id.ID  `json:"post,omitempty"`
}

// Deps are what a Service is made of.
type Deps struct {
	DB          *db.DB
	Clock       clock.Clock
	Keys        *seal.Keyring
	Audit       *audit.Log
	Grid        *grid.Service
	Inspections *inspection.Service // lends its findings as facts
	// Names gives accounts' names.
	Names func(ctx context.Context, ids []id.ID) (map[id.ID]string, error)
	// Bears gives those of some names that residents below a path bear; nil: none is known.
	Bears func(ctx context.Context, c grid.Caller, path string, names []string) ([]string, error)
}

// Service is the slice of bulletins. It is safe for concurrent use.
type Service struct{ Deps }

// New returns the service.
func New(d Deps) *Service { return &Service{d} }

func (s *Service) now() int64 { return clock.Ms(s.Clock.Now()) }

const register = seal.Standing

func headAAD(b id.ID) string  { return seal.AAD(register, "bulletin", b) }
func entryAAD(e id.ID) string { return seal.AAD(register, "bulletin_entry", e) }

func replyAAD(e id.ID, version int) string {
	return seal.AAD(register, "bulletin_reply", e) + "/" + id.ID(version).String()
}

// whoOf is how an account stands in an entry that names it.
func (s *Service) whoOf(account id.ID) []byte {
	return s.Keys.Hash(register, "bulletin", account.String())
}
