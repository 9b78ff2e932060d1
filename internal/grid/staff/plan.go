package staff

import (
	"context"
	"slices"
	"strings"
	"unicode/utf8"

	"wangge/internal/account"
	"wangge/internal/grid"
	"wangge/internal/platform/clock"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/i18n"
	"wangge/internal/platform/id"
	"wangge/internal/platform/relist"
	"wangge/internal/platform/seal"
)

// act is what a row does to one place: a person comes into a post, their term
// changes or ends.
type act struct {
	state   State
	role    grid.Role
	title   string
	org     id.ID
	object  object
	person  person
	post    id.ID  // the post, where there is one
	seat    string // else the key of the post to be made
	holder  grid.Holder
	from    int64
	until   int64
	term    grid.Term
	renamed bool
}

// person is somebody in a list.
type person struct {
	key     string // the phone, or the row of somebody without one
	name    string
	phone   string
	account id.ID // Zero: to be made
	stored  string
}

// seat is a role over an object.
type seat struct {
	role grid.Role
	kind grid.ObjectKind
	id   id.ID
}

// planner compares a list with the posts there are.
type planner struct {
	s       *Service
	c       grid.Caller
	o       Options
	now     int64
	w       *world
	aliases []grid.RoleAlias
	orgs    map[string]id.ID
	posts   map[seat][]grid.PostView
	sets    []grid.PostView // posts over sets of doors
	doors   map[id.ID][]grid.Place
	phones  map[string]account.Account
	holders map[id.ID]account.Account

	first   map[string]entry // of each phone, where it stands first
	taken   map[string]int   // person and seat → row
	touched map[id.ID]bool   // holders that the list speaks of
	persons map[string]bool  // accounts and names of refused rows
	report  *Report
}

// plan reads a list and says what each row comes to; nothing is written.
func (s *Service) plan(ctx context.Context, c grid.Caller, data []byte, o Options) (*planner, error) {
	const op = "staff.Plan"
	base, err := s.base(ctx, c, o.Place)
	if err != nil {
		return nil, err
	}
	tables, err := readTables(ctx, data)
	if err != nil {
		return nil, err
	}
	p := &planner{s: s, c: c, o: o, now: clock.Ms(s.clk.Now()), orgs: map[string]id.ID{}, posts: map[seat][]grid.PostView{},
		first: map[string]entry{}, taken: map[string]int{}, touched: map[id.ID]bool{}, persons: map[string]bool{}}
	p.report = &Report{File: o.File, Sheets: []SheetReport{}, Missing: []Missing{}, Problems: []Problem{}, Lines: []Line{}}
	list := entries(tables, p.report)
	if slices.ContainsFunc(p.report.header, relist.Exported) {
		return nil, errs.Field(errs.E(op, errs.Invalid, "staff.exported"), "file")
	}
	if len(list) == 0 {
		return nil, errs.Field(errs.E(op, errs.Invalid, "staff.no_rows"), "file")
	}
	if err := p.read(ctx, base, list); err != nil {
		return nil, errs.Wrap(op, err)
	}
	for _, e := range list {
		line, err := p.line(ctx, e)
		if err != nil {
			return nil, errs.Wrap(op, err)
		}
		p.report.Lines = append(p.report.Lines, line)
	}
	p.missing()
	p.count()
	return p, nil
}

// base is the area of rows that name none; the caller must manage posts there.
func (s *Service) base(ctx context.Context, c grid.Caller, place id.ID) (grid.Place, error) {
	var at grid.Place
	var err error
	if place == id.Zero {
		at, err = s.grid.Home(ctx, c)
	} else {
		at, err = s.grid.Place(ctx, c, place)
	}
	if err != nil {
		return at, err
	}
	return at, c.RequirePlace("staff.Plan", grid.PostWrite, at.Path)
}

