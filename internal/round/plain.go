package round

import (
	"bytes"
	"unicode/utf8"
)

// plain reads JSON as programs write it. What is not plain, or no JSON at all,
// makes it odd, and what was read is worth nothing then.
type plain struct {
	b   []byte
	at  int
	odd bool
}

// end reports whether all was plain and nothing follows.
func (p *plain) end() bool {
	p.space()
	return !p.odd && p.at == len(p.b)
}

func (p *plain) space() {
	for p.at < len(p.b) && (p.b[p.at] == ' ' || p.b[p.at] == '\n' || p.b[p.at] == '\t' || p.b[p.at] == '\r') {
		p.at++
	}
}

// eat takes a character, after white space, if it is the next.
func (p *plain) eat(c byte) bool {
	p.space()
	if p.at < len(p.b) && p.b[p.at] == c {
		p.at++
		return true
	}
	return false
}

func (p *plain) must(c byte) { p.odd = !p.eat(c) || p.odd }

// object reads an object; field is called with each name and reads its value.
func (p *plain) object(field func(name []byte)) {
	p.must('{')
	p.items('}', func() {
		name := p.quoted()
		p.must(':')
		field(name)
	})
}

// list reads a list; item reads each element.
func (p *plain) list(item func()) {
	p.must('[')
	p.items(']', item)
}

func (p *plain) items(closing byte, item func()) {
	if p.eat(closing) {
		return
	}
	for !p.odd {
		item()
		if !p.eat(',') {
			p.must(closing)
			return
		}
	}
}

// quoted reads a text without escapes.
func (p *plain) quoted() []byte {
	p.must('"')
	n := bytes.IndexByte(p.b[p.at:], '"')
	if p.odd || n < 0 {
		p.odd = true
		return nil
	}
	text := p.b[p.at : p.at+n]
	p.at += n + 1
	for _, c := range text {
		p.odd = p.odd || c == '\\' || c < ' '
	}
	return text
}

// text reads a text of at most so many characters.
func (p *plain) text(most int) string {
	text := p.quoted()
	p.odd = p.odd || len(text) > most && utf8.RuneCount(text) > most
	return string(text)
}

// number reads a whole number that is not negative, of at most 15 digits.
func (p *plain) number() (v int64) {
	p.space()
	from := p.at
	for ; p.at < len(p.b) && '0' <= p.b[p.at] && p.b[p.at] <= '9'; p.at++ {
		v = v*10 + int64(p.b[p.at]-'0')
	}
	n := p.at - from
	p.odd = p.odd || n == 0 || n > 15 || n > 1 && p.b[from] == '0'
	return v
}

// truth reads true or false.
func (p *plain) truth() bool {
	for _, word := range []string{"true", "false"} {
		if p.space(); bytes.HasPrefix(p.b[p.at:], []byte(word)) {
			p.at += len(word)
			return word == "true"
		}
	}
	p.odd = true
	return false
}
