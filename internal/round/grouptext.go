package round

import (
	"context"
	"strings"

	"wangge/internal/grid"
	"wangge/internal/platform/audit"
	"wangge/internal/platform/clock"
	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/i18n"
	"wangge/internal/platform/id"
)

// GroupTextInput asks for a report that is pasted into a chat group.
type GroupTextInput struct {
	RoundID id.ID
	PlaceID id.ID // Zero: the lowest area that holds all the caller sees
	// Rooms adds the numbers of outstanding rooms. A duty leader confirms that:
	// it needs round.close over the place and leaves an audit entry.
	Rooms bool
}

// maxTextRows bounds the places a group's text names.
const maxTextRows = 60

// GroupText returns a round's figures as such reports are written: the area,
// then one line a place below it. It holds counts only: no name, no reason, no
// answer, and no empty flat, which counts among what needs nothing. Rooms are
// never named in a round over the care list.
func (s *Service) GroupText(ctx context.Context, c grid.Caller, in GroupTextInput) (string, error) {
	const op = "round.GroupText"
	r, err := s.Round(ctx, c, in.RoundID)
	if err != nil {
		return "", err
	}
	v, err := s.HomeView(ctx, c, in.RoundID, NodeRef{Place: in.PlaceID})
	if err != nil {
		return "", err
	}
	var rooms map[id.ID][]string
	if in.Rooms {
		if rooms, err = s.roomsFor(ctx, c, r, v); err != nil {
			return "", errs.Wrap(op, err)
		}
	}
	var b strings.Builder
	now := clock.FromMs(v.AtMs).In(clock.CST).Format(i18n.T(c.Lang, "round.text.time"))
	unit := i18n.T(c.Lang, "round.text.unit."+string(r.TargetKind))
	b.WriteString(i18n.T(c.Lang, "round.text.head", r.Title(c.Lang), now, v.Node.Name, v.Node.Total, v.Node.Done, v.Node.Exempt, v.Node.Outstanding, unit, v.Node.Percent()))
	for i, n := range v.Children {
		if i == maxTextRows {
			b.WriteString("\n" + i18n.T(c.Lang, "round.text.more", len(v.Children)-i))
			break
		}
		b.WriteString("\n" + textLine(c.Lang, n))
		if list := rooms[n.ID]; len(list) > 0 && n.Outstanding > 0 {
			b.WriteString(i18n.T(c.Lang, "round.text.rooms", strings.Join(list, i18n.T(c.Lang, "round.text.comma"))))
		}
	}
	return b.String(), nil
}

func textLine(lang string, n Node) string {
	if n.Outstanding == 0 {
		return i18n.T(lang, "round.text.full", n.Name, n.Total)
	}
	return i18n.T(lang, "round.text.line", n.Name, n.Total, n.Done+n.Exempt, n.Outstanding)
}

// maxTextRooms bounds the rooms named in a group's text: a longer list is work
// for the printed sheet.
const maxTextRooms = 100

// roomsFor returns the outstanding rooms by the place of the text they stand in.
func (s *Service) roomsFor(ctx context.Context, c grid.Caller, r Round, v CoverageView) (map[id.ID][]string, error) {
	const op = "round.GroupText"
	if err := c.RequirePlace(op, grid.RoundClose, v.Node.Path); err != nil {
		return nil, err
	}
	full, err := selectRound(ctx, s.DB.Read(), c.District, r.ID)
	if err != nil {
		return nil, err
	}
	if r.TargetKind != Doors || len(full.Filter.Care) > 0 || full.Filter.Household == no {
		return nil, errs.E(op, errs.Denied, "round.text.rooms_never")
	}
	lines, next, err := s.Outstanding(ctx, c, r.ID, ListQuery{Ref: NodeRef{Place: v.Node.ID}, Limit: maxTextRooms})
	if err != nil {
		return nil, err
	}
	if next != "" {
		return nil, errs.E(op, errs.TooMany, "round.text.rooms_many", maxTextRooms)
	}
	out := map[id.ID][]string{}
	for _, l := range lines {
		for _, n := range v.Children {
			if strings.HasPrefix(l.Path, n.Path) {
				out[n.ID] = append(out[n.ID], l.Label)
			}
		}
	}
	return out, s.DB.Write(ctx, op, func(tx *db.Tx) error {
		return s.Audit.Append(ctx, tx, audit.Entry{Account: c.AccountID, Post: c.PostFor(grid.RoundClose), Action: "round.rooms_told", Object: "round",
			ObjectID: r.ID, Detail: "rooms=" + itoa(len(lines))})
	})
}

// Title is the round's name with the number of its occurrence, where it repeats.
func (r Round) Title(lang string) string {
	if r.N == 0 || !r.Recurrence.Repeats() {
		return r.Name
	}
	return i18n.T(lang, "round.title.n", r.Name, r.N)
}

// HomeView is the coverage of the node asked for; of none, of the lowest area
// that holds all the caller sees, so that a community starts with itself.
func (s *Service) HomeView(ctx context.Context, c grid.Caller, round id.ID, ref NodeRef) (CoverageView, error) {
	whole := ref.Place == id.Zero && ref.Grid == id.Zero && !ref.ByGrid
	v, err := s.Coverage(ctx, c, round, ref)
	for err == nil && whole && len(v.Children) == 1 && v.Own.Total == 0 && grid.Kind(v.Children[0].Kind).IsArea() {
		v, err = s.Coverage(ctx, c, round, NodeRef{Place: v.Children[0].ID, N: ref.N})
	}
	return v, err
}
