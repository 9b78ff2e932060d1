package ledger

import (
	_ "embed"
	"strings"

	"gopkg.in/yaml.v3"

	"wangge/internal/platform/id"
)

//go:embed vocab/facets.yaml
var facetsYAML []byte

// Facet is one side of complete records.
type Facet struct {
	Key   string   `yaml:"key"`
	Needs []string `yaml:"needs"`
}

var facets = loadFacets(facetsYAML)

// Facets lists the facets in the order pages show them.
func Facets() []Facet { return append([]Facet{}, facets...) }

func loadFacets(b []byte) []Facet {
	var doc struct {
		Facets []Facet `yaml:"facets"`
	}
	if err := yaml.Unmarshal(b, &doc); err != nil {
		panic("ledger: facets.yaml: " + err.Error())
	}
	for _, f := range doc.Facets {
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

// met reports whether the door needs nothing more.
func (f Facet) met(d *doorFacts) bool {
	for _, n := range f.Needs {
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
	path    string
}

func (c *FacetCount) add(o FacetCount) {
	if c.Met == nil {
		c.Met = make([]int, len(facets))
	}
	c.Doors += o.Doors
	for i, n := range o.Met {
		c.Met[i] += n
	}
}

// countFacets sums doors by the first width bytes of their paths, in path order.
func countFacets(doors []doorFacts, width int) []FacetCount {
	var out []FacetCount
	for i := range doors {
		d := &doors[i]
		at := d.path[:min(width, len(d.path))]
		if len(out) == 0 || out[len(out)-1].path != at {
			out = append(out, FacetCount{path: at, Met: make([]int, len(facets))})
		}
		n := &out[len(out)-1]
		n.Doors++
		for k, f := range facets {
			if f.met(d) {
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
