package transfer

import (
	"context"
	"log/slog"
	"slices"

	"wangge/internal/grid"
	"wangge/internal/ledger"
	"wangge/internal/platform/audit"
	"wangge/internal/platform/clock"
	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
	"wangge/internal/platform/seal"
	"wangge/internal/task"
)

// Deps are what a Service is made of.
type Deps struct {
	DB     *db.DB
	Clock  clock.Clock
	Keys   *seal.Keyring
	Audit  *audit.Log
	Log    *slog.Logger
	Grid   *grid.Service
	Ledger *ledger.Service
	Tasks  *task.Service
	// Names gives accounts' names.
	Names func(ctx context.Context, ids []id.ID) (map[id.ID]string, error)
}

// Service is the transfer slice. It is safe for concurrent use.
type Service struct{ Deps }

// New returns the service.
func New(d Deps) *Service { return &Service{d} }

// Kinds of tasks that transfers issue.
const (
	kindTransfer = task.KindTransfer
	kindCare     = "help"
)

func (s *Service) now() int64 { return clock.Ms(s.Clock.Now()) }

// topic is of news about a transfer: those of its task.
func topic(transfer id.ID) string { return "task:" + transfer.String() }

// acting is the installation acting on a task for what an account did: the
// right to do it was settled by the rules of transfers.
func acting(c grid.Caller) grid.Caller {
	sys := grid.System(c.District, "transfer")
	sys.AccountID, sys.Lang = c.AccountID, c.Lang
	return sys
}

// words is what of a transfer lies sealed.
type words struct {
	People []Person `json:"people,omitempty"`
	To     string   `json:"to"`
	Places []string `json:"places"`
	Keys   string   `json:"keys,omitempty"`
	Stove  bool     `json:"stove,omitempty"`
	Others int      `json:"others,omitempty"`
}

// leftWords is what of somebody left behind lies sealed.
type leftWords struct {
	Kind  string `json:"kind"`
	Name  string `json:"name"`
	Carer string `json:"carer,omitempty"`
	Phone string `json:"phone,omitempty"`
}

func (s *Service) sealTransfer(t *Transfer) (err error) {
	w := words{People: t.People, To: t.To, Keys: t.Keys, Stove: t.StoveOff, Others: t.Unnamed}
	for _, h := range t.Hops {
		w.Places = append(w.Places, h.Place)
	}
	t.sealed, err = s.Keys.SealJSON(seal.Standing, seal.AAD(seal.Standing, "transfer", t.ID), w)
	return err
}

func (s *Service) sealLeft(l *Left) (err error) {
	l.sealed, err = s.Keys.SealJSON(seal.Standing, seal.AAD(seal.Standing, "transfer_left", l.ID), leftWords{l.Kind, l.Name, l.Carer, l.Phone})
	return err
}

func (s *Service) openTransfer(t *Transfer) error {
	var w words
	if err := s.Keys.OpenJSON(seal.Standing, seal.AAD(seal.Standing, "transfer", t.ID), t.sealed, &w); err != nil {
		return err
	}
	t.People, t.To, t.Keys, t.StoveOff, t.Unnamed = w.People, w.To, w.Keys, w.Stove, w.Others
	for i := range t.Hops {
		if i < len(w.Places) {
			t.Hops[i].Place = w.Places[i]
		}
	}
	for i := range t.Left {
		l := &t.Left[i]
		var w leftWords
		if err := s.Keys.OpenJSON(seal.Standing, seal.AAD(seal.Standing, "transfer_left", l.ID), l.sealed, &w); err != nil {
			return err
		}
		l.Kind, l.Name, l.Carer, l.Phone = w.Kind, w.Name, w.Carer, w.Phone
	}
	return nil
}

// read reads a transfer whole. Errors: NotFound.
func (s *Service) read(ctx context.Context, q db.Queryer, district int, transfer id.ID) (Transfer, error) {
	t, err := selectTransfer(ctx, q, district, transfer)
	if err == nil {
		err = s.openTransfer(&t)
	}
	t.State = t.state()
	return t, err
}

// state follows from the steps taken and from its task.
func (t Transfer) state() State {
	switch {
	case t.ArrivedMs != 0:
		return Arrived
	case !t.TaskState.Open():
		return Ended
	case t.StartedMs != 0:
		return Moving
	}
	return Planned
}

// Create plans a transfer: a task of kind transfer before the post that has the
// people at first. Of a transfer away from home, who stays behind is drawn from
// the ledger. The caller must be able to issue the kind and, for a home, read
// the ledger there. Errors: Denied, NotFound, Invalid naming to, people,
// from_post or steps.
func (s *Service) Create(ctx context.Context, c grid.Caller, p Plan) (Transfer, error) {
	const op = "transfer.Create"
	if err := c.Require(op, grid.TaskIssue); err != nil {
		return Transfer{}, err
	}
	if err := p.tidy(); err != nil {
		return Transfer{}, err
	}
	t := Transfer{ID: id.New(), HomeID: p.HomeID, To: p.To, CreatedMs: s.now(), Version: 1, nHops: len(p.Steps)}
	if err := s.goers(ctx, c, p, &t); err != nil {
		return Transfer{}, errs.Wrap(op, err)
	}
	if err := s.chain(ctx, c, p, &t); err != nil {
		return Transfer{}, errs.Wrap(op, err)
	}
	err := s.DB.Write(ctx, op, func(tx *db.Tx) error {
		issued, err := s.Tasks.IssueTx(ctx, tx, c, task.Issue{ID: t.ID, Kind: kindTransfer, Title: t.To, PostID: p.FromPost, PlaceID: p.HomeID, Hops: true})
		if err != nil {
			return renamed(err)
		}
		t.IssuerPostID, t.TaskState = issued.IssuerPostID, issued.State
		return s.insert(ctx, tx, c, &t)
	})
	t.State = t.state()
	return t, err
}

