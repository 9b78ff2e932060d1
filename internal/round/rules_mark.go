package round

import "time"

const (
	// clockTolerance is how far a phone's clock may be off before its times are corrected.
	clockTolerance = 2 * time.Minute
	// oldest is how far back a mark made without network may lie.
	oldest = 30 * 24 * time.Hour
)

// CorrectTime returns when a mark happened by the server's clock. claimed is
// the phone's time of the mark, sent the phone's time when it was sent in (0:
// not told), received the server's time of arrival; all UTC ms. off says that
// the phone's clock was wrong. What is still in the future or absurdly old
// after correction counts as received.
func CorrectTime(claimed, sent, received int64) (corrected int64, off bool) {
	if claimed == 0 {
		return received, false
	}
	at := claimed
	tolerance := clockTolerance.Milliseconds()
	if sent != 0 {
		if d := received - sent; d > tolerance || d < -tolerance {
			at, off = claimed+d, true
		}
	}
	if at > received {
		return received, off || at > received+tolerance
	}
	if at < received-oldest.Milliseconds() {
		return received, true
	}
	return at, off
}

// madeAtOnce reports whether a mark was made as it was sent, by the phone's own
// clock or because no time is claimed: it is newer than every mark before it,
// whatever the clocks of servers and phones say.
func madeAtOnce(claimed, sent int64) bool {
	return claimed == 0 || sent >= claimed && sent-claimed <= time.Second.Milliseconds()
}

// transit is what a mark makes of a target.
type transit struct {
	next    Target
	current bool // the mark is the target's current one; false: history only
}

// nextTarget returns the target after a mark. A mark that happened before the
// current one goes to the history; its attempt still counts. An attempt after a
// target was done or exempt opens it again only as a correction.
func nextTarget(t Target, m *markRow) transit {
	next := t
	if m.class == Attempted {
		next.Attempts++
		if (t.State == Done || t.State == Exempt) && !m.correct {
			return transit{next: next}
		}
	}
	if t.MarkID != 0 && m.correctedMs < t.MarkedMs {
		return transit{next: next}
	}
	next.State = m.class
	next.Reason = m.reason
	next.ValidUntilMs = m.validUntilMs
	next.MarkedMs = m.correctedMs
	next.MarkID = m.id
	next.Bulk = m.bulk
	return transit{next: next, current: true}
}

// counterDelta is what a target's change does to a counter.
type counterDelta struct{ total, done, exempt, attempted int }

func (d *counterDelta) add(s State, n int) {
	d.total += n
	switch s {
	case Attempted:
		d.attempted += n
	case Done:
		d.done += n
	case Exempt:
		d.exempt += n
	}
}

func (d counterDelta) zero() bool { return d == counterDelta{} }

// sameAnswers reports whether two sets of answers agree on every question both hold.
func sameAnswers(a, b map[string]string) bool {
	for k, v := range a {
		if w, ok := b[k]; ok && w != v {
			return false
		}
	}
	return true
}
