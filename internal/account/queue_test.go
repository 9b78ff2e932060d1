package account

import (
	"testing"
	"time"

	"wangge/internal/platform/errs"
)

func mustJoin(t *testing.T, q *queue, since int64, lane string) *seat {
	t.Helper()
	s, err := q.join(since, lane)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func runs(s *seat) bool {
	select {
	case <-s.turn:
		return true
	default:
		return false
	}
}

func TestQueueGoesByWhenPeopleCame(t *testing.T) {
	q := newQueue(1)
	first := mustJoin(t, q, 10, "")
	late, early, back := mustJoin(t, q, 30, ""), mustJoin(t, q, 20, ""), mustJoin(t, q, 5, "")
	for s, want := range map[*seat]int{first: 0, back: 1, early: 2, late: 3} {
		if ahead, wait := s.stands(); ahead != want || wait != time.Duration(want+1)*firstCost {
			t.Errorf("since %d: %d ahead for %v, want %d", s.since, ahead, wait, want)
		}
	}
	early.leave()
	early.leave()
	for _, s := range []*seat{first, back, late} {
		if !runs(s) {
			t.Fatalf("it is the turn of since %d", s.since)
		}
		s.leave()
	}
	if runs(early) || q.length() != 0 || q.running != 0 {
		t.Errorf("%d wait, %d run", q.length(), q.running)
	}
}

func TestQueueLanesGoOneByOne(t *testing.T) {
	q := newQueue(2)
	a, again, b := mustJoin(t, q, 1, "a"), mustJoin(t, q, 2, "a"), mustJoin(t, q, 3, "b")
	if !runs(a) || runs(again) || !runs(b) {
		t.Error("the same name is tried twice at once, or holds others up")
	}
	b.leave()
	if runs(again) {
		t.Error("a turn of another lane let the second of the same in")
	}
	a.leave()
	if !runs(again) {
		t.Error("the second never comes")
	}
}

func TestQueueSaysWhenItIsFull(t *testing.T) {
	q := newQueue(2)
	for range maxQueue + 2 {
		mustJoin(t, q, 1, "")
	}
	_, err := q.join(0, "")
	e := errs.As(err)
	if !errs.Is(err, errs.Unavailable) || e.Key != "account.queue_full" || e.After != firstCost*(maxQueue+1)/2 {
		t.Errorf("%v after %v", err, e.After)
	}
}

func TestQueueLearnsWhatATurnTakes(t *testing.T) {
	q := newQueue(1)
	q.cost = 800 * time.Millisecond
	for range 20 {
		mustJoin(t, q, 1, "").leave()
	}
	if q.cost > 100*time.Millisecond {
		t.Errorf("turns of no time are taken for %v", q.cost)
	}
}
