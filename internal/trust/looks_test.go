package trust_test

import (
	"testing"
	"time"

	"wangge/internal/grid"
	"wangge/internal/ledger"
	"wangge/internal/platform/audit"
	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
	"wangge/internal/trust"
)

// look has an account look at who lives behind a door.
func (w *world) look(c grid.Caller, door id.ID, purpose string) {
	w.t.Helper()
	c.Purpose = purpose
	_, err := w.l.Behind(ctx, c, door)
	w.must(err)
}

func TestWhoLookedAtThisDoorLastWeek(t *testing.T) {
	both(t, 1, func(t *testing.T, w *world) {
		clerk, worker := w.caller(7, grid.RoleCommunity, community), w.caller(8, grid.RoleGridWorker, community)
		auditor := w.caller(16, grid.RoleAuditor, "230103")
		first := trust.Week(w.clk.Now())
		w.look(clerk, w.doors[0], "verify_record")
		w.look(clerk, w.doors[0], "verify_record") // once a day
		w.clk.Advance(time.Hour)
		w.look(worker, w.doors[0], "deliver_help")
		w.look(clerk, w.doors[2], "medical")
		w.clk.Advance(8 * 24 * time.Hour)
		w.look(clerk, w.doors[0], "appeal")
		week := trust.Week(w.clk.Now())
		for name, c := range map[string]struct {
			q    trust.Question
			want []string
		}{
			"the door last week":           {trust.Question{Door: w.doors[0], From: week.From, Until: week.Until}, []string{"7 appeal"}},
			"the door the week before":     {trust.Question{Door: w.doors[0], From: first.From, Until: first.Until}, []string{"8 deliver_help", "7 verify_record"}},
			"the door on all days":         {trust.Question{Door: w.doors[0]}, []string{"7 appeal", "8 deliver_help", "7 verify_record"}},
			"an account":                   {trust.Question{Account: 8}, []string{"8 deliver_help"}},
			"an account and a door":        {trust.Question{Account: 7, Door: w.doors[2]}, []string{"7 medical"}},
			"a door nobody looked at":      {trust.Question{Door: w.doors[1]}, nil},
			"a place where nobody is":      {trust.Question{Door: w.place[community]}, nil},
			"everything up to the 10th":    {trust.Question{Until: "2022-10-10"}, []string{"7 medical", "8 deliver_help", "7 verify_record"}},
			"everything from the 11th on":  {trust.Question{From: "2022-10-11"}, []string{"7 appeal"}},
			"nothing before the beginning": {trust.Question{Until: "2022-10-09"}, nil},
		} {
			var got []string
			for cursor := ""; ; {
				rows, next, err := w.s.Looks(ctx, auditor, c.q, cursor, 1) // a page a row
				w.must(err)
				for _, r := range rows {
					got = append(got, r.Account.String()+" "+r.Purpose)
					if r.Person == id.Zero || r.Where == "" || r.Role == "" {
						t.Errorf("%s: %+v", name, r)
					}
				}
				if cursor = next; next == "" {
					break
				}
			}
			if len(got) != len(c.want) {
				t.Errorf("%s: %q, want %q", name, got, c.want)
				continue
			}
			seen := map[string]int{}
			for i := range got {
				seen[got[i]]++
				seen[c.want[i]]--
			}
			for k, n := range seen {
				if n != 0 {
					t.Errorf("%s: %s, want %q", name, k, c.want)
				}
			}
		}
		_, _, err := w.s.Looks(ctx, clerk, trust.Question{}, "", 10)
		w.kind(err, errs.Denied, "a clerk asking")
		_, _, err = w.s.Looks(ctx, auditor, trust.Question{From: "yesterday"}, "", 10)
		w.kind(err, errs.Invalid, "a day that is none")
		_, _, err = w.s.Looks(ctx, auditor, trust.Question{From: "2022-10-11", Until: "2022-10-10"}, "", 10)
		w.kind(err, errs.Invalid, "days the wrong way round")
		doors, err := w.s.Doors(ctx, auditor, "测试社区 1-101")
		w.must(err)
		if len(doors) != 1 || doors[0].ID != w.doors[0] {
			t.Errorf("the door by its address: %+v", doors)
		}
	})
}

