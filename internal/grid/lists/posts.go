package lists

import (
	"context"
	"slices"

	"wangge/internal/account"
	"wangge/internal/grid"
	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
	"wangge/internal/platform/relist"
	"wangge/internal/platform/seal"
)

// posts is the list of posts: a row for each who holds one, numbered by the
// term, and one for a post that nobody holds, numbered by the post. New people
// come by the import of people (package staff), which makes posts as well.
type posts struct {
	rows   map[string]seat
	areas  []grid.Place
	lang   string
	titled memory[string]   // titles that earlier rows gave, by post
	made   memory[somebody] // whom earlier rows brought in, by phone
}

// somebody is who comes into a post.
type somebody struct {
	account id.ID
	name    string
}

// seat is a row of the list.
type seat struct {
	post   grid.PostView
	holder grid.Holder // Zero id: nobody
}

func (*posts) right() grid.Permission { return grid.PostWrite }

func (*posts) list() relist.List {
	phone := column(colPhone, 18)
	phone.Mask, phone.Norm = seal.MaskPhone, plainPhone
	return relist.List{Label: colName, Columns: []relist.Column{column(colName, 14), phone, roleColumn(), column(colTitle, 20),
		fixed(colOver, 34), fixed(colOrg, 20), dated(column(colFrom, 12)), dated(column(colUntil, 12))}}
}

// plainPhone writes a phone as digits; what is none stays, to be refused.
func plainPhone(cell string) string {
	if p := seal.NormPhone(cell); len(p) >= 7 {
		return p
	}
	return cell
}

func (t *posts) load(ctx context.Context, w *work) ([]relist.Record, error) {
	views, err := w.s.grid.Staffing(ctx, w.c, w.at)
	if err != nil {
		return nil, err
	}
	titles := make([]string, len(views))
	var people []id.ID
	for i, v := range views {
		titles[i] = v.Title
		for _, h := range v.Holders {
			people = append(people, h.AccountID)
		}
	}
	also, err := t.elsewhere(ctx, w, views)
	if err != nil {
		return nil, err
	}
	if err := w.s.grid.NamePosts(ctx, w.c, views); err != nil {
		return nil, err
	}
	slices.Sort(people)
	accounts, err := w.s.accounts.Among(ctx, slices.Compact(people))
	if err != nil {
		return nil, err
	}
	if t.areas, err = w.s.grid.Areas(ctx, w.c); err != nil {
		return nil, err
	}
	t.rows, t.titled, t.made = map[string]seat{}, newMemory[string](), newMemory[somebody]()
	t.lang = w.c.Lang
	var out []relist.Record
	for i, v := range views {
		v.Title = titles[i]
		if len(v.Holders) == 0 {
			out = append(out, t.record(seat{post: v}, account.Account{}, also[i]))
		}
		for _, h := range v.Holders {
			out = append(out, t.record(seat{v, h}, accounts[h.AccountID], also[i]))
		}
	}
	return out, nil
}

// elsewhere writes what the posts are over as a list in another language does.
func (t *posts) elsewhere(ctx context.Context, w *work, views []grid.PostView) ([]string, error) {
	list := slices.Clone(views)
	err := w.s.grid.NamePosts(ctx, w.otherwise(), list)
	out := make([]string, len(list))
	for i, v := range list {
		out[i] = v.Object
	}
	return out, err
}

func (t *posts) record(s seat, a account.Account, also string) relist.Record {
	number := s.holder.ID
	if number == id.Zero {
		number = s.post.ID
	}
	t.rows[number.String()] = s
	return relist.Record{ID: number.String(), Clear: map[string]string{colPhone: a.Phone}, Also: map[string]string{colOver: also}, Cells: map[string]string{
		colName: a.Name, colPhone: seal.MaskPhone(a.Phone), colRole: word(t.lang, "grid.role.", string(s.post.Role)), colTitle: s.post.Title, colOver: s.post.Object, colOrg: s.post.Org,
		colFrom: firstDay(s.holder.FromMs), colUntil: lastDay(s.holder.UntilMs)}}
}

func (t *posts) start() { t.titled.start(); t.made.start() }

// apply carries out a row. What later rows are to know of it is noted only once
// it stands: a row that is refused is undone.
func (t *posts) apply(ctx context.Context, tx *db.Tx, w *work, l *relist.Line) error {
	s := t.rows[l.ID]
	if err := t.row(ctx, tx, w, l, s); err != nil {
		return err
	}
	if title, given := l.Cell(colTitle); given {
		t.titled.wrote(tx, s.post.ID.String(), title)
	}
	return nil
}

func (t *posts) row(ctx context.Context, tx *db.Tx, w *work, l *relist.Line, s seat) error {
	if err := t.title(ctx, tx, w, l, s); err != nil {
		return err
	}
	if s.holder.ID == id.Zero {
		return t.fill(ctx, tx, w, l, s)
	}
	if err := t.term(ctx, tx, w, l, s); err != nil {
		return err
	}
	return t.person(ctx, tx, w, l, s)
}

