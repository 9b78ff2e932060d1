package account_test

import (
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"

	"wangge/internal/account"
	"wangge/internal/platform/clock"
	"wangge/internal/platform/db"
	"wangge/internal/platform/db/dbtest"
	"wangge/internal/platform/id"
	"wangge/internal/platform/web"
)

// site serves the slice's pages and API through the shell.
func site(t *testing.T, h *house, change ...func(*web.Options)) *httptest.Server {
	t.Helper()
	h.clk.Set(clock.Real().Now()) // cookies expire by the browser's clock
	ren := web.NewRenderer(h.clk)
	pages, err := account.NewPages(h.Service, ren)
	if err != nil {
		t.Fatal(err)
	}
	opt := web.Options{Renderer: ren, Identity: h.Service, Tokens: h.Tokens(), Idempotency: h.Service, Log: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError}))}
	for _, c := range change {
		c(&opt)
	}
	app := web.New(opt)
	pages.Register(app)
	h.RegisterAPI(web.NewAPI(app, "test", "1"))
	app.Handle("GET /{$}", func(w http.ResponseWriter, r *http.Request) error {
		_, err := io.WriteString(w, "home")
		return err
	})
	srv := httptest.NewServer(app)
	t.Cleanup(srv.Close)
	return srv
}

// visitor is a browser with its cookies.
type visitor struct {
	t    *testing.T
	base string
	http *http.Client
	lang string
}

func newVisitor(t *testing.T, srv *httptest.Server, lang string) *visitor {
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &visitor{t, srv.URL, &http.Client{Jar: jar}, lang}
}

var missingKey = regexp.MustCompile(`\[[a-z]+(\.[a-z_]+)+\]`)

func (v *visitor) send(method, path, contentType, body string) (int, string) {
	v.t.Helper()
	req, err := http.NewRequest(method, v.base+path, strings.NewReader(body))
	if err != nil {
		v.t.Fatal(err)
	}
	req.Header.Set("Accept-Language", v.lang)
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	res, err := v.http.Do(req)
	if err != nil {
		v.t.Fatal(err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		v.t.Fatal(err)
	}
	if m := missingKey.Find(raw); m != nil {
		v.t.Errorf("%s %s: the page shows %s", method, path, m)
	}
	if res.StatusCode >= 500 {
		v.t.Errorf("%s %s: status %d", method, path, res.StatusCode)
	}
	return res.StatusCode, string(raw)
}

func (v *visitor) get(path string) (int, string) { v.t.Helper(); return v.send("GET", path, "", "") }

func (v *visitor) post(path string, pairs ...string) (int, string) {
	v.t.Helper()
	f := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		f.Set(pairs[i], pairs[i+1])
	}
	return v.send("POST", path, "application/x-www-form-urlencoded", f.Encode())
}

func (v *visitor) must(status int, has string) func(int, string) {
	return func(got int, body string) {
		v.t.Helper()
		if got != status || !strings.Contains(body, has) {
			v.t.Errorf("status %d, want %d with %q in\n%s", got, status, has, heading.FindString(body)+cut(body))
		}
	}
}

var heading = regexp.MustCompile(`(?s)<main.*</main>`)

// cut shortens what is no page.
func cut(body string) string {
	if heading.MatchString(body) {
		return ""
	}
	return body[:min(len(body), 500)]
}

