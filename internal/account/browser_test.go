package account_test

import (
	"testing"

	"github.com/chromedp/chromedp"

	"wangge/internal/account"
	"wangge/internal/platform/db/dbtest"
	"wangge/internal/platform/web/webtest"
)

func TestMain(m *testing.M) { webtest.Main(m) }

// TestInABrowser walks from the log-in to the administration on both widths.
func TestInABrowser(t *testing.T) {
	h := newHouse(t, dbtest.One(t))
	srv := site(t, h)
	for _, c := range []struct {
		lang string
		w, h int64
	}{{"zh", 390, 844}, {"en", 1440, 900}} {
		t.Run(c.lang, func(t *testing.T) {
			boss := h.add(t, account.NewAccount{Login: "boss" + c.lang, Name: "王书记", Lang: c.lang}, good)
			h.auth.admin = boss.ID
			h.auth.posts[boss.ID] = []account.Post{{ID: 5, Title: "保健路街道宣庆社区 书记"}}
			tab := webtest.Browser(t)
			look := func(name string) {
				t.Helper()
				webtest.NoOverflow(t, tab)
				webtest.Shot(t, tab, "account-"+name+"-"+c.lang)
			}
			webtest.Run(t, tab, webtest.Size(c.w, c.h), chromedp.Navigate(srv.URL+"/login?lang="+c.lang))
			look("login")
			webtest.Run(t, tab, chromedp.SendKeys("#f-login", "boss"+c.lang), chromedp.SendKeys("#f-password", "wrong wrong"),
				chromedp.Click("main form button"), chromedp.WaitVisible(".notice-error"))
			look("login-refused")
			webtest.Run(t, tab, chromedp.SendKeys("#f-password", good), chromedp.Click("main form button"), webtest.Until(`location.pathname === "/"`),
				chromedp.Navigate(srv.URL+"/account"), chromedp.WaitVisible("#f-token_name"))
			look("own")
			webtest.Run(t, tab, chromedp.Navigate(srv.URL+"/accounts"), chromedp.WaitVisible("#accounts"))
			look("list")
			webtest.Run(t, tab, chromedp.Navigate(srv.URL+"/accounts/"+boss.ID.String()), chromedp.WaitVisible("main dl dd"))
			look("one")
			webtest.Run(t, tab, chromedp.Navigate(srv.URL+"/accounts/new"), chromedp.SendKeys("#f-name", "赵六"),
				chromedp.Click("main form button"), chromedp.WaitVisible("svg.qr"))
			look("slip")
		})
	}
}

// TestTheWaitInABrowser: a log-in in a rush shows how many are before it and goes
// on by itself, with nothing typed twice. Another is told of a wrong password.
func TestTheWaitInABrowser(t *testing.T) {
	account.Hurry(t)
	h := newHouse(t, dbtest.One(t))
	srv := site(t, h)
	for _, c := range []struct {
		lang     string
		w, h     int64
		password string
		then     string
	}{
		{"zh", 390, 844, good, `location.pathname === "/"`},
		{"en", 1440, 900, "wrong wrong", `document.querySelector(".notice-error") && document.querySelector("#f-login").value === "wait" + document.documentElement.lang`},
	} {
		t.Run(c.lang, func(t *testing.T) {
			h.add(t, account.NewAccount{Login: "wait" + c.lang, Name: "王", Lang: c.lang}, good)
			free := h.Hold()
			defer free()
			tab := webtest.Browser(t)
			webtest.Run(t, tab, webtest.Size(c.w, c.h), chromedp.Navigate(srv.URL+"/login?lang="+c.lang),
				chromedp.SendKeys("#f-login", "wait"+c.lang), chromedp.SendKeys("#f-password", c.password),
				chromedp.Click("main form button"), chromedp.WaitVisible(".waiting"))
			webtest.NoOverflow(t, tab)
			webtest.Shot(t, tab, "account-wait-"+c.lang)
			free()
			webtest.Run(t, tab, webtest.Until(c.then))
		})
	}
}
