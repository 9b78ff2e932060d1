package grid

import (
	"cmp"
	"slices"
	"strings"

	"wangge/internal/platform/id"
)

// Line is the posts of a district and who stands above whom: what decides who
// answers for a post's open tasks at an instant. It is a snapshot of the posts
// and places as they are entered, periods to come included, and never changes.
type Line struct {
	version [2]int64
	posts   map[id.ID]*LinePost
	at      map[string][]*LinePost // posts of line roles by the path of their object
	top     []*LinePost            // the district's duty posts
	// rostered are the posts with lines of a roster, past ones included
	rostered []*LinePost
}

// LinePost is a post as the line sees it.
type LinePost struct {
	ID      id.ID
	Role    Role
	Title   string
	Kind    ObjectKind
	Object  id.ID
	OrgID   id.ID
	Path    string // of its object; of a set of doors, of its first one
	grid    string // the grid that answers for most of the doors below; of a place or doors
	holders []holding
	shifts  []shiftRow
	periods []span // of the post, its team and its grid
}

type holding struct {
	account id.ID
	span
}

// Post returns a post of the line; nil where there is none.
func (l *Line) Post(p id.ID) *LinePost { return l.posts[p] }

// Runs reports whether the post itself exists at an instant (UTC milliseconds).
func (p *LinePost) Runs(t int64) bool {
	return !slices.ContainsFunc(p.periods, func(s span) bool { return !s.covers(t) })
}

// Holders returns the accounts in post at an instant.
func (p *LinePost) Holders(t int64) []id.ID {
	if p == nil || !p.Runs(t) {
		return nil
	}
	var out []id.ID
	for _, h := range p.holders {
		if h.covers(t) {
			out = append(out, h.account)
		}
	}
	return out
}

// OnDuty returns the accounts in post that the roster has on duty at an
// instant: all of them where the post has no roster then.
func (p *LinePost) OnDuty(t int64) []id.ID {
	holders := p.Holders(t)
	roster := false
	named := map[id.ID]bool{}
	for _, s := range p.shiftsOrNone() {
		if !(span{s.from, s.until}).covers(t) {
			continue
		}
		roster = true
		if s.covers(t) {
			named[s.account] = true
		}
	}
	if !roster {
		return holders
	}
	return slices.DeleteFunc(holders, func(a id.ID) bool { return !named[a] && !named[id.Zero] })
}

func (p *LinePost) shiftsOrNone() []shiftRow {
	if p == nil {
		return nil
	}
	return p.shifts
}

// covers reports whether the hours of the shift cover an instant.
func (r shiftRow) covers(t int64) bool {
	day := dayNumber(t)
	minute := int((t+cstMs)%dayMs) / 60_000
	on := func(d int) bool { return r.day == d || r.day < 0 && r.weekday == weekdayOf(d) }
	return on(day) && r.start <= minute && minute < r.end || on(day-1) && minute+minutesADay < r.end
}

// Up lists the posts up the line from a post, the nearest first: those of the
// grids over it, of the places and areas that hold it, and at last the
// district's duty posts. Filled or not is not asked.
func (l *Line) Up(post id.ID) []id.ID {
	if p := l.posts[post]; p != nil {
		return l.up(p)
	}
	return idsOf(l.top)
}

func (l *Line) up(p *LinePost) []id.ID {
	var above []*LinePost
	for _, path := range append(gridWay(p), placeWay(p.Path)...) {
		for _, q := range l.at[path] {
			if q.above(p) {
				above = append(above, q)
			}
		}
	}
	for _, q := range l.top {
		if q != p && !slices.Contains(above, q) {
			above = append(above, q)
		}
	}
	return idsOf(above)
}

// Over returns the post that answers for an area by its path: of the posts of
// the line at it, else above it, the first that exists at an instant and may do
// what is asked. Filled or not is not asked. Zero where there is none.
func (l *Line) Over(path string, may Permission, t int64) id.ID {
	for _, post := range l.up(&LinePost{ID: -1, Path: path, Kind: ObjectPlace, Role: RoleVolunteer}) {
		if p := l.posts[post]; p.Role.May(may) && p.Runs(t) {
			return post
		}
	}
	return id.Zero
}

func idsOf(list []*LinePost) []id.ID {
	out := make([]id.ID, len(list))
	for i, p := range list {
		out[i] = p.ID
	}
	return out
}

