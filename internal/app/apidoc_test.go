package app

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base32"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"wangge/internal/platform/clock"
	"wangge/internal/platform/id"
	"wangge/internal/platform/web"
)

var shellBlock = regexp.MustCompile("(?s)```sh\n(.*?)```")

// docExamples returns the calls of docs/api.md: one script an example, each
// command of it apart.
func docExamples(t *testing.T) [][]string {
	t.Helper()
	page, err := os.ReadFile("../../docs/api.md")
	if err != nil {
		t.Fatal(err)
	}
	var out [][]string
	for _, m := range shellBlock.FindAllStringSubmatch(string(page), -1) {
		out = append(out, strings.Split(strings.TrimSpace(m[1]), "\ncurl "))
		last := out[len(out)-1]
		for i := 1; i < len(last); i++ {
			last[i] = "curl " + last[i]
		}
	}
	return out
}

// TestExamplesOfTheAPIPage runs the page's own commands, in its order, as a
// reader would: with curl in a shell, each answer giving what the next needs.
func TestExamplesOfTheAPIPage(t *testing.T) {
	if _, err := exec.LookPath("curl"); err != nil {
		t.Fatal("curl is not installed: apt-get install curl")
	}
	d := newDrill(t, Options{}, "nangang", 600)
	examples := docExamples(t)
	if len(examples) != 8 {
		t.Fatalf("the page has %d examples, want 8", len(examples))
	}
	dir := t.TempDir()
	clerk := d.logins["community"]
	book, _, err := d.loaded.WriteSample(dir)
	if err != nil {
		t.Fatal(err)
	}
	copyFile(t, book, dir+"/roster.xlsx")
	env := map[string]string{"BASE": d.srv.URL, "LOGIN": clerk.Login.Login, "PASSWORD": clerk.Password, "POST": clerk.Post.String(),
		"AREA": d.loaded.Story.Community.String()}
	run := func(example, n int) map[string]any {
		t.Helper()
		c := exec.CommandContext(t.Context(), "sh", "-eu", "-c", examples[example-1][n-1])
		c.Dir = dir
		c.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "NO_PROXY=*"}
		for k, v := range env {
			c.Env = append(c.Env, k+"="+v)
		}
		text, err := c.CombinedOutput()
		if err != nil {
			t.Fatalf("example %d, command %d: %v\n%s", example, n, err, text)
		}
		var v map[string]any
		if len(text) > 0 {
			if err := json.Unmarshal(text, &v); err != nil {
				t.Fatalf("example %d, command %d: %v\n%s", example, n, err, text)
			}
		}
		return v
	}
	items := func(v map[string]any) []any { list, _ := v["items"].([]any); return list }

	run(1, 1)
	token := run(1, 2)
	env["TOKEN"], _ = token["secret"].(string)
	rounds := items(run(2, 1))
	env["ROUND"] = d.openRound()
	listed := slices.ContainsFunc(rounds, func(r any) bool { return r.(map[string]any)["id"] == env["ROUND"] })
	if !listed || env["TOKEN"] == "" {
		t.Fatalf("token %v, rounds %v", token, rounds)
	}
	node := run(3, 1)["node"].(map[string]any)
	if node["total"].(float64) == 0 || node["total"] != node["done"].(float64)+node["exempt"].(float64)+node["outstanding"].(float64) {
		t.Errorf("coverage: %v", node)
	}
	doors := d.doors(t, env["TOKEN"], env["ROUND"])
	env["DOOR1"], env["DOOR2"] = doors[0], doors[1]
	for i, want := range []float64{200, 200, 404} {
		first, again := items(run(4, 1)), items(run(4, 1))
		if got := first[i].(map[string]any)["status"]; got != want {
			t.Errorf("mark %d of the batch: %v, want %v", i+1, got, want)
		}
		if a, b := mustJSON(t, first), mustJSON(t, again); a != b {
			t.Errorf("the same key answers %s, then %s", a, b)
		}
	}
	d.importExample(t, env, run)
	d.codeExample(t, env, run)
	taskExample(t, env, run)
	peopleExample(t, dir, env, run)
	d.cleanDrill(t)
}

