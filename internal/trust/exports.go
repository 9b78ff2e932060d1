package trust

import (
	"context"
	"time"

	"wangge/internal/grid"
	"wangge/internal/ledger"
	"wangge/internal/platform/audit"
	"wangge/internal/platform/clock"
	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
	"wangge/internal/platform/seal"
)

// State is where an export stands.
type State string

// The states of an export.
const (
	Waiting   State = "waiting"   // for a second person
	Ready     State = "ready"     // the file may be fetched by who asked
	Refused   State = "refused"   // by the second person
	Withdrawn State = "withdrawn" // by who asked
	Expired   State = "expired"   // nobody decided, or the file's time is over; the file is gone
)

const (
	// AloneLimit is the most persons that may leave unmasked without a second person.
	AloneLimit = 200
	// FileLife is how long a file may be fetched.
	FileLife = 24 * time.Hour
	// AskLife is how long an export waits for a second person.
	AskLife = 7 * 24 * time.Hour
	// MaxFetches is how often a file may be fetched.
	MaxFetches = 3
)

// NewExport is a list of persons to be taken out unmasked.
type NewExport struct {
	Place      id.ID  `json:"place_id" doc:"The area, compound or building whose people it lists"`
	Lives      string `json:"lives,omitempty" enum:",here" doc:"here: only those who live here. Who lives elsewhere is never exported"`
	Registered string `json:"registered,omitempty" enum:",yes,no"`
	Purpose    string `json:"purpose" doc:"A key of the purposes, as verify_record" example:"verify_record"`
}

// Request is an export that was asked for, with what became of it.
type Request struct {
	ID          id.ID     `json:"id"`
	Number      string    `json:"number" doc:"Stands on every page of the file"`
	What        NewExport `json:"what"`
	Where       string    `json:"where" doc:"The place in words"`
	People      int       `json:"people"`
	State       State     `json:"state"`
	Account     id.ID     `json:"account_id" doc:"Who asked; the only one who may fetch it"`
	Name        string    `json:"account_name,omitempty"`
	Post        id.ID     `json:"post_id"`
	CreatedMs   int64     `json:"created_ms"`
	DecidedBy   id.ID     `json:"decided_by,omitempty"`
	DecidedName string    `json:"decided_name,omitempty"`
	DecidedPost id.ID     `json:"-"`
	DecidedMs   int64     `json:"decided_ms,omitempty"`
	ExpiresMs   int64     `json:"expires_ms,omitempty"`
	Fetched     int       `json:"fetched" doc:"How often the file was fetched"`
	Bytes       int64     `json:"bytes,omitempty"`
	Mine        bool      `json:"mine"`
	MayDecide   bool      `json:"may_decide"`
	MayFetch    bool      `json:"may_fetch"`
	path        string
	register    string
}

func (n NewExport) filter() ledger.Filter {
	return ledger.Filter{Place: n.Place, Lives: n.Lives, Registered: n.Registered}
}

// Ask asks for a list unmasked. Up to AloneLimit persons it is ready at once;
// above that it waits for a second person of another post. It needs the rights
// to export and to unmask over the whole place. Lists that show which flats are
// empty or who lives alone are Denied to everybody.
func (s *Service) Ask(ctx context.Context, c grid.Caller, in NewExport) (Request, error) {
	const op = "trust.Ask"
	if !known(in.Purpose) {
		return Request{}, errs.Field(errs.E(op, errs.Invalid, "trust.export.purpose"), "purpose")
	}
	n, path, err := s.ledger.CountFull(ctx, c, in.filter())
	if err != nil {
		return Request{}, errs.Wrap(op, err)
	}
	if n == 0 {
		return Request{}, errs.Field(errs.E(op, errs.Invalid, "trust.export.empty"), "place_id")
	}
	r := Request{ID: id.New(), What: in, People: n, State: Waiting, Account: c.AccountID, Post: c.PostFor(grid.ExportFull), CreatedMs: s.now(), path: path}
	r.ExpiresMs = r.CreatedMs + AskLife.Milliseconds()
	err = s.d.Write(ctx, op, func(tx *db.Tx) (err error) {
		if r.Number, err = nextNumber(ctx, tx, c.District, r.CreatedMs); err != nil {
			return err
		}
		if err := insertRequest(ctx, tx, c.District, r); err != nil {
			return err
		}
		return s.note(ctx, tx, c, "export.asked", r)
	})
	if err == nil && n <= AloneLimit {
		err = s.make(ctx, c, &r, c)
	}
	if err != nil {
		return Request{}, errs.Wrap(op, err)
	}
	return s.Export(ctx, c, r.ID)
}

func known(purpose string) bool {
	for _, p := range ledger.Purposes() {
		if p == purpose {
			return true
		}
	}
	return false
}

func (s *Service) now() int64 { return clock.Ms(s.clk.Now()) }

// note records a step of an export.
func (s *Service) note(ctx context.Context, tx *db.Tx, c grid.Caller, action string, r Request) error {
	return s.log.Append(ctx, tx, audit.Entry{Account: c.AccountID, Post: c.PostFor(grid.ExportFull), Action: action, Object: "export", ObjectID: r.ID,
		Purpose: r.What.Purpose, Detail: "number=" + r.Number + " people=" + itoa(r.People) + " place=" + r.What.Place.String() + " for=" + r.Account.String()})
}