func TestPagesFirstStartToOwnAccount(t *testing.T) {
	for _, lang := range []string{"zh", "en"} {
		t.Run(lang, func(t *testing.T) {
			h := newHouse(t, dbtest.One(t))
			srv := site(t, h)
			v := newVisitor(t, srv, lang)
			v.must(200, "/setup")(v.get("/login"))
			v.must(401, `name="code"`)(v.get("/setup?token=WRONG"))
			code, err := h.SetupCode(ctx)
			if err != nil {
				t.Fatal(err)
			}
			v.must(200, `name="again"`)(v.get("/setup?token=" + code))
			first := []string{"setup", "1", "code", code, "name", "总值班", "login", "duty", "phone", "13800000000"}
			v.must(422, "fld-err")(v.post("/setup", append(first, "password", goodEN, "again", "other")...))
			v.must(422, "fld-err")(v.post("/setup", append(first, "password", "12345678", "again", "12345678")...))
			v.must(200, "home")(v.post("/setup", append(first, "password", goodEN, "again", goodEN)...))

			v.must(200, "13800000000")(v.get("/account"))
			v.must(422, "fld-err")(v.post("/account", "name", "", "login", "duty", "lang", lang))
			v.must(200, "总值班室")(v.post("/account", "name", "总值班室", "login", "duty", "phone", "13800000000", "lang", lang))
			v.must(200, "current")(v.get("/password"))
			v.must(422, "fld-err")(v.post("/password", "current", "wrong wrong", "password", good, "again", good))
			v.must(200, "notice")(v.post("/password", "current", goodEN, "password", good, "again", good))

			other := newVisitor(t, srv, lang)
			other.must(401, `value="duty"`)(other.post("/login", "login", "duty", "password", "wrong wrong"))
			other.must(200, "home")(other.post("/login", "login", "duty", "password", good, "next", "//evil.example"))
			v.must(200, "notice")(v.post("/account/sessions/end"))
			other.must(200, `name="login"`)(other.get("/account"))

			h.auth.posts[h.first] = []account.Post{{ID: 5, Title: "指挥部"}}
			v.must(422, "fld-err")(v.post("/account/tokens", "token_name", "", "post", "5", "days", "9"))
			_, body := v.post("/account/tokens", "token_name", "x", "post", "5", "days", "9")
			secret := regexp.MustCompile(`wgt_[\w-]{43}`).FindString(body)
			if secret == "" {
				t.Fatal("no secret")
			}
			list, err := h.ListTokens(ctx, h.first)
			if err != nil || len(list) != 1 {
				t.Fatal(list, err)
			}
			v.must(200, "notice")(v.post("/account/tokens/" + list[0].ID.String() + "/end"))
			v.must(404, "")(v.post("/account/tokens/" + list[0].ID.String() + "/end"))
			v.must(200, `name="password"`)(v.post("/logout"))
			v.must(200, `name="login"`)(v.get("/account"))
		})
	}
}