func TestWhatThisAccountExported(t *testing.T) {
	both(t, 1, func(t *testing.T, w *world) {
		clerk, auditor := w.caller(7, grid.RoleCommunity, community), w.caller(16, grid.RoleAuditor, "230103")
		w.must(w.l.ExportWorkbook(ctx, clerk, ledger.Filter{Place: w.place[community]}, discard{}))
		r, err := w.s.Ask(ctx, clerk, trust.NewExport{Place: w.place[community+"001"], Purpose: "medical"})
		w.must(err)
		_, _, err = w.s.Fetch(ctx, clerk, r.ID)
		w.must(err)
		rows, _, err := w.s.Taken(ctx, auditor, trust.Question{Account: 7}, "", 10)
		w.must(err)
		want := []string{"export.fetched", "export.made", "export.asked", "export.masked"}
		if len(rows) != len(want) {
			t.Fatalf("%+v", rows)
		}
		for i, r := range rows {
			if r.Action != want[i] || r.People != 3 || r.Where == "" {
				t.Errorf("%+v", r)
			}
		}
		if rows[0].Number != r.Number || rows[0].Purpose != "medical" {
			t.Errorf("%+v", rows[0])
		}
		if rows, _, err := w.s.Taken(ctx, auditor, trust.Question{Account: 8}, "", 10); err != nil || len(rows) != 0 {
			t.Errorf("another account: %+v %v", rows, err)
		}
		_, _, err = w.s.Taken(ctx, clerk, trust.Question{}, "", 10)
		w.kind(err, errs.Denied, "a clerk asking")
	})
}

type discard struct{}

func (discard) Write(b []byte) (int, error) { return len(b), nil }

// TestLooksOfAMergedRecord: the auditor who asks about somebody, or about the
// door they live behind, is told of looks at the record that was merged.
func TestLooksOfAMergedRecord(t *testing.T) {
	both(t, 2, func(t *testing.T, w *world) {
		clerk, sys := w.caller(7, grid.RoleCommunity, community), grid.System(district, "test")
		w.look(clerk, w.doors[1], "verify_record")
		person := func(door id.ID) id.ID {
			hs, err := w.l.Behind(ctx, sys, door)
			w.must(err)
			return hs[0].Persons[0].ID
		}
		keep, drop := person(w.doors[0]), person(w.doors[1])
		_, err := w.l.MergePersons(ctx, sys, ledger.Merge{Keep: keep, Drop: drop})
		w.must(err)
		auditor := w.caller(9, grid.RoleAuditor, "230103")
		for name, q := range map[string]trust.Question{"the person": {Person: keep}, "the door": {Door: w.doors[0]}, "both": {Person: keep, Door: w.doors[0]}, "the record that was": {Person: drop}} {
			rows, _, err := w.s.Looks(ctx, auditor, q, "", 10)
			w.must(err)
			if len(rows) != 1 || rows[0].Person != drop || rows[0].Purpose != "verify_record" {
				t.Errorf("%s: %+v", name, rows)
			}
		}
		if rows, _, err := w.s.Looks(ctx, auditor, trust.Question{Person: keep, Door: w.doors[2]}, "", 10); err != nil || len(rows) != 0 {
			t.Errorf("behind another door: %+v %v", rows, err)
		}
	})
}

// A look at somebody to be verified who is not in the ledger is told as that.
func TestLookAtALead(t *testing.T) {
	both(t, 1, func(t *testing.T, w *world) {
		lead := id.ID(77)
		w.must(w.d.Write(ctx, "test", func(tx *db.Tx) error {
			_, err := tx.ExecContext(ctx, `INSERT INTO task (district, id, kind, state, open, register, sealed, answer, post_id, issuer_post_id, promised_ms, deadline_ms, events, created_ms)
				VALUES ($1, $2, 'lead', 'issued', 1, 'standing', $3, $3, 1, 1, 1, 1, 1, 1)`, district, lead, []byte{})
			if err != nil {
				return err
			}
			return audit.New(district, w.clk).Look(ctx, tx, audit.Look{Account: 7, Role: "community", Purpose: "call_back", Object: "lead"}, lead, 78)
		}))
		rows, _, err := w.s.Looks(ctx, w.caller(16, grid.RoleAuditor, "230103"), trust.Question{}, "", 9)
		w.must(err)
		if len(rows) != 2 || rows[0].Lead || !rows[1].Lead || rows[1].Person != lead {
			t.Errorf("%+v", rows)
		}
	})
}
