package app

import (
	"bytes"
	"io"
	"mime/multipart"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"
)

// listPages says of every page without an object of its own what becomes of its
// list: out, where it can be taken out from there; why, the key of the reason
// that the page gives; and nothing for pages that list nothing but settings or
// one's own work, which the guide to exports explains.
var listPages = map[string]struct{ role, out, why string }{
	"/persons":       {role: "community", out: "/persons/export?"},
	"/posts":         {role: "community", out: "/lists/posts?"},
	"/organisations": {role: "community", out: "/lists/organisations?"},
	"/teams":         {role: "community", out: "/lists/teams?"},
	"/areas":         {role: "community", out: "/lists/areas?"},
	"/areas/import":  {role: "district_command", out: "/lists/areas"},
	"/grids":         {role: "community", out: "/lists/grids?"},
	"/vacancies":     {role: "community", out: "/lists/vacancies/file?"},
	"/points":        {role: "community", out: "/lists/points?"},
	"/bindings":      {role: "community", out: "/lists/bindings?"},
	"/role-aliases":  {role: "community", out: "/lists/role-aliases?"},
	"/relief":        {role: "community", out: "/relief/file?"},
	"/duty":          {role: "community", out: "/lists/duty?"},
	"/exports":       {role: "community", out: "/exports/new"},
	"/audit/exports": {role: "auditor", out: "/audit/exports/file"},
	"/bulletins":     {role: "street", out: "/bulletins/file?"},
	"/care":          {role: "community", why: "不能整批导出"},
	"/risk":          {role: "community", why: "不能整批导出"},
	"/elsewhere":     {role: "community", why: "不能整批导出"},
	"/duplicates":    {role: "community", why: "不导出"},
	"/corrections":   {role: "community", why: "不导出"},
	"/accounts":      {role: "community", why: "账号名单不导出"},

	"/facets": {}, "/facets/doors": {}, "/imports": {}, "/emergencies": {}, "/forms": {},
	"/addresses": {}, "/transfers": {}, "/inspections": {}, "/named": {}, "/tasks": {}, "/tasks/rows": {}, "/task-kinds": {}, "/desk": {}, "/duty/calls": {}, "/duty/call": {}, "/code": {},
	"/incoming": {}, "/incoming/unclear": {}, "/incoming/open": {}, "/incoming/sent": {}, "/incoming/done": {}, "/incoming/late": {}, "/incoming/measures": {}, "/incoming/receivers": {}, "/desk/now": {},
	"/rounds": {}, "/today": {}, "/today/offline": {}, "/today/evening": {}, "/reports": {}, "/audit": {}, "/search": {}, "/audit/looks": {}, "/live": {}, "/account": {},
}

// notLists are beginnings and ends of addresses of pages that list nothing.
var notLists = []string{"/new", "/file", "/export", "/import", "/import-template", "/slips", "/login", "/login/wait", "/password", "/setup", "/sw.js", "/fix", "/activate"}

func TestEveryListGoesOutOrSaysWhyNot(t *testing.T) {
	d := newDrill(t, Options{}, "nangang", 600)
	clients := map[string]*http.Client{"community": d.login(t, "community")}
	d.comeBack(t, clients["community"]) // leaves an export for the auditor to see
	for path, p := range listPages {
		if p.role == "" {
			continue
		}
		if clients[p.role] == nil {
			clients[p.role] = d.login(t, p.role)
		}
		page := get(t, clients[p.role], d.srv.URL+path)
		if p.out != "" && !strings.Contains(page, `href="`+p.out) {
			t.Errorf("%s has no link to %s", path, p.out)
		}
		if p.why != "" && (!strings.Contains(page, p.why) || strings.Contains(page, "/export") && !strings.Contains(page, `href="/exports"`)) {
			t.Errorf("%s does not say why it is not exported (%s)", path, p.why)
		}
	}
}

// TestEveryListPageIsSorted fails where a page was added and nobody decided
// whether its list goes out.
func TestEveryListPageIsSorted(t *testing.T) {
	table, err := os.ReadFile("testdata/permissions.txt")
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range strings.Split(string(table), "\n") {
		path, found := strings.CutPrefix(strings.TrimSpace(strings.Split(line, "|")[0]), "GET ")
		if !found || strings.Contains(path, "{") || strings.HasPrefix(path, "/api/") || strings.HasPrefix(path, "/lists/") {
			continue
		}
		known := false
		for _, end := range notLists {
			known = known || strings.HasSuffix(path, end)
		}
		if _, sorted := listPages[path]; !sorted && !known {
			t.Errorf("%s: does its list go out, or why not? Say it in listPages and in docs/exports.md", path)
		}
	}
}

