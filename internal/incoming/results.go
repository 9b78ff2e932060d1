package incoming

import (
	"context"
	"strings"

	"wangge/internal/grid"
	"wangge/internal/platform/clock"
	"wangge/internal/platform/i18n"
	"wangge/internal/platform/id"
	"wangge/internal/platform/seal"
)

// results writes what became of leads, in the order of resultColumns;
// of leads of other areas than the caller's only the result and the area.
func (s *Service) results(ctx context.Context, c grid.Caller, leads map[id.ID]lead) (map[id.ID][]any, error) {
	areas, err := s.areaNames(ctx, c)
	if err != nil {
		return nil, err
	}
	var doors []id.ID
	for _, l := range leads {
		if l.DoorID != id.Zero {
			doors = append(doors, l.DoorID)
		}
	}
	texts, err := s.Ledger.DoorTexts(ctx, c.District, doors)
	if err != nil {
		return nil, err
	}
	out := make(map[id.ID][]any, len(leads))
	for v, l := range leads {
		if err := s.openKept(&l); err != nil {
			return nil, err
		}
		a := &l.body.Answer
		result := resultText(c.Lang, l.Result)
		if l.State != Done {
			result = strings.Trim(i18n.T(c.Lang, "incoming.outstanding.cell")+" "+result, " ")
		}
		if !within(c, &l) {
			out[v] = []any{result, areas[l.Path]}
			continue
		}
		where := texts[l.DoorID]
		if where == "" {
			where = a.Address
		}
		done := ""
		if l.DoneMs != 0 {
			done = clock.FromMs(l.DoneMs).In(clock.CST).Format("2006-01-02 15:04")
		}
		out[v] = []any{result, areas[l.Path], where, stopsText(a.Stops), a.TestDay, matesText(a.Companions), l.measureText(c.Lang),
			strings.TrimSpace(strings.Join([]string{a.To, a.Receipt, a.Note}, " ")), done}
	}
	return out, nil
}

func stopsText(list []Stop) string {
	parts := make([]string, len(list))
	for i, x := range list {
		parts[i] = strings.TrimSpace(x.Day + " " + x.Place)
	}
	return strings.Join(parts, "; ")
}

// matesText names companions; their numbers are in their own records.
func matesText(list []Companion) string {
	parts := make([]string, len(list))
	for i, x := range list {
		parts[i] = strings.TrimSpace(x.Name + " " + seal.MaskPhone(x.Phone))
	}
	return strings.Join(parts, "; ")
}

// measureText is a measure that counts, or that waits to be confirmed.
func (l *lead) measureText(lang string) string {
	if l.body.Measure == nil {
		return ""
	}
	return l.body.Measure.text(lang) + " (" + i18n.T(lang, "incoming.measure."+l.MeasureState) + ")"
}
