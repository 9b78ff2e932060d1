package sim

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"wangge/internal/platform/clock"
)

// run lets a worker work through n targets for some days.
func run(seed uint64, n, days int, h Habits) (kinds map[ActionKind]int, left int, log []string) {
	form := []Field{{Key: "heads", Kind: FieldNumber, Heads: true, Required: true, Min: 0, Max: 20}, {Key: "fever", Kind: FieldYesNo, Required: true}}
	w := NewWorker(seed, "230103001001/building_leader/1", h)
	var list []Target
	for i := range n {
		list = append(list, Target{ID: int64(i + 1), Empty: i%20 == 7, People: 1 + i%4})
	}
	now := time.Date(2022, 3, 1, 6, 0, 0, 0, clock.CST)
	end := now.AddDate(0, 0, days)
	kinds = map[ActionKind]int{}
	for now.Before(end) && len(list) > 0 {
		a, wait, ok := w.Next(now, list, form)
		if wait <= 0 {
			panic("no wait")
		}
		if ok {
			kinds[a.Kind]++
			log = append(log, fmt.Sprintf("%s %s %d %s %v", a.At.Format(time.DateTime), a.Kind, a.Target, a.Via, a.Answers))
			if a.Kind != ActAttempt {
				list = slices.DeleteFunc(list, func(t Target) bool { return t.ID == a.Target })
			}
		}
		now = now.Add(wait)
	}
	return kinds, len(list), log
}

func TestWorkerFinishes(t *testing.T) {
	kinds, left, log := run(11, 100, 6, DefaultHabits())
	if left > 0 || kinds[ActEmpty] == 0 || kinds[ActAttempt] < 10 || kinds[ActDone] < 80 {
		t.Errorf("%v, %d left", kinds, left)
	}
	for _, l := range log {
		if hour := l[11:13]; hour < "08" || hour > "20" {
			t.Errorf("off shift: %s", l)
		}
	}
	_, _, again := run(11, 100, 6, DefaultHabits())
	if !slices.Equal(log, again) {
		t.Error("the same seed worked otherwise")
	}
	if _, _, other := run(12, 100, 6, DefaultHabits()); slices.Equal(log, other) {
		t.Error("another seed worked the same")
	}
}

func TestWorkerForgets(t *testing.T) {
	h := DefaultHabits()
	h.Forgets, h.RemembersIn, h.Absent, h.LeavesEarly = 1000, 30, 0, 0
	w := NewWorker(1, "p", h)
	now := time.Date(2022, 3, 1, 10, 0, 0, 0, clock.CST)
	if _, _, ok := w.Next(now, []Target{{ID: 1}}, nil); ok {
		t.Error("an overlooked door was visited")
	}
	if _, _, ok := w.Next(now.Add(49*time.Hour), []Target{{ID: 1}}, nil); !ok {
		t.Error("an overlooked door was never thought of")
	}
}

func TestWorkerAbsent(t *testing.T) {
	h := DefaultHabits()
	h.Absent = 1000
	now := time.Date(2022, 3, 1, 10, 0, 0, 0, clock.CST)
	if _, wait, ok := NewWorker(1, "p", h).Next(now, []Target{{ID: 1}}, nil); ok || wait <= 0 {
		t.Errorf("somebody absent worked, or waits %v", wait)
	}
}

func TestAnswer(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	day := time.Date(2022, 3, 1, 0, 0, 0, 0, clock.CST)
	yes, fever := 0, 0
	for range 3000 {
		if Answer(r, Field{Kind: FieldYesNo, Required: true}, 0).(bool) {
			yes++
		}
		if c := Answer(r, Field{Kind: FieldTemperature, Required: true}, 0).(float64); c < 36 || c > 39 {
			t.Errorf("%v °C", c)
		} else if c >= 37.3 {
			fever++
		}
		if n := Answer(r, Field{Kind: FieldNumber, Required: true, Min: 2, Max: 5}, 0).(int); n < 2 || n > 5 {
			t.Errorf("number %d", n)
		}
		if n := Answer(r, Field{Kind: FieldNumber, Required: true, Heads: true}, 3).(int); n < 2 || n > 4 {
			t.Errorf("heads %d", n)
		}
		if c := Answer(r, Field{Kind: FieldChoice, Required: true, Choices: []string{"a", "b"}}, 0); c != "a" && c != "b" {
			t.Errorf("choice %v", c)
		}
		if d := Answer(r, Field{Kind: FieldDate, Required: true, Day: day}, 0).(string); d < "2022-02-16" || d > "2022-03-01" {
			t.Errorf("date %s", d)
		}
		if s := Answer(r, Field{Kind: FieldText, Required: true}, 0).(string); s == "" {
			t.Error("a required text was left empty")
		}
		if p := Answer(r, Field{Kind: FieldPhoto, Required: true}, 0); p != nil {
			t.Errorf("photo %v", p)
		}
	}
	if yes == 0 || yes > 300 || fever == 0 || fever > 60 {
		t.Errorf("%d yes, %d fever", yes, fever)
	}
}
