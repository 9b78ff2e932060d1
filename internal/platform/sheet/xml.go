package sheet

import (
	"bytes"
	"errors"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"
)

// token is what the scanner found.
type token uint8

const (
	startTag token = iota // name and attrs are set; empty if the tag closes itself
	endTag                // name is set
	charData              // text is set
)

var (
	errLongToken = errors.New("a tag or text of more than 4 MiB")
	errDoctype   = errors.New("a document type declaration")
)

const maxToken = 4 << 20

// scanner reads the XML of a workbook's parts. It keeps one window of the
// part in memory, knows no entities but the five of XML and numeric ones, and
// refuses document type declarations.
type scanner struct {
	r     io.Reader
	buf   []byte
	i, n  int
	eof   error // set when r is exhausted or failed
	name  []byte
	attrs []byte
	text  []byte
	empty bool
	raw   bool // text is CDATA: no entities
}

func newScanner(r io.Reader) *scanner { return &scanner{r: r, buf: make([]byte, 64<<10)} }

// fill reads more input behind the unread window and reports whether it did.
func (s *scanner) fill() bool {
	if s.eof != nil {
		return false
	}
	if s.i > 0 {
		copy(s.buf, s.buf[s.i:s.n])
		s.n -= s.i
		s.i = 0
	}
	if s.n == len(s.buf) {
		if len(s.buf) >= maxToken {
			s.eof = errLongToken
			return false
		}
		s.buf = append(s.buf, make([]byte, len(s.buf))...)
	}
	m, err := s.r.Read(s.buf[s.n:])
	s.n += m
	if err != nil {
		s.eof = err
	}
	return m > 0 || err == nil
}

// find returns the offset of sep in the unread window from off on, reading on as needed.
func (s *scanner) find(sep string, off int) (int, bool) {
	for {
		if k := bytes.Index(s.buf[s.i+off:s.n], []byte(sep)); k >= 0 {
			return off + k, true
		}
		off = max(off, s.n-s.i-len(sep)+1)
		if !s.fill() {
			return 0, false
		}
	}
}

// fail gives the error of a part that ends too early.
func (s *scanner) fail() error {
	if s.eof != nil && !errors.Is(s.eof, io.EOF) {
		return s.eof
	}
	return io.ErrUnexpectedEOF
}

// next returns the next tag or text; io.EOF at the end.
func (s *scanner) next() (token, error) {
	for {
		if s.i == s.n && !s.fill() {
			if s.eof != nil && !errors.Is(s.eof, io.EOF) {
				return 0, s.eof
			}
			return 0, io.EOF
		}
		if s.i == s.n {
			continue
		}
		if s.buf[s.i] != '<' {
			return charData, s.readText()
		}
		for s.n-s.i < 9 && s.fill() {
		}
		w := s.buf[s.i:s.n]
		switch {
		case bytes.HasPrefix(w, []byte("<!--")):
			if err := s.skip("-->"); err != nil {
				return 0, err
			}
		case bytes.HasPrefix(w, []byte("<?")):
			if err := s.skip("?>"); err != nil {
				return 0, err
			}
		case bytes.HasPrefix(w, []byte("<![CDATA[")):
			return charData, s.readCDATA()
		case bytes.HasPrefix(w, []byte("<!")):
			return 0, errDoctype
		default:
			return s.readTag()
		}
	}
}

// skip drops input up to and with end, keeping none of it.
func (s *scanner) skip(end string) error {
	for {
		if k := bytes.Index(s.buf[s.i:s.n], []byte(end)); k >= 0 {
			s.i += k + len(end)
			return nil
		}
		s.i = max(s.i, s.n-len(end)+1)
		if !s.fill() {
			return s.fail()
		}
	}
}

func (s *scanner) readText() error {
	k, ok := s.find("<", 0)
	if !ok {
		if s.eof == errLongToken {
			return errLongToken
		}
		k = s.n - s.i
	}
	s.text, s.raw = s.buf[s.i:s.i+k], false
	s.i += k
	return nil
}

func (s *scanner) readCDATA() error {
	k, ok := s.find("]]>", 9)
	if !ok {
		return s.fail()
	}
	s.text, s.raw = s.buf[s.i+9:s.i+k], true
	s.i += k + 3
	return nil
}

