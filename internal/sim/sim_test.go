package sim

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"

	"wangge/internal/grid/divisions"
)

func mustPlan(t testing.TB, place string, n int, seed uint64) *District {
	t.Helper()
	d, err := Generate(Config{Place: place, Households: n, Seed: seed})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// tally is what a pass over a district counts.
type tally struct {
	communities, compounds, buildings, doors, empty, several, households, persons, living int
	basics, micros, blocks, leaders, reps, vacant, posts                                  int
	kinds                                                                                 map[string]int
}

func count(d *District) tally {
	s := tally{kinds: map[string]int{}}
	for c := range d.Communities() {
		s.communities++
		s.compounds += len(c.Compounds)
		for _, k := range c.Compounds {
			s.kinds[string(k.Kind)]++
			for _, b := range k.Buildings {
				s.buildings++
				s.kinds[string(b.Kind)]++
			}
		}
		for _, at := range c.Doors() {
			s.door(at.Door)
		}
		for _, g := range c.Grids {
			switch g.Kind {
			case Basic:
				s.basics++
			case Micro:
				s.micros++
			case Block:
				s.blocks++
			}
		}
		s.post(c.Posts)
	}
	s.post(d.Posts)
	return s
}

func (s *tally) door(d *Door) {
	s.doors++
	switch len(d.Households) {
	case 0:
		s.empty++
	case 1:
	default:
		s.several++
	}
	for _, h := range d.Households {
		s.households++
		s.kinds["household "+string(h.Kind)]++
		s.living += h.Living
		s.persons += len(h.Persons)
		s.kinds[fmt.Sprint("size ", len(h.Persons))]++
		for _, m := range h.Persons {
			s.kinds[fmt.Sprint("id ", m.IDKind)]++
			for _, k := range m.Care {
				s.kinds["care "+string(k)]++
			}
			if m.Phone == "" {
				s.kinds["no phone"]++
			}
			if !m.LivesHere {
				s.kinds["away"]++
			}
			if m.LivesHere && !m.Registered {
				s.kinds["registered elsewhere"]++
			}
		}
	}
}

func (s *tally) post(posts []Post) {
	for i := range posts {
		s.posts++
		s.kinds["post "+string(posts[i].Role)]++
		switch posts[i].Role {
		case RoleLeader:
			s.leaders++
		case RoleRepresentative:
			s.reps++
		}
		if posts[i].Vacant() {
			s.vacant++
		}
	}
}

func TestEveryPlace(t *testing.T) {
	for _, p := range divisions.Presets {
		d := mustPlan(t, p.Name, 1500, 7)
		s := count(d)
		if s.households != 1500 || s.communities != len(d.Plans) {
			t.Errorf("%s: %d households in %d communities", p.Name, s.households, s.communities)
		}
		if s.vacant == 0 || s.blocks > 1 || s.basics == 0 {
			t.Errorf("%s: %d vacancies, %d blocks, %d basic grids", p.Name, s.vacant, s.blocks, s.basics)
		}
		if s.doors < s.households-2*s.several || s.empty == 0 {
			t.Errorf("%s: %d doors, %d empty, %d with several", p.Name, s.doors, s.empty, s.several)
		}
	}
}

func TestFewCommunities(t *testing.T) {
	for _, place := range []string{"mohe", "xinlin"} {
		if s := count(mustPlan(t, place, 20_000, 3)); s.households != 20_000 {
			t.Errorf("%s: %d households", place, s.households)
		}
	}
	for _, n := range []int{1, 2, 13, 100} {
		if s := count(mustPlan(t, "huangdao", n, 1)); s.households != n {
			t.Errorf("%d households asked, %d made", n, s.households)
		}
	}
}

func TestRefusals(t *testing.T) {
	for _, c := range []Config{{Place: "atlantis", Households: 5}, {Place: "mohe"}, {Place: "mohe", Households: -1}, {Place: "mohe", Households: MaxHouseholds + 1}} {
		if _, err := Generate(c); err == nil {
			t.Errorf("%+v was accepted", c)
		}
	}
}

// TestInvariants looks at every door, person, grid and post of a district.
func TestInvariants(t *testing.T) {
	d := mustPlan(t, "nangang", 20_000, 42)
	phones, ids, keys := map[string]bool{}, map[string]bool{}, map[string]bool{}
	seen := func(m map[string]bool, s, what string) {
		if s != "" && m[s] {
			t.Errorf("%s %s twice", what, s)
		}
		m[s] = true
	}
	at := Date{2022, 3, 1}
	person := func(m *Person) {
		seen(phones, m.Phone, "phone")
		seen(ids, m.IDNo, "number")
		if m.Phone != "" && !DrillPhone(m.Phone) || m.IDNo != "" && !DrillID(m.IDNo) {
			t.Errorf("not a drill's number: %+v", m)
		}
		if m.Name == "" || m.Birth.Age(at) < 0 || m.Birth.Age(at) > 101 || (m.IDKind == IDNone) != (m.IDNo == "") {
			t.Errorf("odd person %+v", m)
		}
		if m.IDKind == ID18 && (m.IDNo[17] != checkDigit([]byte(m.IDNo[:17])) || m.IDNo[6:14] != strings.ReplaceAll(m.Birth.String(), "-", "") ||
			Sex(2-(m.IDNo[16]-'0')%2) != m.Sex) {
			t.Errorf("wrong number %+v", m)
		}
	}
	for c := range d.Communities() {
		doors := 0
		names := map[string]bool{}
		for _, k := range c.Compounds {
			seen(names, k.Name, "compound of "+c.Area.Name)
		}
		for i, x := range c.Doors() {
			if i != doors {
				t.Fatal("doors are not numbered in order")
			}
			doors++
			if x.Door.Label == "" || x.Door.Ordinal < 1 {
				t.Errorf("door %+v", x.Door)
			}
			for h := range x.Door.Households {
				hh := &x.Door.Households[h]
				if n := len(hh.Persons); n < 1 || n > 6 || hh.Persons[0].Relation != Head || (hh.Kind == Away) != (hh.Living == 0) {
					t.Errorf("household %+v", hh)
				}
				for m := range hh.Persons {
					person(&hh.Persons[m])
				}
			}
		}
		checkGrids(t, c, doors)
		for _, p := range append(c.Posts[:len(c.Posts):len(c.Posts)], d.Posts...) {
			if p.Area == c.Area.Code || p.Area[:9] == c.Area.Code[:9] && p.Area[9:] == "000" {
				for _, h := range p.Holders {
					if h.Name == "" || !DrillPhone(h.Phone) {
						t.Errorf("holder %+v", h)
					}
				}
			}
			if p.Area == c.Area.Code && !(p.Role == RoleDepartment) {
				seen(keys, p.Key, "post")
			}
		}
	}
}

func checkGrids(t *testing.T, c *Community, doors int) {
	at := map[GridKind]int{}
	for i, g := range c.Grids {
		if g.Kind != Block {
			if g.Doors.From != at[g.Kind] || g.Doors.Len() < 1 {
				t.Errorf("%s: %s grid %d begins at %d, not %d", c.Area.Name, g.Kind, i, g.Doors.From, at[g.Kind])
			}
			at[g.Kind] = g.Doors.To
		}
		if g.Parent >= 0 {
			if p := c.Grids[g.Parent]; p.Kind != Basic || g.Doors.From < p.Doors.From || g.Doors.To > p.Doors.To {
				t.Errorf("%s: grid %+v leaves its parent %+v", c.Area.Name, g, p)
			}
		}
	}
	if at[Basic] != doors || at[Micro] != doors {
		t.Errorf("%s: grids cover %v of %d doors", c.Area.Name, at, doors)
	}
	rep := map[int]int{}
	for _, p := range c.Posts {
		if p.Role == RoleRepresentative {
			rep[p.Grid] += p.Doors.Len()
		}
	}
	for g, n := range rep {
		if n != c.Grids[g].Doors.Len() {
			t.Errorf("%s: representatives answer for %d of %d doors", c.Area.Name, n, c.Grids[g].Doors.Len())
		}
	}
}

// TestSizes checks that a district looks like the real one it is measured
// against: 640,000 households had 6,747 leaders and 1.7 million people.
func TestSizes(t *testing.T) {
	d := mustPlan(t, "nangang", 64_000, 5)
	s := count(d)
	if s.households != 64_000 {
		t.Fatalf("%d households", s.households)
	}
	within := func(what string, got, lo, hi int) {
		if got < lo || got > hi {
			t.Errorf("%s: %d, want %d to %d", what, got, lo, hi)
		}
	}
	within("persons", s.persons, 155_000, 180_000)
	within("leaders and representatives", s.leaders+s.reps, 640, 960)
	within("basic grids", s.basics, 128, 270)
	within("empty doors", s.empty, 1500, 7000)
	within("doors with several households", s.several, 200, 1500)
	for _, k := range []string{"tower", "walk_up", "hall", "estate", "bungalows", "dormitory", "group", "household shared", "household dormitory",
		"household away", "id 0", "id 1", "id 2", "id 3", "no phone", "away", "registered elsewhere", "care elderly_alone", "care elderly_only",
		"care child_in_difficulty", "care limited_mobility", "care pregnant", "care chronic_medication", "care dialysis", "care hardship"} {
		if s.kinds[k] == 0 {
			t.Errorf("none of %s", k)
		}
	}
	if testing.Verbose() {
		t.Logf("%+v", s)
	}
}

// TestGridSizes: in communities with room, basic grids hold 300 to 500
// households.
func TestGridSizes(t *testing.T) {
	d := mustPlan(t, "nangang", 640_000/4, 5)
	in, all := 0, 0
	for c := range d.Communities() {
		if c.Households < 1000 {
			continue
		}
		held := make([]int, 0, 4000)
		sum := 0
		held = append(held, 0)
		for _, at := range c.Doors() {
			sum += len(at.Door.Households)
			held = append(held, sum)
		}
		for _, g := range c.Grids {
			if g.Kind == Basic {
				n := held[g.Doors.To] - held[g.Doors.From]
				all++
				if n >= 300 && n <= 500 {
					in++
				}
				if n < 200 || n > 620 {
					t.Errorf("%s %s holds %d", c.Area.Name, g.Name, n)
				}
			}
		}
	}
	if in*100 < all*93 {
		t.Errorf("%d of %d grids hold 300 to 500", in, all)
	}
}

func digest(d *District) string {
	h := sha256.New()
	fmt.Fprintf(h, "%+v", d.Posts)
	for c := range d.Communities() {
		write(h, c)
	}
	return hex.EncodeToString(h.Sum(nil))[:16]
}

func write(w io.Writer, c *Community) { fmt.Fprintf(w, "%+v\n", *c) }

func TestSameSeedSameBytes(t *testing.T) {
	a, b := mustPlan(t, "nangang", 2000, 1), mustPlan(t, "nangang", 2000, 1)
	first := digest(a)
	if first != digest(a) || first != digest(b) {
		t.Error("two passes differ")
	}
	if first == digest(mustPlan(t, "nangang", 2000, 2)) {
		t.Error("another seed gives the same district")
	}
	if first != golden {
		t.Errorf("the district of seed 1 changed: %s; if that is meant, set golden", first)
	}
}

const golden = "354fcf24ac33744f"

func BenchmarkDistrict640k(b *testing.B) {
	d := mustPlan(b, "nangang", 640_000, 1)
	var peak uint64
	for b.Loop() {
		n := 0
		for c := range d.Communities() {
			if n++; n%20 == 0 {
				var m runtime.MemStats
				runtime.ReadMemStats(&m)
				peak = max(peak, m.HeapInuse)
			}
			_ = c
		}
	}
	b.ReportMetric(float64(peak)/(1<<20), "MB-peak")
}
