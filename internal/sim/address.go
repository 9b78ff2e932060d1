package sim

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// Location is where a door lies, in the names of the record. What a door has
// none of is empty: a village house has a compound (its group) and a room.
type Location struct {
	Province, City, County, Street, Community string
	Compound, Building, Unit, Room            string
	Floor                                     int
	Group                                     bool // the compound is a village's group
}

// addressNoise is data/addresses.json: how people write addresses, and how
// often in a thousand they leave out, shorten, repeat or misspell what.
type addressNoise struct {
	Areas        map[string]int `json:"areas_per_mille"`
	PerMille     map[string]int `json:"per_mille"`
	CommunityEnd string         `json:"community_end"`
	CompoundWord string         `json:"compound_word"`
	Roads        []string       `json:"roads"`
	Names        []string       `json:"names"`
	Typos        string         `json:"typos"`
	Full         []string       `json:"full"`
	NoUnit       []string       `json:"no_unit"`
	Floor        []string       `json:"floor"`
	House        []string       `json:"house"`
}

var noise = load[addressNoise]("addresses.json")

// Address writes a location as one of many people would; the same seed gives
// the same text. Exact says whether the text still says all it takes to find
// the door: no name misspelt or cut, no room left out or wrong.
func (l Location) Address(seed uint64) (text string, exact bool) {
	w := addressWriter{r: newRNG(seed), l: l, exact: true}
	text = w.areas() + w.join() + w.compound() + w.join() + w.door() + w.person()
	if w.p("full_width") {
		text = fullWidth(text)
	}
	return text, w.exact
}

type addressWriter struct {
	r     *rng
	l     Location
	exact bool
}

func (w *addressWriter) p(what string) bool { return w.r.p(noise.PerMille[what]) }

func (w *addressWriter) join() string {
	switch {
	case w.p("blanks"):
		return " "
	case w.p("commas"):
		return "\uff0c"
	}
	return ""
}

// areas writes province to community.
func (w *addressWriter) areas() string {
	l := w.l
	a := noise.Areas
	text := [...]string{l.Province + l.City + l.County, l.City + l.County, l.County, ""}[w.r.weighted(a["full"], a["city"], a["county"], a["none"])]
	if text != "" && w.p("short_area") {
		text = chop(l.City, 1) + chop(l.County, 1)
	}
	if text != "" && w.p("repeated") {
		text += text
	}
	if w.p("street") {
		text += l.Street
	}
	if w.p("community") {
		community := l.Community
		if strings.HasSuffix(community, noise.CommunityEnd) && w.p("community_short") {
			community = strings.TrimSuffix(community, noise.CommunityEnd)
		}
		text += community
	}
	if !l.Group && w.p("road") {
		text += pick(w.r, noise.Roads)
	}
	return text
}

// compound writes the compound's name or that of the group.
func (w *addressWriter) compound() string {
	name := w.l.Compound
	switch {
	case w.l.Group:
	case w.p("phase_dropped") && hasPhase(name) != "":
		name, w.exact = strings.TrimSuffix(name, hasPhase(name)), false
	case w.p("compound_cut") && utf8.RuneCountInString(name) > 3:
		name, w.exact = chop(name, 1), false
	case w.p("compound_typo"):
		runes, other := []rune(name), []rune(noise.Typos)
		runes[w.r.n(len(runes))] = other[w.r.n(len(other))]
		w.exact = w.exact && string(runes) == name
		name = string(runes)
	case w.p("compound_word") && !strings.HasSuffix(name, noise.CompoundWord) && hasPhase(name) == "":
		name += noise.CompoundWord
	}
	return name
}

func hasPhase(name string) string {
	for _, p := range places.Phases {
		if strings.HasSuffix(name, p) && name != p {
			return p
		}
	}
	return ""
}

// door writes building, unit and room.
func (w *addressWriter) door() string {
	l := w.l
	pattern := ""
	switch {
	case l.Building == "":
		pattern = pick(w.r, noise.House)
	case l.Unit == "":
		pattern = pick(w.r, noise.NoUnit)
	case w.p("unit_dropped"):
		pattern, w.exact = pick(w.r, noise.NoUnit), false
	case l.Floor > 0 && w.p("floor_told"):
		pattern = pick(w.r, noise.Floor)
	default:
		pattern = pick(w.r, noise.Full)
	}
	room := l.Room
	switch {
	case l.Building != "" && w.p("room_dropped"):
		pattern, w.exact = pattern[:strings.Index(pattern, "{r}")], false
		pattern = strings.TrimRight(pattern, "-#")
	case w.p("room_wrong"):
		room, w.exact = room+"7", false
	}
	return strings.NewReplacer("{b}", digitsOf(l.Building), "{u}", digitsOf(l.Unit), "{r}", digitsOf(room), "{f}", strconv.Itoa(l.Floor),
		"{hb}", numeral(l.Building), "{hu}", numeral(l.Unit)).Replace(pattern)
}

// person writes a name and a phone behind the address.
func (w *addressWriter) person() string {
	text := ""
	if w.p("person_behind") {
		text = " " + pick(w.r, noise.Names)
	}
	if w.p("phone_behind") {
		phone := "139" + strconv.Itoa(10_000_000+w.r.n(89_999_999))
		if text == "" && !w.p("phone_glued") || text != "" {
			phone = " " + phone
		}
		text += phone
	}
	return text
}

// chop takes n characters off the end.
func chop(s string, n int) string {
	r := []rune(s)
	return string(r[:max(0, len(r)-n)])
}

// digitsOf gives the label without the word behind it; whole where it is no number.
func digitsOf(label string) string {
	n := 0
	for n < len(label) && (label[n] >= '0' && label[n] <= '9') {
		n++
	}
	if n == 0 {
		return label
	}
	return label[:n]
}

// numeral writes a number up to 20 in Han characters, others in digits.
func numeral(label string) string {
	if n, err := strconv.Atoi(digitsOf(label)); err == nil && n >= 1 && n <= len(places.Numerals) {
		return places.Numerals[n-1]
	}
	return digitsOf(label)
}

// fullWidth writes letters and digits as wide as Han characters.
func fullWidth(s string) string {
	return strings.Map(func(r rune) rune {
		if r > ' ' && r < 0x7F {
			return r - '!' + 0xFF01
		}
		return r
	}, s)
}
