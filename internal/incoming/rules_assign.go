package incoming

import (
	"cmp"
	"slices"
	"strings"

	"wangge/internal/platform/id"
)

// waiting is an open lead that somebody must call.
type waiting struct {
	id      id.ID
	path    string
	urgency int
	dueMs   int64
	holder  id.ID  // the caller who has it; Zero: nobody
	tries   int    // above 0 it stays with its caller
	shown   bool   // its caller may be calling now: it stays
	phone   string // a hash: leads with one phone go to one caller
}

// seat is a caller on shift.
type seat struct {
	id, account, post id.ID
	path              string // what the seat serves
	load              int    // open leads
}

// serves reports whether a seat may be given a lead: the lead lies in what the
// seat serves, or may be called from anywhere below its own area.
func (s *seat) serves(path string) bool {
	return strings.HasPrefix(path, s.path) || strings.HasPrefix(s.path, path)
}

// spread gives every lead that nobody on shift has to the caller with the fewest
// open ones among those nearest to it, and evens out what was not begun, so that
// loads of callers who serve the same area differ by one at most. It returns the
// new holder of each lead that changes hands; Zero: nobody serves it now.
func spread(leads []waiting, seats []seat) map[id.ID]*seat {
	sitting := map[id.ID]*seat{}
	for i := range seats {
		sitting[seats[i].account] = &seats[i]
	}
	order := slices.Clone(leads)
	slices.SortStableFunc(order, func(a, b waiting) int {
		return cmp.Or(cmp.Compare(b.urgency, a.urgency), cmp.Compare(a.dueMs, b.dueMs), cmp.Compare(a.id, b.id))
	})
	now := map[id.ID]*seat{}
	phones := map[string]*seat{}
	for _, l := range order {
		if s := sitting[l.holder]; l.holder != id.Zero && s != nil && s.serves(l.path) {
			now[l.id] = s
			s.load++
			if l.phone != "" {
				phones[l.phone] = s
			}
		}
	}
	moved := map[id.ID]*seat{}
	for _, l := range order {
		if now[l.id] != nil {
			continue
		}
		s := phones[l.phone]
		if l.phone == "" || s == nil || !s.serves(l.path) {
			s = lightest(seats, l.path)
		}
		if s != nil {
			s.load++
			now[l.id] = s
			if l.phone != "" {
				phones[l.phone] = s
			}
		}
		if s != nil || l.holder != id.Zero {
			moved[l.id] = s
		}
	}
	for range evenings {
		if !even(order, now, seats, moved) {
			break
		}
	}
	return moved
}

// lightest is the nearest seat with the fewest open leads: at the community, else
// at the street, else at the district; for a lead that may be called from
// anywhere in its area, any seat below.
func lightest(seats []seat, path string) *seat {
	var best *seat
	for i := range seats {
		s := &seats[i]
		if !s.serves(path) {
			continue
		}
		if best == nil || nearer(s, best, path) {
			best = s
		}
	}
	return best
}

func nearer(a, b *seat, path string) bool {
	na, nb := closeness(a, path), closeness(b, path)
	return na > nb || na == nb && a.load < b.load
}

// closeness ranks seats for a lead: the longer the path of a seat at or above
// it; all seats below it rank alike, before those above.
func closeness(s *seat, path string) int {
	if strings.HasPrefix(s.path, path) {
		return 1 << 10
	}
	return len(s.path)
}

// evenings bounds how often even runs: what one pass moves may let another lead
// of the same area move in the next.
const evenings = 16

// even moves leads that were not begun from callers who have two more than the
// lightest who serves as near. It reports whether any moved.
func even(order []waiting, now map[id.ID]*seat, seats []seat, moved map[id.ID]*seat) (some bool) {
	for i := len(order) - 1; i >= 0; i-- { // the least urgent move
		l := order[i]
		s := now[l.id]
		if s == nil || l.tries > 0 || l.shown || l.phone != "" {
			continue
		}
		t := lightest(seats, l.path)
		if t == nil || t == s || closeness(t, l.path) == closeness(s, l.path) && t.load+1 >= s.load {
			continue
		}
		s.load--
		t.load++
		now[l.id], moved[l.id], some = t, t, true
	}
	return some
}
