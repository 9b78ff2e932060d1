package app

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"wangge/internal/platform/clock"
)

// zeros is n zero bytes that are nowhere kept.
type zeros struct{ n int64 }

func (z *zeros) Read(p []byte) (int, error) {
	if z.n == 0 {
		return 0, io.EOF
	}
	k := int(min(int64(len(p)), z.n))
	clear(p[:k])
	z.n -= int64(k)
	return k, nil
}

// watchHeap returns a function that tells the most memory in use since, in MiB.
func watchHeap() func() uint64 {
	runtime.GC()
	var peak atomic.Uint64
	done := make(chan struct{})
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		var m runtime.MemStats
		for {
			runtime.ReadMemStats(&m)
			if m.HeapInuse > peak.Load() {
				peak.Store(m.HeapInuse)
			}
			select {
			case <-done:
				return
			case <-time.After(20 * time.Millisecond):
			}
		}
	}()
	return func() uint64 {
		close(done)
		<-ended
		return peak.Load() >> 20
	}
}

// pack makes a zip of parts.
func pack(t *testing.T, parts map[string]io.Reader) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	z.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) { return flate.NewWriter(w, flate.BestSpeed) })
	for name, r := range parts {
		w, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(w, r); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

const (
	contentTypes = `<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="xml" ContentType="application/xml"/><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/><Override PartName="/xl/sharedStrings.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"/></Types>`
	packageRels  = `<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>`
	workbookXML  = `<?xml version="1.0"?><workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="1" sheetId="1" r:id="rId1"/></sheets></workbook>`
	workbookRels = `<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="rId2" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings" Target="sharedStrings.xml"/></Relationships>`
	sheetHead    = `<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>`
	sheetFoot    = `</sheetData></worksheet>`
	stringsHead  = `<?xml version="1.0"?><sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><si><t>`
	stringsFoot  = `</t></si></sst>`
)

// book makes a workbook of the raw rows and shared strings.
func book(t *testing.T, rows, words io.Reader) []byte {
	return pack(t, map[string]io.Reader{"[Content_Types].xml": strings.NewReader(contentTypes), "_rels/.rels": strings.NewReader(packageRels),
		"xl/workbook.xml": strings.NewReader(workbookXML), "xl/_rels/workbook.xml.rels": strings.NewReader(workbookRels),
		"xl/worksheets/sheet1.xml": io.MultiReader(strings.NewReader(sheetHead), rows, strings.NewReader(sheetFoot)),
		"xl/sharedStrings.xml":     io.MultiReader(strings.NewReader(stringsHead), words, strings.NewReader(stringsFoot))})
}

// spaces turns zeros into spaces, which XML allows.
type spaces struct{ zeros }

func (s *spaces) Read(p []byte) (int, error) {
	n, err := s.zeros.Read(p)
	for i := range p[:n] {
		p[i] = ' '
	}
	return n, err
}

// emptyRows writes a million rows without a cell.
func emptyRows() io.Reader {
	r, w := io.Pipe()
	go func() {
		var b bytes.Buffer
		for i := range 1_000_000 {
			fmt.Fprintf(&b, `<row r="%d"/>`, i+1)
			if b.Len() > 1<<16 {
				w.Write(b.Bytes())
				b.Reset()
			}
		}
		w.Write(b.Bytes())
		w.Close()
	}()
	return r
}

// TestFilesThatAreNoRoster: each is refused in words, on the page and in the
// API, in both languages, within bounded memory, and leaves nothing.
func TestFilesThatAreNoRoster(t *testing.T) {
	d := newDrill(t, Options{}, "nangang", 600)
	c := d.login(t, "community")
	place := d.loaded.Story.Community.String()
	const big = 200 << 20
	files := []struct {
		name string
		make func() io.Reader
		// the statuses of the API; the page shows its form again
		status []int
	}{
		{"report.pdf", func() io.Reader { return strings.NewReader("%PDF-1.7\n" + strings.Repeat("x", 5000)) }, []int{422}},
		{"roster.xlsx", func() io.Reader { return strings.NewReader("%PDF-1.7\n" + strings.Repeat("x", 5000)) }, []int{422}},
		{"letter.docx", func() io.Reader {
			return bytes.NewReader(pack(t, map[string]io.Reader{"[Content_Types].xml": strings.NewReader(contentTypes), "word/document.xml": strings.NewReader("<w/>")}))
		}, []int{422}},
		{"picture.png", func() io.Reader { return strings.NewReader("\x89PNG\r\n\x1a\n" + strings.Repeat("\x00", 5000)) }, []int{422}},
		{"empty.xlsx", func() io.Reader { return strings.NewReader("") }, []int{400, 422}},
		{"cut.xlsx", func() io.Reader {
			b := book(t, emptyRows(), strings.NewReader(""))
			return bytes.NewReader(b[:len(b)/2])
		}, []int{422}},
		{"zeros.xlsx", func() io.Reader { return &zeros{big} }, []int{413, 429}},
		{"zeros.csv", func() io.Reader { return &zeros{30 << 20} }, []int{422}},
		{"bomb.xlsx", func() io.Reader {
			return bytes.NewReader(book(t, strings.NewReader(""), &spaces{zeros{300 << 20}}))
		}, []int{422, 429}},
	}
	for _, f := range files {
		for _, lang := range []string{"en", "zh"} {
			d.speak(t, c, lang)
			body := f.make()
			peak := watchHeap()
			watch := clock.Start()
			status, kind, text := d.ask(t, c, "POST", "/api/v1/imports?file="+f.name+"&place="+place, "application/octet-stream", body)
			mib := peak()
			if !within(f.status, status) {
				t.Errorf("%s: %d, want %v: %.300s", f.name, status, f.status, text)
			}
			clearProblem(t, lang, f.name, kind, text, status)
			if mib > 400 {
				t.Errorf("%s took %d MiB", f.name, mib)
			}
			t.Logf("%s (%s): %d after %v, at most %d MiB: %s", f.name, lang, status, watch.Elapsed().Round(time.Millisecond), mib, field(text, "detail"))
		}
		if f.name == "zeros.csv" {
			continue
		}
		status, text := d.uploadPage(t, c, place, f.name, f.make())
		if status < 400 || status >= 500 || !strings.Contains(text, "<h1") {
			t.Errorf("%s on the page: %d %.200s", f.name, status, text)
		}
	}
	var list struct{ Items []any }
	d.api(t, c, "GET", "/api/v1/imports", nil, &list)
	if len(list.Items) != 0 {
		t.Errorf("%d imports are kept of files that are none", len(list.Items))
	}
	d.cleanDrill(t)
}

func within(list []int, n int) bool {
	for _, v := range list {
		if v == n {
			return true
		}
	}
	return false
}

func field(text, name string) string {
	var m map[string]any
	json.Unmarshal([]byte(text), &m)
	return fmt.Sprint(m[name])
}

// uploadPage posts the form of /imports, streamed.
func (d *drill) uploadPage(t *testing.T, c *http.Client, place, name string, file io.Reader) (int, string) {
	t.Helper()
	r, w := io.Pipe()
	m := multipart.NewWriter(w)
	go func() {
		m.WriteField("place", place)
		part, err := m.CreateFormFile("file", name)
		if err == nil {
			_, err = io.Copy(part, file)
		}
		if err == nil {
			err = m.Close()
		}
		w.CloseWithError(err)
	}()
	status, _, text := d.ask(t, c, "POST", "/imports", m.FormDataContentType(), r)
	r.Close()
	return status, text
}

// TestMillionEmptyRows: a workbook of nothing is read in bounded time and found
// to hold no roster.
func TestMillionEmptyRows(t *testing.T) {
	d := newDrill(t, Options{}, "nangang", 600)
	c := d.login(t, "community")
	for name, file := range map[string]io.Reader{
		"empty.xlsx": bytes.NewReader(book(t, emptyRows(), strings.NewReader(""))),
		"empty.csv":  strings.NewReader("楼栋,房号,姓名\n" + strings.Repeat("\n", 1_000_000)),
		"commas.csv": strings.NewReader("楼栋,房号,姓名\n" + strings.Repeat(",,\n", 1_000_000)),
	} {
		watch := clock.Start()
		status, kind, text := d.ask(t, c, "POST", "/api/v1/imports?file="+name+"&place="+d.loaded.Story.Community.String(), "application/octet-stream", file)
		t.Logf("%s: %d after %v", name, status, watch.Elapsed().Round(time.Millisecond))
		if status == 201 {
			var v struct {
				Persons int
				Sheets  []struct{ Accepted, Rejected int }
			}
			if err := json.Unmarshal([]byte(text), &v); err != nil || v.Persons != 0 {
				t.Errorf("%s: %v, %d persons", name, err, v.Persons)
			}
			continue
		}
		clearProblem(t, "zh", name, kind, text, status)
	}
	d.cleanDrill(t)
}
