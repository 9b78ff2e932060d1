package task

import (
	"bytes"
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"wangge/internal/grid"
	"wangge/internal/platform/blob"
	"wangge/internal/platform/id"
	"wangge/internal/platform/web"
)

type body[T any] struct{ Body T }

type byIDIn struct {
	ID web.IDParam `path:"id"`
}

func operation(name, method, path, summary string, status int) huma.Operation {
	return huma.Operation{OperationID: name, Method: method, Path: "/api/v1" + path, Summary: summary, Tags: []string{"tasks"}, DefaultStatus: status}
}

// answered wraps what a call returned beside an error.
func answered[T any](v T, err error) (*body[T], error) {
	if err != nil {
		return nil, err
	}
	return &body[T]{v}, nil
}

// issueIn is a task as programs give it.
type issueIn struct {
	Kind       string    `json:"kind" doc:"Key of a kind, see /api/v1/task-kinds"`
	Title      string    `json:"title,omitempty" maxLength:"60"`
	Text       string    `json:"text,omitempty"`
	Fact       string    `json:"fact,omitempty" doc:"Of a report: what was found (fever, stranger, fire_lane, rumour, alone, other)"`
	PostID     id.ID     `json:"post_id,omitempty" doc:"Who is to do it; missing: who answers for place_id, else one line up"`
	PostIDs    []id.ID   `json:"post_ids,omitempty" doc:"Of a directive: all posts addressed"`
	Level      string    `json:"level,omitempty" doc:"Of a directive: the role whose posts below are addressed"`
	Gaps       string    `json:"gaps,omitempty" enum:"up,skip" doc:"Of a level: what becomes of areas that have no such post; missing where there are some: refused, and they are named. up: the nearest post up the line gets it for them; skip: they are left out"`
	FromPostID id.ID     `json:"from_post_id,omitempty"`
	PlaceID    id.ID     `json:"place_id,omitempty"`
	DeadlineMs int64     `json:"deadline_ms,omitempty" doc:"UTC milliseconds; missing: the kind's"`
	Urgent     bool      `json:"urgent,omitempty"`
	SignedID   id.ID     `json:"signed_post_id,omitempty" doc:"The leader's post by which the caller, who holds it, signs a deadline of less than two hours"`
	Numbers    bool      `json:"numbers,omitempty" doc:"Of a referral: its receiver needs the phone or identity numbers it holds; they are refused otherwise"`
	Question   *Question `json:"question,omitempty"`
	Links      []Link    `json:"links,omitempty"`
}

func (in issueIn) issue() Issue {
	return Issue{Kind: in.Kind, Title: in.Title, Text: in.Text, Fact: in.Fact, PostID: in.PostID, FromPost: in.FromPostID, PlaceID: in.PlaceID, DeadlineMs: in.DeadlineMs,
		Urgent: in.Urgent, Numbers: in.Numbers, SignedPost: in.SignedID, Question: in.Question, Links: in.Links}
}

type changeIn struct {
	Action     Action `json:"action" enum:"receive,take,done,verify,close,reject,return,transfer,reissue,cancel,merge,comment,deadline"`
	Events     int    `json:"events,omitempty" doc:"As it was read; a change by somebody else since then is a conflict"`
	Note       string `json:"note,omitempty"`
	Answer     string `json:"answer,omitempty"`
	Signed     bool   `json:"signed,omitempty"`
	Photo      []byte `json:"photo,omitempty" doc:"JPEG or PNG in base64, at most 20 MB; encoded anew without metadata"`
	PlaceTold  bool   `json:"place_told,omitempty" doc:"Whoever took the photo was told that its place is kept, where the kind asks for it"`
	PostID     id.ID  `json:"post_id,omitempty"`
	MergeInto  id.ID  `json:"merge_into,omitempty"`
	DeadlineMs int64  `json:"deadline_ms,omitempty"`
}

