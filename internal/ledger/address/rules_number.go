package address

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// role is what the word behind a number makes of it; empty where none follows.
type role string

// The roles of the vocabulary's units.
const (
	bare     role = ""
	building role = "building"
	unit     role = "unit"
	floor    role = "floor"
	storey   role = "storey" // 楼: a building or a floor
	room     role = "room"
	group    role = "group"
	lane     role = "lane"
	alley    role = "alley"
	phase    role = "phase"
	zone     role = "zone"
	row      role = "row"
	aisle    role = "aisle"  // 街 of a market hall
	number   role = "number" // 号: nearly anything
)

// number is a number as it stands in a text.
type num struct {
	lo, hi int    // of the text, with the word behind it
	value  string // Arabic digits and capital letters, without leading zeros
	role   role
	word   string // the word behind it
}

// numberAt reads the number that stands at i. Numerals of Han characters count
// only before a word that says what they number.
func (r *reader) numberAt(i int) (num, bool) {
	at := i
	if strings.HasPrefix(r.text[i:], vocab.Ordinal) {
		at += len(vocab.Ordinal)
	}
	if at >= len(r.text) {
		return num{}, false
	}
	if c := r.text[at]; c < utf8.RuneSelf {
		return r.latinAt(i, at)
	}
	return r.hanAt(i, at)
}

// latinAt reads digits with letters before or behind them: 3, 12B, A99.
func (r *reader) latinAt(lo, at int) (num, bool) {
	end, digits, tail := at, 0, 0
	for end < len(r.text) && alnum(r.text[end]) {
		if c := r.text[end]; c >= '0' && c <= '9' {
			digits, tail = digits+1, 0
		} else {
			tail++
		}
		end++
	}
	if end == at || at > 0 && alnum(r.text[at-1]) && digitsOf(r.text[at:]) == 0 {
		return num{}, false
	}
	if cut := r.cut(at, end); cut > 0 {
		return num{lo: lo, hi: cut, value: tidy(r.text[at:cut]), role: building}, true
	}
	n := num{lo: lo}
	if digits > 0 {
		if word := vocab.unit.at(r.text[end-tail:]); tail > 0 && word != "" {
			end -= tail // 3F
		} else if tail > 1 {
			return num{}, false
		}
	} else if end-at > 2 {
		return num{}, false
	}
	if digits > 7 || end-at > 9 {
		return num{}, false
	}
	n.word = r.unitAt(end)
	n.role, n.hi = vocab.unitIs[n.word], end+len(n.word)
	if digits == 0 && n.role == bare && end-at == 1 && end+1 < len(r.text) && r.text[end] == '-' && r.text[end+1] >= '0' && r.text[end+1] <= '9' && at > 0 {
		n.value = tidy(r.text[at:end])
		return n, true // B-15
	}
	if digits == 0 && n.role != building && n.role != zone && n.role != unit && n.role != storey {
		return num{}, false
	}
	if n.word == "" && (r.last != Road && vocab.NameAfterNumber.at(r.text[end:]) != "" || vocab.unit.at(r.text[end:]) != "") {
		return num{}, false // 桂南7路
	}
	n.value = tidy(r.text[at:end])
	return n, true
}

// cut gives where the number of a building ends that the room's follows without
// a sign: 7B844, B2292 in a place where people live; 0 where it is one number.
func (r *reader) cut(at, end int) int {
	if r.has[Building] || r.last != Compound && r.last != Phase && r.last != RoadNo {
		return 0
	}
	digits := digitsOf(r.text[at:end])
	letter := at + digits
	if digits > 3 || letter >= end || r.text[letter] < 'A' || end-letter > 5 || digitsOf(r.text[letter+1:end]) != end-letter-1 {
		return 0
	}
	rest, roomed := end-letter-1, vocab.unitIs[r.unitAt(end)] == room
	if rest >= 3 && (digits > 0 || r.towers || r.last == RoadNo || roomed) || rest == 2 && digits > 0 && roomed {
		return letter + 1
	}
	return 0
}

// hanAt reads numerals of Han characters, and the sides that number units.
func (r *reader) hanAt(lo, at int) (num, bool) {
	value, size := hanNumber(r.text[at:])
	if size == 0 {
		if side := vocab.Sides.at(r.text[at:]); side != "" {
			word := r.unitAt(at + len(side))
			if is := vocab.unitIs[word]; is == unit && len(word) > 3 || is == building && len(word) == 3 && r.last == Compound {
				return num{lo: lo, hi: at + len(side) + len(word), value: side, role: is, word: word}, true
			}
		}
		return num{}, false
	}
	word := r.unitAt(at + size)
	if vocab.unitIs[word] == number && vocab.Formal.at(r.text[at:]) != "" {
		return num{}, false // 御景壹号 is a name
	}
	if word == "" && (size < 9 || r.last != Building && r.last != Unit && r.last != Floor) {
		return num{}, false // 三〇二 is a room behind a unit alone
	}
	return num{lo: lo, hi: at + size + len(word), value: strconv.Itoa(value), role: vocab.unitIs[word], word: word}, true
}

// unitAt gives the word at i that says what a number before it counts.
func (r *reader) unitAt(i int) string {
	rest := r.text[i:]
	word := vocab.unit.at(rest)
	for _, not := range vocab.NotUnits[word] {
		if strings.HasPrefix(rest[len(word):], not) {
			if word == vocab.Gate {
				return vocab.Number // 10号门市部
			}
			return ""
		}
	}
	if vocab.unitIs[word] == aisle && !(r.trade && r.inside()) {
		return ""
	}
	if vocab.Loose.at(word) == word && word != "" {
		if c, _ := utf8.DecodeRuneInString(rest[len(word):]); c >= 0x2E80 && vocab.digit[c] == 0 && vocab.ten[c] == 0 {
			return "" // 地质三队家属楼
		}
	}
	return word
}

// hanNumber reads a Han numeral below a thousand, or one spelled digit by
// digit (三〇二), and how many bytes it takes; 0 where none stands.
func hanNumber(s string) (value, size int) {
	total, digit, spelled, units := 0, -1, 0, false
	for size < len(s) {
		c, w := utf8.DecodeRuneInString(s[size:])
		if v, ok := vocab.digit[c]; ok {
			digit = v
			spelled = min(spelled*10+v, 1e8)
		} else if v, ok := vocab.ten[c]; ok {
			units = true
			total += max(digit, 1) * v
			if digit == 0 {
				total += v
			}
			digit = -1
		} else {
			break
		}
		size += w
		if size > 24 {
			return 0, 0
		}
	}
	if units {
		return total + max(digit, 0), size
	}
	return spelled, size
}

// tidy gives a number in capitals without leading zeros.
func tidy(s string) string {
	s = strings.ToUpper(s)
	if t := strings.TrimLeft(s, "0"); t != "" && t[0] >= '0' && t[0] <= '9' {
		return t
	}
	return s
}

func alnum(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// sizeOf counts the digits of the longest run of them in a number: 4 of A1193.
func sizeOf(value string) int {
	most, run := 0, 0
	for i := range len(value) {
		if run++; value[i] < '0' || value[i] > '9' {
			run = 0
		}
		most = max(most, run)
	}
	return most
}

// digitsOf counts the digits a number begins with.
func digitsOf(value string) int {
	n := 0
	for n < len(value) && value[n] >= '0' && value[n] <= '9' {
		n++
	}
	return n
}
