package ledger

import (
	_ "embed"
	"strings"

	"gopkg.in/yaml.v3"

	"wangge/internal/platform/id"
)

//go:embed vocab/facets.yaml
var facetsYAML []byte

// Facet is one side of complete records: what the ledger must hold of a door, or
// what its people must have answered.
type Facet struct {
	Key    string   `yaml:"key"`
	Needs  []string `yaml:"needs"`
	Asks   string   `yaml:"asks"`   // key of a question of rounds; empty: the ledger itself knows
	Answer string   `yaml:"answer"` // to the question, that meets the facet
}

var facets = loadFacets(facetsYAML)

func loadFacets(b []byte) []Facet {
	var doc struct {
		Facets []Facet `yaml:"facets"`
	}
	if err := yaml.Unmarshal(b, &doc); err != nil {
		panic("ledger: facets.yaml: " + err.Error())
	}
	for _, f := range doc.Facets {
		if (f.Asks == "") == (len(f.Needs) == 0) || (f.Asks == "") != (f.Answer == "") {
			panic("ledger: facets.yaml: " + f.Key + " has either needs, or asks and answer")
		}
		for _, n := range f.Needs {
			if needs[n] == nil {
				panic("ledger: facets.yaml: " + f.Key + " needs " + n + ", which is not known")
			}
		}
	}
	return doc.Facets
}

// doorFacts is what is recorded about a door, without anything personal.
type doorFacts struct {
	id                  id.ID
	path                string
	households          int
	empty               bool // every household is one known to be empty, or a business
	living              int  // heads
	named, phoned, idno int  // of those recorded who live there
	grid                id.ID
	answered            bool
	asked, said         uint64 // by facet, as bits: rounds asked here, and the answer met it
}

// needs are the words of facets.yaml.
var needs = map[string]func(d *doorFacts) bool{
	"household": func(d *doorFacts) bool { return d.households > 0 },
	"heads":     func(d *doorFacts) bool { return d.empty || d.living > 0 },
	"names":     func(d *doorFacts) bool { return d.empty || d.living > 0 && d.named >= d.living },
	"phone":     func(d *doorFacts) bool { return d.empty || d.phoned > 0 },
	"idno":      func(d *doorFacts) bool { return d.empty || d.named > 0 && d.idno >= d.named },
	"grid":      func(d *doorFacts) bool { return d.grid != id.Zero },
	"answered":  func(d *doorFacts) bool { return d.answered },
}

// speaksOf reports whether the facet at k says anything about the door: those
// of rounds do so only of doors that were asked.
func speaksOf(k int, d *doorFacts) bool { return facets[k].Asks == "" || d.asked>>k&1 == 1 }

// meets reports whether the door needs nothing more for the facet at k.
func meets(k int, d *doorFacts) bool {
	if facets[k].Asks != "" {
		return d.said>>k&1 == 1
	}
	for _, n := range facets[k].Needs {
		if !needs[n](d) {
			return false
		}
	}
	return true
}

// FacetCount is how complete the records below a place are.
type FacetCount struct {
	PlaceID id.ID  `json:"place_id"`
	Name    string `json:"name"`
	Doors   int    `json:"doors"`
	Met     []int  `json:"met" doc:"Doors that meet each facet, in the order of facets"`
	Of      []int  `json:"of" doc:"Doors that each facet speaks of: all, or those a round asked; 0: nobody was asked here"`
	path    string
}

// clear makes the counts those of no doors.
func (c *FacetCount) clear() { c.Met, c.Of = make([]int, len(facets)), make([]int, len(facets)) }

func (c *FacetCount) add(o FacetCount) {
	c.Doors += o.Doors
	for i := range o.Met {
		c.Met[i] += o.Met[i]
		c.Of[i] += o.Of[i]
	}
}

// keep leaves only the facets at the places of list.
func (c *FacetCount) keep(list []int) {
	met, of := make([]int, len(list)), make([]int, len(list))
	for i, k := range list {
		met[i], of[i] = c.Met[k], c.Of[k]
	}
	c.Met, c.Of = met, of
}

// countFacets sums doors by the first width bytes of their paths, in path order.
func countFacets(doors []doorFacts, width int) []FacetCount {
	var out []FacetCount
	for i := range doors {
		d := &doors[i]
		at := d.path[:min(width, len(d.path))]
		if len(out) == 0 || out[len(out)-1].path != at {
			out = append(out, FacetCount{path: at})
			out[len(out)-1].clear()
		}
		n := &out[len(out)-1]
		n.Doors++
		for k := range facets {
			if !speaksOf(k, d) {
				continue
			}
			n.Of[k]++
			if meets(k, d) {
				n.Met[k]++
			}
		}
	}
	return out
}

// answers is who answers for doors: places and grids whose posts are filled,
// and single doors.
type answers struct {
	paths []string
	grids map[id.ID]bool
	doors map[id.ID]bool
}

func (a answers) forDoor(d *doorFacts) bool {
	if a.doors[d.id] || a.grids[d.grid] {
		return true
	}
	for _, p := range a.paths {
		if strings.HasPrefix(d.path, p) {
			return true
		}
	}
	return false
}
