package incoming

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"wangge/internal/ledger/roster"
	"wangge/internal/platform/id"
	"wangge/internal/platform/sheet"
)

func cells(values ...string) []sheet.Cell {
	out := make([]sheet.Cell, len(values))
	for i, v := range values {
		out[i] = sheet.Cell{Raw: v, Kind: sheet.Text}
		if v == "" {
			out[i].Kind = sheet.Empty
		}
	}
	return out
}

func table(lines ...[]sheet.Cell) []rawRow {
	out := make([]rawRow, len(lines))
	for i, l := range lines {
		out[i] = rawRow{at: i + 1, cells: l}
	}
	return out
}

// The columns as they are pushed, below a title, and variants of them.
func TestColumnsAsPushed(t *testing.T) {
	h, data := understand(table(
		cells("2022年11月第3批待核查线索"),
		cells("系统编号", "线索标题", "线索类别", "线索类型", "核查要求", "姓名", "身份证", "电话号码", "详细地址", "车次/航班", "座位号"),
		cells("XS001", "G1234同乘", "同乘人员", "加急", "核实行程", "王小明", "230103194912310021", "13812345678", "幸福小区3栋2单元501", "G1234", "05车12A"),
		cells("XS002", "G1234同乘", "同乘人员", "普通", "核实行程", "", "", "13812345679", "", "G1234", "05车12B")))
	if len(data) != 2 || h.Header != 1 {
		t.Fatal(h, len(data))
	}
	for key, at := range map[string]int{"number": 0, "title": 1, "class": 2, "urgency": 3, "ask": 4, roster.Name: 5, roster.IDNo: 6, roster.Phone: 7, roster.Address: 8, "transport": 9, "seat": 10} {
		if got, ok := h.columns[key]; !ok || got != at {
			t.Errorf("%s: column %d %v, want %d", key, got, ok, at)
		}
	}
	r := readRow(&h, data[0], true)
	if r.refused != "" || r.urgency != 2 || r.class != "transport" || r.body.Phones[0] != "13812345678" || r.body.Address != "幸福小区3栋2单元501" || r.body.Seat != "05车12A" {
		t.Errorf("%+v", r)
	}
}

func TestListsAsFound(t *testing.T) {
	for name, c := range map[string]struct {
		rows   []rawRow
		phones int // rows with a phone
	}{
		"only phones":          {table(cells("手机号"), cells("13812345678"), cells("13812345679")), 2},
		"phones without title": {table(cells("13812345678"), cells("13812345679"), cells("13812345670")), 3},
		"leaked columns":       {table(cells("姓名", "身份证号", "手机号", "户籍地详址", "户籍地派出所", "来鲁方式", "车次班次"), cells("李四", "", "13812345678", "山东省青岛市李沧区幸福路1号", "某所", "火车", "G12"), cells("李五", "", "13812345679", "", "", "", "")), 2},
	} {
		h, data := understand(c.rows)
		n := 0
		for _, r := range data {
			if x := readRow(&h, r, true); len(x.body.Phones) > 0 {
				n++
			}
		}
		if n != c.phones {
			t.Errorf("%s: %d phones, want %d (%v)", name, n, c.phones, h.columns)
		}
	}
	if _, data := understand(table(cells("物资", "数量"), cells("口罩", "200"), cells("手套", "50"))); len(data) > 0 {
		t.Error("a list of things was taken for one of people")
	}
}

func TestRowsRefused(t *testing.T) {
	h := sheetHead{columns: map[string]int{roster.Name: 0, roster.IDNo: 1, roster.Phone: 2, roster.Address: 3}}
	for _, c := range []struct {
		row    []sheet.Cell
		reason string
		doubt  string
	}{
		{cells("王小明", "", "13812345678", ""), "", ""},
		{cells("王小明", "", "1.3812E+10", ""), whyNoWay, ""},
		{cells("王小明", "2.30103E+17", "", ""), whyNoWay, ""},
		{cells("王小明", "230103194912310020", "13812345678", ""), "", doubtIDNo},
		{cells("王小明", "", "+86 138-1234-5678", ""), "", fixedPhone},
		{cells("王小明", "", "", ""), whyNobody, ""},
		{cells("王小明", "", "", "幸福小区3栋2单元501"), "", ""},
		{cells("", "", "", "幸福小区3栋2单元501"), whyNobody, ""},
		{cells("王小明", "", "13812345678", strings.Repeat("长", 10_000)), whyLong, ""},
	} {
		r := readRow(&h, rawRow{cells: c.row}, true)
		if r.refused != c.reason || c.doubt != "" && !contains(r.body.Doubts, c.doubt) {
			t.Errorf("%v: %q %v, want %q %q", c.row[0].Raw, r.refused, r.body.Doubts, c.reason, c.doubt)
		}
	}
}

// A family shares a phone; one person has several.
func TestSamePerson(t *testing.T) {
	p := newPeople()
	first := &known{id: 1, keys: keys{name: "a", phones: []string{"1"}}, open: true}
	p.add(first)
	for _, c := range []struct {
		k    keys
		join bool
	}{
		{keys{name: "a", phones: []string{"1"}}, true},
		{keys{phones: []string{"1"}}, true},
		{keys{name: "b", phones: []string{"1"}}, false},
		{keys{name: "a", phones: []string{"2"}}, false},
		{keys{name: "a", idno: "x", phones: []string{"1"}}, true},
	} {
		if joins, _ := p.find(c.k); (joins != nil) != c.join {
			t.Errorf("%+v: %v", c.k, joins)
		}
	}
	p.learn(first, keys{idno: "x", phones: []string{"3"}})
	if joins, _ := p.find(keys{idno: "x", name: "z"}); joins != first {
		t.Error("a number that another row gave is not known")
	}
	if joins, _ := p.find(keys{idno: "y", name: "a", phones: []string{"3"}}); joins != nil {
		t.Error("another identity number is another person")
	}
}

