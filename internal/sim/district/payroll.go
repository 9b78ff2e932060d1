package district

import (
	"context"

	"wangge/internal/account"
	"wangge/internal/grid"
	"wangge/internal/platform/clock"
	"wangge/internal/platform/db"
	"wangge/internal/platform/id"
	"wangge/internal/sim"
)

// payroll writes organisations, teams, posts and their holders, and remembers
// the accounts whose log-ins are printed.
type payroll struct {
	l         *loader
	fromMs    int64
	orgs      map[orgKey]id.ID
	teams     map[orgKey]id.ID
	storyGrid id.ID
	logins    []printedPost
}

type orgKey struct {
	area id.ID
	name string
}

// printedPost is a post whose first holder gets a printed log-in.
type printedPost struct {
	key   string // of the generator's post
	login string
	place string
}

func newPayroll(l *loader) *payroll {
	return &payroll{l: l, fromMs: clock.Ms(l.Clock.Now()) - recordedBefore, orgs: map[orgKey]id.ID{}, teams: map[orgKey]id.ID{}}
}

// upper writes the posts of the district and its streets.
func (l *loader) upper(ctx context.Context) error {
	l.people.printUpper()
	var offices []office
	for i := range l.d.Posts {
		offices = append(offices, upperOffice(&l.d.Posts[i], l.areas, l.root.ID))
	}
	return l.DB.Write(ctx, "district.Load", func(tx *db.Tx) error { return l.people.write(ctx, tx, offices) })
}

// printUpper chooses the posts above the communities whose log-ins are printed:
// the command, its duty post, a department, the story's street and the auditor.
func (p *payroll) printUpper() {
	street := ""
	if code := p.l.plot.code; code != "" {
		street = code[:9] + "000"
	}
	seen := map[sim.Role]bool{}
	for i := range p.l.d.Posts {
		post := &p.l.d.Posts[i]
		if post.Vacant() || seen[post.Role] {
			continue
		}
		login := ""
		switch post.Role {
		case sim.RoleCommand:
			login = "command"
		case sim.RoleDuty:
			login = "duty"
		case sim.RoleDepartment:
			login = "department"
		case sim.RoleAuditor:
			login = "auditor"
		case sim.RoleStreetApprover:
			if street == "" || post.Area == street {
				login = "street"
			}
		}
		if login != "" {
			seen[post.Role] = true
			p.print(post.Key, login, p.l.areas[post.Area].Name)
		}
	}
}

func (p *payroll) print(key, login, place string) {
	p.logins = append(p.logins, printedPost{key, login, place})
}

// hire turns the posts of communities into offices, and chooses those of the
// story's community whose log-ins are printed.
func (p *payroll) hire(_ context.Context, list []*settled) ([]office, error) {
	if p.l.bare {
		return nil, nil
	}
	var out []office
	for _, s := range list {
		if s == p.l.story {
			p.printStory(s)
		}
		for i := range s.from.Posts {
			out = append(out, s.office(&s.from.Posts[i]))
		}
	}
	return out, nil
}

func (p *payroll) printStory(s *settled) {
	leader := s.leaderOf(p.l.plot.compound)
	if leader != nil {
		p.storyGrid = s.grids[leader.Grid]
		p.print(leader.Key, "leader", s.area.Name+" "+s.from.Grids[leader.Grid].Name)
	}
	seen := map[sim.Role]bool{}
	for i := range s.from.Posts {
		post := &s.from.Posts[i]
		if post.Vacant() || seen[post.Role] {
			continue
		}
		login, place := "", s.area.Name
		switch post.Role {
		case sim.RoleCommunityHead:
			login = "secretary"
		case sim.RoleClerk:
			login = "clerk"
		case sim.RoleGridWorker:
			if g := &s.from.Grids[post.Grid]; leader == nil || leader.Doors.From >= g.Doors.From && leader.Doors.To <= g.Doors.To {
				login, place = "grid", s.area.Name+" "+g.Name
			}
		case sim.RoleVolunteer:
			login = "volunteer"
		case sim.RoleProperty:
			login, place = "property", s.from.Compounds[post.Compound].Name
		}
		if login != "" {
			seen[post.Role] = true
			p.print(post.Key, login, place)
		}
	}
}

// loginOf gives the printed log-in name of a post's holder, "" for the others:
// they have an account by their phone, and no password.
func (p *payroll) loginOf(key string, holder int) string {
	if holder > 0 {
		return ""
	}
	for _, l := range p.logins {
		if l.key == key {
			return l.login
		}
	}
	return ""
}

// write writes offices with their organisations, teams, bindings and holders.
func (p *payroll) write(ctx context.Context, tx *db.Tx, offices []office) error {
	var r staffRows
	for i := range offices {
		if err := p.office(ctx, tx, &offices[i], &r); err != nil {
			return err
		}
	}
	if err := r.insert(ctx, tx, p.l.sys.District); err != nil {
		return err
	}
	if _, err := p.l.Grid.AddPostsIn(ctx, tx, p.l.sys, r.posts); err != nil {
		return err
	}
	if err := p.l.Grid.AddHoldersIn(ctx, tx, p.l.sys, r.holders); err != nil {
		return err
	}
	tx.OnCommit(func() {
		p.l.out.Figures.Posts += len(r.posts)
		p.l.out.Figures.Holders += len(r.holders)
		p.l.out.Figures.Rows += len(r.posts) + 2*len(r.holders)
	})
	return nil
}

