package task

import (
	"cmp"
	"context"
	"slices"

	"wangge/internal/grid"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/i18n"
	"wangge/internal/platform/id"
)

// List names a list of the inbox.
type List string

// The lists of the inbox.
const (
	Mine    List = "mine"    // what the caller's posts answer for, by deadline
	Given   List = "given"   // what they issued and wait for
	Soon    List = "soon"    // of mine, what climbs within soonMs
	Climbed List = "climbed" // what climbed to them
	Known   List = "known"   // facts they got a copy of
	Watched List = "watched" // what the caller asked to watch, open
	Minded  List = "minded"  // of posts whose holders are off shift, while the caller's minds them
)

// Lists are the lists in the order pages show them.
var Lists = []List{Mine, Soon, Given, Climbed, Minded, Known, Watched}

// soonMs is how near a climbing is called soon.
const soonMs = 2 * 60 * minuteMs

// maxRows bounds a list of the inbox.
const maxRows = 200

// Line of an inbox.
type Line struct {
	Task
	KindName string `json:"kind_name"`
	Who      string `json:"who" doc:"Of what is given: who has it; else who gave it"`
	Late     bool   `json:"late"`
	Short    bool   `json:"short" doc:"Late where the people on duty are too few for the work that is due"`
	Covered  bool   `json:"covered" doc:"The owning post is nobody's, or nobody of it has the shift; the caller's answers for it"`
	Soon     bool   `json:"soon" doc:"Climbs within two hours"`
}

// Figures say how much lies in each list of an inbox; 1000 is "that or more".
type Figures struct {
	Mine      int `json:"mine"`
	Late      int `json:"late" doc:"Of mine, those past their deadline"`
	Given     int `json:"given"`
	Overdue   int `json:"overdue" doc:"Of what is given, what is past its deadline"`
	Climbed   int `json:"climbed"`
	Minded    int `json:"minded"`
	Leads     int `json:"leads" doc:"People to be verified, of mine; they are counted here and listed on the desk"`
	LeadsLate int `json:"leads_late" doc:"Of these, those past their deadline"`
	LeadsUp   int `json:"leads_climbed" doc:"People to be verified who climbed"`
	Ring      int `json:"ring" doc:"Not opened, and to be told with a sound to this caller now: at night only what is an emergency, and only to who is on duty"`
}

// Inbox is what somebody has before them.
type Inbox struct {
	List    List    `json:"list"`
	Figures Figures `json:"figures"`
	Lines   []Line  `json:"lines"`
	Cut     bool    `json:"cut" doc:"There are more than are listed"`
}

// desk is the posts by which a caller is asked, at an instant.
type desk struct {
	line   *grid.Line
	own    []id.ID // held
	all    []id.ID // and vacant ones they answer for
	minded []id.ID // of others, of whom nobody has the shift, and vacant ones those answer for
	shifts Shifts
	now    int64
}

func (s *Service) desk(ctx context.Context, c grid.Caller) (desk, error) {
	line, err := s.Grid.Line(ctx, c)
	if err != nil {
		return desk{}, err
	}
	d := desk{line: line, own: postsOf(c), now: s.now()}
	d.all = d.own
	if slices.ContainsFunc(d.own, func(p id.ID) bool { return line.Post(p) != nil && line.Post(p).Role.Line() }) {
		d.all = append(slices.Clone(d.own), line.Vacant(d.own, d.now)...)
	}
	if d.shifts, err = s.shiftsOf(ctx, c, line, d.now); err == nil && len(d.shifts.Minded) > 0 {
		d.minded = append(slices.Clone(d.shifts.Minded), line.Vacant(d.shifts.Minded, d.now)...)
	}
	return d, err
}

// Inbox reads one list of the caller's inbox, by deadline, and how much lies in
// the others. Needs task.do.
func (s *Service) Inbox(ctx context.Context, c grid.Caller, which List, limit int) (Inbox, error) {
	const op = "task.Inbox"
	in := Inbox{List: which, Lines: []Line{}}
	if err := c.Require(op, grid.TaskDo); err != nil {
		return in, err
	}
	d, err := s.desk(ctx, c)
	if err != nil {
		return in, err
	}
	if in.Figures, err = s.figures(ctx, c, d); err != nil {
		return in, errs.Wrap(op, err)
	}
	if limit <= 0 || limit > maxRows {
		limit = maxRows
	}
	if which == Known {
		in.Lines, err = s.known(ctx, c, d, limit)
		return in, errs.Wrap(op, err)
	}
	rows, err := s.rows(ctx, c, d, which, limit+1)
	if err != nil {
		return in, errs.Wrap(op, err)
	}
	if in.Cut = len(rows) > limit; in.Cut {
		rows = rows[:limit]
	}
	tasks, err := s.open(c.Lang, rows)
	if err != nil {
		return in, errs.Wrap(op, err)
	}
	if which == Watched {
		tasks = slices.DeleteFunc(tasks, func(t Task) bool { return standingOf(t, c, d.line, d.now, true, d.shifts) == 0 })
	}
	in.Lines, err = s.lines(ctx, c, d, which, tasks)
	return in, errs.Wrap(op, err)
}

