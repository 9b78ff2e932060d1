package transfer

import (
	"context"
	"slices"
	"strings"
	"unicode/utf8"

	"wangge/internal/grid"
	"wangge/internal/platform/audit"
	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/i18n"
	"wangge/internal/platform/id"
	"wangge/internal/task"
)

// work is a transfer under change, within a transaction.
type work struct {
	s    *Service
	tx   *db.Tx
	c    grid.Caller
	line *grid.Line
	now  int64
	t    Transfer
}

// change reads a transfer, lets fn change it and stores it. seen is its version
// as it was shown; 0: whatever happened since.
func (s *Service) change(ctx context.Context, op string, c grid.Caller, transfer id.ID, seen int, fn func(w *work) error) (Transfer, error) {
	line, err := s.Grid.Line(ctx, c)
	if err != nil {
		return Transfer{}, err
	}
	var out Transfer
	err = s.DB.Write(ctx, op, func(tx *db.Tx) error {
		t, err := s.read(ctx, tx, c.District, transfer)
		if err != nil {
			return err
		}
		w := &work{s, tx, c, line, s.now(), t}
		switch {
		case w.stands() == 0:
			return errs.E(op, errs.NotFound, "transfer.not_found")
		case seen != 0 && seen != t.Version:
			return errs.E(op, errs.Conflict, "transfer.moved")
		}
		if err := fn(w); err != nil {
			return err
		}
		if err := w.save(ctx); err != nil {
			return err
		}
		out, err = s.read(ctx, tx, c.District, transfer)
		return err
	})
	return out, err
}

// standing is what a caller is to a transfer, as a set.
type standing uint8

const (
	leads  standing = 1 << iota // answers for the issuing post, or the first of the chain
	chains                      // answers for a post of the chain
	cares                       // answers for a post that looks after somebody left behind
)

func (w *work) stands() standing { return stands(w.t, w.c, w.line, w.now) }

func stands(t Transfer, c grid.Caller, line *grid.Line, now int64) (out standing) {
	if c.IsSystem() {
		return leads | chains
	}
	if answers(c, line, t.IssuerPostID, now) {
		out |= leads
	}
	for i, h := range t.Hops {
		if i == 0 && answers(c, line, h.FromPostID, now) {
			out |= leads | chains
		}
		if answers(c, line, h.ToPostID, now) {
			out |= chains
		}
	}
	for _, l := range t.Left {
		if l.CarerPostID != id.Zero && answers(c, line, l.CarerPostID, now) {
			out |= cares
		}
	}
	return out
}

// answers reports whether a caller answers for a post now: holds it, or the
// nearest filled one up the line.
func answers(c grid.Caller, line *grid.Line, post id.ID, now int64) bool {
	has := line.Effective(post, now)
	return has != id.Zero && slices.ContainsFunc(c.Grants, func(g grid.Grant) bool { return g.PostID == has && g.Role.May(grid.TaskDo) })
}

func (w *work) save(ctx context.Context) error {
	if err := w.s.sealTransfer(&w.t); err != nil {
		return err
	}
	ok, err := updateTransfer(ctx, w.tx, w.c.District, w.t)
	if err == nil && !ok {
		err = errs.E("transfer.Change", errs.Conflict, "transfer.moved")
	}
	w.tx.Notify(topic(w.t.ID))
	return err
}

func (w *work) note(ctx context.Context, action, detail string) error {
	return w.s.Audit.Append(ctx, w.tx, audit.Entry{Account: w.c.AccountID, Post: w.c.PostFor(grid.TaskDo), Action: action, Object: "transfer", ObjectID: w.t.ID, Detail: detail})
}

// mustLead refuses those who may not prepare the transfer, and what is late.
func (w *work) mustLead(op string) error {
	switch {
	case w.stands()&leads == 0:
		return errs.E(op, errs.Denied, "transfer.denied")
	case w.t.State != Planned:
		return errs.E(op, errs.Conflict, "transfer.is."+string(w.t.State))
	}
	return nil
}

// List confirms who and what stays behind, or adds to it. The list of the
// ledger is complete only when somebody at the door says so. Errors: Denied,
// Conflict, Invalid naming kind, name or keys.
func (s *Service) List(ctx context.Context, c grid.Caller, transfer id.ID, seen int, in Listing) (Transfer, error) {
	const op = "transfer.List"
	in.Name, in.Keys = strings.TrimSpace(in.Name), strings.TrimSpace(in.Keys)
	if utf8.RuneCountInString(in.Name) > maxWords || utf8.RuneCountInString(in.Keys) > maxWords {
		return Transfer{}, errs.Field(errs.E(op, errs.Invalid, "error.too_long", maxWords), "name")
	}
	return s.change(ctx, op, c, transfer, seen, func(w *work) error {
		if err := w.mustLead(op); err != nil {
			return err
		}
		if w.t.HomeID == id.Zero {
			return errs.E(op, errs.Conflict, "transfer.no_home")
		}
		if in.Kind != "" || in.Name != "" {
			return w.addLeft(ctx, in)
		}
		if err := w.drawAgain(ctx); err != nil {
			return err
		}
		w.t.ListedMs, w.t.listedBy, w.t.StoveOff, w.t.Keys = w.now, w.c.AccountID, in.StoveOff, in.Keys
		return w.note(ctx, "transfer.list", "")
	})
}

