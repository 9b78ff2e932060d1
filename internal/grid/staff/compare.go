package staff

import (
	"context"
	"slices"
	"strconv"

	"wangge/internal/grid"
	"wangge/internal/platform/clock"
	"wangge/internal/platform/id"
)

func sheetRow(n int) string { return strconv.Itoa(n) }

// compare finds whether the person is in the post and what differs.
func (p *planner) compare(ctx context.Context, line *Line, e entry, a act) {
	key := a.person.key + "|" + a.seatKey()
	if row, twice := p.taken[key]; twice {
		p.refuse(line, e, fault{column: colName, value: a.person.name, key: "staff.twice", args: []any{row}})
		return
	}
	p.taken[key] = e.row
	post, holder, ok := p.find(a)
	switch {
	case ok:
		p.touched[holder.ID] = true
		a.post, a.holder = post.ID, holder
		a.person.account = holder.AccountID
		p.differ(line, e, &a, post)
	case a.until != 0 && a.until <= p.now:
		a.state = StateUnchanged // ended long ago
	default:
		a.state = StateNew
		if post.ID != id.Zero {
			a.post = post.ID
		} else {
			a.seat = a.seatKey()
		}
	}
	if a.person.stored != "" && a.person.stored != a.person.name && a.state != StateEnded && p.s.mayRename(ctx, p.c, a.person.account) {
		a.renamed = true
		line.change("name")
		if a.state == StateUnchanged {
			a.state = StateChanged
		}
	}
	line.acts = append(line.acts, a)
	line.State = worse(line.State, a.state)
}

func (l *Line) change(what string) {
	if !slices.Contains(l.Changes, what) {
		l.Changes = append(l.Changes, what)
	}
}

// worse is the state that tells more of a row with several places.
func worse(a, b State) State {
	order := []State{"", StateUnchanged, StateEnded, StateChanged, StateNew, StateRefused}
	if slices.Index(order, a) > slices.Index(order, b) {
		return a
	}
	return b
}

// seatKey names the post to be made: several persons of one list share it.
func (a act) seatKey() string {
	k := string(a.role) + "/" + string(a.object.kind) + "/" + a.object.id.String() + "/" + a.org.String()
	for _, d := range a.object.doors {
		k += "," + d.String()
	}
	return k
}

// find returns the post for the act and the person's term in it; without a
// term the post is one to put them in, a vacant one before others. No post: one
// must be made.
func (p *planner) find(a act) (post grid.PostView, holder grid.Holder, held bool) {
	for _, v := range p.candidates(a) {
		if a.org != id.Zero && v.OrgID != a.org {
			continue
		}
		for _, h := range v.Holders {
			if p.same(a.person, h) {
				return v, h, true
			}
		}
		if a.object.kind == grid.ObjectDoors && !sameDoors(p.doors[v.ID], a.object.doors) {
			continue
		}
		if post.ID == id.Zero || len(post.Holders) > 0 && len(v.Holders) == 0 {
			post = v
		}
	}
	return post, grid.Holder{}, false
}

// candidates are the posts of the role over the object; of sets of doors those
// that share a door with it.
func (p *planner) candidates(a act) []grid.PostView {
	if a.object.kind != grid.ObjectDoors {
		return p.posts[seat{a.role, a.object.kind, a.object.id}]
	}
	var out []grid.PostView
	for _, v := range p.sets {
		shares := slices.ContainsFunc(p.doors[v.ID], func(d grid.Place) bool { return slices.Contains(a.object.doors, d.ID) })
		if v.Role == a.role && shares {
			out = append(out, v)
		}
	}
	return out
}

// same reports whether a holder is the person: by account, or, of somebody
// without a phone, by name where the holder has none either.
func (p *planner) same(who person, h grid.Holder) bool {
	if who.phone != "" {
		return h.AccountID == who.account && who.account != id.Zero
	}
	acc := p.holders[h.AccountID]
	return acc.Phone == "" && fold(acc.Name) == fold(who.name)
}

