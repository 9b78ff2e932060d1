package e2e

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/xuri/excelize/v2"
)

// story is what one chapter leaves to the next.
type story struct {
	*stage
	round  string // address of the clerk's round
	sheet  string // the leader's building
	absent string // key of the card where nobody answered
}

// TestStory is the product's promise, walked as its users walk it.
func TestStory(t *testing.T) {
	s := &story{stage: newStage(t)}
	for _, chapter := range []struct {
		name string
		walk func(*testing.T)
	}{
		{"import", s.importsRoster}, {"draft", s.draftsRound}, {"approve", s.streetOpens}, {"doors", s.leaderMarks},
		{"down to the doors", s.clerkFollows}, {"paper and recheck", s.paperAndRecheck}, {"close", s.closes}, {"read only", s.commandLooks},
	} {
		if !t.Run(chapter.name, chapter.walk) {
			t.FailNow()
		}
	}
}

// importsRoster: the clerk uploads the property office's workbook, sees what
// was understood, corrects two columns, writes it, and takes the refused rows.
func (s *story) importsRoster(t *testing.T) {
	b := s.open(t, "community", "zh", 1440, 900)
	b.visit("/imports")
	b.looks("import-upload")
	b.run(chromedp.SetUploadFiles(chromedp.CSS("#f-file"), []string{s.book}))
	b.follow("上传并检查")
	b.until("what was understood", `/^\/imports\/\d+$/.test(location.pathname) && document.readyState==='complete'`)
	b.sees("检查", "写入台账", fmt.Sprintf("%d 户", s.truth.Households))
	if len(s.truth.Wrong) != 2 {
		t.Fatalf("the workbook has %d wrong headers", len(s.truth.Wrong))
	}
	b.until("the compound of the title", fmt.Sprintf(`[...document.querySelectorAll('input[name^="place."][name$=".compound"]')].every(e=>e.value===%s)`, quote(s.truth.Compound)))
	for letter, key := range s.truth.Wrong {
		b.js(fmt.Sprintf(`(function(){var n=0;document.querySelectorAll('details[open] select[name$=".%s"]').forEach(function(e){e.value=%s;n++});return n})()`, letter, quote(key)))
	}
	// What was corrected is shown before it is written, even if she presses too early.
	b.leaves("写入台账")
	b.sees("已按更正重新检查")
	rejected := b.number(`[...document.querySelectorAll('.stat')].find(e=>e.innerText.includes('退回')).querySelector('.stat-value').innerText`)
	if rejected != s.truth.Damaged {
		t.Errorf("%d rows are refused, the workbook has %d damaged numbers", rejected, s.truth.Damaged)
	}
	b.looks("import-wizard")
	b.leaves("写入台账")
	b.until("the result", `document.body.innerText.includes('看导入的人员')`)
	b.refusedRows(rejected)
	b.looks("import-result")
	b.leaves("看导入的人员")
	b.looks("persons")
}

// refusedRows takes the workbook of refused rows and counts them.
func (b *tab) refusedRows(want int) {
	b.t.Helper()
	f, err := excelize.OpenReader(bytes.NewReader(b.download("/rejected")))
	if err != nil {
		b.t.Fatalf("the refused rows are no workbook: %v", err)
	}
	defer f.Close()
	rows := 0
	for _, name := range f.GetSheetList() {
		list, err := f.GetRows(name)
		if err != nil {
			b.t.Fatal(err)
		}
		rows += max(0, len(list)-1)
	}
	if rows < want {
		b.t.Errorf("the workbook of refused rows has %d rows, want %d", rows, want)
	}
}

// draftsRound: three questions for her community; the page says what it costs
// and that one of them was answered last week.
func (s *story) draftsRound(t *testing.T) {
	b := s.open(t, "community", "zh", 1440, 900)
	b.visit("/rounds")
	b.looks("rounds")
	b.leaves("新建专项")
	if n := b.number(`document.querySelectorAll('input[name$=".zh"], input[name$="zh"]').length`); n != 3 {
		t.Errorf("a new screening starts with %d questions", n)
	}
	b.looks("round-new")
	b.set("name", "社区复核摸排")
	b.leaves("保存并看工作量")
	b.sees("工作量", "约需人时", "最近回答过")
	if fresh := b.number(`document.body.innerText.match(/其中 ([\d,]+) 个最近回答过/)[1]`); fresh < 5 {
		t.Errorf("only %d doors answered last week", fresh)
	}
	if hours := b.number(`[...document.querySelectorAll('.stat')].find(e=>e.innerText.includes('人时')).querySelector('.stat-value').innerText`); hours < 1 {
		t.Errorf("%d hours", hours)
	}
	b.looks("round-draft")
	b.leaves("提交批准")
	b.sees("待批准")
	s.round = b.js("location.pathname")
}

