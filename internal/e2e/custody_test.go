package e2e

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/xuri/excelize/v2"

	"wangge/internal/grid"
	"wangge/internal/platform/clock"
	"wangge/internal/platform/id"
	"wangge/internal/task"
)

// ahead is the real clock, put forward by hand.
type ahead struct {
	clock.Clock
	by atomic.Int64
}

func (c *ahead) Now() time.Time { return c.Clock.Now().Add(time.Duration(c.by.Load())) }

// custody is what one chapter leaves to the next.
type custody struct {
	*stage
	clk   *ahead
	tree  string // address of headquarters' view of its directive
	leads string // path of the pushed workbook
	list  string // address of the list
}

// TestNothingIsDropped is the second promise: a directive goes down to every
// community and its line comes back up; a pushed list of people is matched,
// shared, called and sent back.
func TestNothingIsDropped(t *testing.T) {
	clk := &ahead{Clock: clock.Real()}
	s := &custody{stage: newStageAt(t, clk), clk: clk}
	var err error
	if s.leads, err = s.drill.WriteLeads(t.Context(), t.TempDir()); err != nil || s.leads == "" {
		t.Fatal(s.leads, err)
	}
	for _, chapter := range []struct {
		name string
		walk func(*testing.T)
	}{
		{"directive", s.directs}, {"down", s.passesOn}, {"up", s.comesBack}, {"late", s.whoIsLate},
		{"pushed", s.pushed}, {"shared", s.calls}, {"back", s.goesBack},
	} {
		if !t.Run(chapter.name, chapter.walk) {
			t.FailNow()
		}
	}
}

// directs: headquarters asks every street one question.
func (s *custody) directs(t *testing.T) {
	b := s.open(t, "district_command", "zh", 1440, 900)
	b.visit("/tasks")
	b.looks("inbox")
	b.visit("/tasks/new?kind=directive")
	b.looks("directive-new")
	b.set("to", "level:street")
	b.set("title", "核对今日返乡人员")
	b.set("text", "逐户核对，今天报数。")
	b.set("ask", "number")
	b.set("ask_label", "返乡多少人")
	b.leaves("下发")
	b.sees("核对今日返乡人员")
	b.leaves("落实情况")
	s.tree = b.js("location.pathname")
	if n := b.stat("已下发"); n != s.streets() {
		t.Errorf("issued to %d of %d streets", n, s.streets())
	}
	if n := b.stat("已接收"); n != 0 {
		t.Errorf("%d have received what nobody opened", n)
	}
	b.looks("directive-tree")
}

// stat reads a figure at the head of a page.
func (b *tab) stat(label string) int {
	b.t.Helper()
	return b.number(fmt.Sprintf(`[...document.querySelectorAll('.stat')].find(e=>e.innerText.includes(%s)).querySelector('.stat-value').innerText`, quote(label)))
}

func (s *custody) streets() int     { return len(s.posts(grid.RoleStreet)) }
func (s *custody) communities() int { return len(s.posts(grid.RoleCommunity)) }

// posts are those of a role that headquarters reaches with one choice.
func (s *custody) posts(role grid.Role) []id.ID {
	ch, err := s.drill.App.Tasks.Choices(context.Background(), s.command(), task.KindDirective)
	if err != nil {
		panic(err)
	}
	i := slices.IndexFunc(ch.Levels, func(l task.Level) bool { return l.Role == role })
	return ch.Levels[i].Posts
}

func (s *custody) command() grid.Caller { return s.as(s.drill.Logins["district_command"].Account) }

func (s *custody) as(account id.ID) grid.Caller {
	c, err := s.drill.App.Grid.CallerFor(context.Background(), account, s.drill.App.District, s.clk.Now())
	if err != nil {
		panic(err)
	}
	return c
}

// passesOn: the street opens it, which is its receipt, and passes it on with a
// note; the other streets do the same.
func (s *custody) passesOn(t *testing.T) {
	b := s.open(t, "street", "zh", 1440, 900)
	b.visit("/tasks")
	b.leaves("核对今日返乡人员")
	b.sees("返乡多少人")
	b.leaves("转发下级")
	b.looks("directive-pass")
	b.set("to", "level:community")
	b.set("note", "先核对出租房，16点前报。")
	b.leaves("转发下级")
	b.sees("已下发")
	s.others(t)
	hq := s.open(t, "district_command", "zh", 1440, 900)
	hq.visit(s.tree)
	hq.until("every street has opened it", fmt.Sprintf(`[...document.querySelectorAll('.stat')].find(e=>e.innerText.includes('已接收')).querySelector('.stat-value').innerText==='%d'`, s.streets()))
	hq.sees(fmt.Sprintf("社区（村）：下发 %d", s.communities()))
}

