package sim

import (
	"embed"
	"encoding/json"
	"sort"
	"strconv"
	"strings"
)

//go:embed data
var files embed.FS

// placeWords are the lists of data/places.json.
type placeWords struct {
	EstateHeads    []string          `json:"estate_heads"`
	EstateTails    []string          `json:"estate_tails"`
	OldHeads       []string          `json:"old_heads"`
	OldTails       []string          `json:"old_tails"`
	OldStreets     []string          `json:"old_streets"`
	BungalowHeads  []string          `json:"bungalow_heads"`
	BungalowTails  []string          `json:"bungalow_tails"`
	DormitoryHeads []string          `json:"dormitory_heads"`
	DormitoryTails []string          `json:"dormitory_tails"`
	Phases         []string          `json:"phases"`
	GroupHeads     []string          `json:"group_heads"`
	GroupCores     []string          `json:"group_cores"`
	GroupTails     map[string]string `json:"group_tails"`
	Property       []string          `json:"property"`
	PropertyTail   string            `json:"property_tail"`
	ClinicTail     string            `json:"clinic_tail"`
	TownClinicTail string            `json:"town_clinic_tail"`
	VolunteerTeam  string            `json:"volunteer_team"`
	Departments    []string          `json:"departments"`
	NicknameRank   []string          `json:"nickname_rank"`
	Nicknames      []string          `json:"nicknames"`
	Numerals       []string          `json:"numerals"`
	Labels         map[string]string `json:"labels"`
}

// nameWords are the lists of data/names.json, ready for drawing.
type nameWords struct {
	surnames    []string
	table       []uint8 // index of a surname, as often as its weight
	maleOld     []string
	maleNew     []string
	femaleOld   []string
	femaleNew   []string
	latinGiven  []string
	latinFamily []string
}

var (
	places = load[placeWords]("places.json")
	names  = loadNames()
)

// load reads an embedded file; a damaged one is a fault of the build.
func load[T any](name string) T {
	var v T
	raw, err := files.ReadFile("data/" + name)
	if err == nil {
		err = json.Unmarshal(raw, &v)
	}
	if err != nil {
		panic("sim: data/" + name + ": " + err.Error())
	}
	return v
}

func loadNames() nameWords {
	f := load[struct {
		Surnames    map[string]int `json:"surnames"`
		MaleOld     string         `json:"male_old"`
		MaleNew     string         `json:"male_new"`
		FemaleOld   string         `json:"female_old"`
		FemaleNew   string         `json:"female_new"`
		LatinGiven  []string       `json:"latin_given"`
		LatinFamily []string       `json:"latin_family"`
	}]("names.json")
	w := nameWords{
		maleOld: strings.Split(f.MaleOld, ""), maleNew: strings.Split(f.MaleNew, ""),
		femaleOld: strings.Split(f.FemaleOld, ""), femaleNew: strings.Split(f.FemaleNew, ""),
		latinGiven: f.LatinGiven, latinFamily: f.LatinFamily,
	}
	for s := range f.Surnames {
		w.surnames = append(w.surnames, s)
	}
	sort.Strings(w.surnames)
	for i, s := range w.surnames {
		for range f.Surnames[s] {
			w.table = append(w.table, uint8(i))
		}
	}
	return w
}

// label fills the pattern of data/places.json's labels.
func label(key string, args ...string) string { return fill(places.Labels[key], args...) }

// fill puts args in the places {0}, {1} … of a pattern.
func fill(pattern string, args ...string) string {
	for i, a := range args {
		pattern = strings.ReplaceAll(pattern, "{"+strconv.Itoa(i)+"}", a)
	}
	return pattern
}
