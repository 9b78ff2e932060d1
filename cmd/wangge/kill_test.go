package main

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"wangge/internal/ledger/idno"
)

// What a person said or is called, known to this test so that it can look for
// it where it must not stand.
const (
	secretName    = "欧阳鹿鸣"
	secretPhone   = "13912345678"
	secretAccount = "司马验收"
	secretMobile  = "13712345670"
	secretNote    = "门口放了三袋蓝莓"
	secretAnswer  = "外婆昨天从漠河回来"
)

// secretIDNo is the person's identity number, with its check digit.
var secretIDNo = withCheckDigit("23010319881212123")

func withCheckDigit(body string) string {
	for _, last := range "0123456789X" {
		if _, err := idno.Parse(body+string(last), idno.Options{}); err == nil {
			return body + string(last)
		}
	}
	return body
}

func secrets() []string {
	return []string{secretName, secretPhone, secretIDNo, secretAccount, secretMobile, secretNote, secretAnswer}
}

// acked is a mark the server said it had kept.
type acked struct {
	round, object, id string
	body              map[string]any
}

// under is a demo being worked on: what was asked of it and what it answered.
type under struct {
	t           *testing.T
	s           *server
	dir         string
	clerk       *caller
	round, form string // the screening with the free-text question
	community   string
	imported    string
	before      int // people of the community before the import
	mu          sync.Mutex
	marks       []acked
}

// TestKilledUnderLoad works on a demo from several clients, with an import
// being written and simulated workers at the doors, kills it, and looks at what
// is left: on the disk, by `wangge check`, and through the API of the next start.
func TestKilledUnderLoad(t *testing.T) {
	u := &under{t: t, dir: filepath.Join(t.TempDir(), "demo")}
	u.s = demo(t, u.dir, 1200)
	for _, login := range []string{"command", "street", "clerk", "leader"} {
		if u.s.logins[login] == "" {
			t.Fatalf("the demo prints no account %s:\n%s", login, u.s.output())
		}
	}
	u.clerk = u.s.login("clerk")
	u.addAccount()
	u.openRound()
	u.stageImport()
	u.work()
	u.nothingReadable("after the kill")
	clean(t, u.dir)
	u.comeBack()
	u.nothingReadable("after the restart")
}

// addAccount makes an account whose name and phone are known.
func (u *under) addAccount() {
	u.clerk.must(u.t, "POST", "/api/v1/accounts", map[string]any{"name": secretAccount, "phone": secretMobile}, nil)
}

// openRound opens a screening of the community with a free-text question.
func (u *under) openRound() {
	t := u.t
	var areas struct{ Items []map[string]any }
	u.clerk.must(t, "GET", "/api/v1/areas", nil, &areas)
	for _, a := range areas.Items {
		if a["kind"] == "community" && strings.Contains(u.s.output(), fmt.Sprint(a["name"])) {
			u.community = fmt.Sprint(a["id"])
		}
	}
	if u.community == "" {
		t.Fatalf("the clerk's community is not among her areas: %v", areas)
	}
	var made struct{ ID string }
	u.clerk.must(t, "POST", "/api/v1/forms", map[string]any{"name": "free text", "area_id": u.community, "fields": []map[string]any{
		{"key": "well", "type": "yesno", "basis": "statutory", "required": true, "label": map[string]string{"zh": "都好", "en": "All well"}, "normal": "yes"},
		{"key": "remark", "type": "text", "basis": "consent", "label": map[string]string{"zh": "还有什么", "en": "Anything else"}},
	}}, &made)
	u.form = made.ID
	u.clerk.must(t, "POST", "/api/v1/rounds", map[string]any{"area_id": u.community, "name": "kill", "target_kind": "doors", "form_id": u.form,
		"due_ms": time.Now().Add(48 * time.Hour).UnixMilli()}, &made)
	u.round = made.ID
	u.clerk.must(t, "POST", "/api/v1/rounds/"+u.round+"/submit", map[string]any{}, nil)
	u.s.login("street").must(t, "POST", "/api/v1/rounds/"+u.round+"/approve", map[string]any{}, nil)
	var r struct{ State string }
	for deadline := time.Now().Add(20 * time.Second); r.State != "open"; time.Sleep(20 * time.Millisecond) {
		u.clerk.must(t, "GET", "/api/v1/rounds/"+u.round, nil, &r)
		if time.Now().After(deadline) {
			t.Fatalf("the round is still %s", r.State)
		}
	}
}

