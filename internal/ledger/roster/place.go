package roster

import (
	"strings"
	"unicode/utf8"
)

// class says what a number in a place text counts.
type class uint8

const (
	bare class = iota // nothing said
	classBuilding
	classUnit
	classFloor
	classRoom
	classGroup
	classNumber // the sign for a number in general: a building, a house, a room
	classLane
	classPhase
	classBed
)

var classes = map[string]class{"building": classBuilding, "unit": classUnit, "floor": classFloor, "room": classRoom,
	"group": classGroup, "number": classNumber, "lane": classLane, "phase": classPhase, "bed": classBed}

// place is what a text says about where a door is.
type place struct {
	compound, building, unit, floor, room, group string
	phase                                        string // part of the compound, with its sign
	number                                       string // a house number not yet told apart
	rest                                         string // text that is none of these
	bare                                         []string
	bed                                          bool // a bed of the room was named
}

// piece is a number with what follows it, or a text between numbers.
type piece struct {
	num   string
	class class
	text  string
	digit bool // written in ASCII digits
}

// parsePlace reads a place text such as 3-2-501 or, in Chinese, "building 3
// unit 2 room 501".
func (v *vocabulary) parsePlace(s string) place {
	if digitsOnly(s) {
		return place{bare: []string{s}}
	}
	if hasPrefixAny(s, v.words.Ordinal) {
		s = trimPrefixAny(s, v.words.Ordinal)
	}
	return v.assemble(v.pieces(s))
}

// pieces splits a text into numbers with their suffixes and texts between.
func (v *vocabulary) pieces(s string) []piece {
	var out []piece
	text := 0
	for i := 0; i < len(s); {
		num, n, digit := v.number(s, i)
		if n == 0 {
			_, w := utf8.DecodeRuneInString(s[i:])
			i += w
			continue
		}
		cls, sl := v.suffixAt(s[i+n:])
		if !digit && cls == bare {
			i += n
			continue
		}
		if t := s[text:i]; strings.Trim(t, " -/_.,#~") != "" {
			out = append(out, piece{text: strings.Trim(t, " -/_.,~")})
		}
		out = append(out, piece{num: num, class: cls, digit: digit})
		i += n + sl
		text = i
	}
	if t := strings.Trim(s[min(text, len(s)):], " -/_.,~"); t != "" {
		out = append(out, piece{text: t})
	}
	return out
}

// number reads a number at s[i]: digits with an optional letter on either
// side, one or two letters alone, or Chinese numerals. It returns its length.
func (v *vocabulary) number(s string, i int) (num string, n int, digit bool) {
	j := i
	for j < len(s) && isLetter(s[j]) && j-i < 2 {
		j++
	}
	letters := j - i
	for j < len(s) && s[j] >= '0' && s[j] <= '9' {
		j++
	}
	if j > i+letters {
		if j < len(s) && isLetter(s[j]) && !v.floorLetter(s[j:]) && (j+1 == len(s) || !isLetter(s[j+1])) {
			j++
		}
		return strings.ToUpper(s[i:j]), j - i, true
	}
	if letters == 1 && (i == 0 || !isLetter(s[i-1])) {
		return strings.ToUpper(s[i:j]), 1, true
	}
	if letters > 0 {
		return "", 0, false
	}
	for j < len(s) {
		r, w := utf8.DecodeRuneInString(s[j:])
		if _, ok := v.numeral[r]; !ok {
			break
		}
		j += w
	}
	if j == i {
		return "", 0, false
	}
	return v.hanNumber(s[i:j]), j - i, false
}

func (v *vocabulary) floorLetter(s string) bool {
	return (s[0] == 'F' || s[0] == 'f') && (len(s) == 1 || s[1] >= 0x80 || s[1] == ' ' || s[1] == '-' || s[1] >= '0' && s[1] <= '9')
}