// codeExample runs the log-in of an account that is asked a second step.
func (d *drill) codeExample(t *testing.T, env map[string]string, run func(example, n int) map[string]any) {
	t.Helper()
	ctx, who := t.Context(), d.logins["street"]
	env["LOGIN"], env["PASSWORD"] = who.Login.Login, who.Password
	a, err := d.app.Accounts.Find(ctx, who.Login.Login)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := d.app.Accounts.BeginSecond(ctx, a.ID)
	if err != nil {
		t.Fatal(err)
	}
	paper, err := d.app.Accounts.ConfirmSecond(ctx, a.ID, id.Zero, oneTimeCode(t, secret))
	if err != nil {
		t.Fatal(err)
	}
	var asked web.Problem
	if err := json.Unmarshal([]byte(mustJSON(t, run(6, 1))), &asked); err != nil {
		t.Fatal(err)
	}
	if asked.Status != http.StatusUnauthorized || asked.Code != "account.second.needed" || len(asked.Errors) != 1 || asked.Errors[0].Field != "code" {
		t.Errorf("asked for its code: %+v", asked)
	}
	env["CODE"] = paper[0]
	if in := run(6, 2); in["session"] == nil {
		t.Errorf("with its code: %v", in)
	}
}

// oneTimeCode is what an authenticator app shows now for a secret (RFC 6238).
func oneTimeCode(t *testing.T, secret string) string {
	t.Helper()
	key, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(secret)
	if err != nil {
		t.Fatal(err)
	}
	mac := hmac.New(sha1.New, key)
	mac.Write(binary.BigEndian.AppendUint64(nil, uint64(clock.Real().Now().Unix()/30)))
	sum := mac.Sum(nil)
	return fmt.Sprintf("%06d", binary.BigEndian.Uint32(sum[sum[19]&15:])&0x7fffffff%1_000_000)
}

// importExample runs the example of a roster until it is written.
func (d *drill) importExample(t *testing.T, env map[string]string, run func(example, n int) map[string]any) {
	staged := run(5, 1)
	env["IMPORT"], _ = staged["id"].(string)
	if staged["persons"].(float64) == 0 {
		t.Fatalf("nobody is understood: %v", staged)
	}
	run(5, 2)
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(100 * time.Millisecond) {
		v := run(5, 3)
		if v["state"] == "applied" {
			return
		}
		if v["state"] == "failed" || time.Now().After(deadline) {
			t.Fatalf("the import is %v: %v", v["state"], v["message"])
		}
	}
}

// taskExample issues a directive and reads what came of it.
func taskExample(t *testing.T, env map[string]string, run func(example, n int) map[string]any) {
	t.Helper()
	env["TASK"], _ = run(7, 1)["id"].(string)
	tree := run(7, 2)
	direct, levels := tree["direct"].(map[string]any), tree["levels"].([]any)
	if direct["issued"].(float64) == 0 || direct["received"].(float64) != 0 || len(levels) == 0 {
		t.Errorf("what came of it: %v", tree)
	}
	if _, ok := run(7, 3)["lines"]; !ok {
		t.Error("the inbox has no lines")
	}
}

// peopleExample brings in two people, one of them twice, and calls one.
func peopleExample(t *testing.T, dir string, env map[string]string, run func(example, n int) map[string]any) {
	t.Helper()
	if err := os.WriteFile(dir+"/people.csv", []byte("姓名,电话,线索类型\n陈一,12800000001,加急\n陈一,12800000001,加急\n林二,12800000002,普通\n王三,,普通\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	rep := run(8, 1)
	if rep["new"] != 2.0 || rep["joined"] != 1.0 || rep["refused"] != 1.0 {
		t.Errorf("the list: %v", rep)
	}
	run(8, 2)
	now := run(8, 3)["now"].(map[string]any)
	env["LEAD"], env["VERSION"] = now["id"].(string), strconv.Itoa(int(now["version"].(float64)))
	run(8, 4)
	if next := run(8, 3)["now"].(map[string]any); next["id"] == env["LEAD"] {
		t.Error("who did not answer is shown again at once")
	}
}

// doors returns two doors of the round by a token, walking the list by cursor
// one door a page.
func (d *drill) doors(t *testing.T, token, round string) []string {
	t.Helper()
	var out []string
	after := ""
	for range 2 {
		req, err := http.NewRequestWithContext(t.Context(), "GET", d.srv.URL+"/api/v1/rounds/"+round+"/outstanding?limit=1&after="+after, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+token)
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		var page struct {
			Items []struct {
				ObjectID string `json:"object_id"`
			}
			Next string
		}
		err = json.NewDecoder(res.Body).Decode(&page)
		res.Body.Close()
		if err != nil || len(page.Items) != 1 || page.Next == "" {
			t.Fatalf("a page of one door: %v %+v", err, page)
		}
		out, after = append(out, page.Items[0].ObjectID), page.Next
	}
	if out[0] == out[1] {
		t.Errorf("the cursor gives the same door twice: %v", out)
	}
	return out
}

func mustJSON(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	in, err := os.Open(from)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	out, err := os.Create(to)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(out, in); err != nil {
		t.Fatal(err)
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
}
