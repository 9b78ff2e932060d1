package incoming

import (
	"slices"
	"strings"
	"testing"

	"wangge/internal/grid"
	"wangge/internal/ledger"
	"wangge/internal/platform/db"
	"wangge/internal/platform/db/dbtest"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
	"wangge/internal/task"
)

// A door that the ledger lacks is asked of the community, once, in the same
// transaction as the result; nothing is settled in silence.
func TestADoorTheLedgerLacksIsAskedFor(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		clerk, _ := w.caller(grid.RoleCommunity, w.Hua.ID)
		rep := w.bring(clerk, w.Hua.ID, "A,,,,,甲,,13900000011,幸福小区9-9-901,")
		v := w.people(clerk, rep.ListID)["甲"]
		said := Outcome{Result: "found_normal", Version: v.Version, NoDoor: true, Answer: Answer{Address: "幸福小区9-9-901", Ledger: true}}
		dbtest.OK(t, w.s.Record(ctx, clerk, v.ID, said))
		if err := w.s.Record(ctx, clerk, v.ID, said); !errs.Is(err, errs.Conflict) {
			t.Errorf("a second time: %v", err)
		}
		if l := w.lead(clerk, v.ID); l.State != Done || l.DoorID != id.Zero || !slices.ContainsFunc(l.Events, func(e Event) bool { return e.Kind == "door_asked" }) {
			t.Errorf("%+v", l)
		}
		mine := dbtest.Must(w.tasks.Inbox(ctx, clerk, task.Mine, 10))(t)
		var asked []id.ID
		for _, x := range mine.Lines {
			if x.Kind == task.KindRequest {
				asked = append(asked, x.ID)
			}
		}
		if len(asked) != 1 {
			t.Fatalf("%d requests in the community's inbox", len(asked))
		}
		x := dbtest.Must(w.tasks.Task(ctx, clerk, asked[0]))(t)
		if !strings.Contains(x.Text, "幸福小区9-9-901") || strings.Contains(x.Title, "901") || len(x.Links) != 1 || x.Links[0].Link.ObjectID != v.ID || x.Links[0].Href != "/leads/"+v.ID.String() {
			t.Errorf("%+v", x)
		}
	})
}

// A door that alone is missing is added with who lives behind it, in the same
// transaction as the result; two callers who name the same one get the same one.
func TestADoorThatAloneIsMissingIsAdded(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		clerk, _ := w.caller(grid.RoleCommunity, w.Hua.ID)
		rep := w.bring(clerk, w.Hua.ID, "A,,,,,甲,,13900000011,幸福小区3-2-504,", "B,,,,,乙,,13900000012,幸福小区3栋2单元504室,", "C,,,,,丙,,13900000013,幸福小区3-2-501,")
		people := w.people(clerk, rep.ListID)
		said := func(name, address string, noDoor bool) error {
			v := w.lead(clerk, people[name].ID)
			return w.s.Record(ctx, clerk, v.ID, Outcome{Result: "found_normal", Version: v.Version, NoDoor: noDoor, Answer: Answer{Address: address, Ledger: true}})
		}
		if err := said("甲", "幸福小区3-2-504", false); !errs.Is(err, errs.Invalid) || errs.As(err).Key != "incoming.address_lacks" {
			t.Fatalf("the door is added although nobody said that it is missing: %v", err)
		}
		done := make(chan error, 2)
		for name, address := range map[string]string{"甲": "幸福小区3-2-504", "乙": "幸福小区3栋2单元504室"} {
			go func() { done <- said(name, address, true) }()
		}
		dbtest.OK(t, <-done)
		dbtest.OK(t, <-done)
		a, b := w.lead(clerk, people["甲"].ID), w.lead(clerk, people["乙"].ID)
		if a.DoorID == id.Zero || a.DoorID != b.DoorID || a.PersonID == id.Zero || b.PersonID == id.Zero || a.PersonID == b.PersonID {
			t.Fatalf("%+v %+v", a.Lead, b.Lead)
		}
		told := func(l *Card, kind string) int {
			n := 0
			for _, e := range l.Events {
				if e.Kind == kind {
					n++
				}
			}
			return n
		}
		if told(a, "door_added")+told(b, "door_added") != 1 || told(a, "unrecorded")+told(a, "door_asked")+told(b, "unrecorded")+told(b, "door_asked") != 0 {
			t.Errorf("%+v %+v", a.Events, b.Events)
		}
		hs := dbtest.Must(w.led.Behind(ctx, clerk, a.DoorID))(t)
		if len(hs) != 1 || hs[0].Living != 2 || len(hs[0].Persons) != 2 {
			t.Errorf("%+v", hs)
		}
		door := dbtest.Must(w.Grid.Place(ctx, clerk, a.DoorID))(t)
		if door.Name != "504" || door.ParentID != w.doors[0].ParentID || door.Floor != 5 {
			t.Errorf("%+v", door)
		}

		// who was shown a door and says that it is another one is believed: the community looks
		dbtest.OK(t, said("丙", "幸福小区3-2-501", true))
		if c := w.lead(clerk, people["丙"].ID); told(c, "door_asked") != 1 || told(c, "door_added") != 0 {
			t.Errorf("%+v", c.Events)
		}
	})
}

