package district

import (
	"time"

	"wangge/internal/platform/clock"
	"wangge/internal/platform/id"
	"wangge/internal/sim"
)

// config is the generator's configuration of a loaded district.
func (l *Loaded) config() sim.Config {
	c := sim.Config{Place: l.Place, Households: l.Households, Seed: l.Seed}
	if t, err := time.ParseInLocation(time.DateOnly, l.Day, clock.CST); err == nil {
		c.At = t
	}
	return c
}

// plot says where the story plays: the community with most households that has
// an estate, and that estate, whose households come from its workbook. A
// community where a third lives outside the estate counts double, for its
// leaders have doors to knock at before the workbook is imported; and double
// again one in which somebody holds each kind of post.
type plot struct {
	code     string // "" where no community has an estate
	compound string
}

func findPlot(d *sim.District) plot {
	best, most := plot{}, 0
	for c := range d.Communities() {
		if !c.HasEstate() {
			continue
		}
		k := workbookCompound(c)
		score := c.Households
		if 3*(c.Households-householdsIn(c, k)) >= c.Households {
			score *= 2
		}
		if fullCast(c) {
			score *= 2
		}
		if score > most {
			best, most = plot{c.Area.Code, k.Name}, score
		}
	}
	return best
}

// castRoles are the roles of a community whose log-ins are printed.
var castRoles = []sim.Role{sim.RoleClerk, sim.RoleGridWorker, sim.RoleLeader, sim.RoleVolunteer, sim.RoleProperty}

func fullCast(c *sim.Community) bool {
	held := map[sim.Role]bool{}
	for i := range c.Posts {
		held[c.Posts[i].Role] = held[c.Posts[i].Role] || !c.Posts[i].Vacant()
	}
	for _, r := range castRoles {
		if !held[r] {
			return false
		}
	}
	return true
}

func householdsIn(c *sim.Community, k *sim.Compound) int {
	n := 0
	for _, at := range c.Doors() {
		if at.Compound == k {
			n += len(at.Door.Households)
		}
	}
	return n
}

// workbookCompound is the compound of sim.Workbook: the estate with the most
// buildings, the first of equals.
func workbookCompound(c *sim.Community) *sim.Compound {
	var best *sim.Compound
	for i := range c.Compounds {
		if k := &c.Compounds[i]; k.Kind == sim.Estate && (best == nil || len(k.Buildings) > len(best.Buildings)) {
			best = k
		}
	}
	return best
}

// storyRooms are the doors the guide's story names.
var storyRooms = []string{"302", "401", "501", "602"}

// leaderOf picks the building leader whose log-in is printed: held, of 30
// doors or more outside the hollow compound, of a stairwell with the story's
// rooms where there is one. nil where the community has none.
func (s *settled) leaderOf(hollow string) *sim.Post {
	at := make([]sim.DoorAt, 0, len(s.doors))
	for _, d := range s.from.Doors() {
		at = append(at, d)
	}
	var best *sim.Post
	most := -1
	for i := range s.from.Posts {
		p := &s.from.Posts[i]
		if p.Role != sim.RoleLeader || p.Vacant() {
			continue
		}
		if n := leaderScore(at[p.Doors.From:p.Doors.To], hollow); n > most {
			best, most = p, n
		}
	}
	return best
}

func leaderScore(doors []sim.DoorAt, hollow string) int {
	lived, rooms := 0, map[*sim.Unit]int{}
	for _, d := range doors {
		if d.Compound.Name == hollow {
			continue
		}
		lived++
		for _, r := range storyRooms {
			if d.Unit != nil && d.Door.Label == r {
				rooms[d.Unit]++
			}
		}
	}
	score := min(lived, 60)
	if lived >= 30 {
		score += 100
	}
	for _, n := range rooms {
		if n == len(storyRooms) && lived >= 20 {
			return score + 80
		}
	}
	return score
}

// idOf returns the place of the compound with the name.
func (s *settled) idOf(compound string) id.ID {
	for i := range s.from.Compounds {
		if s.from.Compounds[i].Name == compound {
			return s.compounds[i]
		}
	}
	return id.Zero
}