// Approve lets an export go: the file is made as who asked sees the persons,
// and only that account may fetch it. Denied to who asked, in whichever post,
// to the same post, and without both rights over the place.
func (s *Service) Approve(ctx context.Context, c grid.Caller, export id.ID) (Request, error) {
	const op = "trust.Approve"
	r, err := s.waiting(ctx, c, op, export)
	if err != nil {
		return r, err
	}
	asker, err := s.callers(ctx, r.Account)
	if err != nil {
		return r, errs.Wrap(op, err)
	}
	asker.Lang = c.Lang
	if n, _, err := s.ledger.CountFull(ctx, asker, r.What.filter()); errs.Is(err, errs.Denied) {
		return r, errs.E(op, errs.Conflict, "trust.export.asker")
	} else if err != nil {
		return r, errs.Wrap(op, err)
	} else if n > r.People+r.People/10 {
		return r, errs.E(op, errs.Conflict, "trust.export.grown", r.People, n)
	}
	if err := s.make(ctx, c, &r, asker); err != nil {
		return r, errs.Wrap(op, err)
	}
	return s.Export(ctx, c, export)
}

// waiting returns an export that the caller may decide on.
func (s *Service) waiting(ctx context.Context, c grid.Caller, op string, export id.ID) (Request, error) {
	r, err := s.Export(ctx, c, export)
	switch {
	case err != nil:
		return r, errs.Wrap(op, err)
	case r.State != Waiting:
		return r, errs.E(op, errs.Conflict, "trust.export.decided")
	case r.Mine:
		return r, errs.E(op, errs.Denied, "trust.export.own")
	case !r.MayDecide:
		return r, errs.E(op, errs.Denied, "trust.export.second")
	}
	return r, nil
}

// decider reports whether the caller may decide on an export: somebody else, in
// another post, who could export the list herself.
func decider(c grid.Caller, r Request) bool {
	if c.AccountID == r.Account || c.IsSystem() {
		return false
	}
	for _, g := range c.Grants {
		one := c
		one.Grants = []grid.Grant{g}
		if g.PostID != r.Post && one.CanPlace(grid.ExportFull, r.path) {
			return true
		}
	}
	return false
}

// Decider is a post from which an export can be decided, with who holds it now.
type Decider struct {
	Post  string   `json:"post"`
	Over  string   `json:"over"`
	Names []string `json:"names"`
}

// Deciders lists who can decide an export, of which it needs the place and who
// asks from which post: others in other posts with the right over the whole
// place, the nearest first.
func (s *Service) Deciders(ctx context.Context, c grid.Caller, r Request) ([]Decider, error) {
	posts, err := s.places.WhoMay(ctx, c, grid.ExportFull, r.What.Place)
	var out []Decider
	for _, p := range posts {
		d := Decider{Post: p.Title, Over: p.Object}
		for _, h := range p.Holders {
			if now := s.now(); h.AccountID != r.Account && h.FromMs <= now && (h.UntilMs == 0 || h.UntilMs > now) {
				d.Names = append(d.Names, h.Name)
			}
		}
		if p.ID != r.Post && p.Filled && len(d.Names) > 0 {
			out = append(out, d)
		}
	}
	return out, errs.Wrap("trust.Deciders", err)
}

// Refuse ends an export that waits; who asked sees by which post.
func (s *Service) Refuse(ctx context.Context, c grid.Caller, export id.ID) (Request, error) {
	const op = "trust.Refuse"
	r, err := s.waiting(ctx, c, op, export)
	if err != nil {
		return r, err
	}
	return s.end(ctx, c, op, r, Refused, "export.refused")
}

// Withdraw ends an export by who asked for it; a file that was made is deleted.
func (s *Service) Withdraw(ctx context.Context, c grid.Caller, export id.ID) (Request, error) {
	const op = "trust.Withdraw"
	r, err := s.Export(ctx, c, export)
	if err != nil {
		return r, errs.Wrap(op, err)
	}
	if !r.Mine {
		return r, errs.E(op, errs.Denied, "trust.export.theirs")
	}
	if r.State != Waiting && r.State != Ready {
		return r, errs.E(op, errs.Conflict, "trust.export.decided")
	}
	return s.end(ctx, c, op, r, Withdrawn, "export.withdrawn")
}

func (s *Service) end(ctx context.Context, c grid.Caller, op string, r Request, to State, action string) (Request, error) {
	err := s.d.Write(ctx, op, func(tx *db.Tx) error {
		ok, err := decide(ctx, tx, c.District, r, to, c.AccountID, c.PostFor(grid.ExportFull), s.now())
		if err != nil {
			return err
		}
		if !ok {
			return errs.E(op, errs.Conflict, "trust.export.decided")
		}
		if err := dropParts(ctx, tx, c.District, r.ID); err != nil {
			return err
		}
		return s.note(ctx, tx, c, action, r)
	})
	if err != nil {
		return r, err
	}
	return s.Export(ctx, c, r.ID)
}