// renamed gives a task's error the name of the plan's field.
func renamed(err error) error {
	if e := errs.As(err); e != nil && e.Field == "post" {
		return errs.Field(err, "from_post")
	}
	return err
}

func (s *Service) insert(ctx context.Context, tx *db.Tx, c grid.Caller, t *Transfer) error {
	if err := s.sealTransfer(t); err != nil {
		return err
	}
	if err := insertTransfer(ctx, tx, c.District, *t); err != nil {
		return err
	}
	return s.insertLeft(ctx, tx, c.District, t.ID, t.Left)
}

func (s *Service) insertLeft(ctx context.Context, tx *db.Tx, district int, transfer id.ID, list []Left) error {
	for i := range list {
		if err := s.sealLeft(&list[i]); err != nil {
			return err
		}
	}
	return insertLeft(ctx, tx, district, transfer, list)
}

// chain makes the hops of a plan; each post must exist and handle tasks.
func (s *Service) chain(ctx context.Context, c grid.Caller, p Plan, t *Transfer) error {
	line, err := s.Grid.Line(ctx, c)
	if err != nil {
		return err
	}
	from := p.FromPost
	for i, st := range p.Steps {
		to := line.Post(st.PostID)
		if to == nil || !to.Role.May(grid.TaskDo) || !to.Runs(t.CreatedMs) {
			return errs.Field(errs.E("transfer.Create", errs.Invalid, "transfer.steps.post", i+1), stepField(i, "post"))
		}
		t.Hops = append(t.Hops, Hop{Seq: i + 1, FromPostID: from, ToPostID: st.PostID, Place: st.Place, Minutes: st.Minutes})
		from = st.PostID
	}
	return nil
}

// goers settles who goes, and draws from the ledger who stays behind.
func (s *Service) goers(ctx context.Context, c grid.Caller, p Plan, t *Transfer) error {
	if p.People != "" {
		t.People = []Person{{Name: p.People}}
	}
	if p.HomeID == id.Zero {
		return nil
	}
	home, err := s.Home(ctx, c, p.HomeID)
	if err != nil {
		return err
	}
	for _, who := range p.PersonIDs {
		i := slices.IndexFunc(home.Living, func(v ledger.PersonView) bool { return v.ID == who })
		if i < 0 {
			return errs.Field(errs.E("transfer.Create", errs.Invalid, "transfer.people.elsewhere"), "people")
		}
		t.People = append(t.People, Person{who, home.Living[i].Name})
	}
	t.Unnamed = home.Unnamed
	t.Left, err = s.draw(ctx, c.District, home.Living, t.People)
	t.Left = append(t.Left, Left{ID: id.New(), Kind: Pets})
	return err
}

// Home is who lives behind a door, as the caller may see them; looking is
// recorded with the purpose of a transfer.
type Home struct {
	Place   grid.Place
	Living  []ledger.PersonView
	Unnamed int
}

// Home reads who lives behind a door. Errors: NotFound, Denied.
func (s *Service) Home(ctx context.Context, c grid.Caller, door id.ID) (Home, error) {
	const op = "transfer.Home"
	p, err := s.Grid.Place(ctx, c, door)
	if err != nil {
		return Home{}, err
	}
	if err := c.RequirePlace(op, grid.LedgerRead, p.Path); err != nil {
		return Home{}, err
	}
	if p.Kind != grid.Door {
		return Home{}, errs.Field(errs.E(op, errs.Invalid, "transfer.home.door"), "home")
	}
	c.Purpose = "transfer"
	h := Home{Place: p}
	h.Living, h.Unnamed, err = s.living(ctx, c, door)
	return h, err
}

func (s *Service) living(ctx context.Context, c grid.Caller, door id.ID) (out []ledger.PersonView, unnamed int, err error) {
	households, err := s.Ledger.Behind(ctx, c, door)
	for _, h := range households {
		unnamed += h.Unnamed
		for _, p := range h.Persons {
			if p.LivesHere && p.UntilMs == 0 {
				out = append(out, p)
			}
		}
	}
	return out, unnamed, err
}

// draw says who of those who live behind a door stays there and cannot look
// after themselves, whatever the caller may see of ages and care.
func (s *Service) draw(ctx context.Context, district int, living []ledger.PersonView, going []Person) ([]Left, error) {
	var stay []ledger.PersonView
	var ids []id.ID
	for _, p := range living {
		if !slices.ContainsFunc(going, func(g Person) bool { return g.ID == p.ID }) {
			stay, ids = append(stay, p), append(ids, p.ID)
		}
	}
	if len(ids) == 0 {
		return nil, nil
	}
	sys := grid.System(district, "transfer")
	care, err := s.Ledger.CareKindsOf(ctx, sys, ids)
	if err != nil {
		return nil, err
	}
	all, _, err := s.living(ctx, sys, stay[0].DoorID)
	if err != nil {
		return nil, err
	}
	var out []Left
	for _, p := range stay {
		known := p
		if i := slices.IndexFunc(all, func(a ledger.PersonView) bool { return a.ID == p.ID }); i >= 0 {
			known = all[i]
		}
		if kind := dependant(known, care[p.ID]); kind != "" {
			out = append(out, Left{ID: id.New(), Kind: kind, PersonID: p.ID, Name: p.Name})
		}
	}
	return out, nil
}
