package grid

import (
	"testing"

	"github.com/chromedp/chromedp"

	"wangge/internal/platform/db/dbtest"
	"wangge/internal/platform/web/webtest"
)

func TestMain(m *testing.M) { webtest.Main(m) }

// TestInABrowser looks at the main pages on both widths and re-draws a grid by hand.
func TestInABrowser(t *testing.T) {
	s := newSite(t, dbtest.One(t))
	bld := s.units[0].ParentID
	for _, c := range []struct {
		lang string
		w, h int64
	}{{"zh", 390, 844}, {"en", 1440, 900}} {
		t.Run(c.lang, func(t *testing.T) {
			g := must(s.AddGrid(ctx, s.c, NewGrid{AreaID: s.hua.ID, Kind: BasicGrid, Name: "网格" + c.lang}))(t)
			tab := webtest.Browser(t)
			webtest.Run(t, tab, webtest.Size(c.w, c.h), chromedp.Navigate(s.srv.URL+"/as/1"))
			for name, path := range map[string]string{
				"area": "/areas/" + s.hua.ID.String(), "compound": "/places/" + s.comp.ID.String(), "building": "/buildings/" + bld.String(),
				"edit": "/places/" + s.comp.ID.String() + "/edit", "grids": "/grids", "grid": "/grids/" + s.grid.ID.String(), "posts": "/posts",
				"post": "/posts/" + s.post.ID.String(), "roster": "/posts/" + s.post.ID.String() + "/roster", "holder": "/holders/" + s.term(s.post.ID).ID.String(),
				"bind": "/bindings/new?place=" + s.comp.ID.String(), "teams": "/teams", "bindings": "/bindings",
				"vacancies": "/vacancies?place=" + s.hua.ID.String(), "organisations": "/organisations", "import": "/areas/import",
			} {
				webtest.Run(t, tab, chromedp.Navigate(s.srv.URL+path+sep(path)+"lang="+c.lang), chromedp.WaitVisible("main"))
				t.Run(name, func(t *testing.T) { webtest.NoOverflow(t, tab) })
				webtest.Shot(t, tab, "grid-"+name+"-"+c.lang)
			}
			box := `input[value="` + s.units[1].ID.String() + `"]`
			webtest.Run(t, tab, chromedp.Navigate(s.srv.URL+"/grids/"+g.ID.String()+"/redraw?at="+bld.String()), chromedp.Click(box),
				chromedp.Click("#redraw ~ * button, form .card-body button"), chromedp.WaitVisible(`input[value="apply"] ~ .btn-row, form .btn-row`))
			webtest.Shot(t, tab, "grid-redraw-"+c.lang)
			webtest.Run(t, tab, chromedp.Click(".btn-row .btn-primary"), webtest.Until(`location.pathname === "/grids/`+g.ID.String()+`"`))
			if p := must(s.Place(ctx, s.c, s.doors[6].ID))(t); p.GridID != g.ID {
				t.Errorf("the door is in grid %d", p.GridID)
			}
		})
	}
}

func sep(path string) string {
	for _, r := range path {
		if r == '?' {
			return "&"
		}
	}
	return "?"
}