func TestPagesAdministration(t *testing.T) {
	for _, lang := range []string{"zh", "en"} {
		t.Run(lang, func(t *testing.T) {
			h := newHouse(t, dbtest.One(t))
			srv := site(t, h)
			boss := h.add(t, account.NewAccount{Login: "boss", Name: "王书记", Lang: lang}, good)
			high := h.add(t, account.NewAccount{Login: "high", Name: "区领导", Phone: "13800000009"}, "")
			h.auth.untouchable = high.ID
			v := newVisitor(t, srv, lang)
			v.must(200, "home")(v.post("/login", "login", "boss", "password", good))
			v.must(403, "")(v.get("/accounts"))
			v.must(403, "")(v.post("/accounts", "name", "x"))
			v.must(403, "")(v.get("/accounts/" + boss.ID.String()))
			h.auth.admin = boss.ID
			v.must(200, "王书记")(v.get("/accounts"))
			v.must(404, "")(v.get("/accounts/" + high.ID.String()))
			v.must(404, "")(v.post("/accounts/" + high.ID.String() + "/reset"))
			v.must(404, "")(v.get("/accounts/none"))
			v.must(200, `name="worker"`)(v.get("/accounts/new"))
			v.must(422, "fld-err")(v.post("/accounts", "name", "", "phone", "13800000001"))
			v.must(409, "fld-err")(v.post("/accounts", "name", "x", "phone", "13800000009"))
			status, body := v.post("/accounts", "name", "赵六", "phone", "13800000001", "lang", lang, "worker", "1")
			code := regexp.MustCompile(`[2-9A-Z]{4}-[2-9A-Z]{4}-[2-9A-Z]{4}`).FindString(body)
			if status != 200 || code == "" || !strings.Contains(body, `<svg class="qr"`) {
				t.Fatalf("no slip: %d\n%s", status, body)
			}
			worker, err := h.Find(ctx, "13800000001")
			if err != nil {
				t.Fatal(err)
			}
			w := newVisitor(t, srv, lang)
			w.must(200, "赵六")(w.post("/setup", "code", strings.ToLower(code)))
			w.must(200, "home")(w.post("/setup", "code", code, "password", goodEN, "again", goodEN))
			page := "/accounts/" + worker.ID.String()
			v.must(200, "138****0001")(v.get(page))
			v.must(409, "fld-err")(v.post(page, "name", "赵六六", "login", "boss", "phone", "138****0001", "lang", lang))
			v.must(422, "fld-err")(v.post(page, "name", "赵六六", "login", "138****0001", "phone", "139****0001", "lang", lang))
			v.must(200, "赵六六")(v.post(page, "name", "赵六六", "login", "138****0001", "phone", "138****0001", "lang", lang))
			if a, err := h.Find(ctx, "13800000001"); err != nil || a.ID != worker.ID || a.Phone != "13800000001" || a.Login != "13800000001" || a.Worker {
				t.Errorf("%+v %v", a, err)
			}
			v.must(404, "")(v.post("/accounts/"+high.ID.String(), "name", "x", "login", "x", "lang", lang))
			if _, body := v.post("/accounts/search", "find", "赵"); !strings.Contains(body, "赵六") || strings.Contains(body, "/accounts/"+boss.ID.String()) || strings.Contains(body, "13800000001") {
				t.Error("search")
			}
			v.must(200, "empty-state")(v.post("/accounts/search", "find", "nobody at all"))
			v.must(200, "notice")(v.post(page + "/end"))
			w.must(200, `name="login"`)(w.get("/account"))
			v.must(200, "/unlock")(v.post(page + "/lock"))
			w.must(403, "notice-error")(w.post("/login", "login", "13800000001", "password", goodEN))
			v.must(200, "/lock")(v.post(page + "/unlock"))
			v.must(200, `<svg class="qr"`)(v.post(page + "/reset"))
		})
	}
}

func TestForcedChangeOnThePage(t *testing.T) {
	h := newHouse(t, dbtest.One(t))
	h.add(t, account.NewAccount{Login: "demo", Name: "演示", MustChange: true}, "abcd-efgh-2345")
	v := newVisitor(t, site(t, h), "en")
	status, body := v.post("/login", "login", "demo", "password", "abcd-efgh-2345")
	code := regexp.MustCompile(`name="code" value="([^"]+)"`).FindStringSubmatch(body)
	if status != 200 || code == nil {
		t.Fatalf("%d\n%s", status, body)
	}
	v.must(200, `name="login"`)(v.get("/account"))
	v.must(200, "home")(v.post("/setup", "code", code[1], "password", goodEN, "again", goodEN))
	v.must(200, "demo")(v.get("/account"))
}