// streetOpens: the body above approves, and the list is frozen.
func (s *story) streetOpens(t *testing.T) {
	b := s.open(t, "street", "zh", 1440, 900)
	b.visit("/rounds")
	b.sees("等您批准", "社区复核摸排")
	b.leaves("社区复核摸排")
	b.confirms("批准并开始")
	b.until("the frozen list", `document.body.innerText.includes('看名单')`)
	b.looks("round-open")
}

// leaderMarks: on a phone, one card a door; the clerk's open page moves.
func (s *story) leaderMarks(t *testing.T) {
	clerk := s.open(t, "community", "zh", 1440, 900)
	clerk.visit(s.round)
	clerk.until("the live stream", `!document.querySelector('[data-live-state]').hidden`)
	before := clerk.outstanding()
	b := s.open(t, "building_leader", "zh", 390, 844)
	if at := b.js("location.pathname"); at != "/today" {
		t.Errorf("a building leader starts at %s", at)
	}
	b.looks("today")
	if !strings.Contains(b.js("document.querySelector('main>.rows').innerText"), "号楼") {
		t.Error("buildings are not named as people say them")
	}
	unit := b.unitWithRooms("302", "501")
	s.sheet = b.js("location.pathname")
	b.looks("cards")
	clerkSaw := clerk.js("document.querySelector('.cov-legend').innerText")
	b.follow("多户一起登记")
	b.set("unit", unit)
	b.set("except", "302和501")
	b.confirms("其余全部正常")
	b.sees("另有 2 户除外")
	clerk.until("the figures move by themselves", fmt.Sprintf("document.querySelector('.cov-legend').innerText !== %s", quote(clerkSaw)))
	s.absent = b.card(unit, "302")
	for range 3 {
		b.do(s.absent, "absent", "次没人")
	}
	b.do(b.card(unit, "501"), "verified_empty", "无需办理")
	clerk.until("the last mark", fmt.Sprintf("%s === %d", outstandingJS, clerk.left(before, b)))
	clerk.shot("round-live")
	b.visit("/today/evening")
	b.sees("302")
	b.looks("evening")
	b.leaves("详细")
	b.looks("door")
}

const outstandingJS = `Number(document.querySelector('.k-out b').innerText.replace(/,/g,''))`

func (b *tab) outstanding() int { return b.number(outstandingJS) }

// left is what should be outstanding after the leader's work: before, less
// what the leader's page of the round says is accounted for.
func (b *tab) left(before int, leader *tab) int {
	b.t.Helper()
	var cov struct {
		Node struct{ Done, Exempt int }
	}
	id := strings.TrimPrefix(b.js("location.pathname"), "/rounds/")
	if code := leader.fetch("GET", "/rounds/"+id+"/coverage", nil, &cov); code != 200 {
		b.t.Fatalf("coverage: %d", code)
	}
	if cov.Node.Done < 3 || cov.Node.Exempt < 1 {
		b.t.Errorf("the leader's figures: %+v", cov.Node)
	}
	return before - cov.Node.Done - cov.Node.Exempt
}

// unitWithRooms opens the leader's building with a unit that has the rooms and
// returns the unit's id in the bulk form.
func (b *tab) unitWithRooms(rooms ...string) string {
	b.t.Helper()
	n := b.number(`document.querySelectorAll('.rows a[href^="/today/"]').length`)
	for i := range n {
		b.visit("/today")
		b.js(fmt.Sprintf(`(function(){document.body.dataset.stays=1;document.querySelectorAll('.rows a[href^="/today/"]')[%d].click();return 1})()`, i))
		b.until("the building's cards", "!document.body.dataset.stays && document.readyState==='complete' && !!document.querySelector('article.card')")
		unit := b.js(fmt.Sprintf(`(function(){var rooms=%s, doors=[...document.querySelectorAll('.door-no')].map(e=>e.innerText.trim());
var o=[...document.querySelectorAll('#f-unit option')].slice(1).find(o=>rooms.every(r=>doors.includes(o.text+r)));return o?o.value:''})()`, toJSON(rooms)))
		if unit != "" {
			return unit
		}
	}
	b.t.Fatalf("no unit of the leader has the rooms %v", rooms)
	return ""
}

// card is the id of the card of a room of a unit.
func (b *tab) card(unit, room string) string {
	b.t.Helper()
	return b.js(fmt.Sprintf(`[...document.querySelectorAll('article.card')].find(e=>e.querySelector('.door-no').innerText.trim()===document.querySelector('#f-unit option[value="%s"]').text+%s).id`, unit, quote(room)))
}

// do presses a result on a card and waits until the card says so.
func (b *tab) do(card, result, says string) {
	b.t.Helper()
	was := b.js("document.getElementById(" + quote(card) + ").innerText")
	b.js(fmt.Sprintf(`(function(){document.querySelector('#%s button[value=%s]').click();return 1})()`, card, result))
	b.until("the card after "+result, fmt.Sprintf(`(document.getElementById(%s)||{innerText:%s}).innerText!==%s && (document.getElementById(%s)||{innerText:%s}).innerText.includes(%s)`,
		quote(card), quote(says), quote(was), quote(card), quote(says), quote(says)))
}