func (s *scanner) readTag() (token, error) {
	off := 1
	var tag []byte
	for {
		k, ok := s.find(">", off)
		if !ok {
			return 0, s.fail()
		}
		tag = s.buf[s.i+1 : s.i+k]
		if bytes.Count(tag, []byte{'"'})%2 == 0 {
			s.i += k + 1
			break
		}
		off = k + 1
	}
	if len(tag) > 0 && tag[0] == '/' {
		s.name = local(bytes.TrimSpace(tag[1:]))
		return endTag, nil
	}
	s.empty = len(tag) > 0 && tag[len(tag)-1] == '/'
	if s.empty {
		tag = tag[:len(tag)-1]
	}
	k := bytes.IndexAny(tag, " \t\r\n")
	if k < 0 {
		k = len(tag)
	}
	s.name, s.attrs = local(tag[:k]), tag[k:]
	return startTag, nil
}

func local(name []byte) []byte {
	if k := bytes.IndexByte(name, ':'); k >= 0 {
		return name[k+1:]
	}
	return name
}

// eachAttr calls fn for each attribute of the tag, entities not decoded.
func (s *scanner) eachAttr(fn func(name, value []byte)) {
	a := s.attrs
	for {
		eq := bytes.IndexByte(a, '=')
		if eq < 0 {
			return
		}
		name := bytes.TrimSpace(a[:eq])
		a = bytes.TrimLeft(a[eq+1:], " \t\r\n")
		if len(a) < 2 || (a[0] != '"' && a[0] != '\'') {
			return
		}
		end := bytes.IndexByte(a[1:], a[0])
		if end < 0 {
			return
		}
		fn(name, a[1:1+end])
		a = a[2+end:]
	}
}

// attr returns one attribute by its local name, decoded.
func (s *scanner) attr(name string) string {
	var out string
	s.eachAttr(func(n, v []byte) {
		if string(local(n)) == name {
			out = unescape(v)
		}
	})
	return out
}

// appendText adds the current text to dst, entities decoded.
func (s *scanner) appendText(dst []byte) []byte {
	if s.raw || bytes.IndexByte(s.text, '&') < 0 {
		return append(dst, s.text...)
	}
	return append(dst, unescape(s.text)...)
}

var entities = map[string]string{"lt": "<", "gt": ">", "amp": "&", "quot": "\"", "apos": "'"}

// unescape decodes XML's five entities and numeric ones; others stay as they are.
func unescape(b []byte) string {
	if bytes.IndexByte(b, '&') < 0 {
		return string(b)
	}
	var out strings.Builder
	for len(b) > 0 {
		k := bytes.IndexByte(b, '&')
		if k < 0 {
			break
		}
		out.Write(b[:k])
		b = b[k:]
		end := bytes.IndexByte(b, ';')
		if end < 0 || end > 12 {
			out.WriteByte('&')
			b = b[1:]
			continue
		}
		out.WriteString(entity(string(b[1:end])))
		b = b[end+1:]
	}
	out.Write(b)
	return out.String()
}

func entity(name string) string {
	if s, ok := entities[name]; ok {
		return s
	}
	if num, ok := strings.CutPrefix(name, "#"); ok {
		base := 10
		if h, ok := strings.CutPrefix(strings.ToLower(num), "x"); ok {
			num, base = h, 16
		}
		if v, err := strconv.ParseUint(num, base, 21); err == nil && utf8.ValidRune(rune(v)) {
			return string(rune(v))
		}
	}
	return "&" + name + ";"
}

// bstr decodes the _x000D_ notation that workbooks use for control characters.
func bstr(s string) string {
	if !strings.Contains(s, "_x") {
		return s
	}
	var out strings.Builder
	for {
		k := strings.Index(s, "_x")
		if k < 0 || len(s) < k+7 {
			break
		}
		v, err := strconv.ParseUint(s[k+2:k+6], 16, 16)
		if err != nil || s[k+6] != '_' {
			out.WriteString(s[:k+2])
			s = s[k+2:]
			continue
		}
		out.WriteString(s[:k])
		out.WriteRune(rune(v))
		s = s[k+7:]
	}
	out.WriteString(s)
	return out.String()
}