func isLetter(c byte) bool { return c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' }

// suffixAt finds the longest known suffix s starts with and its length.
func (v *vocabulary) suffixAt(s string) (class, int) {
	lead := len(s) - len(strings.TrimLeft(s, " "))
	t := s[lead:]
	if t == "" {
		return bare, 0
	}
	for _, x := range v.suffixes {
		if strings.HasPrefix(t, x.text) || len(x.text) == 1 && x.text[0] == t[0]|0x20 && isLetter(t[0]) {
			return x.class, lead + len(x.text)
		}
	}
	return bare, 0
}

// assemble turns pieces into a place.
func (v *vocabulary) assemble(ps []piece) place {
	var p place
	for k, x := range ps {
		if x.num == "" {
			p.addText(v, x.text, k == 0)
			continue
		}
		if x.class == classBed {
			p.bed = true
			continue
		}
		cls := x.class
		if cls == classBuilding && p.building != "" && p.room == "" {
			cls = classFloor // "3栋5楼": the second is a floor
		}
		switch cls {
		case classBuilding:
			p.building = trimZero(x.num)
		case classUnit:
			p.unit = trimZero(x.num)
		case classFloor:
			p.floor = trimZero(x.num)
		case classPhase:
			p.phase = v.phaseOf(x.num)
		case classRoom:
			p.room = x.num
		case classGroup:
			p.group = trimZero(x.num)
		case classNumber:
			p.addNumber(v, ps, k)
		case bare:
			p.bare = append(p.bare, x.num)
		}
	}
	p.spread()
	return p
}

// addNumber places a number with the general sign: after a building it is a
// room, after a road it is the road's number, else it stays open.
func (p *place) addNumber(v *vocabulary, ps []piece, k int) {
	num := trimZero(ps[k].num)
	after := false
	for _, q := range ps[k+1:] {
		if q.class == classBuilding {
			return // a road's number: the building follows
		}
		after = after || q.num != "" && (q.class == bare && q.digit || q.class == classRoom || q.class == classUnit)
	}
	switch {
	case p.building != "" && p.room == "":
		p.room = ps[k].num
	case after && p.building == "":
		p.building = num
	case p.number == "":
		p.number = num
	}
}

// spread gives bare numbers their place from the right: room, then unit if the
// building is known or a third number follows, then building.
func (p *place) spread() {
	b := p.bare
	if len(b) == 0 || len(b) == 1 && p.nothingElse() && !p.bed {
		return
	}
	if p.room == "" {
		p.room, b = b[len(b)-1], b[:len(b)-1]
	}
	if len(b) > 0 && p.unit == "" && (p.building != "" || len(b) > 1) {
		p.unit, b = trimZero(b[len(b)-1]), b[:len(b)-1]
	}
	if len(b) > 0 && p.building == "" {
		p.building = trimZero(b[len(b)-1])
	}
	p.bare = nil
}

func (p *place) nothingElse() bool {
	return p.building == "" && p.unit == "" && p.floor == "" && p.room == "" && p.group == ""
}

// addText keeps the compound's name out of a text, without road and region.
func (p *place) addText(v *vocabulary, t string, first bool) {
	name := v.afterAdmin(t)
	if name != "" && p.compound == "" {
		if c := v.compoundIn(name); c != "" {
			p.compound = c
			return
		}
	}
	if p.rest != "" {
		p.rest += " "
	}
	p.rest += t
}

// afterAdmin cuts region and road names from the front of an address.
func (v *vocabulary) afterAdmin(t string) string {
	cut := 0
	for _, a := range v.admin {
		from := 0
		for {
			k := strings.Index(t[from:], a)
			if k < 0 {
				break
			}
			end := from + k + len(a)
			inside := false
			for _, na := range v.notAdmin {
				inside = inside || strings.HasSuffix(t[:end], na)
			}
			if !inside && end < len(t) {
				cut = max(cut, end)
			}
			from = end
		}
	}
	return strings.Trim(t[cut:], " -,")
}

// compoundIn returns s if it ends like a compound's name.
func (v *vocabulary) compoundIn(s string) string {
	for _, c := range v.compound {
		if strings.HasSuffix(s, c) && len(s) > len(c) && utf8.RuneCountInString(s) <= 16 {
			return s
		}
	}
	return ""
}

// phaseOf writes a phase of a compound with its sign.
func (v *vocabulary) phaseOf(num string) string {
	return trimZero(num) + v.words.Suffix["phase"][0]
}

// trimZero drops leading zeros of a number, as in 03.
func trimZero(s string) string {
	if t := strings.TrimLeft(s, "0"); t != "" {
		return t
	}
	return s
}

// single reads a value that should be one number of the class: "3" for every
// spelling of building 3; a name such as a building's stays as it is.
func (v *vocabulary) single(s string, want class) string {
	s = strings.TrimSpace(s)
	if digitsOnly(s) {
		return trimZero(s)
	}
	if n := v.hanNumber(trimPrefixAny(s, v.words.Ordinal)); n != "" {
		return n
	}
	ps := v.pieces(trimPrefixAny(s, v.words.Ordinal))
	if len(ps) == 1 && ps[0].num != "" && (ps[0].class == want || ps[0].class == bare || ps[0].class == classNumber) {
		return trimZero(ps[0].num)
	}
	return s
}
