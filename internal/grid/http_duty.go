package grid

import (
	"context"

	"github.com/danielgtaylor/huma/v2"

	"wangge/internal/platform/id"
	"wangge/internal/platform/web"
)

// registerDuty adds leaves, transfers and rosters.
func (a api) registerDuty(h huma.API) {
	leave := endpoint("give-leave", "POST", "/holders/{id}/leave", "holders", "Have a holder away for a time, with or without a substitute")
	leave.Description = "The substitute holds the post in that time and gives it back by itself at the end."
	huma.Register(h, leave, asked(a.giveLeave))
	huma.Register(h, endpoint("list-leaves", "GET", "/posts/{id}/leaves", "holders", "Leaves from a post, the latest first"), asked(a.leaves))
	huma.Register(h, endpoint("end-leave", "DELETE", "/leaves/{id}", "holders", "Have somebody back from leave now"), asked(a.endLeave))
	huma.Register(h, endpoint("transfer-holder", "POST", "/holders/{id}/transfer", "holders", "Move a holder to another post; open work stays with the post that is left"), asked(a.transfer))
	huma.Register(h, endpoint("get-roster", "GET", "/posts/{id}/roster", "posts", "The duty roster of a post; without one it is on duty while somebody holds it"), asked(a.roster))
	huma.Register(h, endpoint("add-shifts", "POST", "/posts/{id}/roster", "posts", "Add hours to a post's roster, each week or on one day, over midnight too"), asked(a.addShifts))
	huma.Register(h, endpoint("end-shift", "DELETE", "/shifts/{id}", "posts", "Take hours off a roster from now on"), asked(a.endShift))
}

type leaveIn struct {
	ID   web.IDParam `path:"id" doc:"The holder's term"`
	Body struct {
		SubstituteID id.ID `json:"substitute_id,omitempty" doc:"Account; without one the post is vacant"`
		FromMs       int64 `json:"from_ms,omitempty" doc:"Default: now"`
		UntilMs      int64 `json:"until_ms"`
	}
}

func (a api) giveLeave(ctx context.Context, c Caller, in *leaveIn) (*body[Leave], error) {
	b := in.Body
	return result(a.s.GiveLeave(ctx, c, in.ID.ID, Leave{SubstituteID: b.SubstituteID, FromMs: b.FromMs, UntilMs: b.UntilMs}))
}

func (a api) leaves(ctx context.Context, c Caller, in *byID) (*body[web.Page[Leave]], error) {
	list, err := a.s.LeavesOf(ctx, c, in.ID.ID)
	if err != nil {
		return nil, err
	}
	return page(list, 0, nil)
}

func (a api) endLeave(ctx context.Context, c Caller, in *byID) (*ended, error) {
	return nil, a.s.EndLeave(ctx, c, in.ID.ID)
}

type transferIn struct {
	ID   web.IDParam `path:"id" doc:"The holder's term"`
	Body struct {
		PostID      id.ID `json:"post_id" doc:"The post to move to"`
		SuccessorID id.ID `json:"successor_id,omitempty" doc:"Account that takes over the post that is left"`
		AtMs        int64 `json:"at_ms,omitempty" doc:"Default: now"`
	}
}

func (a api) transfer(ctx context.Context, c Caller, in *transferIn) (*body[Holder], error) {
	b := in.Body
	return result(a.s.TransferHolder(ctx, c, Transfer{HolderID: in.ID.ID, ToPost: b.PostID, SuccessorID: b.SuccessorID, AtMs: b.AtMs}))
}

func (a api) roster(ctx context.Context, c Caller, in *byID) (*body[web.Page[Shift]], error) {
	list, err := a.s.Roster(ctx, c, in.ID.ID)
	if err != nil {
		return nil, err
	}
	return page(list, 0, nil)
}

type shiftIn struct {
	AccountID id.ID  `json:"account_id,omitempty" doc:"Who of the holders; default: whoever holds the post"`
	Weekday   int    `json:"weekday,omitempty" minimum:"-1" maximum:"6" doc:"0 Monday … 6 Sunday"`
	Day       string `json:"day,omitempty" maxLength:"10" doc:"2006-01-02: on this day only"`
	Start     string `json:"start" maxLength:"5" doc:"15:04, in UTC+8"`
	End       string `json:"end" maxLength:"5" doc:"15:04; not after the start: on the next day"`
	FromMs    int64  `json:"from_ms,omitempty"`
	UntilMs   int64  `json:"until_ms,omitempty"`
}

type shiftsIn struct {
	ID   web.IDParam `path:"id"`
	Body struct {
		Shifts []shiftIn `json:"shifts" minItems:"1" maxItems:"200"`
	}
}

func (a api) addShifts(ctx context.Context, c Caller, in *shiftsIn) (*body[[]Shift], error) {
	var list []Shift
	for _, x := range in.Body.Shifts {
		list = append(list, Shift{AccountID: x.AccountID, Weekday: x.Weekday, Day: x.Day, Start: x.Start, End: x.End, FromMs: x.FromMs, UntilMs: x.UntilMs})
	}
	return result(a.s.AddShifts(ctx, c, in.ID.ID, list))
}

func (a api) endShift(ctx context.Context, c Caller, in *byID) (*ended, error) {
	return nil, a.s.EndShift(ctx, c, in.ID.ID)
}