// clerkFollows: from the figure down to the very doors, and the list on paper.
func (s *story) clerkFollows(t *testing.T) {
	b := s.open(t, "community", "zh", 1440, 900)
	b.visit(s.round)
	b.looks("round")
	total := b.outstanding()
	b.press("#nodes tbody tr a")
	b.until("the compound's figures", "!document.body.dataset.stays && document.readyState==='complete' && location.search.includes('place=')")
	below := b.outstanding()
	if below == 0 || below > total {
		t.Errorf("%d outstanding in one compound of %d", below, total)
	}
	b.leaves("未完成 ")
	if lines := b.number(`document.querySelectorAll('#lines tbody tr').length`); lines != below {
		t.Errorf("the list has %d doors, the figure says %d", lines, below)
	}
	b.looks("outstanding")
	b.leaves("打印")
	b.until("line numbers", `document.querySelectorAll('.pr-list td.ln').length>0`)
	if lines := b.number(`document.querySelectorAll('.pr-list td.ln').length`); lines != below {
		t.Errorf("%d lines on paper, %d outstanding", lines, below)
	}
	b.shot("print")
	b.visit(strings.Replace(s.sheet, "/today/", "/buildings/", 1))
	b.until("the building board", `document.querySelectorAll('.bld a.dr').length>5`)
	b.looks("building")
}

// paperAndRecheck: a colleague's sheet by line numbers, and a sample of 5 %.
func (s *story) paperAndRecheck(t *testing.T) {
	b := s.open(t, "community", "zh", 1440, 900)
	b.visit(s.round)
	b.leaves("录入纸质表")
	b.pressed("a sheet of twelve lines or more", `[...document.querySelectorAll('#sheets tbody tr')].reverse().find(e=>+e.lastElementChild.innerText.match(/\d+/)[0]>=12).querySelector('a')`)
	b.until("the sheet", "!document.body.dataset.stays && !!document.querySelector('[name=\"lines.normal\"]')")
	b.set("lines.normal", "3 7 999")
	b.leaves("登记")
	b.sees("“999”不在名单里")
	b.check("paper-wrong")
	b.set("lines.normal", "3 7 12")
	b.leaves("登记")
	b.sees("已录入 3 行")
	b.looks("paper")
	b.visit(s.round)
	b.leaves("抽查复核")
	b.set("percent", "5")
	b.leaves("抽取")
	b.until("the sample", `location.pathname.startsWith('/rechecks/')`)
	if n := b.number(`document.querySelectorAll('section.card[id^=t]').length`); n < 1 {
		t.Error("the sample is empty")
	}
	b.looks("recheck")
}

// closes: refused while anything is outstanding; then the rest is accounted for.
func (s *story) closes(t *testing.T) {
	b := s.open(t, "community", "zh", 1440, 900)
	b.visit(s.round)
	left := b.outstanding()
	b.leaves("关闭专项")
	b.looks("close")
	b.confirms("关闭专项")
	b.sees(fmt.Sprintf("还有 %d 个没有完成", left))
	b.shot("close-refused")
	id := strings.TrimPrefix(s.round, "/rounds/")
	for range 5 {
		var page struct {
			Items []struct {
				Object string `json:"object_id"`
			}
		}
		b.fetch("GET", "/rounds/"+id+"/outstanding?limit=500", nil, &page)
		if len(page.Items) == 0 {
			break
		}
		marks := []map[string]string{}
		for _, it := range page.Items {
			marks = append(marks, map[string]string{"round_id": id, "object_id": it.Object, "result": "normal", "how": "phone"})
		}
		b.fetch("POST", "/marks:batch", map[string]any{"marks": marks}, nil)
	}
	b.visit(s.round + "/close")
	b.sees("可以关闭")
	b.confirms("关闭专项")
	b.sees("已关闭")
	if n := b.outstanding(); n != 0 {
		t.Errorf("closed with %d outstanding", n)
	}
	b.looks("round-closed")
}

// commandLooks: everyone above sees the figures and opens a door without being
// able to mark it; the front page on both screens.
func (s *story) commandLooks(t *testing.T) {
	b := s.open(t, "district_command", "zh", 1440, 900)
	b.looks("board-district")
	b.visit(s.round + "/outstanding?state=done")
	b.press("#lines tbody tr a")
	b.until("the door", "!document.body.dataset.stays && location.pathname.startsWith('/doors/')")
	b.sees("社区复核摸排", "已销号")
	b.looks("door-seen")
	c := s.open(t, "community", "zh", 1440, 900)
	c.looks("board")
	c.visit("/areas")
	c.looks("area")
}
