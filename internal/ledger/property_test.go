package ledger_test

import (
	"flag"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"wangge/internal/ledger"
	"wangge/internal/platform/db"
	"wangge/internal/platform/db/dbtest"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
)

// A quick run by default; -rapid.checks=1000 for a long one.
func init() { _ = flag.Set("rapid.checks", "20") }

// ledgerModel is what the ledger should hold: heads in all, and who is in it.
type ledgerModel struct {
	w                  *world
	living, registered int // heads over all households
	homes              []id.ID
	people             []id.ID // current
	gone               []id.ID // departed
	reg, lives         map[id.ID]bool
}

func pick(t *rapid.T, list []id.ID, label string) id.ID {
	return list[rapid.IntRange(0, len(list)-1).Draw(t, label)]
}

func (m *ledgerModel) refreshHomes() {
	m.homes = slices.DeleteFunc(m.homes, func(h id.ID) bool {
		return m.w.count("SELECT COUNT(*) FROM household WHERE id = $1 AND until_ms = 0", int64(h)) == 0
	})
}

func (m *ledgerModel) track(v ledger.HouseholdView) {
	m.homes = append(m.homes, v.ID)
	for _, p := range v.Persons {
		m.people = append(m.people, p.ID)
		m.reg[p.ID], m.lives[p.ID] = p.Registered, p.LivesHere
	}
}