// comeBack brings the list of posts back as it went out, and with one name changed.
func (d *drill) comeBack(t *testing.T, c *http.Client) {
	t.Helper()
	book := []byte(get(t, c, d.srv.URL+"/lists/posts/file"))
	if page := d.upload(t, c, book); !strings.Contains(page, "完全一样") {
		t.Errorf("unchanged, the page says: %.2000s", page)
	}
	f, err := excelize.OpenReader(bytes.NewReader(book))
	if err != nil {
		t.Fatal(err)
	}
	sheet := f.GetSheetName(0)
	rows, _ := f.GetRows(sheet)
	if err := f.SetCellStr(sheet, "E2", "改过的岗位名"); err != nil || len(rows) < 3 {
		t.Fatal(err, len(rows))
	}
	if err := f.SetCellStr(sheet, "C3", "139****0000"); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := f.Write(&b); err != nil {
		t.Fatal(err)
	}
	page := d.upload(t, c, b.Bytes())
	if !strings.Contains(page, "改过的岗位名") || !strings.Contains(page, "带星号的内容和系统里的不一样") {
		t.Errorf("changed, the page says: %.2000s", page)
	}
	if page := d.upload(t, c, []byte("姓名,电话\n张三,1\n")); !strings.Contains(page, "请先导出") {
		t.Errorf("of a strange file the page says: %.2000s", page)
	}
}

func get(t *testing.T, c *http.Client, url string) string {
	t.Helper()
	res, err := c.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("%s: %d %v %.300s", url, res.StatusCode, err, b)
	}
	return string(b)
}

func (d *drill) upload(t *testing.T, c *http.Client, book []byte) string {
	t.Helper()
	var b bytes.Buffer
	form := multipart.NewWriter(&b)
	part, err := form.CreateFormFile("file", "posts.xlsx")
	if err == nil {
		_, err = part.Write(book)
	}
	if err != nil {
		t.Fatal(err)
	}
	form.Close()
	res, err := c.Post(d.srv.URL+"/lists/posts", form.FormDataContentType(), &b)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	page, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(page)
}

// TestNoRouteTakesOutWhoNeedsCare tries every way in which a list of who needs
// care, is at risk or lives elsewhere could leave in bulk, as roles that may see
// and export other things.
func TestNoRouteTakesOutWhoNeedsCare(t *testing.T) {
	d := newDrill(t, Options{}, "nangang", 600)
	for _, role := range []string{"community", "street", "district_command", "auditor"} {
		c := d.login(t, role)
		for _, path := range []string{"/care/export", "/care/file", "/risk/export", "/risk/file", "/lists/care", "/lists/care/file", "/lists/risk/file", "/lists/persons/file", "/lists/elsewhere/file",
			"/elsewhere/export", "/facets/doors/export", "/api/v1/care/export", "/api/v1/risk/export", "/api/v1/lists/care", "/api/v1/lists/risk", "/persons/export?lives=elsewhere", "/exports/new?lives=elsewhere"} {
			res, err := c.Get(d.srv.URL + path)
			if err != nil {
				t.Fatal(err)
			}
			res.Body.Close()
			if res.StatusCode != http.StatusNotFound && res.StatusCode != http.StatusForbidden {
				t.Errorf("%s gets %s: %d", role, path, res.StatusCode)
			}
			if kind := res.Header.Get("Content-Type"); strings.Contains(kind, "spreadsheet") || strings.Contains(kind, "csv") {
				t.Errorf("%s gets a file from %s: %s", role, path, kind)
			}
		}
		res, err := c.Post(d.srv.URL+"/api/v1/exports", "application/json", strings.NewReader(`{"place_id":"`+d.place(t)+`","lives":"elsewhere","purpose":"verify_record"}`))
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode < 400 || res.StatusCode >= 500 {
			t.Errorf("%s asks for who lives elsewhere: %d", role, res.StatusCode)
		}
		for _, filter := range []string{"care=lives_alone", "kind=lives_alone", "risk=1", "tag=care"} { // no filter by care narrows what leaves
			all, some := d.exported(t, c, ""), d.exported(t, c, filter)
			if all < 2 && role == "community" {
				t.Errorf("the clerk's list has %d rows", all)
			}
			if all != some {
				t.Errorf("%s: %s narrows the list from %d rows to %d", role, filter, all, some)
			}
		}
	}
}

// place is the community of the printed accounts.
func (d *drill) place(t *testing.T) string {
	t.Helper()
	c := must(d.app.Grid.CallerFor(t.Context(), d.logins["community"].Account, d.app.District, d.app.clock().Now()))
	return c.Grants[0].ObjectID.String()
}

// exported counts the rows of the masked list of persons; 0 where it is refused.
func (d *drill) exported(t *testing.T, c *http.Client, query string) int {
	t.Helper()
	res, err := c.Get(d.srv.URL + "/persons/export?place=" + d.place(t) + "&" + query)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	f, err := excelize.OpenReader(res.Body)
	if err != nil {
		return 0
	}
	rows, err := f.GetRows(f.GetSheetName(0))
	if err != nil {
		t.Fatal(err)
	}
	return len(rows)
}
