package sim

import "strings"

// fillDoors settles n households behind the compound's doors: a few doors
// hold several, the doors left over stand empty.
func (b *builder) fillDoors(c *Compound, n int) {
	doors := c.all()
	extra := n * b.r.between(6, 18) / 1000
	if n-extra > len(doors) {
		extra = n - len(doors)
	}
	counts := b.spread(len(doors), n-extra, extra)
	elderly := elderlyBias(c.Profile)
	if c.Kind == Bungalows {
		elderly += 40
	}
	for i, d := range doors {
		if counts[i] == 0 {
			continue
		}
		d.Households = make([]Household, counts[i])
		for k := range d.Households {
			d.Households[k] = b.household(c.Kind, elderly+b.r.between(0, 60))
		}
		if c.Kind == Group {
			d.Nickname = b.nickname(d.Households[0].Persons[0])
		}
	}
	c.Profile.Elderly = elderlyShare(doors, b.at)
}

// spread gives the households of each door: occupied doors one, extra more
// go to doors that have one already.
func (b *builder) spread(doors, occupied, extra int) []int {
	counts := make([]int, doors)
	left := occupied
	for i := range counts {
		if b.r.n(doors-i) < left {
			counts[i] = 1
			left--
		}
	}
	for extra > 0 {
		if i := b.r.n(doors); counts[i] > 0 && counts[i] < 3 || occupied < doors/2 && counts[i] > 0 {
			counts[i]++
			extra--
		}
	}
	return counts
}

func elderlyBias(p Profile) int {
	switch p.Class {
	case Old, Unmanaged:
		return 260
	case VillageGroup:
		return 200
	case BungalowArea:
		return 180
	}
	return 0
}

// all lists the compound's doors in their order.
func (c *Compound) all() []*Door {
	var out []*Door
	add := func(doors []Door) {
		for i := range doors {
			out = append(out, &doors[i])
		}
	}
	add(c.Doors)
	for i := range c.Buildings {
		add(c.Buildings[i].Doors)
		for j := range c.Buildings[i].Units {
			add(c.Buildings[i].Units[j].Doors)
		}
	}
	return out
}

// elderlyShare counts people of 65 and over per thousand living in doors.
func elderlyShare(doors []*Door, at Date) int {
	all, old := 0, 0
	for _, d := range doors {
		for _, h := range d.Households {
			for i := range h.Persons {
				if !h.Persons[i].LivesHere {
					continue
				}
				all++
				if h.Persons[i].Birth.Age(at) >= 65 {
					old++
				}
			}
		}
	}
	if all == 0 {
		return 0
	}
	return old * 1000 / all
}

// nickname is how the village calls a house.
func (b *builder) nickname(head Person) string {
	surname := b.surname()
	for i := range head.Name {
		if i > 0 && head.IDKind != IDPassport { // the first character; compound surnames are rare in villages
			surname = head.Name[:i]
			break
		}
	}
	pattern := pick(b.r, places.Nicknames)
	if strings.Contains(pattern, "{1}") {
		return fill(pattern, surname, pick(b.r, places.NicknameRank))
	}
	return fill(pattern, surname)
}