// step does one random thing and says what it should have changed.
func (m *ledgerModel) step(t *rapid.T) {
	w, s := m.w, m.w.s
	flags := func(p *ledger.Person) {
		p.Registered, p.LivesHere = rapid.Bool().Draw(t, "registered"), rapid.Bool().Draw(t, "lives")
	}
	op := rapid.IntRange(0, 9).Draw(t, "op")
	if len(m.people) < 2 || len(m.homes) < 2 {
		op = 0
	}
	switch op {
	case 0, 1:
		var ps []ledger.Person
		living, registered := 0, 0
		for range rapid.IntRange(0, 3).Draw(t, "persons") {
			p := person(rapid.SampledFrom([]string{"王一", "李二", "张三"}).Draw(t, "name"), "")
			flags(&p)
			living += b2i(p.LivesHere)
			registered += b2i(p.Registered)
			ps = append(ps, p)
		}
		in := ledger.HouseholdInput{Living: rapid.IntRange(0, 6).Draw(t, "living"), Registered: rapid.IntRange(0, 6).Draw(t, "registered heads")}
		m.living += max(in.Living, living)
		m.registered += max(in.Registered, registered)
		m.track(w.home(rapid.IntRange(0, len(w.doors)-1).Draw(t, "door"), in, ps...))
	case 2:
		p := person("赵五", "")
		flags(&p)
		h := w.see(pick(t, m.homes, "home"))
		arrived := rapid.Bool().Draw(t, "arrived")
		v, err := s.AddPerson(ctx, w.sys, h.ID, p, arrived)
		must(w.t, err)
		after := w.see(h.ID)
		if arrived && after.Living < h.Living+b2i(p.LivesHere) {
			t.Fatalf("an arrival did not raise the count: %d to %d", h.Living, after.Living)
		}
		m.living += after.Living - h.Living
		m.registered += after.Registered - h.Registered
		m.people = append(m.people, v)
		m.reg[v], m.lives[v] = p.Registered, p.LivesHere
	case 3:
		p, with := pick(t, m.people, "person"), rapid.Bool().Draw(t, "with registration")
		mv := ledger.Move{PersonID: p, WithRegistration: with}
		if rapid.Bool().Draw(t, "join") {
			mv.HouseholdID = pick(t, m.homes, "home")
		} else {
			mv.DoorID = w.doors[rapid.IntRange(0, len(w.doors)-1).Draw(t, "door")]
		}
		err := s.MovePerson(ctx, w.sys, mv)
		if errs.Is(err, errs.Invalid) {
			return
		}
		must(w.t, err)
		m.living += 1 - b2i(m.lives[p])
		if with {
			m.registered += 1 - b2i(m.reg[p])
		}
		m.reg[p], m.lives[p] = with, true
		v, err := s.Person(ctx, w.sys, p)
		must(w.t, err)
		if !slices.Contains(m.homes, v.HouseholdID) {
			m.homes = append(m.homes, v.HouseholdID)
		}
	case 4:
		p := pick(t, m.people, "person")
		must(w.t, s.DepartPerson(ctx, w.sys, p, 0, "moved_away"))
		m.living -= b2i(m.lives[p])
		m.registered -= b2i(m.reg[p])
		m.people = slices.DeleteFunc(m.people, func(q id.ID) bool { return q == p })
		m.gone = append(m.gone, p)
	case 5:
		if len(m.gone) == 0 {
			return
		}
		p := pick(t, m.gone, "gone")
		must(w.t, s.ReturnPerson(ctx, w.sys, p, 0))
		m.living += b2i(m.lives[p])
		m.registered += b2i(m.reg[p])
		m.gone = slices.DeleteFunc(m.gone, func(q id.ID) bool { return q == p })
		m.people = append(m.people, p)
		v, err := s.Person(ctx, w.sys, p)
		must(w.t, err)
		if !slices.Contains(m.homes, v.HouseholdID) {
			m.homes = append(m.homes, v.HouseholdID)
		}
	case 6:
		v, err := s.Person(ctx, w.sys, pick(t, m.people, "person"))
		must(w.t, err)
		n, err := s.Split(ctx, w.sys, v.HouseholdID, []id.ID{v.ID}, ledger.Family)
		must(w.t, err)
		m.homes = append(m.homes, n)
	case 7:
		err := s.Join(ctx, w.sys, pick(t, m.homes, "from"), pick(t, m.homes, "into"))
		if !errs.Is(err, errs.Invalid) {
			must(w.t, err)
		}
	case 8:
		keep, drop := pick(t, m.people, "keep"), pick(t, m.people, "drop")
		_, err := s.MergePersons(ctx, w.sys, ledger.Merge{Keep: keep, Drop: drop})
		if errs.Is(err, errs.Invalid) {
			return
		}
		must(w.t, err)
		m.living -= b2i(m.lives[drop])
		m.registered -= b2i(m.reg[drop])
		m.people = slices.DeleteFunc(m.people, func(q id.ID) bool { return q == drop })
	case 9:
		p := person("钱六", "")
		flags(&p)
		p.ID = pick(t, m.people, "person")
		must(w.t, s.EditPerson(ctx, w.sys, p))
		m.living += b2i(p.LivesHere) - b2i(m.lives[p.ID])
		m.registered += b2i(p.Registered) - b2i(m.reg[p.ID])
		m.reg[p.ID], m.lives[p.ID] = p.Registered, p.LivesHere
	}
	m.refreshHomes()
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

func (m *ledgerModel) check(t *rapid.T) {
	w := m.w
	for name, c := range map[string]struct {
		want  int
		query string
	}{
		"living":                      {m.living, "SELECT COALESCE(SUM(living_count), 0) FROM household WHERE until_ms = 0"},
		"registered":                  {m.registered, "SELECT COALESCE(SUM(registered_count), 0) FROM household WHERE until_ms = 0"},
		"persons":                     {len(m.people), "SELECT COUNT(*) FROM person WHERE until_ms = 0"},
		"counts below the recorded":   {0, "SELECT COUNT(*) FROM household h WHERE h.until_ms = 0 AND (h.living_count < (SELECT COUNT(*) FROM person p WHERE p.household_id = h.id AND p.until_ms = 0 AND p.lives_here = 1) OR h.registered_count < (SELECT COUNT(*) FROM person p WHERE p.household_id = h.id AND p.until_ms = 0 AND p.registered = 1))"},
		"persons in closed homes":     {0, "SELECT COUNT(*) FROM person p JOIN household h ON h.id = p.household_id WHERE p.until_ms = 0 AND h.until_ms <> 0"},
		"persons at other doors":      {0, "SELECT COUNT(*) FROM person p JOIN household h ON h.id = p.household_id WHERE p.until_ms = 0 AND p.door_id <> h.door_id"},
		"keys of closed records":      {0, "SELECT COUNT(*) FROM person_key k JOIN person p ON p.id = k.person_id WHERE p.until_ms <> 0"},
		"current records without key": {0, "SELECT COUNT(*) FROM person p WHERE p.until_ms = 0 AND NOT EXISTS (SELECT 1 FROM person_key k WHERE k.person_id = p.id)"},
	} {
		if n := w.count(c.query); n != c.want {
			t.Fatalf("%s: %d, want %d", name, n, c.want)
		}
	}
}

func TestCountsStayConsistent(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		steps := 40
		if d.Engine() == db.Postgres {
			steps = 20
		}
		w := newWorld(t, d, 6)
		rapid.Check(t, func(rt *rapid.T) {
			w.write(func(tx *db.Tx) error {
				for _, table := range []string{"household", "person", "person_key", "person_event", "residence", "care_item"} {
					if _, err := tx.ExecContext(ctx, "DELETE FROM "+table); err != nil {
						return err
					}
				}
				return nil
			})
			m := &ledgerModel{w: w, reg: map[id.ID]bool{}, lives: map[id.ID]bool{}}
			for range steps {
				m.step(rt)
				m.check(rt)
			}
		})
	})
}
