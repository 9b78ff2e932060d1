package importer_test

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"wangge/internal/ledger/importer"
	"wangge/internal/platform/db/dbtest"
	"wangge/internal/platform/id"
)

// muddle is a roster in which people come again, under their number, their phone
// or behind their door, with more or other words, and doors are empty or only
// counted.
func muddle(r *rand.Rand, rows int) string {
	var b strings.Builder
	b.WriteString("楼栋,单元,房号,姓名,与户主关系,证件号码,联系电话,备注,是否居住,人数,标签\n")
	for range rows {
		n := r.IntN(60)
		idno, phone, note, lives, tag := "", "", "", "", ""
		if r.IntN(2) == 0 {
			idno = fmt.Sprintf("2301031980%02d%02d%03d", n%12+1, n%28+1, n)
			idno += string(checkDigit(idno))
		}
		if r.IntN(2) == 0 {
			phone = fmt.Sprintf("139%08d", n)
		}
		if r.IntN(4) == 0 {
			note = fmt.Sprint("备注", r.IntN(3))
		}
		if r.IntN(6) == 0 {
			lives = []string{"是", "否"}[r.IntN(2)]
		}
		if r.IntN(5) == 0 {
			tag = "独居"
		}
		name, relation, persons := "王"+string(rune(0x4e00+n)), []string{"户主", "配偶", "子"}[n%3], ""
		switch r.IntN(12) {
		case 0:
			name, relation, idno, phone, persons = "", "", "", "", fmt.Sprint(r.IntN(5)+1)
		case 1:
			name, relation, idno, phone = "空置", "", "", ""
		}
		door := n / 3
		if r.IntN(8) == 0 {
			door = r.IntN(20)
		}
		fmt.Fprintf(&b, "%d,1,%d,%s,%s,%s,%s,%s,%s,%s,%s\n", door/8+1, door%8/2*100+101+door%2, name, relation, idno, phone, note, lives, persons, tag)
	}
	return b.String()
}

func checkDigit(s string) byte {
	sum := 0
	for i, w := range []int{7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2} {
		sum += w * int(s[i]-'0')
	}
	return "10X98765432"[sum%11]
}

// state is what a ledger holds, without ids and times.
func (w *world) state() []string {
	w.t.Helper()
	hs, ps, err := w.l.Under(ctx, w.c, community)
	must(w.t, err)
	door := map[int64]string{}
	rows, err := w.d.Read().QueryContext(ctx, "SELECT d.id, b.name || '-' || d.name FROM place d JOIN place u ON u.id = d.parent_id JOIN place b ON b.id = u.parent_id WHERE d.kind = 'door'")
	must(w.t, err)
	defer rows.Close()
	for rows.Next() {
		var n int64
		var s string
		must(w.t, rows.Scan(&n, &s))
		door[n] = s
	}
	must(w.t, rows.Err())
	var out []string
	home := map[int64]string{}
	for _, h := range hs {
		home[int64(h.ID)] = fmt.Sprint(door[int64(h.DoorID)], h.Kind, h.Living, h.Registered, h.Nickname, h.Version)
		out = append(out, "household "+home[int64(h.ID)])
	}
	for _, p := range ps {
		care, err := w.l.CareKindsOf(ctx, w.c, []id.ID{p.ID})
		must(w.t, err)
		kinds := care[p.ID]
		slices.Sort(kinds)
		out = append(out, fmt.Sprint("person ", p.Name, p.IDNo, p.Phones, p.Relation, p.Note, p.LivesHere, p.Registered, p.Version, kinds, " in ", home[int64(p.HouseholdID)]))
	}
	slices.Sort(out)
	return out
}

// TestPiecesOrWhole: a roster that is written while it is read leaves the same
// ledger and gives the same counts as one that is read whole before, and leaves
// nothing when it is taken back.
func TestPiecesOrWhole(t *testing.T) {
	for seed := range uint64(4) {
		r := rand.New(rand.NewPCG(seed, 1))
		first, second := muddle(r, 60), muddle(r, 300)
		var states [2][]string
		var counts [2]importer.ImportCounts
		for i, hand := range []int{1 << 20, 3 + int(seed)} {
			func() {
				defer importer.InHand(hand)()
				w := newWorld(t, dbtest.SQLite(t))
				w.run(first)
				before := w.state()
				imp, err := w.s.Stage(ctx, w.c, w.target(), []importer.File{text("b.csv", second)})
				must(t, err)
				v, err := w.s.Apply(ctx, w.c, imp.ID)
				must(t, err)
				states[i], counts[i] = w.state(), v.Counts
				if imp.Counts != v.Counts {
					t.Errorf("seed %d: planned %+v, done %+v", seed, imp.Counts, v.Counts)
				}
				must(t, w.s.Undo(ctx, w.c, imp.ID))
				w.want("people who were not there before", "SELECT COUNT(*) - "+fmt.Sprint(people(before))+" FROM person WHERE until_ms = 0", 0)
			}()
		}
		if counts[0] != counts[1] {
			t.Errorf("seed %d: counts %+v in one, %+v in pieces", seed, counts[0], counts[1])
		}
		if slices.Compare(states[0], states[1]) != 0 {
			t.Errorf("seed %d:\nwhole  %s\npieces %s", seed, strings.Join(without(states[0], states[1]), "\n       "), strings.Join(without(states[1], states[0]), "\n       "))
		}
	}
}

func people(state []string) (n int) {
	for _, s := range state {
		if strings.HasPrefix(s, "person") {
			n++
		}
	}
	return n
}

// without are the lines of a that are not in b.
func without(a, b []string) []string {
	return slices.DeleteFunc(slices.Clone(a), func(s string) bool {
		_, found := slices.BinarySearchFunc(b, s, cmp.Compare[string])
		return found
	})
}