// RegisterAPI adds tasks to the API.
func RegisterAPI(api huma.API, s *Service) {
	huma.Register(api, operation("list-tasks", http.MethodGet, "/tasks", "A list of one's inbox, by deadline", 200), s.apiInbox)
	huma.Register(api, operation("issue-task", http.MethodPost, "/tasks", "Issue a task, or a directive to many posts", 201), s.apiIssue)
	huma.Register(api, operation("list-task-kinds", http.MethodGet, "/task-kinds", "Kinds of tasks", 200), s.apiKinds)
	huma.Register(api, operation("save-task-kind", http.MethodPut, "/task-kinds/{key}", "Add a kind, or set one anew", 204), s.apiSaveKind)
	huma.Register(api, operation("get-task", http.MethodGet, "/tasks/{id}", "A task with its history", 200), s.apiTask)
	change := web.OpAs(web.Urgent, operation("change-task", http.MethodPost, "/tasks/{id}/changes", "Do something with a task", 200))
	change.MaxBodyBytes, change.BodyReadTimeout = blob.MaxInJSON, -1
	huma.Register(api, change, s.apiChange)
	huma.Register(api, operation("pass-task", http.MethodPost, "/tasks/{id}/pass", "Pass a directive on to posts below", 200), s.apiPass)
	huma.Register(api, operation("task-tree", http.MethodGet, "/tasks/{id}/tree", "What a directive came to", 200), s.apiTree)
	huma.Register(api, operation("link-task", http.MethodPost, "/tasks/{id}/links", "Link a task with another, a place, a person or a round", 200), s.apiLink)
	huma.Register(api, operation("unlink-task", http.MethodDelete, "/tasks/{id}/links/{object}", "Take a link off that somebody made", 200), s.apiUnlink)
	huma.Register(api, operation("remind-late", http.MethodPost, "/tasks/{id}/remind", "Remind those who are late", 200), s.apiRemind)
}

func (s *Service) apiInbox(ctx context.Context, in *struct {
	List  string `query:"list" enum:"mine,soon,given,climbed,known,watched" default:"mine"`
	Limit int    `query:"limit" minimum:"1" maximum:"200" default:"50"`
}) (*body[Inbox], error) {
	c, err := grid.CallerFrom(ctx)
	if err != nil {
		return nil, err
	}
	return answered(s.Inbox(ctx, c, List(in.List), in.Limit))
}

func (s *Service) apiIssue(ctx context.Context, in *body[issueIn]) (*body[Task], error) {
	c, err := grid.CallerFrom(ctx)
	if err != nil {
		return nil, err
	}
	to := Address{Posts: in.Body.PostIDs}
	if in.Body.Level != "" {
		if to, err = s.levelAddress(ctx, c, in.Body.Kind, in.Body.Level, in.Body.Gaps); err != nil {
			return nil, err
		}
	}
	if len(to.Posts) > 0 {
		return answered(s.Direct(ctx, c, in.Body.issue(), to))
	}
	return answered(s.Issue(ctx, c, in.Body.issue()))
}

func (s *Service) apiKinds(ctx context.Context, _ *struct{}) (*body[Kinds], error) {
	c, err := grid.CallerFrom(ctx)
	if err != nil {
		return nil, err
	}
	if err := c.Require("task.Kinds", grid.TaskDo); err != nil {
		return nil, err
	}
	return answered(s.Kinds(ctx, c))
}

func (s *Service) apiSaveKind(ctx context.Context, in *struct {
	Key  string `path:"key"`
	Body Kind
}) (*struct{}, error) {
	c, err := grid.CallerFrom(ctx)
	if err != nil {
		return nil, err
	}
	in.Body.Key = in.Key
	return nil, s.SaveKind(ctx, c, in.Body)
}

func (s *Service) apiTask(ctx context.Context, in *byIDIn) (*body[View], error) {
	c, err := grid.CallerFrom(ctx)
	if err != nil {
		return nil, err
	}
	return answered(s.Task(ctx, c, in.ID.ID))
}

