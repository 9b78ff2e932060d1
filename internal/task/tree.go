package task

import (
	"cmp"
	"context"
	"slices"

	"wangge/internal/grid"
	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
)

// Progress counts the posts a task was passed on to. Done + the open ones +
// Dropped = Issued.
type Progress struct {
	Issued   int `json:"issued"`
	Received int `json:"received" doc:"Opened by who answers for it, or ended"`
	Done     int `json:"done"`
	Overdue  int `json:"overdue" doc:"Open past the deadline"`
	Dropped  int `json:"dropped" doc:"Cancelled or merged"`
}

func (p *Progress) add(n node, nowMs int64) {
	p.Issued++
	switch {
	case n.state == Cancelled || n.state == Merged:
		p.Dropped++
	case n.state == Done || n.state == Verified || n.state == Closed:
		p.Done++
	case n.deadline <= nowMs:
		p.Overdue++
	}
	if n.received != 0 || !n.state.Open() {
		p.Received++
	}
}

func (p *Progress) sum(o Progress) {
	p.Issued += o.Issued
	p.Received += o.Received
	p.Done += o.Done
	p.Overdue += o.Overdue
	p.Dropped += o.Dropped
}

// Branch is one of the posts a task was passed on to.
type Branch struct {
	Task
	Post  string   `json:"post" doc:"The owning post in words"`
	Late  bool     `json:"late"`
	Below Progress `json:"below" doc:"Of the posts it was passed on to from here, at every level"`
}

// LevelProgress is Progress of the posts of one role at one level below.
type LevelProgress struct {
	Role  grid.Role `json:"role"`
	Depth int       `json:"depth" doc:"1: addressed from here"`
	Progress
}

// LateBelow is somebody further down whose deadline has passed.
type LateBelow struct {
	TaskID     id.ID  `json:"task_id"`
	Post       string `json:"post" doc:"The owning post in words"`
	DeadlineMs int64  `json:"deadline_ms"`
}

// Tree is what a directive came to, as the level that issued it sees it: each
// addressee with the answer; of what is below figures, and who is late.
type Tree struct {
	Task     Task            `json:"task"`
	Direct   Progress        `json:"direct" doc:"Of the posts addressed from here"`
	All      Progress        `json:"all" doc:"Of every level below"`
	Levels   []LevelProgress `json:"levels" doc:"All, by level and role"`
	Late     []LateBelow     `json:"late,omitempty" doc:"Who is late further down than the posts addressed from here, the longest first, at most 200"`
	Tally    *Tally          `json:"tally,omitempty" doc:"Of the answers of the posts addressed from here"`
	Branches []Branch        `json:"branches" doc:"Late ones first, then open ones, by deadline"`
	MayPress bool            `json:"may_press" doc:"The caller may remind the late"`
}

// node is a task of a tree, without its text.
type node struct {
	id, parent, post id.ID
	state            State
	received         int64
	deadline         int64
}

// Tree reads what a task that was passed on came to. It is for who answers for
// the task or issued it: each level sees the answers of the one below it and no
// further; everybody else gets NotFound.
func (s *Service) Tree(ctx context.Context, c grid.Caller, task id.ID) (Tree, error) {
	const op = "task.Tree"
	var out Tree
	var rows []row
	var nodes []node
	var v View
	b, err := s.bearings(ctx, c)
	if err != nil {
		return out, err
	}
	err = s.DB.Snapshot(ctx, op, func(q db.Queryer) (err error) {
		if err = s.read(ctx, q, c, b, task, &v); err != nil {
			return err
		}
		if v.stands&(owner|issuer|above) == 0 {
			return errs.E(op, errs.NotFound, "task.not_found")
		}
		root := v.RootID
		if root == id.Zero {
			root = v.ID
		}
		if nodes, err = selectNodes(ctx, q, c.District, root); err != nil {
			return err
		}
		rows, err = selectRows(ctx, q, "WHERE t.district = $1 AND t.parent_id = $2 AND t.parent_id <> 0 ORDER BY t.deadline_ms, t.id", c.District, task)
		return err
	})
	if err != nil {
		return out, err
	}
	out.Task, out.MayPress = v.Task, v.stands&owner != 0 && v.State.Open()
	return out, errs.Wrap(op, s.branches(ctx, c, b, rows, nodes, v.stands, &out))
}

