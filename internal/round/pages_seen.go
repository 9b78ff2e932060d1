package round

import (
	"net/http"

	"wangge/internal/grid"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
	"wangge/internal/platform/web"
)

// seenItem is how a target at a door stands in one round.
type seenItem struct {
	Round  Round
	Line   Line
	Reason string
}

// seenPage is a door for who may read rounds and has nothing to mark there:
// states, no answers.
type seenPage struct {
	web.Meta
	Door   id.ID
	Where  string
	Items  []seenItem
	Ledger bool // may open who lives there
}

// maxSeen bounds the rounds shown at a door.
const maxSeen = 12

func reasonText(lang, code string) string {
	if code == "" {
		return ""
	}
	return ReasonLabel(lang, code)
}

// doorSeen shows a door read-only.
func (p *Pages) doorSeen(w http.ResponseWriter, r *http.Request, c grid.Caller, key id.ID) error {
	ctx := r.Context()
	place, above, err := selectSeen(ctx, p.s.DB.Read(), c, key)
	if err != nil {
		return err
	}
	d := seenPage{Door: key, Ledger: c.Can(grid.LedgerRead) && place.Kind == string(grid.Door)}
	rounds, err := p.s.Rounds(ctx, c, ListFilter{States: []RoundState{Open, Closed}})
	if err != nil {
		return err
	}
	for _, rd := range rounds {
		if len(d.Items) == maxSeen {
			break
		}
		objects, err := objectsAt(ctx, p.s.DB.Read(), c.District, rd, key)
		if err != nil {
			return err
		}
		if len(objects) == 0 {
			continue
		}
		lines, _, err := p.s.Outstanding(ctx, c, rd.ID, ListQuery{All: true, Objects: objects})
		if err != nil {
			return err
		}
		for _, l := range lines {
			d.Items = append(d.Items, seenItem{rd, l, reasonText(c.Lang, l.Reason)})
			d.Where = within(c.Lang, l.Building, l.Label)
		}
	}
	if d.Where == "" {
		d.Where = saidIn(c.Lang, above, place)
	}
	back := web.SafeNext(r.FormValue("back"), "/rounds")
	d.Meta = web.Meta{Title: d.Where, Menu: "rounds", Crumbs: []web.Crumb{{Text: web.T(ctx, "round.back.list"), Href: back}}}
	return p.ren.Page(w, r, web.Office, "round/seen", d)
}

// notMine reports whether err says that the caller has nothing to mark at a
// door, so that it is only shown.
func notMine(c grid.Caller, err error) bool {
	return c.Can(grid.RoundRead) && (errs.Is(err, errs.Denied) || errs.Is(err, errs.NotFound))
}
