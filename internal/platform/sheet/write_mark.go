package sheet

import (
	"bufio"
	"fmt"
	"html"
	"strings"
)

// Properties are what a workbook says about itself beside its sheets: visible
// in the file's properties, kept when it is saved under another name.
type Properties struct {
	Title       string
	Creator     string // for whom or by whom it was made
	Description string
	Identifier  string // a number by which the file can be traced
}

// SetProperties gives the workbook its properties; before Close.
func (b *Workbook) SetProperties(p Properties) { b.props = &p }

const (
	nsCore     = "http://schemas.openxmlformats.org/package/2006/metadata/core-properties"
	nsCustom   = "http://schemas.openxmlformats.org/officeDocument/2006/custom-properties"
	mimeCore   = "application/vnd.openxmlformats-package.core-properties+xml"
	mimeCustom = "application/vnd.openxmlformats-officedocument.custom-properties+xml"
)

// parts returns the properties' parts, and what leads to them.
func (p *Properties) parts() (parts [][2]string, rels, types string) {
	if p == nil {
		return nil, "", ""
	}
	e := html.EscapeString
	core := xmlHead + `<cp:coreProperties xmlns:cp="` + nsCore + `" xmlns:dc="http://purl.org/dc/elements/1.1/">` +
		`<dc:title>` + e(p.Title) + `</dc:title><dc:creator>` + e(p.Creator) + `</dc:creator><dc:description>` + e(p.Description) +
		`</dc:description><dc:identifier>` + e(p.Identifier) + `</dc:identifier></cp:coreProperties>`
	custom := xmlHead + `<Properties xmlns="` + nsCustom + `" xmlns:vt="http://schemas.openxmlformats.org/officeDocument/2006/docPropsVTypes">` +
		`<property fmtid="{D5CDD505-2E9C-101B-9397-08002B2CF9AE}" pid="2" name="number"><vt:lpwstr>` + e(p.Identifier) + `</vt:lpwstr></property></Properties>`
	rels = fmt.Sprintf(`<Relationship Id="rId2" Type="%s/metadata/core-properties" Target="docProps/core.xml"/><Relationship Id="rId3" Type="%s/custom-properties" Target="docProps/custom.xml"/>`,
		"http://schemas.openxmlformats.org/package/2006/relationships", nsDocRel)
	types = `<Override PartName="/docProps/core.xml" ContentType="` + mimeCore + `"/><Override PartName="/docProps/custom.xml" ContentType="` + mimeCustom + `"/>`
	return [][2]string{{"docProps/core.xml", core}, {"docProps/custom.xml", custom}}, rels, types
}

// foot ends the sheet: its mark stands below the table and on every printed page.
func (s *XLSXSheet) foot() {
	if s.mark == "" {
		s.w.WriteString("</sheetData></worksheet>")
		return
	}
	_ = s.styled(styleHeader, []any{s.mark}) // a failed write shows in Flush
	s.w.WriteString("</sheetData><headerFooter>")
	printed(s.w, "oddHeader", s.mark)
	printed(s.w, "oddFooter", s.mark)
	s.w.WriteString("</headerFooter></worksheet>")
}

// printed writes a line of every printed page; there an ampersand is a code and
// at most 255 characters are taken.
func printed(w *bufio.Writer, name, text string) {
	w.WriteString("<" + name + ">")
	escape(w, "&C&9"+shorten(strings.ReplaceAll(" "+text, "&", "&&"), 240))
	w.WriteString("</" + name + ">")
}
