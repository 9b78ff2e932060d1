package relief

import (
	"context"
	"slices"

	"wangge/internal/grid"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
	"wangge/internal/platform/seal"
)

// maxItems bounds the open tasks a page of a change lists.
const maxItems = 200

// Handover reads a change of shift of a post: the one whose shift ends at an
// instant, or (0) the one at hand: what can be signed now, else the last one.
// Whoever holds the post or stands up the line may; the open tasks themselves
// are listed for those who may work on them. EndMs is 0 where the post has no
// change of shift yet. Errors: NotFound.
func (s *Service) Handover(ctx context.Context, c grid.Caller, post id.ID, endMs int64) (View, error) {
	const op = "relief.Handover"
	v := View{NowMs: s.now()}
	if err := s.mayRead(ctx, c, post); err != nil {
		return v, err
	}
	line, err := s.Grid.Line(ctx, c)
	if err != nil {
		return v, err
	}
	b, err := s.books(ctx, s.DB.Read(), c, line, v.NowMs)
	if err != nil {
		return v, errs.Wrap(op, err)
	}
	r := rosterOf(line.Post(post), v.NowMs, backMs, b.since)
	v.Turn = pick(r.turns(v.NowMs-backMs, v.NowMs+backMs), endMs, v.NowMs)
	if endMs == 0 {
		endMs = v.Turn.EndMs
	}
	if v.Record, err = selectRecord(ctx, s.DB.Read(), "", c.District, post, endMs); err != nil {
		return v, errs.Wrap(op, err)
	}
	if endMs != 0 && v.Turn.EndMs == 0 && v.OutMs == 0 && v.InMs == 0 && v.PassedMs == 0 {
		return v, errs.E(op, errs.NotFound, "relief.not_found")
	}
	v.Stand = stand(line.Post(post), v.NowMs, b.of(post))
	s.judge(c, line, b, &v)
	if b.err != nil {
		return v, errs.Wrap(op, b.err)
	}
	return v, errs.Wrap(op, s.fill(ctx, c, line, &v))
}

// pick chooses of changes of shift the one that ends at an instant or, for 0,
// the one at hand: the next where it can be signed already, else the last.
func pick(turns []Turn, endMs, now int64) (at Turn) {
	for _, t := range turns {
		if endMs != 0 && t.EndMs == endMs || endMs == 0 && now >= t.OpenMs {
			at = t
		}
	}
	if endMs == 0 && at.EndMs == 0 && len(turns) > 0 {
		return turns[0]
	}
	return at
}

// judge works out how far the change is, and what the caller may do with it.
func (s *Service) judge(c grid.Caller, line *grid.Line, b *books, v *View) {
	if v.EndMs == 0 {
		return
	}
	p := line.Post(v.PostID)
	pass := v.EndMs + waitMs(p.Role)
	if v.leader = v.LeaderPostID; v.leader == id.Zero {
		v.leader = leaderOf(line, v.PostID, max(pass, v.NowMs), b.of)
	}
	if v.leader != id.Zero {
		v.PassMs = pass
	}
	v.State = stateOf(v.Record, v.Turn.NextMs, v.PassMs, v.NowMs)
	w := work{c: c, line: line, post: p, turn: v.Turn, r: v.Record, now: v.NowMs}
	open := v.NowMs >= v.Turn.OpenMs && v.NowMs < v.Turn.NextMs
	v.Going = w.goes()
	v.MayOut = open && v.Going && v.OutID == id.Zero
	v.MayIn = open && w.comes() && v.InID == id.Zero
	v.StandsIn = v.MayIn && !slices.Contains(v.Turn.In, c.AccountID)
}

// fill reads what the page shows beside: names, words, the open tasks.
func (s *Service) fill(ctx context.Context, c grid.Caller, line *grid.Line, v *View) error {
	words, err := s.Tasks.PostChoices(ctx, c, some(v.PostID, v.leader))
	if err != nil {
		return err
	}
	v.Post, v.Leader = words[v.PostID], words[v.leader]
	on := line.Post(v.leader).OnDuty(v.NowMs)
	names, err := s.Names(ctx, some(slices.Concat(v.Turn.Out, v.Turn.In, on, []id.ID{v.OutID, v.InID})...))
	if err != nil {
		return err
	}
	v.Out, v.In, v.LeaderOn = named(names, v.OutID, v.Turn.Out), named(names, v.InID, v.Turn.In), named(names, id.Zero, on)
	if v.Note, err = s.note(v.Record); err != nil {
		return err
	}
	if v.Items, v.Open, err = s.Tasks.OpenOf(ctx, c, v.PostID, maxItems); err != nil {
		return err
	}
	if v.State == Done && v.Going {
		v.Mute, err = s.muted(ctx, s.DB.Read(), c, line, v.NowMs)
	}
	return err
}