func sameDoors(have []grid.Place, want []id.ID) bool {
	if len(have) != len(want) {
		return false
	}
	return !slices.ContainsFunc(have, func(d grid.Place) bool { return !slices.Contains(want, d.ID) })
}

// differ says what changes of a term that is there.
func (p *planner) differ(line *Line, e entry, a *act, post grid.PostView) {
	a.state = StateUnchanged
	a.term = grid.Term{HolderID: a.holder.ID, PostID: post.ID, FromMs: a.holder.FromMs, UntilMs: a.holder.UntilMs}
	if a.until != 0 && a.until <= p.now {
		a.state, a.term.UntilMs, a.term.ChangedPeriod = StateEnded, p.now, true
		return
	}
	if a.from != 0 && clock.Day(clock.FromMs(a.holder.FromMs)) != clock.Day(clock.FromMs(a.from)) {
		a.term.FromMs, a.term.ChangedPeriod = a.from, true
		line.change("from")
	}
	if e.has(colUntil) && a.until != a.holder.UntilMs {
		a.term.UntilMs, a.term.ChangedPeriod = a.until, true
		line.change("until")
	}
	if t := e.text[colTitle]; t != "" && t != post.Title {
		a.term.Title = t
		line.change("title")
	}
	if a.object.kind == grid.ObjectDoors && !sameDoors(p.doors[post.ID], a.object.doors) {
		a.term.Doors = a.object.doors
		line.change("doors")
	}
	if len(line.Changes) > 0 && (a.term.ChangedPeriod || a.term.Title != "" || len(a.term.Doors) > 0) {
		a.state = StateChanged
	}
}

// missing lists who holds a post of a role and community that the list speaks
// of and is not in it.
func (p *planner) missing() {
	roles, areas := map[grid.Role]bool{}, map[string]bool{}
	for _, l := range p.report.Lines {
		for _, a := range l.acts {
			roles[a.role] = true
			areas[communityOf(a.object.path)] = true
		}
	}
	consider := func(v grid.PostView, path string) {
		if !roles[v.Role] || !areas[communityOf(path)] || !p.c.MayManage(grid.PostWrite, v.Role, path) {
			return
		}
		for _, h := range v.Holders {
			name := p.holders[h.AccountID].Name
			if !p.touched[h.ID] && h.AccountID != p.c.AccountID && !p.persons[h.AccountID.String()] && !p.persons[name] {
				p.report.Missing = append(p.report.Missing, Missing{Name: name, Role: v.Role, Where: v.Object, PostID: v.ID, holder: h})
			}
		}
	}
	for _, list := range p.posts {
		for _, v := range list {
			consider(v, v.Path)
		}
	}
	for _, v := range p.sets {
		if doors := p.doors[v.ID]; len(doors) > 0 {
			v.Object = doors[0].Name
			consider(v, doors[0].Path)
		}
	}
	slices.SortFunc(p.report.Missing, func(a, b Missing) int { return int(a.holder.ID - b.holder.ID) })
}

// communityOf is the path of the community a path lies in, or of its area above.
func communityOf(path string) string { return path[:min(len(path), 12)] }

// count sums the lines up.
func (p *planner) count() {
	r := p.report
	r.Rows, r.New, r.Changed, r.Ended, r.Unchanged, r.Refused, r.Accounts, r.Posts = len(r.Lines), 0, 0, 0, 0, 0, 0, 0
	persons, posts := map[string]bool{}, map[string]bool{}
	for _, l := range r.Lines {
		switch l.State {
		case StateNew:
			r.New++
		case StateChanged:
			r.Changed++
		case StateEnded:
			r.Ended++
		case StateRefused:
			r.Refused++
			continue
		default:
			r.Unchanged++
		}
		for _, a := range l.acts {
			if a.state == StateNew && a.person.account == id.Zero {
				persons[a.person.key] = true
			}
			if a.state == StateNew && a.post == id.Zero {
				posts[a.seat] = true
			}
		}
	}
	r.Accounts, r.Posts = len(persons), len(posts)
}