// read loads what the list is compared with.
func (p *planner) read(ctx context.Context, base grid.Place, list []entry) error {
	var err error
	if p.w, err = newWorld(ctx, p.s.grid, p.c, base); err != nil {
		return err
	}
	if p.aliases, err = p.s.grid.RoleAliases(ctx, p.c); err != nil {
		return err
	}
	root, err := p.s.grid.Root(ctx, p.c)
	if err != nil {
		return err
	}
	orgs, err := p.s.grid.Organisations(ctx, p.c, grid.OrgFilter{Area: root, Limit: 1000})
	if err != nil {
		return err
	}
	for _, o := range orgs {
		p.orgs[fold(o.Name)] = o.ID
	}
	if err := p.readPosts(ctx, base); err != nil {
		return err
	}
	var phones []string
	for _, e := range list {
		if ph, ok := phoneOf(e.text[colPhone]); ok && ph != "" {
			phones = append(phones, ph)
		}
	}
	p.phones, err = p.s.accounts.ByPhones(ctx, phones)
	return err
}

func (p *planner) readPosts(ctx context.Context, base grid.Place) error {
	all, err := p.s.grid.Staffing(ctx, p.c, base)
	if err != nil {
		return err
	}
	var sets, accounts []id.ID
	for _, v := range all {
		if v.ObjectKind == grid.ObjectDoors {
			p.sets, sets = append(p.sets, v), append(sets, v.ID)
		} else {
			k := seat{v.Role, v.ObjectKind, v.ObjectID}
			p.posts[k] = append(p.posts[k], v)
		}
		for _, h := range v.Holders {
			accounts = append(accounts, h.AccountID)
		}
	}
	if p.doors, err = p.s.grid.DoorSets(ctx, p.c, sets); err != nil {
		return err
	}
	slices.Sort(accounts)
	p.holders, err = p.s.accounts.Among(ctx, slices.Compact(accounts))
	return err
}

// refuse adds a problem of a cell to the report and the reason to the line.
func (p *planner) refuse(line *Line, e entry, f fault) {
	text := i18n.T(p.o.Lang, f.key, f.args...)
	line.State = StateRefused
	if line.Reason != "" {
		line.Reason += i18n.T(p.o.Lang, "staff.and")
	}
	line.Reason += text
	p.problem(e, f, text, "error")
}

func (p *planner) problem(e entry, f fault, text, severity string) {
	const most = 12
	want := strings.Join(f.expected[:min(len(f.expected), most)], i18n.T(p.o.Lang, "grid.comma"))
	if len(f.expected) > most {
		want += " …"
	}
	column := e.letter(f.column)
	if column == "" {
		column = e.letter(colArea) // a free text that was cut into columns
	}
	p.report.Problems = append(p.report.Problems, Problem{Sheet: e.sheet, Row: e.row, Column: column, Value: f.value, Expected: want, Text: text, Severity: severity})
}

// line says what a row comes to.
func (p *planner) line(ctx context.Context, e entry) (Line, error) {
	line := Line{Sheet: e.sheet, Row: e.row, Name: e.text[colName], cells: e.cells}
	who := p.who(&line, e)
	a := act{person: who, title: e.text[colTitle]}
	p.dates(&line, e, &a)
	objects, f, err := p.w.objects(ctx, e.text)
	if err != nil {
		return line, err
	}
	if f != nil {
		p.refuse(&line, e, *f)
	}
	path := p.w.base.Path
	if len(objects) > 0 {
		path = objects[0].path
		line.Where = where(objects)
	}
	p.role(&line, e, &a, path)
	p.organisation(e, &a)
	if line.State != StateRefused {
		p.may(&line, e, a, objects)
	}
	if line.State == StateRefused {
		p.persons[who.account.String()], p.persons[who.name] = true, true
		return line, nil
	}
	line.Role, line.Title = a.role, a.title
	for _, o := range objects {
		a.object = o
		p.compare(ctx, &line, e, a)
	}
	return line, nil
}

func where(list []object) string {
	names := make([]string, 0, 3)
	for _, o := range list[:min(len(list), 3)] {
		names = append(names, o.name)
	}
	if len(list) > 3 {
		names = append(names, "…")
	}
	return strings.Join(names, " ")
}

