package round

import (
	"context"
	"strings"

	"wangge/internal/grid"
	"wangge/internal/platform/id"
)

// asking is an occurrence whose targets were asked a question.
type asking struct {
	occ      id.ID
	area     string // path
	closedMs int64  // 0 while it is open
	field    Field
	each     bool // asked of each member
}

// heardAt is what was said behind a door: something, and by all who were asked
// what was hoped for.
type heardAt struct{ given, all bool }

// AnsweredBelow tells of the doors below a path that rounds asked a question
// whether all who were asked there gave the answer. Doors that were not asked,
// and those that need not answer, are not in it. An answer counts while it is
// valid, one without a validity while its round is open; of two rounds the later
// word counts. It is the ledger's Answered.
func (s *Service) AnsweredBelow(ctx context.Context, c grid.Caller, path, question, answer string) (map[id.ID]bool, error) {
	if err := c.RequirePlace("round.AnsweredBelow", grid.RoundRead, path); err != nil {
		return nil, err
	}
	list, err := askings(ctx, s.DB.Read(), c.District, question)
	out := map[id.ID]bool{}
	for _, a := range list { // the earliest first
		if !strings.HasPrefix(path, a.area) && !strings.HasPrefix(a.area, path) || a.closedMs > 0 && a.closedMs < s.now()-int64(a.field.ValidityDays)*dayMs {
			continue
		}
		said := map[id.ID]heardAt{}
		if err := eachTold(ctx, s.DB.Read(), c.District, path, a.occ, func(door id.ID, m *markRow) {
			w, more := said[door]
			given, yes := s.heard(a, m, answer)
			said[door] = heardAt{w.given || given, yes && (w.all || !more)}
		}); err != nil {
			return nil, err
		}
		for door, w := range said {
			if _, earlier := out[door]; w.given || !earlier {
				out[door] = w.all
			}
		}
	}
	return out, err
}

// heard reports whether a target's mark (nil: none) holds an answer that counts
// still, and whether it is the one, of every member asked.
func (s *Service) heard(a asking, m *markRow, answer string) (given, yes bool) {
	if m == nil || a.field.ValidityDays > 0 && !s.still(a.field, m) {
		return false, false
	}
	body, err := s.open(m)
	if err != nil {
		return false, false // its key was destroyed
	}
	if !a.each {
		v := body.Answers[a.field.Key]
		return v != "", v == answer
	}
	yes = true
	for _, member := range body.Members {
		if member.Exempt == "" {
			v := member.Answers[a.field.Key]
			given, yes = given || v != "", yes && v == answer
		}
	}
	return given, given && yes
}