// some are the ids that name something.
func some(list ...id.ID) []id.ID {
	return slices.DeleteFunc(list, func(v id.ID) bool { return v == id.Zero })
}

// named are the names of who signed or, before that, of those by the roster.
func named(names map[id.ID]string, who id.ID, roster []id.ID) (out []string) {
	if who != id.Zero {
		roster = []id.ID{who}
	}
	for _, a := range roster {
		if n := names[a]; n != "" {
			out = append(out, n)
		}
	}
	return out
}

// note opens what the outgoing wrote.
func (s *Service) note(r Record) (string, error) {
	if len(r.sealed) == 0 {
		return "", nil
	}
	b, err := s.Keys.Open(seal.Standing, noteAAD(r), r.sealed)
	return string(b), err
}

// Asked narrows the list of changes to shifts that ended from an instant until
// another; PostID Zero: of all posts the caller may ask about.
type Asked struct {
	PostID          id.ID
	FromMs, UntilMs int64
}

// Bounds of a list of changes: on a page and in the API, and in a file.
const (
	maxLines = 500
	maxRows  = 20_000
)

// Handovers lists changes of shift that were signed or were late, the last
// first, up to 500: of posts the caller holds or stands above.
func (s *Service) Handovers(ctx context.Context, c grid.Caller, q Asked) ([]Line, error) {
	list, _, err := s.handovers(ctx, c, q, maxLines)
	return list, err
}

// handovers is Handovers up to a limit; cut: there are more.
func (s *Service) handovers(ctx context.Context, c grid.Caller, q Asked, limit int) (list []Line, cut bool, err error) {
	const op = "relief.Handovers"
	if err := c.Require(op, grid.TaskDo); err != nil {
		return nil, false, err
	}
	line, err := s.Grid.Line(ctx, c)
	if err != nil {
		return nil, false, err
	}
	posts := some(q.PostID)
	if len(posts) == 0 {
		if posts, err = selectPostsBetween(ctx, s.DB.Read(), c.District, q.FromMs, q.UntilMs); err != nil {
			return nil, false, errs.Wrap(op, err)
		}
	}
	own := ownPosts(c)
	posts = slices.DeleteFunc(posts, func(p id.ID) bool { return line.Post(p) == nil || !c.IsSystem() && !reads(line, own, p) })
	rows, err := selectBetween(ctx, s.DB.Read(), c.District, posts, q.FromMs, q.UntilMs, limit+1)
	if err != nil {
		return nil, false, errs.Wrap(op, err)
	}
	list, err = s.lines(ctx, c, line, rows[:min(len(rows), limit)])
	return list, len(rows) > limit, errs.Wrap(op, err)
}

func (s *Service) lines(ctx context.Context, c grid.Caller, line *grid.Line, rows []Record) ([]Line, error) {
	var posts, accounts []id.ID
	for _, r := range rows {
		posts, accounts = append(posts, r.PostID, r.LeaderPostID), append(accounts, r.OutID, r.InID)
	}
	words, err := s.Grid.PostWords(ctx, c, some(posts...))
	if err != nil {
		return nil, err
	}
	slices.Sort(accounts)
	names, err := s.Names(ctx, some(slices.Compact(accounts)...))
	if err != nil {
		return nil, err
	}
	now := s.now()
	out := make([]Line, len(rows))
	for i, r := range rows {
		out[i] = Line{Record: r, Post: words[r.PostID].String(), Out: names[r.OutID], In: names[r.InID], Leader: words[r.LeaderPostID].String(),
			State: stateOf(r, nextOf(line.Post(r.PostID), r.EndMs, now), r.PassedMs, now)}
	}
	return out, nil
}

// nextOf is until when a change can still be signed; past where it cannot.
func nextOf(p *grid.LinePost, endMs, now int64) int64 {
	if now-endMs > backMs {
		return 0
	}
	for _, t := range (roster{p, p.Duties(endMs-2*dayMs, now+dayMs), 0}).turns(endMs-1, endMs) {
		return t.NextMs
	}
	return 0
}
