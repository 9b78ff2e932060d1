package task

import (
	"slices"

	"wangge/internal/platform/errs"
)

// Action is something people do with a task.
type Action string

// The actions. Receive is the opening of the page; nobody types that they have
// received something.
const (
	Receive  Action = "receive"
	Take     Action = "take"
	Finish   Action = "done"
	Verify   Action = "verify"
	Accept   Action = "close"
	Reject   Action = "reject"
	SendBack Action = "return"
	HandOn   Action = "transfer"
	Reissue  Action = "reissue"
	Cancel   Action = "cancel"
	Merge    Action = "merge"
	Comment  Action = "comment"
	Postpone Action = "deadline"
	Join     Action = "link"
	Part     Action = "unlink"
)

// working are the states in which the owner has the work before them.
var working = []State{Issued, Received, InHand, Transferred}

// from says in which states an action is possible.
var from = map[Action][]State{
	Receive:  {Issued, Transferred},
	Take:     {Issued, Received, Transferred},
	Finish:   working,
	Verify:   {Done},
	Accept:   {Done, Verified},
	Reject:   {Done, Verified},
	SendBack: working,
	HandOn:   working,
	Reissue:  {Returned},
	Cancel:   {Issued, Received, InHand, Returned, Transferred, Done, Verified},
	Merge:    {Issued, Received, InHand, Returned, Transferred},
	Comment:  States,
	Postpone: {Issued, Received, InHand, Returned, Transferred},
	Join:     States,
	Part:     States,
}

// who says which standing an action needs; any of them will do.
var who = map[Action]standing{
	Receive:  owner,
	Take:     owner,
	Finish:   owner,
	Verify:   issuer,
	Accept:   issuer,
	Reject:   issuer,
	SendBack: owner,
	HandOn:   owner | above,
	Reissue:  issuer,
	Cancel:   issuer,
	Merge:    owner | issuer,
	Comment:  owner | issuer | above | doer | watcher | oneUp,
	Postpone: issuer,
	Join:     owner | issuer | above | doer,
	Part:     owner | issuer | above | doer,
}

// standing is what a caller is to a task, as a set.
type standing uint8

const (
	owner   standing = 1 << iota // answers for the owning post now
	issuer                       // answers for the issuing post now
	above                        // supervises since it climbed
	doer                         // did the work that waits for its check
	watcher                      // was asked to watch
	oneUp                        // stands one line up from the owner
)

// ofHead are the actions possible with the issuer's own task of a directive,
// which closes by itself when the last addressee has ended.
var ofHead = []Action{Cancel, Comment, Postpone, Join, Part}

// needsReason are the actions that must say why.
var needsReason = []Action{SendBack, HandOn, Cancel, Reject}

// byHops are the actions that move a transfer of people: its hops take them,
// nobody by hand.
var byHops = []Action{Take, Finish, Reject, SendBack, HandOn, Reissue, Merge, Postpone}

// forAnybody are the actions that remain with a task that stands for a record.
var forAnybody = []Action{Receive, Comment}

// ruled reports whether an action on a task is not for people to take. A
// transfer under way is called off where it is led, which says who has the
// people then; a lead's task follows the lead.
func ruled(t Task, a Action) bool {
	if t.Kind == KindLead {
		return !slices.Contains(forAnybody, a)
	}
	return t.Kind == KindTransfer && (slices.Contains(byHops, a) || a == Cancel && t.State != Issued && t.State != Received)
}

// rules refuses an action that is not for people to take, and says what to do
// instead.
func rules(t Task, a Action) error {
	if !ruled(t, a) {
		return nil
	}
	key := "task.transfer.by_hops"
	switch {
	case t.Kind == KindLead:
		key = "task.lead.by_desk"
	case a == Cancel:
		key = "task.transfer.call_off"
	}
	return errs.E("task.Change", errs.Conflict, key)
}

// check refuses an action that the task's state does not allow, plainly: what
// it is now, and so what somebody else did first.
func check(t Task, a Action, s standing) error {
	const op = "task.Change"
	if s&who[a] == 0 {
		if s == 0 {
			return errs.E(op, errs.NotFound, "task.not_found")
		}
		return errs.E(op, errs.Denied, "task.denied."+string(a))
	}
	if t.Head() && !slices.Contains(ofHead, a) {
		return errs.E(op, errs.Conflict, "task.head")
	}
	if slices.Contains(from[a], t.State) {
		return nil
	}
	return errs.E(op, errs.Conflict, "task.is."+string(t.State))
}

// Can lists the actions that a standing and a state allow, for the page's
// buttons.
func can(t Task, s standing) map[Action]bool {
	out := map[Action]bool{}
	for a, states := range from {
		out[a] = s&who[a] != 0 && slices.Contains(states, t.State) && (!t.Head() || slices.Contains(ofHead, a))
	}
	return out
}