// addLeft puts somebody on the list whom the ledger does not know.
func (w *work) addLeft(ctx context.Context, in Listing) error {
	const op = "transfer.List"
	switch {
	case !slices.Contains(vocab.Kinds, in.Kind) || in.Kind == Pets && slices.ContainsFunc(w.t.Left, func(l Left) bool { return l.Kind == Pets }):
		return errs.Field(errs.E(op, errs.Invalid, "transfer.left.kind"), "kind")
	case in.Name == "" && in.Kind != Pets:
		return errs.Field(errs.E(op, errs.Invalid, "error.required"), "name")
	case len(w.t.Left) >= maxLeft:
		return errs.E(op, errs.Conflict, "transfer.left.many", maxLeft)
	}
	return w.s.insertLeft(ctx, w.tx, w.c.District, w.t.ID, []Left{{ID: id.New(), Kind: in.Kind, Name: in.Name}})
}

// drawAgain adds those of the ledger who are not on the list yet.
func (w *work) drawAgain(ctx context.Context) error {
	drawn, err := w.s.staying(ctx, w.c.District, w.t)
	if err != nil {
		return err
	}
	drawn = slices.DeleteFunc(drawn, func(d Left) bool {
		return slices.ContainsFunc(w.t.Left, func(l Left) bool { return l.PersonID == d.PersonID })
	})
	return w.s.insertLeft(ctx, w.tx, w.c.District, w.t.ID, drawn)
}

// staying draws from the ledger, now, who stays behind.
func (s *Service) staying(ctx context.Context, district int, t Transfer) ([]Left, error) {
	if t.HomeID == id.Zero {
		return nil, nil
	}
	living, _, err := s.living(ctx, grid.System(district, "transfer"), t.HomeID)
	if err != nil {
		return nil, err
	}
	return s.draw(ctx, district, living, t.People)
}

// TakeOff takes off the list who does not stay behind after all, or animals
// that are not there. Who the ledger says needs a carer is taken off only by
// going along. Errors: Denied, Conflict, NotFound.
func (s *Service) TakeOff(ctx context.Context, c grid.Caller, transfer id.ID, seen int, left id.ID) (Transfer, error) {
	const op = "transfer.TakeOff"
	return s.change(ctx, op, c, transfer, seen, func(w *work) error {
		if err := w.mustLead(op); err != nil {
			return err
		}
		l, err := w.left(op, left)
		if err != nil {
			return err
		}
		if l.PersonID != id.Zero {
			w.t.People = append(w.t.People, Person{l.PersonID, l.Name})
		}
		if err := w.dropCare(ctx, *l); err != nil {
			return err
		}
		return deleteLeft(ctx, w.tx, w.c.District, w.t.ID, left)
	})
}

func (w *work) left(op string, left id.ID) (*Left, error) {
	i := slices.IndexFunc(w.t.Left, func(l Left) bool { return l.ID == left })
	if i < 0 {
		return nil, errs.E(op, errs.NotFound, "transfer.not_found")
	}
	return &w.t.Left[i], nil
}

// Care names who looks after somebody left behind, and when they first come. A
// post gets a task with that deadline and accepts it itself; that a relative or
// neighbour accepted, the caller says who spoke to them. Errors: Denied,
// Conflict, Invalid naming carer, phone or visit.
func (s *Service) Care(ctx context.Context, c grid.Caller, transfer id.ID, seen int, in Care) (Transfer, error) {
	const op = "transfer.Care"
	if err := in.tidy(s.now()); err != nil {
		return Transfer{}, err
	}
	return s.change(ctx, op, c, transfer, seen, func(w *work) error {
		if err := w.mustLead(op); err != nil {
			return err
		}
		l, err := w.left(op, in.LeftID)
		if err != nil {
			return err
		}
		if err := w.dropCare(ctx, *l); err != nil {
			return err
		}
		l.Carer, l.Phone, l.CarerPostID, l.TaskID, l.NamedMs, l.VisitMs, l.AcceptedMs, l.acceptedBy = in.Name, in.Phone, in.PostID, id.Zero, w.now, in.VisitMs, 0, id.Zero
		l.Back = false
		if in.PostID != id.Zero {
			if err := w.giveCare(ctx, l); err != nil {
				return err
			}
		} else if in.Accepted {
			l.AcceptedMs, l.acceptedBy = w.now, w.c.AccountID
		}
		if err := w.s.sealLeft(l); err != nil {
			return err
		}
		if err := updateLeft(ctx, w.tx, w.c.District, w.t.ID, *l); err != nil {
			return err
		}
		return w.note(ctx, "transfer.care", "left="+l.ID.String()+" post="+in.PostID.String())
	})
}

// says is a task's title, with what stands in it, and its text.
func says(title, arg, text string) *task.Says {
	return &task.Says{Title: task.Message{Key: title, Args: []string{arg}}, Text: task.Message{Key: text}}
}