func TestAPI(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := newHouse(t, d)
		boss := h.add(t, account.NewAccount{Login: "boss", Name: "王书记", Phone: "13800000007"}, good)
		high := h.add(t, account.NewAccount{Login: "high", Name: "区领导"}, "")
		h.auth.posts[boss.ID] = []account.Post{{ID: 5, Title: "x"}}
		v := newVisitor(t, site(t, h), "en")
		call := func(method, path, body string, want int, out any) {
			t.Helper()
			status, text := v.send(method, "/api/v1"+path, "application/json", body)
			if status != want {
				t.Fatalf("%s %s: %d, want %d\n%s", method, path, status, want, text)
			}
			if out != nil {
				if err := json.Unmarshal([]byte(text), out); err != nil {
					t.Fatalf("%s %s: %v\n%s", method, path, err, text)
				}
			}
		}
		var problem struct{ Code string }
		call("GET", "/account", "", 401, nil)
		call("POST", "/sessions", `{"login":"boss","password":"wrong wrong"}`, 401, &problem)
		if problem.Code != "account.bad_login" {
			t.Errorf("code %q", problem.Code)
		}
		var in struct{ Session, Account struct{ ID id.ID } }
		call("POST", "/sessions", `{"login":"boss","password":"`+good+`"}`, 201, &in)
		if in.Account.ID != boss.ID || in.Session.ID == 0 {
			t.Errorf("%+v", in)
		}
		var list struct {
			Items []struct {
				ID   id.ID
				Name string
			}
			Next string
		}
		call("GET", "/sessions", "", 200, &list)
		if len(list.Items) != 1 || list.Items[0].ID != in.Session.ID {
			t.Errorf("%+v", list)
		}
		call("GET", "/sessions/"+in.Session.ID.String(), "", 200, nil)
		if k, err := h.Sessions(ctx, boss.ID); err != nil || len(k) != 1 || k[0].Device != "program" {
			t.Errorf("%+v %v", k, err)
		}
		call("GET", "/sessions/5", "", 404, nil)
		call("DELETE", "/sessions/0", "", 404, nil)
		call("DELETE", "/sessions/9999999999999999999", "", 404, nil)
		call("DELETE", "/sessions/x", "", 422, nil)
		var tok struct {
			ID     id.ID
			Secret string
		}
		call("POST", "/tokens", `{"post":"6","name":"x","days":3}`, 422, nil)
		call("POST", "/tokens", `{"post":"5","name":"x","days":3}`, 201, &tok)
		call("GET", "/tokens", "", 200, nil)
		call("GET", "/accounts", "", 403, nil)

		h.auth.admin, h.auth.untouchable = boss.ID, high.ID
		var made struct {
			Account struct{ ID id.ID }
			Code    struct{ Code string }
		}
		call("POST", "/accounts", `{"name":"赵六","phone":"13800000001"}`, 201, &made)
		call("POST", "/accounts", `{"name":"赵七","phone":"13800000001"}`, 409, nil)
		call("GET", "/accounts?limit=1", "", 200, &list)
		if len(list.Items) != 1 || list.Next == "" {
			t.Errorf("%+v", list)
		}
		call("POST", "/accounts/search", `{"find":"赵"}`, 200, &list)
		if len(list.Items) != 1 || list.Items[0].Name != "赵六" {
			t.Errorf("%+v", list)
		}
		one := "/accounts/" + made.Account.ID.String()
		call("GET", one, "", 200, nil)
		call("GET", "/accounts/"+high.ID.String(), "", 404, nil)
		call("POST", one+"/codes", "", 201, &made.Code)
		call("PUT", one, `{"name":"赵六","login":"138****0001","phone":"138****0001","lang":"en","worker":true}`, 204, nil)
		call("PUT", one+"/state", `{"state":"locked"}`, 204, nil)
		call("PUT", one+"/state", `{"state":"gone"}`, 422, nil)
		call("DELETE", one+"/sessions", "", 204, nil)
		call("DELETE", "/accounts/"+high.ID.String()+"/sessions", "", 404, nil)

		req, _ := http.NewRequest("GET", v.base+"/api/v1/account", nil)
		req.Header.Set("Authorization", "Bearer "+tok.Secret)
		if res, err := http.DefaultClient.Do(req); err != nil || res.StatusCode != 200 {
			t.Errorf("by token: %v %v", res, err)
		}
		call("DELETE", "/tokens/"+tok.ID.String(), "", 204, nil)
		call("DELETE", "/sessions/"+in.Session.ID.String(), "", 204, nil)
		call("GET", "/account", "", 401, nil)
	})
}
