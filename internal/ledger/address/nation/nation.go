// Package nation holds the areas of the whole nation: provinces, cities,
// counties, streets and towns, communities and villages, with their 12-digit
// codes, as of 2023-06-30. It answers by name, short names included (南岗 for
// 南岗区), and tells where a name is not unique. It is pure: the table is in the
// binary, packed, and is unpacked when it is first needed (about a tenth of a
// second and 20 MB).
package nation

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"encoding/json"
	"io"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"
)

//go:generate go run ./gen ../../../../../shared/data/divisions data

//go:embed data/nation.txt.gz
var packed []byte

//go:embed data/words.json
var wordsJSON []byte

//go:embed data/common.txt
var commonNames string

// Level is how deep an area lies: 1 province, 2 city, 3 county, 4 street or
// town, 5 community or village.
type Level int

// The five levels.
const (
	Province Level = 1 + iota
	City
	County
	Street
	Community
)

// Area is one area of the national list.
type Area struct {
	Code  string // as many digits as its level has: 2, 4, 6, 9 or 12
	Name  string // as the list writes it, without the committee (多福巷社区, 上疃村)
	Short string // without the word that says what it is; Name where nothing would remain
	Level Level
	// Ranges of the table in which its communities stand; only above Community.
	from, to int
	common   bool
}

// Telling reports whether the short name alone says that the area is meant: few
// places elsewhere have names that begin with it (义乌, not 平安).
func (a *Area) Telling() bool { return !a.common }

// Within reports whether the area lies in (or is) another one.
func (a *Area) Within(b *Area) bool { return strings.HasPrefix(a.Code, b.Code) }

// Table is the nation's areas. It is safe for concurrent use.
type Table struct {
	text  string // lines "code name"; a community's code has three digits and stands below its street
	areas []Area // down to streets, by code
	names map[string][]int32
	words words
	below sync.Map // area → *index of its communities, made when first asked
}

type words struct {
	Committees []string         `json:"committees"`
	Community  string           `json:"community"`
	Village    string           `json:"village"`
	NotAreas   []string         `json:"not_areas"`
	Suffixes   map[int][]string `json:"suffixes"` // by digits of the code
	Peoples    []string         `json:"peoples"`
}

// Get returns the table; the first call unpacks it.
var Get = sync.OnceValue(load)

func load() *Table {
	t := &Table{names: make(map[string][]int32, 100_000)}
	if err := json.Unmarshal(wordsJSON, &t.words); err != nil {
		panic("nation: words.json: " + err.Error())
	}
	slices.SortFunc(t.words.Peoples, func(a, b string) int { return len(b) - len(a) })
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		panic("nation: " + err.Error())
	}
	raw, err := io.ReadAll(z)
	if err != nil {
		panic("nation: " + err.Error())
	}
	t.text = string(raw)
	t.index()
	return t
}

// index reads the lines of streets and above and notes where each area's
// communities stand.
func (t *Table) index() {
	var open [Street + 1]int // the area of each level that the lines are in, from 1
	shut := func(from Level, at int) {
		for l := from; l <= Street; l++ {
			if open[l] > 0 {
				t.areas[open[l]-1].to = at
				open[l] = 0
			}
		}
	}
	for at := 0; at < len(t.text); {
		end := at + strings.IndexByte(t.text[at:], '\n')
		code, name, _ := strings.Cut(t.text[at:end], " ")
		if level := levelOf(code); level < Community {
			shut(level, at)
			t.areas = append(t.areas, Area{Code: code, Name: name, Short: t.words.short(len(code), name), Level: level, from: end + 1})
			open[level] = len(t.areas)
		}
		at = end + 1
	}
	shut(Province, len(t.text))
	county := ""
	common := map[string]bool{}
	for name := range strings.Lines(commonNames) {
		common[strings.TrimSpace(name)] = true
	}
	for i := range t.areas {
		a := &t.areas[i]
		a.common = common[a.Short]
		if a.Level == County {
			county = a.Name
		}
		if rest, ok := strings.CutPrefix(a.Name, county); ok && a.Level == Street && utf8.RuneCountInString(rest) >= 2 {
			t.names[rest] = append(t.names[rest], int32(i)) // 南岗区农垦 is 农垦 behind 南岗区
			continue
		}
		if slices.Contains(t.words.NotAreas, a.Name) {
			continue
		}
		t.names[a.Name] = append(t.names[a.Name], int32(i))
		if a.Short != a.Name {
			t.names[a.Short] = append(t.names[a.Short], int32(i))
		}
	}
}