// branches fills in the addressees and what is below each.
func (s *Service) branches(ctx context.Context, c grid.Caller, b bearings, rows []row, nodes []node, st standing, out *Tree) error {
	now := b.now
	tasks, err := s.open(c.Lang, rows)
	if err != nil {
		return err
	}
	var posts []id.ID
	for _, t := range tasks {
		posts = append(posts, t.PostID)
	}
	late := lateFurther(nodes, out.Task.ID, now)
	for _, n := range late {
		posts = append(posts, n.post)
	}
	words, err := s.postsFor(ctx, c, posts)
	if err != nil {
		return err
	}
	for _, n := range late {
		out.Late = append(out.Late, LateBelow{TaskID: n.id, Post: words[n.post], DeadlineMs: n.deadline})
	}
	out.Levels = byLevel(nodes, out.Task.ID, now, func(post id.ID) grid.Role {
		if p := b.line.Post(post); p != nil {
			return p.Role
		}
		return ""
	})
	below := belowEach(nodes, now)
	var answers []string
	for _, t := range tasks {
		if st&owner == 0 {
			t.Answer = "" // it is for the level above the answer, which is the task's owner
		}
		answers = append(answers, t.Answer)
		out.Branches = append(out.Branches, Branch{Task: t, Post: words[t.PostID], Late: t.Late(now), Below: below[t.ID]})
		out.Direct.add(node{state: t.State, received: t.ReceivedMs, deadline: t.DeadlineMs}, now)
	}
	out.All = below[out.Task.ID]
	if q := out.Task.Question; q != nil && st&owner != 0 {
		t := tally(*q, answers)
		out.Tally = &t
	}
	rank := func(b Branch) int {
		switch {
		case b.Late:
			return 0
		case b.State.Open():
			return 1
		}
		return 2
	}
	slices.SortStableFunc(out.Branches, func(a, b Branch) int { return rank(a) - rank(b) })
	return nil
}

// belowEach counts, for each task of a tree, the tasks below it at every level.
func belowEach(nodes []node, now int64) map[id.ID]Progress {
	kids := map[id.ID][]node{}
	for _, n := range nodes {
		kids[n.parent] = append(kids[n.parent], n)
	}
	out := map[id.ID]Progress{}
	var count func(of id.ID) Progress
	count = func(of id.ID) Progress {
		var p Progress
		for _, k := range kids[of] {
			p.add(k, now)
			p.sum(count(k.id))
		}
		out[of] = p
		return p
	}
	for of := range kids {
		if _, done := out[of]; !done {
			count(of)
		}
	}
	return out
}

// byLevel counts the tasks below one by how far down they are and whose they are.
func byLevel(nodes []node, under id.ID, now int64, role func(post id.ID) grid.Role) (out []LevelProgress) {
	walkBelow(nodes, under, func(n node, depth int) {
		i := slices.IndexFunc(out, func(l LevelProgress) bool { return l.Depth == depth && l.Role == role(n.post) })
		if i < 0 {
			i = len(out)
			out = append(out, LevelProgress{Role: role(n.post), Depth: depth})
		}
		out[i].add(n, now)
	})
	slices.SortFunc(out, func(a, b LevelProgress) int {
		return cmp.Or(a.Depth-b.Depth, b.Issued-a.Issued, cmp.Compare(a.Role, b.Role))
	})
	return out
}

// maxLate bounds who is named as late.
const maxLate = 200

// lateFurther are the tasks past their deadline that lie further down than the
// addressees of one, the longest late first.
func lateFurther(nodes []node, under id.ID, now int64) (out []node) {
	walkBelow(nodes, under, func(n node, depth int) {
		if depth > 1 && n.state.Open() && n.deadline <= now {
			out = append(out, n)
		}
	})
	slices.SortFunc(out, func(a, b node) int { return cmp.Or(cmp.Compare(a.deadline, b.deadline), cmp.Compare(a.id, b.id)) })
	return out[:min(len(out), maxLate)]
}

// walkBelow visits the tasks below one, with how far down each is.
func walkBelow(nodes []node, under id.ID, visit func(n node, depth int)) {
	kids := map[id.ID][]node{}
	for _, n := range nodes {
		kids[n.parent] = append(kids[n.parent], n)
	}
	var walk func(of id.ID, depth int)
	walk = func(of id.ID, depth int) {
		for _, k := range kids[of] {
			visit(k, depth)
			walk(k.id, depth+1)
		}
	}
	walk(under, 1)
}

// remindAfter is how long nobody is reminded again of the same task.
const remindAfter = 2 * 60 * minuteMs

// Remind reminds those of a task's addressees who are late, and nobody else,
// nor anybody twice within two hours. It returns how many were reminded. Errors
// as of Tree; Denied where the caller does not answer for the task.
func (s *Service) Remind(ctx context.Context, c grid.Caller, task id.ID) (n int, err error) {
	const op = "task.Remind"
	err = s.DB.Write(ctx, op, func(tx *db.Tx) error {
		n = 0
		w, err := s.work(ctx, tx, c, task)
		if err != nil {
			return err
		}
		if w.stands&owner == 0 {
			return check(w.t, Take, w.stands)
		}
		late, err := selectLate(ctx, tx, c.District, task, w.now, w.now-remindAfter)
		if err != nil {
			return err
		}
		opened, err := s.open(c.Lang, late)
		if err != nil {
			return err
		}
		for i, r := range late {
			k := *w
			k.r, k.t, k.was, k.events = r, opened[i], r.Events, nil
			k.step("remind", k.t.State, Change{})
			if err := k.save(ctx); err != nil {
				return err
			}
			n++
		}
		return nil
	})
	return n, err
}