// who reads name and phone and finds the account.
func (p *planner) who(line *Line, e entry) person {
	name := e.text[colName]
	if name == "" {
		p.refuse(line, e, fault{column: colName, key: "staff.no_name"})
	} else if utf8.RuneCountInString(name) > 30 || seal.IsMasked(name) {
		p.refuse(line, e, fault{column: colName, value: name, key: "staff.bad_name"})
	}
	phone, ok := phoneOf(e.text[colPhone])
	if !ok {
		p.refuse(line, e, fault{column: colPhone, value: e.text[colPhone], key: "staff.bad_phone", expected: []string{i18n.T(p.o.Lang, "staff.want_phone")}})
		phone = ""
	}
	line.Phone = seal.MaskPhone(phone)
	who := person{key: phone, name: name, phone: phone}
	if phone == "" {
		who.key = e.sheet + "/" + sheetRow(e.row)
		return who
	}
	if before, ok := p.first[phone]; ok && fold(before.text[colName]) != fold(name) {
		p.refuse(line, e, fault{column: colPhone, value: e.text[colPhone], key: "staff.phone_twice", args: []any{before.row}})
		return who
	} else if !ok {
		p.first[phone] = e
	}
	if a, ok := p.phones[phone]; ok {
		who.account, who.stored = a.ID, a.Name
		if a.Name != name && firstRune(a.Name) != firstRune(name) {
			p.refuse(line, e, fault{column: colPhone, value: e.text[colPhone], key: "staff.phone_other", expected: []string{seal.MaskName(a.Name)}})
		}
	}
	return who
}

func firstRune(s string) string {
	r, _ := utf8.DecodeRuneInString(s)
	return string(r)
}

func (p *planner) dates(line *Line, e entry, a *act) {
	want := []string{"2022-10-01"}
	from, given, ok := dayOf(e.text[colFrom])
	if !ok {
		p.refuse(line, e, fault{column: colFrom, value: e.text[colFrom], key: "error.bad_date", expected: want})
	} else if given {
		a.from = clock.Ms(from)
	}
	until, given, ok := dayOf(e.text[colUntil])
	if !ok {
		p.refuse(line, e, fault{column: colUntil, value: e.text[colUntil], key: "error.bad_date", expected: want})
	} else if given {
		a.until = clock.Ms(until.AddDate(0, 0, 1))
		if a.from != 0 && a.until <= a.from {
			p.refuse(line, e, fault{column: colUntil, value: e.text[colUntil], key: "grid.post.ends_first"})
		}
	}
}

// role reads the role; a local word for it becomes the post's title.
func (p *planner) role(line *Line, e entry, a *act, path string) {
	role, written, ok := vocab.roleOf(e.text[colRole], path, p.aliases)
	if !ok {
		key := "grid.post.bad_role"
		if e.text[colRole] == "" {
			key = "staff.no_role"
		}
		var want []string
		for _, r := range grid.Roles() {
			if r.Level() > 0 && p.c.MayManage(grid.PostWrite, r, path) {
				want = append(want, grid.RoleName(p.o.Lang, p.aliases, r, path))
			}
		}
		p.refuse(line, e, fault{column: colRole, value: e.text[colRole], key: key, expected: want})
		return
	}
	a.role = role
	if a.title == "" {
		a.title = written
	}
	if utf8.RuneCountInString(a.title) > 60 {
		p.refuse(line, e, fault{column: colTitle, value: a.title, key: "error.too_long", args: []any{60}})
	}
}

// organisation finds the organisation; one that is not entered is told and left out.
func (p *planner) organisation(e entry, a *act) {
	name := e.text[colOrg]
	if !e.text.has(colOrg) {
		return
	}
	org, ok := p.orgs[fold(name)]
	if !ok {
		f := fault{column: colOrg, value: name, key: "staff.no_org"}
		p.problem(e, f, i18n.T(p.o.Lang, f.key), "doubt")
		return
	}
	a.org = org
}

// may refuses what the caller may not give out, and roles at doors over areas.
func (p *planner) may(line *Line, e entry, a act, objects []object) {
	for _, o := range objects {
		if !p.c.MayManage(grid.PostWrite, a.role, o.path) {
			p.refuse(line, e, fault{column: colRole, value: e.text[colRole], key: "grid.post.above"})
			return
		}
		if a.role.Level() == 5 && o.kind == grid.ObjectPlace && slices.ContainsFunc(p.w.areas, func(x grid.Place) bool { return x.ID == o.id }) {
			p.refuse(line, e, fault{column: colBuilding, key: "staff.needs_building", args: []any{e.text[colRole]}})
			return
		}
	}
}