// above reports whether q stands above p where both are found on p's way up.
func (q *LinePost) above(p *LinePost) bool {
	if q == p {
		return false
	}
	if q.Role.Level() != p.Role.Level() {
		return q.Role.Level() < p.Role.Level()
	}
	return len(q.Path) < len(p.Path) && strings.HasPrefix(p.way(), q.Path)
}

// way is the path along which the post climbs first.
func (p *LinePost) way() string { return cmp.Or(p.grid, p.Path) }

// gridWay lists the paths of the grids over a post, the lowest first.
func gridWay(p *LinePost) []string {
	path := p.way()
	at := strings.IndexByte(path, 'g')
	if at < 0 {
		return nil
	}
	var out []string
	for n := len(path); n >= at+segment+1; n -= segment {
		out = append(out, path[:n])
	}
	return out
}

// placeWay lists a path and those of the places above it, the lowest first.
func placeWay(path string) []string {
	if at := strings.IndexByte(path, 'g'); at >= 0 {
		path = path[:at]
	}
	out := append(waysUp(path), path)
	slices.Reverse(out)
	return out
}

// Effective returns the post that answers at an instant for what a post owns:
// itself where somebody holds it, else the nearest filled one up the line. Zero
// only where nobody at all is in post up to the district.
func (l *Line) Effective(post id.ID, t int64) id.ID {
	if len(l.posts[post].Holders(t)) > 0 {
		return post
	}
	return l.Above(post, t)
}

// Above returns the nearest post up the line that somebody holds at an instant;
// Zero where there is none.
func (l *Line) Above(post id.ID, t int64) id.ID {
	for _, up := range l.Up(post) {
		if len(l.posts[up].Holders(t)) > 0 {
			return up
		}
	}
	return id.Zero
}

// Vacant lists the posts without a holder at an instant whose tasks one of the
// given posts answers for.
func (l *Line) Vacant(of []id.ID, t int64) []id.ID {
	var out []id.ID
	for pid, p := range l.posts {
		if len(p.Holders(t)) == 0 && slices.Contains(of, l.Above(pid, t)) {
			out = append(out, pid)
		}
	}
	slices.Sort(out)
	return out
}

// Duty returns the district's duty post at an instant: the first with a holder
// of those of headquarters over the whole district; Zero before there is one.
func (l *Line) Duty(t int64) id.ID {
	for _, p := range l.top {
		if len(p.Holders(t)) > 0 {
			return p.ID
		}
	}
	return id.Zero
}

// Of lists the posts an account holds at an instant.
func (l *Line) Of(account id.ID, t int64) []id.ID {
	var out []id.ID
	for pid, p := range l.posts {
		if slices.Contains(p.Holders(t), account) {
			out = append(out, pid)
		}
	}
	slices.Sort(out)
	return out
}

// Each calls fn with every post of the line that runs at an instant.
func (l *Line) Each(t int64, fn func(p *LinePost)) {
	for _, p := range l.posts {
		if p.Runs(t) {
			fn(p)
		}
	}
}

// newLine orders posts into a line. root is the district's own path.
func newLine(root string, posts []*LinePost) *Line {
	l := &Line{posts: make(map[id.ID]*LinePost, len(posts)), at: map[string][]*LinePost{}}
	slices.SortFunc(posts, func(a, b *LinePost) int {
		return cmp.Or(cmp.Compare(b.Role.Level(), a.Role.Level()), cmp.Compare(a.ID, b.ID))
	})
	for _, p := range posts {
		l.posts[p.ID] = p
		if p.Role.Line() && p.Path != "" && p.Kind != ObjectDoors {
			l.at[p.Path] = append(l.at[p.Path], p)
		}
		if p.Role == RoleCommand && p.Path == root {
			l.top = append(l.top, p)
		}
		if len(p.shifts) > 0 {
			l.rostered = append(l.rostered, p)
		}
	}
	slices.SortFunc(l.rostered, func(a, b *LinePost) int { return cmp.Compare(a.ID, b.ID) })
	return l
}

// Top reports whether a post is a duty post of the district, above which there
// is nobody.
func (l *Line) Top(post id.ID) bool {
	return slices.ContainsFunc(l.top, func(p *LinePost) bool { return p.ID == post })
}