// Fetch returns the file of an export to who asked for it, and counts it. After
// FileLife or MaxFetches the file is gone.
func (s *Service) Fetch(ctx context.Context, c grid.Caller, export id.ID) (name string, file []byte, err error) {
	const op = "trust.Fetch"
	r, err := s.Export(ctx, c, export)
	switch {
	case err != nil:
		return "", nil, errs.Wrap(op, err)
	case !r.Mine:
		return "", nil, errs.E(op, errs.Denied, "trust.export.theirs")
	case !r.MayFetch:
		return "", nil, errs.E(op, errs.Conflict, "trust.export.gone")
	}
	if _, _, err := s.ledger.CountFull(ctx, c, r.What.filter()); err != nil { // the post may have ended since
		return "", nil, errs.Wrap(op, err)
	}
	file, err = s.open(ctx, c.District, r)
	if err != nil {
		return "", nil, errs.Wrap(op, err)
	}
	err = s.d.Write(ctx, op, func(tx *db.Tx) error {
		ok, err := countFetch(ctx, tx, c.District, r.ID, s.now())
		if err != nil {
			return err
		}
		if !ok {
			return errs.E(op, errs.Conflict, "trust.export.gone")
		}
		return s.note(ctx, tx, c, "export.fetched", r)
	})
	return "people-" + r.Number + ".xlsx", file, err
}

// Export returns one export to who asked and to who may decide.
func (s *Service) Export(ctx context.Context, c grid.Caller, export id.ID) (Request, error) {
	const op = "trust.Export"
	r, err := selectRequest(ctx, s.d.Read(), c.District, export)
	if err != nil {
		return r, errs.Wrap(op, err)
	}
	list, err := s.present(ctx, c, []Request{r})
	if err != nil {
		return r, errs.Wrap(op, err)
	}
	if r = list[0]; !r.Mine && !decides(c, r) {
		return Request{}, errs.E(op, errs.NotFound, "error.not_found")
	}
	return r, nil
}

// decides reports whether an export lies where the caller may decide, also
// after the decision.
func decides(c grid.Caller, r Request) bool {
	return c.CanPlace(grid.ExportFull, r.path)
}

// Exports lists exports newest first, at most limit, from the cursor on: those
// the caller asked for or may decide on.
func (s *Service) Exports(ctx context.Context, c grid.Caller, cursor string, limit int) ([]Request, string, error) {
	const op = "trust.Exports"
	if err := c.Require(op, grid.ExportFull); err != nil {
		return nil, "", err
	}
	before, err := cursorID(op, cursor)
	if err != nil {
		return nil, "", err
	}
	limit = min(max(limit, 1), 500)
	a := db.NewArgs(c.District)
	list, err := selectRequests(ctx, s.d.Read(), a, ownOrBelow(c, a), before, limit+1)
	if err != nil {
		return nil, "", errs.Wrap(op, err)
	}
	next := ""
	if len(list) > limit {
		list = list[:limit]
		next = list[limit-1].ID.String()
	}
	list, err = s.present(ctx, c, list)
	return list, next, errs.Wrap(op, err)
}

// present fills in what depends on the time and on who looks.
func (s *Service) present(ctx context.Context, c grid.Caller, list []Request) ([]Request, error) {
	now := s.now()
	var accounts, places []id.ID
	for _, r := range list {
		accounts = append(accounts, r.Account, r.DecidedBy)
		places = append(places, r.What.Place)
	}
	names, err := s.accounts.Names(ctx, nonZero(accounts...))
	if err != nil {
		return nil, err
	}
	where, err := s.ledger.DoorTexts(ctx, c.District, places)
	for i := range list {
		r := &list[i]
		if r.State == Ready && (now >= r.ExpiresMs || r.Fetched >= MaxFetches) || r.State == Waiting && now >= r.ExpiresMs {
			r.State = Expired
		}
		r.Name, r.DecidedName, r.Mine = names[r.Account], names[r.DecidedBy], r.Account == c.AccountID && !c.IsSystem()
		if text := where[r.What.Place]; text != "" {
			r.Where = text
		}
		r.MayDecide = r.State == Waiting && decider(c, *r)
		r.MayFetch = r.State == Ready && r.Mine
	}
	return list, err
}

// SweepExports deletes the files whose time is over and ends what nobody
// decided.
func (s *Service) SweepExports(ctx context.Context, district int) error {
	const op = "trust.SweepExports"
	list, err := selectOverdue(ctx, s.d.Read(), district, s.now())
	if err != nil {
		return errs.Wrap(op, err)
	}
	for _, r := range list {
		c := grid.System(district, "expire")
		if _, err := s.end(ctx, c, op, r, Expired, "export.expired"); err != nil && !errs.Is(err, errs.Conflict) && !errs.Is(err, errs.NotFound) {
			return errs.Wrap(op, err)
		}
	}
	return nil
}

// register is whose key seals the files: lists of persons are the standing
// register's.
const register = seal.Standing

// fileTime bounds the making or fetching of a file of ledger.MaxExport persons.
const fileTime = 2 * time.Minute