func levelOf(code string) Level {
	switch len(code) {
	case 2:
		return Province
	case 4:
		return City
	case 6:
		return County
	case 9:
		return Street
	}
	return Community
}

// short takes off the word that says what an area is, and the peoples of an
// autonomous one.
func (w *words) short(digits int, name string) string {
	for _, suf := range w.Suffixes[digits] {
		rest, ok := strings.CutSuffix(name, suf)
		if !ok || utf8.RuneCountInString(rest) < 2 {
			continue
		}
		for more := true; more; {
			more = false
			for _, p := range w.Peoples {
				if r, ok := strings.CutSuffix(rest, p); ok && utf8.RuneCountInString(r) >= 2 {
					rest, more = r, true
					break
				}
			}
		}
		return rest
	}
	return name
}

// community reads a community's name off the list's: without its committee.
func (w *words) community(name string) string {
	for i, c := range w.Committees {
		rest, ok := strings.CutSuffix(name, c)
		if !ok || rest == "" {
			continue
		}
		switch {
		case i < 2 && !strings.HasSuffix(rest, w.Community):
			return rest + w.Community
		case strings.HasPrefix(c, w.Village) && !strings.HasSuffix(rest, w.Village):
			return rest + w.Village
		}
		return rest
	}
	return name
}

// Named lists the areas down to streets that bear the name, full or short. The
// pointers are into the table: do not change what they point at.
func (t *Table) Named(name string) []*Area {
	list := t.names[name]
	if len(list) == 0 {
		return nil
	}
	out := make([]*Area, len(list))
	for i, n := range list {
		out[i] = &t.areas[n]
	}
	return out
}

// Find returns the one area of the name within another (nil: anywhere), the
// highest level first; nil where there is none. unique is false where two of
// that level bear the name.
func (t *Table) Find(name string, in *Area) (found *Area, unique bool) {
	for _, n := range t.names[name] {
		a := &t.areas[n]
		switch {
		case in != nil && (!a.Within(in) || a.Code == in.Code):
		case found == nil || a.Level < found.Level || a.Level == found.Level && a.Name == name && found.Name != name:
			found, unique = a, true
		case a.Level == found.Level && (a.Name == name) == (found.Name == name):
			unique = false
		}
	}
	return found, unique
}

// Bears reports whether an area is called by the name, in full or short.
func (t *Table) Bears(a *Area, name string) bool { return name == a.Name || name == a.Short }

// Whole gives the names of the areas that a code lies in, from the province down
// to the street: 辽宁省沈阳市和平区.
func (t *Table) Whole(code string) string {
	whole := ""
	for _, digits := range []int{2, 4, 6, 9} {
		if digits > len(code) {
			break
		}
		i, ok := slices.BinarySearchFunc(t.areas, code[:digits], func(a Area, code string) int { return strings.Compare(a.Code, code) })
		if ok && !slices.Contains(t.words.NotAreas, t.areas[i].Name) {
			whole += t.areas[i].Name
		}
	}
	return whole
}

// communities calls fn with each community below an area until it returns
// false: its street's code, its own three digits and its name as listed.
func (t *Table) communities(in *Area, fn func(street, code, name string) bool) {
	street := ""
	if in.Level == Street {
		street = in.Code
	}
	for at := in.from; at < in.to; {
		end := at + strings.IndexByte(t.text[at:], '\n')
		code, name, _ := strings.Cut(t.text[at:end], " ")
		at = end + 1
		switch len(code) {
		case 9:
			street = code
		case 3:
			if !fn(street, code, name) {
				return
			}
		}
	}
}