// giveCare issues the task of a post that cares.
func (w *work) giveCare(ctx context.Context, l *Left) error {
	t, err := w.s.Tasks.IssueTx(ctx, w.tx, acting(w.c), task.Issue{Kind: kindCare, Says: says("transfer.care.title", l.Name, "transfer.care.text"),
		PostID: l.CarerPostID, FromPost: w.t.IssuerPostID, PlaceID: w.t.HomeID, DeadlineMs: l.VisitMs, Links: []task.Link{{Kind: "transfer", ObjectID: w.t.ID}}})
	l.TaskID = t.ID
	if err != nil && errs.KindOf(err) == errs.Invalid {
		err = errs.Field(err, "carer")
	}
	return err
}

// dropCare calls off the task of a post that was to care.
func (w *work) dropCare(ctx context.Context, l Left) error {
	if l.TaskID == id.Zero {
		return nil
	}
	return w.endTask(ctx, l.TaskID, i18n.T(w.c.Lang, "transfer.care.other"))
}

// endTask calls a task off; one that has ended already stays as it is.
func (w *work) endTask(ctx context.Context, t id.ID, why string) error {
	_, err := w.s.Tasks.ChangeTx(ctx, w.tx, acting(w.c), t, task.Change{Action: task.Cancel, Note: why})
	if errs.Is(err, errs.Conflict) {
		return nil
	}
	return err
}

// Accept says that whoever answers for the post named as carer will come.
// Errors: Denied, NotFound, Conflict.
func (s *Service) Accept(ctx context.Context, c grid.Caller, transfer, left id.ID) (Transfer, error) {
	const op = "transfer.Accept"
	return s.change(ctx, op, c, transfer, 0, func(w *work) error {
		l, err := w.left(op, left)
		switch {
		case err != nil:
			return err
		case l.CarerPostID == id.Zero || !answers(w.c, w.line, l.CarerPostID, w.now):
			return errs.E(op, errs.Denied, "transfer.accept.denied")
		case l.AcceptedMs != 0:
			return nil
		}
		if l.Back && l.care.owner != l.CarerPostID {
			return errs.E(op, errs.Conflict, "transfer.accept.back")
		}
		if err := w.take(ctx, l.TaskID); err != nil {
			return err
		}
		l.AcceptedMs, l.acceptedBy, l.Back = w.now, c.AccountID, false
		if err := s.sealLeft(l); err != nil {
			return err
		}
		return updateLeft(ctx, w.tx, c.District, w.t.ID, *l)
	})
}

// begun are the answers of a task that its post has begun, or done, already.
var begun = []string{"task.is.in_hand", "task.is.done", "task.is.verified", "task.is.closed"}

// take begins the task of a post that cares, unless it was begun on its own page.
func (w *work) take(ctx context.Context, t id.ID) error {
	_, err := w.s.Tasks.ChangeTx(ctx, w.tx, acting(w.c), t, task.Change{Action: task.Take})
	if errs.Is(err, errs.Conflict) && slices.Contains(begun, errs.As(err).Key) {
		return nil
	}
	return err
}

// Start begins the first hop. Errors: Denied; Conflict transfer.not_ready, whose
// argument says all that is missing.
func (s *Service) Start(ctx context.Context, c grid.Caller, transfer id.ID, seen int) (Transfer, error) {
	const op = "transfer.Start"
	return s.change(ctx, op, c, transfer, seen, func(w *work) error {
		if err := w.mustLead(op); err != nil {
			return err
		}
		drawn, err := s.staying(ctx, c.District, w.t)
		if err != nil {
			return err
		}
		if missing := lacks(w.t, drawn, w.now); len(missing) > 0 {
			return errs.E(op, errs.Conflict, "transfer.not_ready", lackText(c.Lang, missing))
		}
		w.t.StartedMs = w.now
		if _, err := s.Tasks.ChangeTx(ctx, w.tx, acting(c), w.t.ID, task.Change{Action: task.Take}); err != nil {
			return err
		}
		if err := w.begin(ctx, 1); err != nil {
			return err
		}
		return w.note(ctx, "transfer.start", "")
	})
}

// lackText says in words what is missing.
func lackText(lang string, list []Lack) string {
	parts := make([]string, len(list))
	for i, l := range list {
		parts[i] = i18n.T(lang, l.Key, l.Name)
	}
	return strings.Join(parts, i18n.T(lang, "transfer.lack.and"))
}

// begin starts the clock of a hop: the task's deadline is the hop's.
func (w *work) begin(ctx context.Context, seq int) error {
	h := &w.t.Hops[seq-1]
	h.DueMs = w.now + int64(h.Minutes)*minuteMs
	w.t.Hop = seq
	if _, err := w.s.Tasks.ChangeTx(ctx, w.tx, acting(w.c), w.t.ID, task.Change{Action: task.Postpone, DeadlineMs: h.DueMs}); err != nil {
		return err
	}
	return updateHop(ctx, w.tx, w.c.District, w.t.ID, *h)
}