// stageImport uploads a roster large enough that writing it takes a while.
func (u *under) stageImport() {
	var persons struct{ Items []any }
	u.clerk.must(u.t, "GET", "/api/v1/persons?limit=500&place="+u.community, nil, &persons)
	u.before = len(persons.Items)
	var b strings.Builder
	b.WriteString("小区,楼栋,单元,房号,姓名,与户主关系,身份证号,联系电话\n")
	fmt.Fprintf(&b, "验收小区,1,1,101,%s,户主,%s,%s\n", secretName, secretIDNo, secretPhone)
	for i := range 12000 {
		fmt.Fprintf(&b, "验收小区,%d,%d,%d%02d,王%c%c,户主,,\n", 2+i/600, 1+i/200%3, 1+i/4%50, 1+i%4, rune(0x4e00+i%3000), rune(0x4f00+i%997))
	}
	var v struct{ ID, State string }
	u.clerk.must(u.t, "POST", "/api/v1/imports?file=roster.csv&place="+u.community, []byte(b.String()), &v)
	u.imported = v.ID
}

// work marks doors from several clients while the import is written, and kills
// the server in the middle of both.
func (u *under) work() {
	ctx, stop := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	who := []string{"clerk", "grid", "leader", "street", "clerk"}
	callers := make([]*caller, len(who))
	for i, login := range who { // all are in before the first marks: the kill waits for nobody
		if u.s.logins[login] != "" {
			callers[i] = u.s.login(login)
		}
	}
	for i, c := range callers {
		if c != nil {
			wg.Go(func() { u.mark(ctx, c, fmt.Sprintf("%s%d", who[i], i), i == 4) })
		}
	}
	for deadline := time.Now().Add(60 * time.Second); u.count() < 100; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			u.t.Fatalf("%d marks in a minute", u.count())
		}
	}
	u.clerk.must(u.t, "POST", "/api/v1/imports/"+u.imported+"/apply", nil, nil)
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(2 * time.Millisecond) {
		var v struct {
			State string
			Done  int
		}
		u.clerk.must(u.t, "GET", "/api/v1/imports/"+u.imported, nil, &v)
		if v.State == "applying" && v.Done > 0 {
			break
		}
		if v.State == "applied" || v.State == "failed" || time.Now().After(deadline) {
			u.t.Fatalf("the import was not seen while it is written: %s", v.State)
		}
	}
	u.s.kill()
	stop()
	wg.Wait()
}

func (u *under) count() int {
	u.mu.Lock()
	defer u.mu.Unlock()
	return len(u.marks)
}

// mark marks what the caller reaches again and again, until no answer comes.
func (u *under) mark(ctx context.Context, c *caller, who string, batch bool) {
	var targets []string
	for _, r := range []string{u.round} {
		var page struct {
			Items []struct {
				ObjectID string `json:"object_id"`
			}
		}
		if status, text := c.call("GET", "/api/v1/rounds/"+r+"/outstanding?all=true&limit=200", nil, &page); status != 200 {
			u.t.Errorf("%s: %d %s", who, status, text)
			return
		}
		for _, it := range page.Items {
			targets = append(targets, it.ObjectID)
		}
	}
	if len(targets) == 0 {
		u.t.Errorf("%s has no target", who)
		return
	}
	for n := 0; ctx.Err() == nil; n++ {
		var ok bool
		if batch {
			ok = u.markBatch(c, who, n, targets)
		} else {
			ok = u.markOne(c, who, n, targets[n%len(targets)])
		}
		if !ok {
			return
		}
	}
}

func (u *under) body(who string, n int, object string) map[string]any {
	return map[string]any{"object_id": object, "result": "answered", "client_key": fmt.Sprintf("%s-%d", who, n), "note": secretNote,
		"answers": map[string]string{"well": "yes", "remark": secretAnswer}}
}

func (u *under) markOne(c *caller, who string, n int, object string) bool {
	var res struct {
		MarkID string `json:"mark_id"`
	}
	b := u.body(who, n, object)
	status, text := c.call("POST", "/api/v1/rounds/"+u.round+"/marks", b, &res)
	if status != 200 {
		if status != 0 {
			u.t.Errorf("%s: %d %s", who, status, text)
		}
		return false
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	u.marks = append(u.marks, acked{u.round, object, res.MarkID, b})
	return true
}

func (u *under) markBatch(c *caller, who string, n int, targets []string) bool {
	var marks []map[string]any
	for k := range min(5, len(targets)) {
		b := u.body(who, n*5+k, targets[(n*5+k)%len(targets)])
		b["round_id"] = u.round
		marks = append(marks, b)
	}
	var res struct {
		Items []struct {
			Status int
			Result struct {
				MarkID string `json:"mark_id"`
			}
		}
	}
	if status, text := c.call("POST", "/api/v1/marks:batch", map[string]any{"marks": marks}, &res); status != 200 {
		if status != 0 {
			u.t.Errorf("%s: %d %s", who, status, text)
		}
		return false
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	for i, it := range res.Items {
		if it.Status != 200 {
			u.t.Errorf("%s: mark %d of a batch: %d", who, i, it.Status)
			return false
		}
		u.marks = append(u.marks, acked{u.round, fmt.Sprint(marks[i]["object_id"]), it.Result.MarkID, marks[i]})
	}
	return true
}
