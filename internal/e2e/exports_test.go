package e2e

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/xuri/excelize/v2"

	"wangge/internal/platform/web/webtest"
)

// TestUnmaskedList walks an unmasked list of more than 200 people: asked for by
// the community's clerk, let go by the street, fetched by the clerk and nobody
// else. The file says for whom it was made, on every row.
func TestUnmaskedList(t *testing.T) {
	s := newStage(t)
	clerk := s.open(t, "community", "zh", 1440, 900)
	clerk.visit("/persons")
	clerk.leaves("导出完整名单")
	people := clerk.number(`[...document.querySelectorAll('dt')].find(e=>e.innerText.includes('人数')).nextElementSibling.innerText`)
	if people <= 200 {
		t.Fatalf("the community has %d people", people)
	}
	clerk.looks("export-new")
	clerk.set("purpose", "verify_record")
	clerk.leaves("提出申请")
	address := clerk.js("location.pathname")
	clerk.looks("export-waiting")
	if n := clerk.number(`document.querySelectorAll('a[href$="/file"]').length`); n != 0 {
		t.Error("the file can be had before anybody agreed")
	}

	street := s.open(t, "street", "zh", 1440, 900)
	street.visit("/exports")
	street.js(fmt.Sprintf(`(function(){document.querySelector('a[href=%s]').click();return 1})()`, quote(address)))
	street.until("the request", "location.pathname==="+quote(address)+" && document.readyState==='complete'")
	street.looks("export-decide")
	street.leaves("同意导出")
	if status := street.status(address + "/file"); status != 403 {
		t.Errorf("who approved fetches the file: %d", status)
	}

	clerk.visit(address)
	clerk.looks("export-ready")
	file := clerk.download("/file")
	watermarked(t, file, people)
}

// watermarked opens a file as an office program does and reads for whom it is.
func watermarked(t *testing.T, file []byte, people int) {
	t.Helper()
	f, err := excelize.OpenReader(bytes.NewReader(file))
	if err != nil {
		t.Fatalf("the file is no workbook: %v", err)
	}
	defer f.Close()
	rows, err := f.GetRows(f.GetSheetName(0))
	if err != nil || len(rows) < people {
		t.Fatalf("%d rows of %d people: %v", len(rows), people, err)
	}
	first, last := rows[0][0], rows[len(rows)-1][0]
	if !strings.HasPrefix(first, "仅供 ") || !strings.Contains(first, "不得转发") || first != last {
		t.Errorf("above stands %q, below %q", first, last)
	}
	props, err := f.GetDocProps()
	if err != nil || props.Creator == "" || props.Identifier == "" || !strings.Contains(first, props.Creator) || !strings.Contains(first, props.Identifier) {
		t.Errorf("properties %+v do not say what the file says: %q %v", props, first, err)
	}
	for i, row := range rows[2 : len(rows)-1] {
		if !strings.HasPrefix(row[len(row)-1], props.Identifier) {
			t.Fatalf("row %d has no trace: %q", i+3, row)
		}
		if strings.Contains(strings.Join(row, ""), "*") {
			t.Fatalf("row %d is masked: %q", i+3, row)
		}
	}
}

// status asks for an address with the window's session.
func (b *tab) status(path string) int {
	b.t.Helper()
	return webtest.Get(b.t, b.ctx, chromedp.Evaluate[int](fmt.Sprintf(`fetch(%s).then(r=>r.status)`, quote(path)), chromedp.EvalAwaitPromise))
}
