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
	h := newHouse(t, dbtest.SQLite(t))
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