// others has the other streets pass it on.
func (s *custody) others(t *testing.T) {
	ctx, tasks := t.Context(), s.drill.App.Tasks
	tree, err := tasks.Tree(ctx, s.command(), id.From(strings.Split(s.tree, "/")[2]))
	if err != nil {
		t.Fatal(err)
	}
	line := s.line(t)
	communities := s.posts(grid.RoleCommunity)
	for _, b := range tree.Branches {
		if b.Children > 0 {
			continue
		}
		street := line.Post(b.PostID)
		below := slices.DeleteFunc(slices.Clone(communities), func(p id.ID) bool { return !strings.HasPrefix(line.Post(p).Path, street.Path) })
		if _, err := tasks.PassOn(ctx, s.holder(t, b.PostID), b.ID, task.Address{Posts: below}, "", 0); err != nil {
			t.Fatal(err)
		}
	}
}

func (s *custody) line(t *testing.T) *grid.Line {
	l, err := s.drill.App.Grid.Line(t.Context(), s.command())
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// holder acts as who answers for a post.
func (s *custody) holder(t *testing.T, post id.ID) grid.Caller {
	now := clock.Ms(s.clk.Now())
	line := s.line(t)
	who := line.Post(line.Effective(post, now)).Holders(now)
	if len(who) == 0 {
		t.Fatal("nobody answers for a post")
	}
	return s.as(who[0])
}

// unanswered is how many communities let the deadline pass.
const unanswered = 26

// comesBack: a community answers on the phone, the others at their desks, all
// but a few; headquarters' open page moves.
func (s *custody) comesBack(t *testing.T) {
	hq := s.open(t, "district_command", "zh", 1440, 900)
	hq.visit(s.tree)
	hq.until("the live stream", `!document.querySelector('[data-live-state]').hidden`)
	b := s.open(t, "secretary", "zh", 1440, 900)
	b.visit("/tasks")
	b.leaves("核对今日返乡人员")
	b.sees("先核对出租房")
	b.looks("directive-community")
	b.set("answer", "许多")
	b.leaves("办结")
	b.sees("数字")
	b.set("answer", "3")
	b.leaves("办结")
	b.sees("已销号")
	s.rest(t)
	n := s.communities()
	hq.until("the line moves by itself", fmt.Sprintf(`document.body.innerText.includes('社区（村）：下发 %d，接收 %d，办结 %d，超时 0')`, n, n, n-unanswered))
	hq.check("directive-back")
}

// rest opens the directive at every other community, and answers it but at the
// last few.
func (s *custody) rest(t *testing.T) {
	ctx, tasks := t.Context(), s.drill.App.Tasks
	left := s.communities() - 1 // the secretary has answered
	for _, post := range s.posts(grid.RoleCommunity) {
		c := s.holder(t, post)
		in, err := tasks.Inbox(ctx, c, task.Mine, 200)
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range in.Lines {
			if l.PostID != post || l.Title != "核对今日返乡人员" {
				continue
			}
			if _, err := tasks.Change(ctx, c, l.ID, task.Change{Action: task.Receive}); err != nil {
				t.Fatal(err)
			}
			if left--; left < unanswered {
				break
			}
			if _, err := tasks.Change(ctx, c, l.ID, task.Change{Action: task.Finish, Answer: "2"}); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// whoIsLate: past the deadline headquarters sees how many are late, and who.
func (s *custody) whoIsLate(t *testing.T) {
	s.clk.by.Store(int64(36 * time.Hour))
	b := s.open(t, "district_command", "zh", 1440, 900)
	b.visit(s.tree)
	n := s.communities()
	b.sees(fmt.Sprintf("社区（村）：下发 %d，接收 %d，办结 %d，超时 %d", n, n, n-unanswered, unanswered))
	b.follow(fmt.Sprintf("再往下超时的 %d 个在谁手里", unanswered))
	if named := b.number(`document.querySelectorAll('#tree details li').length`); named != unanswered {
		t.Errorf("%d of the %d who are late are named", named, unanswered)
	}
	b.looks("directive-late")
	street := s.open(t, "street", "zh", 390, 844)
	street.min = 0 // an office page, on a phone this once
	street.visit("/tasks")
	street.looks("inbox-street")
	phone := s.open(t, "grid_worker", "zh", 390, 844)
	phone.visit("/tasks")
	phone.looks("inbox-phone")
}

// pushed: the data office's workbook comes in; each row finds its place.
func (s *custody) pushed(t *testing.T) {
	b := s.open(t, "district_command", "zh", 1440, 900)
	b.visit("/incoming")
	b.looks("incoming")
	b.run(chromedp.SetUploadFiles(chromedp.CSS("#f-file"), []string{s.leads}))
	start := time.Now()
	b.leaves("导入并分派")
	b.until("the list", `/^\/incoming\/\d+$/.test(location.pathname)`)
	if took := time.Since(start); took > time.Minute {
		t.Errorf("it took %v", took)
	}
	s.list = b.js("location.pathname")
	b.looks("incoming-list")
	rows, people, refused := b.stat("行数"), b.stat("人数"), b.stat("没收下的行")
	if rows != 290 || people < 200 || refused < 1 {
		t.Errorf("%d rows, %d people, %d refused", rows, people, refused)
	}
	if unclear, open := b.stat("待分清"), b.stat("待打电话"); unclear+open != people || open < people/2 {
		t.Errorf("of %d people %d are to be called and %d to be decided on", people, open, unclear)
	}
}

// load is how many people a caller has.
func (b *tab) load() int {
	b.t.Helper()
	b.visit("/desk")
	return b.number(`document.querySelector('.desk-line').innerText.match(/手上 ([\d,]+) 人/)[1]`)
}

// calls: two callers share evenly; results are one tap; who leaves leaves
// nothing behind.
func (s *custody) calls(t *testing.T) {
	clerk := s.open(t, "community", "zh", 1440, 900)
	clerk.visit("/desk")
	clerk.looks("desk-closed")
	clerk.leaves("我来打电话")
	alone := clerk.load()
	clerk.looks("desk")
	phone := s.open(t, "grid_worker", "zh", 390, 844)
	phone.visit("/desk")
	phone.leaves("我来打电话")
	a, b := clerk.load(), phone.load()
	if a+b != alone || a-b > 2 || b-a > 2 {
		t.Errorf("of %d people one caller has %d and the other %d", alone, a, b)
	}
	phone.looks("desk-phone")
	phone.visit("/desk")
	phone.until("a phone to tap", `!!document.querySelector('a[href^="tel:"]')`)
	first := phone.js(`document.querySelector('form[action^="/leads/"]').getAttribute('action')`)
	phone.press(`button[name=result][value=no_answer]`)
	phone.until("the next person", fmt.Sprintf(`document.readyState==='complete' && document.querySelector('form[action^="/leads/"]').getAttribute('action')!==%s`, quote(first)))
	s.settles(t, clerk)
	phone.visit("/desk")
	phone.confirms("下班，交给别人")
	if left := clerk.load(); left != alone-1 {
		t.Errorf("after the other has left %d of %d people are with who stays", left, alone-1)
	}
}

// settles: the clerk finds somebody of the list at home.
func (s *custody) settles(t *testing.T, clerk *tab) {
	hq := s.open(t, "district_command", "zh", 1440, 900)
	hq.visit(s.list)
	here := ""
	for _, href := range strings.Fields(hq.js(`[...document.querySelectorAll('a[href^="/leads/"]')].map(a=>a.getAttribute('href')).join(' ')`)) {
		var card struct {
			Full  bool
			State string
		}
		if code := clerk.fetch("GET", href, nil, &card); code == 200 && card.Full && card.State == "open" {
			here = href
			break
		}
	}
	if here == "" {
		t.Fatal("nobody of the list is called in the clerk's community")
	}
	clerk.visit(here)
	clerk.js(`(function(){var d=[...document.querySelectorAll('input[name=door]')];(d.find(e=>/^\d+$/.test(e.value))||d.find(e=>e.value==='none')).checked=true;return 1})()`)
	clerk.press(`button[name=result][value=found_normal]`)
	clerk.until("the page after it", "!document.body.dataset.stays && document.readyState==='complete'")
	clerk.visit(here)
	clerk.sees("找到，正常")
	clerk.looks("lead-done")
}

// goesBack: the list is closed with a reason and taken out by a second person:
// its own columns untouched, the results behind them, and above it that this is a
// drill.
func (s *custody) goesBack(t *testing.T) {
	b := s.open(t, "district_command", "zh", 1440, 900)
	b.visit(s.list)
	b.sees("没办完为什么关闭")
	b.set("reason", "演练结束")
	b.leaves("关闭名单")
	b.sees("请另一位同事下载")
	b.looks("incoming-closed")
	second := s.open(t, "duty", "zh", 1440, 900)
	second.visit(s.list)
	raw, err := os.ReadFile(s.leads)
	if err != nil {
		t.Fatal(err)
	}
	sent, back := cells(t, raw), cells(t, second.download("/back"))
	if mark := back[0]; len(mark) != 1 || !strings.HasPrefix(mark[0], "演练") {
		t.Errorf("a sheet of a drill begins with %q", mark)
	}
	if back = back[1:]; len(back) < len(sent) {
		t.Fatalf("%d rows of %d come back", len(back), len(sent))
	}
	results := 0
	for i, row := range sent {
		if !slices.Equal(trimmed(back[i][:min(len(row), len(back[i]))]), trimmed(row)) {
			t.Fatalf("row %d was sent as %q and comes back as %q", i+1, row, back[i])
		}
		if i > 0 && strings.Contains(strings.Join(back[i][len(sent[0]):], " "), "找到，正常") {
			results++
		}
	}
	if results == 0 {
		t.Error("no row comes back with what was found out")
	}
}

// cells reads the first sheet of a workbook.
func cells(t *testing.T, raw []byte) [][]string {
	t.Helper()
	f, err := excelize.OpenReader(bytes.NewReader(raw))
	if err != nil {
		t.Fatalf("no workbook: %v", err)
	}
	defer f.Close()
	rows, err := f.GetRows(f.GetSheetList()[0])
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// trimmed is a row without the empty cells at its end.
func trimmed(row []string) []string {
	for len(row) > 0 && row[len(row)-1] == "" {
		row = row[:len(row)-1]
	}
	return row
}
