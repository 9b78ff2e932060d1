package task

import (
	"slices"
	"strings"
	"unicode/utf8"

	"wangge/internal/grid"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/i18n"
	"wangge/internal/platform/id"
)

// Bounds of what people write.
const (
	maxTitle   = 60
	maxText    = 2000
	maxNote    = 500
	maxOptions = 12
	maxLinks   = 20
)

// tidy trims what was written and refuses what is missing or too long, naming
// the field.
func tidy(in *Issue) error {
	const op = "task.Issue"
	in.Title, in.Text = strings.TrimSpace(in.Title), strings.TrimSpace(in.Text)
	switch {
	case in.Title == "" && in.Says == nil:
		return errs.Field(errs.E(op, errs.Invalid, "error.required"), "title")
	case utf8.RuneCountInString(in.Title) > maxTitle:
		return errs.Field(errs.E(op, errs.Invalid, "error.too_long", maxTitle), "title")
	case utf8.RuneCountInString(in.Text) > maxText:
		return errs.Field(errs.E(op, errs.Invalid, "error.too_long", maxText), "text")
	case len(in.Links) > maxLinks:
		return errs.Field(errs.E(op, errs.Invalid, "task.links.many", maxLinks), "links")
	}
	for _, l := range in.Links {
		if !slices.Contains(LinkKinds, l.Kind) || l.ObjectID == id.Zero {
			return errs.Field(errs.E(op, errs.Invalid, "task.links.bad"), "links")
		}
	}
	return tidyQuestion(in.Question)
}

// nameFact gives a report of a known fact the fact's name where it has no title.
func nameFact(lang string, in *Issue) error {
	if in.Fact == "" {
		return nil
	}
	if _, ok := factOf(in.Fact); !ok {
		return errs.Field(errs.E("task.Issue", errs.Invalid, "task.fact.unknown"), "fact")
	}
	if strings.TrimSpace(in.Title) == "" {
		in.Title = i18n.T(lang, "task.fact."+in.Fact)
	}
	return nil
}

// linkKnow links a task with a post that gets a copy of the fact.
const linkKnow = "know"

// knowers are the posts that get a copy of a reported fact: of each level that
// must know, the first one up the line that is filled and does not get the task
// itself.
func knowers(in Issue, line *grid.Line, nowMs int64) (out []Link) {
	f, _ := factOf(in.Fact)
	for _, level := range f.Know {
		for _, up := range line.Up(in.FromPost) {
			if p := line.Post(up); p.Role == levelRoles[level] && up != in.PostID && len(p.Holders(nowMs)) > 0 {
				out = append(out, Link{linkKnow, up})
				break
			}
		}
	}
	return out
}

// questionTypes are what a directive may ask.
var questionTypes = []string{"yesno", "number", "choice", "text"}

func tidyQuestion(q *Question) error {
	const op = "task.Issue"
	if q == nil {
		return nil
	}
	q.Label = strings.TrimSpace(q.Label)
	switch {
	case !slices.Contains(questionTypes, q.Type):
		return errs.Field(errs.E(op, errs.Invalid, "task.question.type"), "type")
	case q.Label == "" || utf8.RuneCountInString(q.Label) > maxTitle:
		return errs.Field(errs.E(op, errs.Invalid, "task.question.label", maxTitle), "question")
	case q.Type != "choice":
		q.Options = nil
		return nil
	}
	for i, o := range q.Options {
		q.Options[i] = strings.TrimSpace(o)
	}
	q.Options = slices.DeleteFunc(q.Options, func(o string) bool { return o == "" })
	if n := len(q.Options); n < 2 || n > maxOptions || slices.ContainsFunc(q.Options, func(o string) bool { return utf8.RuneCountInString(o) > maxTitle }) {
		return errs.Field(errs.E(op, errs.Invalid, "task.question.options", maxOptions), "options")
	}
	return nil
}

// deadlineOf is the deadline a task gets: the one asked for, else the kind's. One
// that leaves less than the kind's least time needs to be urgent and signed by a
// leader: a post of the street or the district, held by the caller now, up the
// line from the issuer or the issuer itself.
func deadlineOf(c grid.Caller, k Kind, in Issue, line *grid.Line, nowMs int64) (int64, error) {
	const op = "task.Issue"
	if in.DeadlineMs == 0 {
		return k.after(nowMs, k.Deadline), nil
	}
	bad := func(key string, args ...any) error {
		return errs.Field(errs.E(op, errs.Invalid, key, args...), "deadline")
	}
	switch left := in.DeadlineMs - nowMs; {
	case left <= 0:
		return 0, bad("task.deadline.past")
	case left > maxMinutes*minuteMs:
		return 0, bad("task.deadline.far")
	case left >= int64(k.Least)*minuteMs:
		return in.DeadlineMs, nil
	case !in.Urgent:
		return 0, bad("task.deadline.short", k.Least/60)
	}
	return in.DeadlineMs, signed(c, k, in, line, nowMs)
}

// signed refuses a signature that is missing or not the caller's to give.
func signed(c grid.Caller, k Kind, in Issue, line *grid.Line, nowMs int64) error {
	if leaderSigned(c, in, line, nowMs) {
		return nil
	}
	return errs.Field(errs.E("task.Issue", errs.Invalid, "task.deadline.unsigned", max(k.Least, leastAgain)/60), "signed")
}

// leaderLevel is the lowest level (the highest number) whose posts may sign.
const leaderLevel = 2

// leaderSigned reports whether the caller signs as a leader: they hold the post
// named, as its holder or as the substitute.
func leaderSigned(c grid.Caller, in Issue, line *grid.Line, nowMs int64) bool {
	if !c.IsSystem() && !slices.Contains(postsOf(c), in.SignedPost) {
		return false
	}
	p := line.Post(in.SignedPost)
	if p == nil || p.Role.Level() > leaderLevel || len(p.Holders(nowMs)) == 0 {
		return false
	}
	return in.SignedPost == in.FromPost || slices.Contains(line.Up(in.FromPost), in.SignedPost)
}

// mayAddress refuses a post that the kind's way does not lead to.
func mayAddress(k Kind, line *grid.Line, from, to id.ID, nowMs int64) error {
	const op = "task.Issue"
	p := line.Post(to)
	if p == nil {
		return errs.Field(errs.E(op, errs.Invalid, "task.post.unknown"), "post")
	}
	if !p.Role.May(grid.TaskDo) {
		return errs.Field(errs.E(op, errs.Invalid, "task.post.idle"), "post")
	}
	if !p.Runs(nowMs) {
		return errs.Field(errs.E(op, errs.Invalid, "task.post.ended"), "post")
	}
	up := slices.Contains(line.Up(from), to)
	switch {
	case k.Way == WayUp && !up:
		return errs.Field(errs.E(op, errs.Invalid, "task.post.not_up"), "post")
	case k.Way == WayDown && !below(line, from, to):
		return errs.Field(errs.E(op, errs.Invalid, "task.post.not_down"), "post")
	case k.Way == WayAny && !up && !line.Post(from).Role.May(grid.TaskIssue):
		return errs.Field(errs.E(op, errs.Invalid, "task.post.not_up"), "post")
	}
	return nil
}