func TestProposals(t *testing.T) {
	for _, c := range []struct{ exposure, day, today, want string }{
		{"high", "2022-07-01", "2022-07-03", "central_isolation"},
		{"medium", "2022-07-01", "2022-07-03", "home_isolation"},
		{"high", "2022-11-12", "2022-11-14", "home_isolation"},
		{"medium", "2022-11-12", "2022-11-14", ""},
		{"high", "2022-07-01", "2022-07-20", ""},
		{"none", "2022-07-01", "2022-07-03", ""},
		{"high", "2022-07-05", "2022-07-03", ""},
		{"high", "2020-07-01", "2020-07-03", ""},
	} {
		got := ""
		if m := measures.propose(c.exposure, c.day, c.today); m != nil {
			got = m.Code
		}
		if got != c.want {
			t.Errorf("%v: %q", c, got)
		}
	}
	two := measures.propose("close_contact", "2022-11-12", "2022-11-14")
	if got := two.text("zh"); got != "集中隔离，2022-11-12 至 2022-11-17；之后居家隔离，至 2022-11-20" {
		t.Error("5 and 3 days:", got)
	}
	if got := measures.propose("high", "2022-11-12", "2022-11-14").text("zh"); got != "居家隔离，2022-11-12 至 2022-11-19" {
		t.Error("7 days:", got)
	}
}

// Whatever the callers and leads: nobody off shift keeps a lead, nobody who could
// be called waits, and callers of one area differ by one at most.
func TestSpread(t *testing.T) {
	areas := []string{"230103", "230103001", "230103001001", "230103001002", "230103002001"}
	rapid.Check(t, func(t *rapid.T) {
		var seats []seat
		for i := range rapid.IntRange(0, 6).Draw(t, "seats") {
			seats = append(seats, seat{id: id.ID(i + 1), account: id.ID(i + 1), path: rapid.SampledFrom(areas).Draw(t, "serves")})
		}
		var leads []waiting
		for i := range rapid.IntRange(0, 40).Draw(t, "leads") {
			l := waiting{id: id.ID(1000 + i), path: rapid.SampledFrom(areas[2:]).Draw(t, "at"), holder: id.ID(rapid.IntRange(0, 9).Draw(t, "holder")), urgency: rapid.IntRange(0, 2).Draw(t, "urgency")}
			leads = append(leads, l)
		}
		moved := spread(leads, seats)
		holds := map[id.ID]int{}
		for _, l := range leads {
			at, changed := l.holder, false
			if s, ok := moved[l.id]; ok {
				at, changed = id.Zero, true
				if s != nil {
					at = s.account
				}
			}
			var mine *seat
			could := false
			for i := range seats {
				if seats[i].account == at {
					mine = &seats[i]
				}
				could = could || seats[i].serves(l.path)
			}
			if at != id.Zero && (mine == nil || !mine.serves(l.path)) {
				t.Fatalf("lead %d is with %d, who does not serve %s (changed %v)", l.id, at, l.path, changed)
			}
			if at == id.Zero && could {
				t.Fatalf("lead %d waits though somebody serves %s", l.id, l.path)
			}
			holds[at]++
		}
		for i := range seats {
			for k := range seats {
				a, b := seats[i], seats[k]
				if a.path == b.path && holds[a.account] > holds[b.account]+1 {
					t.Fatalf("%s: %d and %d", a.path, holds[a.account], holds[b.account])
				}
			}
		}
	})
}

func TestUrgencyWords(t *testing.T) {
	for text, want := range map[string]int{"加急": 2, "紧急": 1, "普通": 0, "": 0} {
		if got, ok := urgencyOf(text); !ok || got != want {
			t.Errorf("%q: %d %v", text, got, ok)
		}
	}
	if _, ok := urgencyOf("同乘"); ok {
		t.Error("a class was taken for a degree of urgency")
	}
}

func FuzzReadRow(f *testing.F) {
	f.Add("王小明", "230103194912310021", "13812345678")
	h := sheetHead{columns: map[string]int{roster.Name: 0, roster.IDNo: 1, roster.Phone: 2}}
	f.Fuzz(func(t *testing.T, a, b, c string) { _ = fmt.Sprint(readRow(&h, rawRow{cells: cells(a, b, c)}, true)) })
}

// An address written anew takes back the door that was preselected for the
// one before; a door that somebody chose stays.
func TestAddressWrittenAnewDropsTheShownDoor(t *testing.T) {
	for _, x := range []struct{ address, door, want string }{
		{"3-2-501", "7", "7"},
		{" 3-2-501 ", "7", "7"},
		{"3-2-502", "7", ""},
		{"3-2-502", "8", "8"},
		{"3-2-502", "none", "none"},
	} {
		f := url.Values{"address": {x.address}, "shown_address": {"3-2-501"}, "door": {x.door}, "shown_door": {"7"}}
		if dropShownDoor(f); f.Get("door") != x.want {
			t.Errorf("%q with door %s: %q", x.address, x.door, f.Get("door"))
		}
	}
}
