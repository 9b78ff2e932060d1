package district

import (
	"testing"

	"wangge/internal/sim"
)

// The story's clerk reads that 212 doors answered a question last week: eleven
// of twelve doors outside the estate whose households come from the workbook.
func TestStoryHasDoorsEnough(t *testing.T) {
	d, err := sim.Generate(sim.Config{Place: "nangang", Households: 20000, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	p := findPlot(d)
	for c := range d.Communities() {
		if c.Area.Code != p.code {
			continue
		}
		doors := 0
		for _, at := range c.Doors() {
			if at.Compound.Name != p.compound && len(at.Door.Households) > 0 {
				doors++
			}
		}
		if answered := doors * 11 / 12; answered < 212 {
			t.Errorf("%s: %d doors outside %s, %d would have answered last week, the story wants 212", c.Area.Name, doors, p.compound, answered)
		}
		t.Logf("%s: %d households, %d doors outside %s", c.Area.Name, c.Households, doors, p.compound)
	}
}
