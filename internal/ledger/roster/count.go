package roster

import (
	"hash/maphash"
	"strings"
)

// counter tells doors, households and persons apart across all files of one
// call. It keeps hashes only.
type counter struct {
	seed       maphash.Seed
	byDoor     map[uint64]*doorCount
	people     map[uint64]uint64 // persons, with the hash of the name where a number tells them apart
	households int
	persons    int
}

type doorCount struct {
	order int
	heads []uint64 // of each household, 0 while unknown
}

func newCounter() *counter {
	return &counter{seed: maphash.MakeSeed(), byDoor: map[uint64]*doorCount{}, people: map[uint64]uint64{}}
}

func (c *counter) doors() int { return len(c.byDoor) }

func (c *counter) hash(parts ...string) uint64 {
	return maphash.String(c.seed, strings.Join(parts, "\x1f"))
}

// DoorKey returns what tells the row's door apart from others of the same
// community: place and room, or for a village door group and head.
func (r Row) DoorKey() string {
	last := r.Room
	if last == "" {
		last = "\x1e" + r.Head
	}
	return strings.Join([]string{r.Compound, r.Group, r.Building, r.Unit, last}, "\x1f")
}

// add counts an accepted row and sets its Order and Household. It reports
// what came before: an identity number, or a head of the same village group.
func (c *counter) add(r *Row) (again string) {
	k := c.hash(r.DoorKey())
	d := c.byDoor[k]
	if d == nil {
		d = &doorCount{order: len(c.byDoor) + 1}
		c.byDoor[k] = d
	}
	r.Order = d.order
	if r.Name == "" && (r.Persons == 0 || r.Vacant) {
		return ""
	}
	r.Household = c.household(d, r)
	if r.Name == "" {
		return ""
	}
	who := c.hash("name", r.DoorKey(), r.Name, r.Birth)
	if r.IDNo != "" {
		who = c.hash("id", r.IDNo)
	}
	if _, known := c.people[who]; known {
		switch {
		case r.IDNo != "":
			return "roster.idno_again"
		case r.Room == "" && r.Name == r.Head:
			return "roster.head_again"
		}
		return ""
	}
	c.people[who] = c.hash(r.Name)
	c.persons++
	return ""
}

// otherName reports that the row's identity number came before under another
// name: one of the two rows is wrong, and nobody can tell which.
func (c *counter) otherName(r *Row) bool {
	if r.IDNo == "" || r.Name == "" {
		return false
	}
	name, known := c.people[c.hash("id", r.IDNo)]
	return known && name != c.hash(r.Name)
}

// household finds which household of the door the person belongs to: the one
// with the same head, the one still without a head, or a new one.
func (c *counter) household(d *doorCount, r *Row) int {
	var head uint64
	if r.Head != "" {
		head = c.hash(r.Head)
		for i, h := range d.heads {
			if h == head {
				return i + 1
			}
		}
	}
	n := len(d.heads)
	switch {
	case n == 0, head != 0 && d.heads[n-1] != 0:
		d.heads = append(d.heads, head)
		c.households++
	case head != 0:
		d.heads[n-1] = head
	}
	return len(d.heads)
}