// title gives the post another title. Rows of one post may not differ in it.
func (t *posts) title(ctx context.Context, tx *db.Tx, w *work, l *relist.Line, s seat) error {
	title, given := l.Cell(colTitle)
	if !given {
		return nil
	}
	if earlier, twice := t.titled.get(s.post.ID.String()); twice && earlier != title {
		return errs.Field(errs.E("lists.title", errs.Conflict, "lists.title_twice", earlier), colTitle)
	}
	return at(w.s.grid.ChangeTermsIn(ctx, tx, w.c, []grid.Term{{PostID: s.post.ID, Title: title, NoTitle: title == ""}}), nil)
}

// period reads the ends of a row's term; from stands in for a blank first day.
func period(l *relist.Line, from, until int64) (int64, int64, error) {
	if cell, given := l.Cell(colFrom); given {
		v, err := readDay(cell, colFrom, false)
		if err != nil {
			return 0, 0, err
		}
		if v != 0 {
			from = v
		}
	}
	if cell, given := l.Cell(colUntil); given {
		v, err := readDay(cell, colUntil, true)
		if err != nil {
			return 0, 0, err
		}
		until = v
	}
	return from, until, nil
}

// term changes the first and last day of somebody's term. A last day that is
// over ends it now: what was done in the post since stands.
func (t *posts) term(ctx context.Context, tx *db.Tx, w *work, l *relist.Line, s seat) error {
	if cell, given := l.Cell(colFrom); given && cell == "" {
		return needed(colFrom)
	}
	from, until, err := period(l, s.holder.FromMs, s.holder.UntilMs)
	if err != nil || from == s.holder.FromMs && until == s.holder.UntilMs {
		return err
	}
	if now := w.s.now(); until != s.holder.UntilMs && until != 0 && until < now && until > from {
		until = now
	}
	return at(w.s.grid.ChangeTermsIn(ctx, tx, w.c, []grid.Term{{HolderID: s.holder.ID, PostID: s.post.ID, FromMs: from, UntilMs: until, ChangedPeriod: true}}), nil)
}

// person corrects name and phone of who holds a post.
func (t *posts) person(ctx context.Context, tx *db.Tx, w *work, l *relist.Line, s seat) error {
	name, named := l.Cell(colName)
	phone, called := l.Cell(colPhone)
	if !named && !called {
		return nil
	}
	if !w.c.IsSystem() {
		if err := w.s.accounts.Manages(ctx, s.holder.AccountID); err != nil {
			return errs.E("lists.person", errs.Denied, "lists.not_yours")
		}
	}
	if named {
		if err := at(w.s.accounts.Rename(ctx, tx, w.c.AccountID, s.holder.AccountID, name), nil); err != nil {
			return err
		}
	}
	if called {
		return at(w.s.accounts.SetPhone(ctx, tx, w.c.AccountID, s.holder.AccountID, phone), nil)
	}
	return nil
}

// fill puts somebody into a post that nobody holds: the account with the phone,
// or one that is made.
func (t *posts) fill(ctx context.Context, tx *db.Tx, w *work, l *relist.Line, s seat) error {
	name, _ := l.Cell(colName)
	phone, _ := l.Cell(colPhone)
	if name == "" && phone == "" {
		_, from := l.Cell(colFrom)
		_, until := l.Cell(colUntil)
		if from || until {
			return needed(colName)
		}
		return nil
	}
	if name == "" {
		return needed(colName)
	}
	from, until, err := period(l, w.s.now(), 0)
	if err != nil {
		return err
	}
	who, err := t.account(ctx, tx, w, s, name, phone)
	if err != nil {
		return err
	}
	err = w.s.grid.AddHolderIn(ctx, tx, w.c, grid.Holder{ID: id.New(), PostID: s.post.ID, AccountID: who, FromMs: from, UntilMs: until})
	if err != nil {
		return at(err, map[string]string{"account_id": colPhone})
	}
	t.made.wrote(tx, phone, somebody{who, name})
	return nil
}

// sameName refuses a row that calls the one who has a phone otherwise.
func sameName(is, given string) error {
	if is != given {
		return errs.Field(errs.E("lists.fill", errs.Conflict, "staff.phone_other"), colPhone)
	}
	return nil
}

// account finds or makes the account of somebody who comes into a post.
func (t *posts) account(ctx context.Context, tx *db.Tx, w *work, s seat, name, phone string) (id.ID, error) {
	if a, ok := t.made.get(phone); ok && phone != "" {
		return a.account, sameName(a.name, name)
	}
	if phone != "" {
		found, err := w.s.accounts.ByPhones(ctx, []string{phone})
		if err != nil {
			return id.Zero, err
		}
		if a, ok := found[seal.NormPhone(phone)]; ok {
			return a.ID, sameName(a.Name, name)
		}
	}
	made, err := w.s.accounts.CreateMany(ctx, tx, w.c.AccountID, []account.NewAccount{{Name: name, Phone: phone, Worker: s.post.Role.Worker(), Home: grid.AreaAt(t.areas, s.post.Path)}})
	if err != nil {
		return id.Zero, at(err, nil)
	}
	return made[0].ID, nil
}