func (s *Service) apiChange(ctx context.Context, in *struct {
	ID   web.IDParam `path:"id"`
	Body changeIn
}) (*body[Task], error) {
	c, err := grid.CallerFrom(ctx)
	if err != nil {
		return nil, err
	}
	b := in.Body
	ch := Change{Action: b.Action, Seen: b.Events, Note: b.Note, Answer: b.Answer, Signed: b.Signed, PostID: b.PostID, MergeInto: b.MergeInto, DeadlineMs: b.DeadlineMs}
	if len(b.Photo) > 0 {
		if ch.PhotoID, err = s.SavePhoto(ctx, c, in.ID.ID, bytes.NewReader(b.Photo), b.PlaceTold); err != nil {
			return nil, err
		}
	}
	t, err := s.Change(ctx, c, in.ID.ID, ch)
	if err != nil {
		return nil, err
	}
	return answered(s.shown(ctx, c, t))
}

func (s *Service) apiPass(ctx context.Context, in *struct {
	ID   web.IDParam `path:"id"`
	Body struct {
		PostIDs    []id.ID `json:"post_ids,omitempty"`
		Level      string  `json:"level,omitempty" doc:"The role whose posts below are addressed"`
		Gaps       string  `json:"gaps,omitempty" enum:"up,skip" doc:"Of a level: what becomes of areas that have no such post, as when issuing"`
		Note       string  `json:"note,omitempty"`
		DeadlineMs int64   `json:"deadline_ms,omitempty" doc:"Earlier than the task's, never later"`
	}
}) (*body[Task], error) {
	c, err := grid.CallerFrom(ctx)
	if err != nil {
		return nil, err
	}
	to := Address{Posts: in.Body.PostIDs}
	if in.Body.Level != "" {
		if to, err = s.levelAddress(ctx, c, KindDirective, in.Body.Level, in.Body.Gaps); err != nil {
			return nil, err
		}
	}
	return answered(s.PassOn(ctx, c, in.ID.ID, to, in.Body.Note, in.Body.DeadlineMs))
}

func (s *Service) apiTree(ctx context.Context, in *byIDIn) (*body[Tree], error) {
	c, err := grid.CallerFrom(ctx)
	if err != nil {
		return nil, err
	}
	return answered(s.Tree(ctx, c, in.ID.ID))
}

func (s *Service) apiLink(ctx context.Context, in *struct {
	ID   web.IDParam `path:"id"`
	Body Link
}) (*body[Task], error) {
	c, err := grid.CallerFrom(ctx)
	if err != nil {
		return nil, err
	}
	return answered(s.linked(ctx, c, in.ID.ID, in.Body, s.Link))
}

func (s *Service) apiUnlink(ctx context.Context, in *struct {
	ID     web.IDParam `path:"id"`
	Object web.IDParam `path:"object"`
	Kind   string      `query:"kind" enum:"task,place,person,round" default:"task" doc:"Of the object"`
}) (*body[Task], error) {
	c, err := grid.CallerFrom(ctx)
	if err != nil {
		return nil, err
	}
	return answered(s.linked(ctx, c, in.ID.ID, Link{in.Kind, in.Object.ID}, s.Unlink))
}

// linked changes a link and returns the task as the caller may read it.
func (s *Service) linked(ctx context.Context, c grid.Caller, task id.ID, l Link, change func(context.Context, grid.Caller, id.ID, Link) (Task, error)) (Task, error) {
	t, err := change(ctx, c, task, l)
	if err != nil {
		return t, err
	}
	return s.shown(ctx, c, t)
}

func (s *Service) apiRemind(ctx context.Context, in *byIDIn) (*body[struct {
	Reminded int `json:"reminded"`
}], error) {
	c, err := grid.CallerFrom(ctx)
	if err != nil {
		return nil, err
	}
	n, err := s.Remind(ctx, c, in.ID.ID)
	return answered(struct {
		Reminded int `json:"reminded"`
	}{n}, err)
}