// office adds one post's rows. A department or company that names nobody has no
// post: only its organisation is bound.
func (p *payroll) office(ctx context.Context, tx *db.Tx, o *office, r *staffRows) error {
	from := o.from
	org, team := p.organisation(o, r), p.team(o, r)
	unnamed := from.Vacant() && o.bound != id.Zero
	post := o.id
	if unnamed {
		post = id.Zero
	}
	if o.bound != id.Zero {
		r.bindings = append(r.bindings, bindingRow{post, org, o.bound, p.fromMs})
	}
	if unnamed {
		return nil
	}
	until := int64(0)
	if o.days > 0 {
		until = p.fromMs + recordedBefore + int64(o.days)*dayMs
	}
	r.posts = append(r.posts, grid.NewPost{
		ID: o.id, Role: o.role, Title: o.title, ObjectKind: o.objectKind, ObjectID: o.object, OrgID: org, TeamID: team, FromMs: p.fromMs, UntilMs: until, Doors: o.doors,
	})
	for i, h := range from.Holders {
		login := p.loginOf(from.Key, i)
		a, err := p.l.Accounts.Create(ctx, tx, id.Zero, account.NewAccount{Login: login, Name: h.Name, Phone: h.Phone, Worker: o.role.Worker()})
		if err != nil {
			return err
		}
		r.holders = append(r.holders, grid.Holder{PostID: o.id, AccountID: a.ID, FromMs: p.fromMs})
		if login != "" {
			p.printed(o, login, a.ID)
		}
	}
	return nil
}

// printed notes a log-in; a transaction that runs again notes it once.
func (p *payroll) printed(o *office, login string, account id.ID) {
	place := ""
	for _, l := range p.logins {
		if l.login == login {
			place = l.place
		}
	}
	one := Login{Role: string(o.role), Login: login, Account: account, Post: o.id, Title: o.title, Place: place}
	for i := range p.l.out.Logins {
		if p.l.out.Logins[i].Login == login {
			p.l.out.Logins[i] = one
			return
		}
	}
	p.l.out.Logins = append(p.l.out.Logins, one)
}

var orgKinds = map[sim.Role]string{sim.RoleDepartment: "department", sim.RoleClinic: "clinic", sim.RoleProperty: "property_company", sim.RoleVolunteer: "volunteer_team"}

func (p *payroll) organisation(o *office, r *staffRows) id.ID {
	kind := orgKinds[o.from.Role]
	if kind == "" || o.from.Organisation == "" {
		return id.Zero
	}
	org := p.orgOf(o.area, o.from.Organisation)
	r.orgs = append(r.orgs, groupRow{org, o.area, kind, o.from.Organisation, p.fromMs, 0})
	return org
}

// hqGroups are package grid's codes of HQ's seven groups.
var hqGroups = map[string]string{"prevention": "joint_prevention", "information": "epidemic_information", "emergency": "emergency_handling"}

// team gives HQ's seven groups and the squads.
func (p *payroll) team(o *office, r *staffRows) id.ID {
	kind, name, until := "", "", int64(0)
	switch {
	case o.from.Role == sim.RoleHQGroup:
		kind, name = grid.TeamHQGroup, o.from.Team
		if code, ok := hqGroups[name]; ok {
			name = code
		}
	case o.days > 0:
		kind, name, until = grid.TeamSquad, o.title, p.fromMs+recordedBefore+int64(o.days)*dayMs
	default:
		return id.Zero
	}
	k := orgKey{o.area, kind + name}
	if p.teams[k] == id.Zero {
		p.teams[k] = id.New()
	}
	r.teams = append(r.teams, groupRow{p.teams[k], o.area, kind, name, p.fromMs, until})
	return p.teams[k]
}

// cast returns the callers who play in the load.
func (p *payroll) cast(ctx context.Context) (by cast, err error) {
	for _, l := range p.l.out.Logins {
		c, err := p.l.Grid.CallerFor(ctx, l.Account, p.l.sys.District, p.l.Clock.Now())
		if err != nil {
			return by, err
		}
		switch l.Login {
		case "command":
			by.command = c
		case "clerk":
			by.clerk = c
		case "street":
			by.street = c
		}
	}
	if len(by.command.Grants) == 0 {
		by.command = grid.System(p.l.sys.District, "simulation")
	}
	return by, nil
}

// orgOf returns the id an organisation of an area has or will have.
func (p *payroll) orgOf(area id.ID, name string) id.ID {
	k := orgKey{area, name}
	if p.orgs[k] == id.Zero {
		p.orgs[k] = id.New()
	}
	return p.orgs[k]
}
