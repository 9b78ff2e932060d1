package round

import (
	"slices"
	"strings"
	"testing"

	"wangge/internal/platform/db"
	"wangge/internal/platform/db/dbtest"
	"wangge/internal/platform/seal"
	"wangge/internal/platform/seal/sealtest"
)

// answered is a small district whose doors answered a screening, one of them
// twice and one attempted only.
func answered(t *testing.T, d *db.DB) (*world, Round) {
	w := newWorld(t, d, 2, 1, 3)
	w.emergency()
	r := w.opened(Doors, streetPath, Filter{}, w.form().ID)
	for i, door := range w.doors {
		in := MarkInput{RoundID: r.ID, ObjectID: door, Result: "absent"}
		if i > 0 {
			in.Result, in.Answers = "normal", map[string]string{"head_count": itoa(i), "symptom": "no", "away_return": []string{"yes", "no"}[i%2]}
		}
		_, err := w.s.Mark(w.ctx, sys, in)
		w.ok(err)
	}
	_, err := w.s.Mark(w.ctx, sys, MarkInput{RoundID: r.ID, ObjectID: w.doors[2], Result: "normal", Answers: map[string]string{"head_count": "7", "symptom": "yes", "away_return": "no"}})
	w.ok(err)
	return w, r
}

func TestMiscountedAnswersAreNamed(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, _ := answered(t, d)
		clean, err := Recount(w.ctx, d, w.s.Keys)
		if err != nil || len(clean.Problems) > 0 || clean.Marks != len(w.doors)-1 {
			t.Fatalf("%+v %v", clean, err)
		}
		unit := w.unit[w.doors[4]]
		for _, c := range []struct{ name, do, undo, check, want string }{
			{"raised", `UPDATE answer_count SET n = n + 1 WHERE leaf_id = $1 AND field = 'symptom' AND choice = 'no'`,
				`UPDATE answer_count SET n = n - 1 WHERE leaf_id = $1 AND field = 'symptom' AND choice = 'no'`, "answers_differ", "question=symptom answer=no kept=4 counted=3"},
			{"wrong question", `UPDATE answer_count SET field = 'other' WHERE leaf_id = $1 AND field = 'symptom'`,
				`UPDATE answer_count SET field = 'symptom' WHERE leaf_id = $1 AND field = 'other'`, "answers_differ", "question=other answer=no kept=3 counted=0"},
			{"sum of heads", `UPDATE answer_count SET n = n + 2 WHERE leaf_id = $1 AND field = 'head_count' AND choice = '#sum'`,
				`UPDATE answer_count SET n = n - 2 WHERE leaf_id = $1 AND field = 'head_count' AND choice = '#sum'`, "answers_differ", "question=head_count answer=#sum"},
			{"another place", `UPDATE answer_count SET leaf_id = leaf_id + 1 WHERE leaf_id = $1`,
				`UPDATE answer_count SET leaf_id = leaf_id - 1 WHERE leaf_id - 1 = $1`, "answers_differ", "counted=3"},
		} {
			change := func(text string) {
				w.write(func(tx *db.Tx) error {
					_, err := tx.ExecContext(w.ctx, text, int64(unit))
					return err
				})
			}
			change(c.do)
			found, err := Recount(w.ctx, d, w.s.Keys)
			w.ok(err)
			if !slices.ContainsFunc(found.Problems, func(p Problem) bool {
				return p.Check == c.check && p.ObjectID == unit && strings.Contains(p.Detail, c.want) && strings.Contains(p.Detail, "path=230103001001001002001 ")
			}) {
				t.Errorf("%s: want %s %s at %s among %+v", c.name, c.check, c.want, unit, found.Problems)
			}
			change(c.undo)
		}
		w.check()
	})
}

func TestMarksThatCannotBeOpened(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, r := answered(t, d)
		none, err := Recount(w.ctx, d, sealtest.New(t))
		w.ok(err)
		register := seal.EmergencyKey(r.EmergencyID)
		if none.Marks != 0 || len(none.Problems) > 0 || !slices.Equal(none.Missing, []string{register}) {
			t.Errorf("without the key: %+v", none)
		}
		w.write(func(tx *db.Tx) error {
			_, err := tx.ExecContext(w.ctx, `UPDATE mark SET sealed = $1 WHERE object_id = $2`, []byte("nonsense that is long enough to be a sealed record"), int64(w.doors[5]))
			return err
		})
		bad, err := Recount(w.ctx, d, w.s.Keys)
		w.ok(err)
		if len(bad.Problems) == 0 || bad.Problems[0].Check != "mark_unreadable" {
			t.Errorf("a damaged mark: %+v", bad)
		}
		if err := w.s.Keys.Destroy(register); err != nil {
			t.Fatal(err)
		}
		gone, err := Recount(w.ctx, d, w.s.Keys)
		w.ok(err)
		if gone.Closed != len(w.doors)-1 || len(gone.Problems) > 0 || len(gone.Missing) > 0 {
			t.Errorf("after the key's destruction: %+v", gone)
		}
		if _, err := w.s.Mark(w.ctx, sys, MarkInput{RoundID: r.ID, ObjectID: w.doors[0], Result: "normal"}); !seal.IsDestroyed(err) {
			t.Errorf("a mark after the key's destruction: %v", err)
		}
	})
}