// figures counts the caller's lists, each up to maxCounted.
func (s *Service) figures(ctx context.Context, c grid.Caller, d desk) (f Figures, err error) {
	for _, n := range []struct {
		into   *int
		by     string
		posts  []id.ID
		where  string
		before int64
	}{
		{&f.Mine, "post_id", d.all, listedAlone, 0},
		{&f.Late, "post_id", d.all, listedAlone, d.now},
		{&f.Leads, "post_id", d.all, leadsOnly, 0},
		{&f.LeadsLate, "post_id", d.all, leadsOnly, d.now},
		{&f.LeadsUp, "above_post_id", d.own, climbed + leadsOnly, 0},
		{&f.Given, "issuer_post_id", d.own, elsewhere + listedAlone, 0},
		{&f.Overdue, "issuer_post_id", d.own, elsewhere + listedAlone, d.now},
		{&f.Climbed, "above_post_id", d.own, climbed + listedAlone, 0},
		{&f.Minded, "post_id", d.minded, listedAlone, 0},
	} {
		if *n.into, err = countOpen(ctx, s.DB.Read(), c.District, n.by, n.posts, n.where, n.before); err != nil {
			return f, err
		}
	}
	f.Ring, err = s.ring(ctx, c, d)
	return f, err
}

// ring counts what nobody has opened and is to be told with a sound to the
// caller at this instant.
func (s *Service) ring(ctx context.Context, c grid.Caller, d desk) (n int, err error) {
	kinds, err := s.Kinds(ctx, c)
	if err != nil {
		return 0, err
	}
	var on []id.ID
	for _, p := range slices.Concat(d.all, d.minded) {
		told, err := d.shifts.told(d.line, p, c.AccountID, d.now)
		if err != nil {
			return 0, err
		}
		if told {
			on = append(on, p)
		}
	}
	var ringing []string
	for _, k := range kinds {
		if k.Rings(d.now) && k.Key != KindLead { // the desk shows who is to be called
			ringing = append(ringing, k.Key)
		}
	}
	return countUnopened(ctx, s.DB.Read(), c.District, on, ringing)
}

// Conditions of lists: what is given lies with another, what climbed did. Leads
// come by the hundred: they are counted, and listed where they are worked on.
const (
	elsewhere   = " AND t.post_id <> t.issuer_post_id"
	climbed     = " AND t.above_post_id <> 0"
	listedAlone = " AND t.kind <> '" + KindLead + "'"
	leadsOnly   = " AND t.kind = '" + KindLead + "'"
)

const byDeadline = "t.deadline_ms, t.id"

func (s *Service) rows(ctx context.Context, c grid.Caller, d desk, which List, limit int) ([]row, error) {
	l := listed{by: "post_id", posts: d.all, where: listedAlone, order: byDeadline, limit: limit}
	switch which {
	case Given:
		l.by, l.posts, l.where = "issuer_post_id", d.own, elsewhere+listedAlone
	case Climbed:
		l.by, l.posts, l.where = "above_post_id", d.own, climbed+listedAlone
	case Watched:
		return selectWatched(ctx, s.DB.Read(), c.District, c.AccountID, limit)
	case Minded:
		l.posts = d.minded
	case Soon:
		l.soon = d.now + soonMs
	}
	rows, err := selectListed(ctx, s.DB.Read(), c.District, l)
	slices.SortFunc(rows, func(a, b row) int { return cmp.Or(cmp.Compare(a.DeadlineMs, b.DeadlineMs), cmp.Compare(a.ID, b.ID)) })
	return rows[:min(len(rows), limit)], err
}

func (s *Service) lines(ctx context.Context, c grid.Caller, d desk, which List, tasks []Task) ([]Line, error) {
	kinds, err := s.Kinds(ctx, c)
	if err != nil {
		return nil, err
	}
	var posts []id.ID
	for _, t := range tasks {
		posts = append(posts, t.PostID, t.IssuerPostID)
	}
	words, err := s.postsFor(ctx, c, posts)
	if err != nil {
		return nil, err
	}
	alarms, err := selectHandsAlarms(ctx, s.DB.Read(), c.District)
	if err != nil {
		return nil, err
	}
	out := make([]Line, len(tasks))
	for i, t := range tasks {
		k, _ := kinds.Get(t.Kind)
		if which == Climbed || which == Watched {
			t.Answer = ""
		}
		l := Line{Task: t, KindName: k.Name(c.Lang), Who: words[t.IssuerPostID], Late: t.Late(d.now), Soon: t.ClimbMs != 0 && t.ClimbMs < d.now+soonMs}
		if which == Given || which == Climbed || which == Watched {
			l.Who = words[t.PostID]
		}
		if p := d.line.Post(t.PostID); l.Late && p != nil && len(p.Path) >= communityWidth {
			l.Short = alarms[p.Path[:communityWidth]] != id.Zero
		}
		l.Covered = (which == Mine || which == Minded) && !slices.Contains(d.own, t.PostID)
		out[i] = l
	}
	return out, nil
}

// knownMs is how long a copy of a fact is listed after its report ended.
const knownMs = 7 * 24 * 60 * minuteMs

// known lists the facts the caller's posts got a copy of: what, in which
// community, when, how it stands; neither text nor title nor door.
func (s *Service) known(ctx context.Context, c grid.Caller, d desk, limit int) ([]Line, error) {
	rows, err := selectKnown(ctx, s.DB.Read(), c.District, d.own, d.now-knownMs, limit)
	if err != nil {
		return nil, err
	}
	tasks, err := s.open(c.Lang, rows)
	if err != nil {
		return nil, err
	}
	areas, err := s.Grid.Areas(ctx, c, grid.Community)
	if err != nil {
		return nil, err
	}
	out := make([]Line, len(tasks))
	for i, t := range tasks {
		l := Line{Task: Task{ID: t.ID, Kind: t.Kind, State: t.State, Fact: t.Fact, CreatedMs: t.CreatedMs, DeadlineMs: t.DeadlineMs, EndedMs: t.EndedMs}, KindName: i18n.T(c.Lang, "task.fact."+t.Fact), Late: t.Late(d.now)}
		for _, a := range areas {
			if p := d.line.Post(t.IssuerPostID); p != nil && grid.Under(p.Path, a.Path) {
				l.Who = a.Name
			}
		}
		out[i] = l
	}
	return out, nil
}
