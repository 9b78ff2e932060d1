package district

import (
	"context"
	"slices"
	"time"

	"wangge/internal/grid"
	"wangge/internal/platform/clock"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
	"wangge/internal/task"
)

// tasks issues what is under way: headquarters' directive to every street,
// passed on in the story's street and answered by some of its communities; and
// what lies with the story's community besides.
func (l *loader) tasks(ctx context.Context, by cast) error {
	if l.Tasks == nil || by.command.IsSystem() || len(by.street.Grants) == 0 || len(by.clerk.Grants) == 0 {
		return nil // a tiny district, or one for figures only
	}
	street, clerk := by.street.Grants[0], by.clerk.Grants[0]
	posts, err := l.level(ctx, by.command, grid.RoleStreet, street)
	if err != nil {
		return err
	}
	head, err := l.Tasks.Direct(ctx, by.command, task.Issue{Kind: task.KindDirective, Title: word("task.returned"), Text: word("task.returned.text"),
		Question: &task.Question{Type: "number", Label: word("task.returned.ask")}}, task.Address{Posts: posts})
	if err != nil {
		return err
	}
	if posts, err = l.level(ctx, by.street, grid.RoleCommunity, clerk); err != nil {
		return err
	}
	tree, err := l.Tasks.Tree(ctx, by.command, head.ID)
	if err != nil {
		return err
	}
	at := slices.IndexFunc(tree.Branches, func(b task.Branch) bool { return b.PostID == street.PostID })
	if at < 0 {
		return errs.E("district.tasks", errs.Internal, "error.internal")
	}
	if _, err := l.Tasks.PassOn(ctx, by.street, tree.Branches[at].ID, task.Address{Posts: posts}, word("task.returned.note"), 0); err != nil {
		return err
	}
	if err := l.someAnswer(ctx, by.street, tree.Branches[at].ID, clerk.PostID); err != nil {
		return err
	}
	_, err = l.Tasks.Issue(ctx, by.street, task.Issue{Kind: task.KindFinding, PostID: clerk.PostID, Title: word("task.lane"), Text: word("task.lane.text")})
	if err == nil && l.out.Story.Community != id.Zero {
		_, err = l.Tasks.Issue(ctx, by.clerk, task.Issue{Kind: "help", PlaceID: l.out.Story.Community, Title: word("task.medicine"), Text: word("task.medicine.text")})
	}
	if err == nil {
		err = l.shifts(ctx, by.command)
	}
	return err
}

// shiftLeft is how long the shift of headquarters' duty post still lasts: long
// enough to look around first, short enough to hand it over.
const shiftLeft = 45 * time.Minute

// shifts has who sits at headquarters now be relieved by a colleague soon.
func (l *loader) shifts(ctx context.Context, c grid.Caller) error {
	post, err := l.Grid.Post(ctx, l.sys, c.Grants[0].PostID)
	if err != nil {
		return err
	}
	at := slices.IndexFunc(post.Holders, func(h grid.Holder) bool { return h.AccountID != c.AccountID })
	if at < 0 {
		return nil
	}
	now := l.Clock.Now().In(clock.CST)
	end := now.Add(shiftLeft).Truncate(5 * time.Minute)
	line := func(account id.ID, from, to time.Time) grid.Shift {
		return grid.Shift{AccountID: account, Weekday: -1, Day: from.Format(time.DateOnly), Start: from.Format("15:04"), End: to.Format("15:04")}
	}
	_, err = l.Grid.AddShifts(ctx, l.sys, post.ID, []grid.Shift{line(c.AccountID, end.Add(-12*time.Hour), end), line(post.Holders[at].AccountID, end, end.Add(12*time.Hour))})
	return err
}

// level are the posts of a role below the caller, with the one named in place of
// another over the same object.
func (l *loader) level(ctx context.Context, c grid.Caller, role grid.Role, own grid.Grant) ([]id.ID, error) {
	ch, err := l.Tasks.Choices(ctx, c, task.KindDirective)
	if err != nil {
		return nil, err
	}
	line, err := l.Grid.Line(ctx, c)
	if err != nil {
		return nil, err
	}
	var out []id.ID
	for _, lv := range ch.Levels {
		if lv.Role == role {
			out = slices.DeleteFunc(slices.Clone(lv.Posts), func(p id.ID) bool { return line.Post(p).Object == own.ObjectID })
		}
	}
	return append(out, own.PostID), nil
}

// someAnswer has every second community but the clerk's answer.
func (l *loader) someAnswer(ctx context.Context, street grid.Caller, parent, clerk id.ID) error {
	tree, err := l.Tasks.Tree(ctx, street, parent)
	for i, b := range tree.Branches {
		if err == nil && b.PostID != clerk && i%2 == 0 {
			_, err = l.Tasks.Change(ctx, l.sys, b.ID, task.Change{Action: task.Finish, Answer: []string{"0", "3", "1", "5"}[i/2%4]})
		}
	}
	return err
}