// A caller who may not add places has the community asked, whatever is missing.
func TestWhoMayNotAddDoorsAsks(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		clerk, _ := w.caller(grid.RoleCommunity, w.Hua.ID)
		street, _ := w.caller(grid.RoleStreet, w.Hua.ParentID)
		rep := w.bring(clerk, w.Hua.ID, "A,,,,,甲,,13900000011,幸福小区3-2-504,")
		v := w.people(clerk, rep.ListID)["甲"]
		dbtest.OK(t, w.s.Record(ctx, street, v.ID, Outcome{Result: "found_normal", Version: v.Version, NoDoor: true, Answer: Answer{Address: "幸福小区3-2-504", Ledger: true}}))
		l := w.lead(clerk, v.ID)
		if l.DoorID != id.Zero || !slices.ContainsFunc(l.Events, func(e Event) bool { return e.Kind == "door_asked" }) {
			t.Errorf("%+v", l)
		}
	})
}

// Who is recorded and called is moved to the door they name, and who is known by
// name there is not recorded twice.
func TestACallMovesWhoIsRecorded(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		clerk, _ := w.caller(grid.RoleCommunity, w.Hua.ID)
		rep := w.bring(clerk, w.Hua.ID, "A,,,,,王建国,230103199003076616,13900000001,幸福小区3-2-501,", "B,,,,,李四,,13900000022,,", "C,,,,,李 四,,13900000023,,")
		people := w.people(clerk, rep.ListID)
		said := func(name, address string) *Card {
			v := w.lead(clerk, people[name].ID)
			dbtest.OK(t, w.s.Record(ctx, clerk, v.ID, Outcome{Result: "found_normal", Version: v.Version, Answer: Answer{Address: address, Ledger: true}}))
			return w.lead(clerk, v.ID)
		}
		if l := said("王建国", "幸福小区3-2-502"); l.PersonID != w.known || l.DoorID != w.doors[1].ID {
			t.Errorf("%+v", l.Lead)
		}
		if p := dbtest.Must(w.led.Person(ctx, clerk, w.known))(t); p.DoorID != w.doors[1].ID || !p.LivesHere {
			t.Errorf("%+v", p)
		}
		one, two := said("李四", "幸福小区3-2-503"), said("李 四", "幸福小区3-2-503")
		if one.PersonID == id.Zero || one.PersonID != two.PersonID {
			t.Errorf("one person is recorded twice: %v %v", one.PersonID, two.PersonID)
		}
		if hs := dbtest.Must(w.led.Behind(ctx, clerk, w.doors[0].ID, w.doors[1].ID, w.doors[2].ID))(t); len(hs) != 2 || hs[0].Living+hs[1].Living != 2 {
			t.Errorf("%+v", hs)
		}

		// a record that was closed since stays closed: the result stands, and the history says so
		gone := dbtest.Must(w.led.AddPerson(ctx, clerk, dbtest.Must(w.led.Behind(ctx, clerk, w.doors[2].ID))(t)[0].ID, ledger.Person{Name: "赵六", Phones: []string{"13900000031"}, LivesHere: true}, true))(t)
		rep = w.bring(clerk, w.Hua.ID, "D,,,,,赵六,,13900000031,,")
		people = w.people(clerk, rep.ListID)
		dbtest.OK(t, w.led.DepartPerson(ctx, clerk, gone, 0, ledger.DepartReasons()[0]))
		if l := said("赵六", "幸福小区3-2-501"); l.State != Done || l.DoorID != w.doors[0].ID || l.Events[0].Kind != "unrecorded" {
			t.Errorf("%+v", l)
		}
	})
}
