package roster

import "wangge/internal/platform/sheet"

// columns tells which column holds what, 0-based.
type columns struct {
	at    map[string]int
	extra []int          // further phone columns
	weak  map[string]int // columns that mean something only where no better one does
	hukou int            // registered address beside a home address; -1 if none
	width int
	// members are further persons of each row, in columns of their own.
	members  []*member
	perFloor bool // rooms are counted anew on each floor
	villas   bool // houses without rooms: a building is a door
}

func (c *columns) has(key string) bool { _, ok := c.at[key]; return ok }

// letters gives the mapping as it is reported.
func (c *columns) letters() map[string]string {
	out := map[string]string{}
	for k, i := range c.at {
		out[k] = sheet.ColumnName(i + 1)
	}
	return out
}

type claim struct {
	key      string
	strength int
}

// assign finds the columns from labels and content.
func (v *vocabulary) assign(labels []string, ps []profile) *columns {
	claims := v.claims(labels, ps, 0)
	swapped(claims, ps)
	if lost := contradicted(claims, ps); lost >= 2 {
		if shift, ok := v.bestShift(labels, ps, lost); ok {
			claims = v.claims(labels, ps, shift)
			labels = shifted(labels, len(ps), shift)
		}
	}
	misleading := contradicted(claims, ps) >= 2
	c := &columns{at: map[string]int{}, weak: map[string]int{}, hukou: -1, width: len(ps)}
	open := make([]bool, len(ps))
	for i := range ps {
		cl := claims[i]
		if cl.key != "" && ps[i].against(cl.key) {
			cl = claim{}
			open[i] = true
		}
		open[i] = open[i] || i >= len(labels) || labels[i] == "" || misleading && cl.strength == 0
		if plate := i < len(labels) && cl.key == Room && v.plate.has(v.foldHeader(labels[i])); plate && c.has(Room) {
			cl = claim{} // a street's number beside the room
			c.weak[plateKey] = i
		} else if have, taken := c.at[Room]; cl.key == Room && taken && v.plate.has(v.foldHeader(labels[have])) {
			c.weak[plateKey] = have
			delete(c.at, Room)
		}
		c.take(cl, i, claims, ps)
	}
	v.byContent(c, open, ps)
	v.members(c, shifted(labels, len(ps), 0), claims, ps)
	v.settle(c, ps)
	return c
}

func (v *vocabulary) claims(labels []string, ps []profile, shift int) []claim {
	out := make([]claim, len(ps))
	for i, l := range shifted(labels, len(ps), shift) {
		out[i].key, out[i].strength = v.matchHeader(l)
	}
	return out
}

func shifted(labels []string, width, shift int) []string {
	out := make([]string, width)
	for i := range out {
		if k := i - shift; k >= 0 && k < len(labels) {
			out[i] = labels[k]
		}
	}
	return out
}

func contradicted(claims []claim, ps []profile) int {
	n := 0
	for i, c := range claims {
		if c.key != "" && ps[i].against(c.key) {
			n++
		}
	}
	return n
}

// swapped exchanges two headers that stand over each other's columns.
func swapped(claims []claim, ps []profile) {
	var wrong []int
	for i, c := range claims {
		if c.key != "" && ps[i].against(c.key) {
			wrong = append(wrong, i)
		}
	}
	if len(wrong) != 2 {
		return
	}
	a, b := wrong[0], wrong[1]
	if ps[a].fits(claims[b].key) && ps[b].fits(claims[a].key) {
		claims[a], claims[b] = claims[b], claims[a]
	}
}

// bestShift tries the header one and two columns to either side.
func (v *vocabulary) bestShift(labels []string, ps []profile, lost int) (int, bool) {
	best, at := lost, 0
	for _, s := range []int{1, -1, 2, -2} {
		if k := contradicted(v.claims(labels, ps, s), ps); k < best {
			best, at = k, s
		}
	}
	return at, at != 0 && best == 0
}

// take gives a column to its key unless a better one has it.
func (c *columns) take(cl claim, i int, claims []claim, ps []profile) {
	key := cl.key
	switch key {
	case "", other, alien:
		return
	case hukou:
		if c.hukou < 0 {
			c.hukou = i
		}
		return
	case lane, phase, number, maybeRoom, ownerNo:
		if _, ok := c.weak[key]; !ok {
			c.weak[key] = i
		}
		return
	}
	have, taken := c.at[key]
	if !taken {
		c.at[key] = i
		return
	}
	if ps[i].hidden != ps[have].hidden { // what is seen counts
		if ps[have].hidden {
			c.at[key] = i
		}
		return
	}
	if key == Phone {
		if ps[i].mobile > ps[have].mobile && ps[have].share(ps[have].landline) > 0.5 {
			c.at[Phone] = i
			if !c.has(Landline) {
				c.at[Landline] = have
			}
			return
		}
		if !c.has(Landline) && ps[i].n > 0 && ps[i].share(ps[i].landline) > 0.6 {
			c.at[Landline] = i
			return
		}
		c.extra = append(c.extra, i)
		return
	}
	if cl.strength > claims[have].strength || ps[have].n == 0 && ps[i].n > 0 && cl.strength == claims[have].strength {
		c.at[key] = i
	}
}

// byContent finds missing keys among the columns without a usable header.
func (v *vocabulary) byContent(c *columns, open []bool, ps []profile) {
	pick := func(key string, need float64, count func(p *profile) int) {
		if c.has(key) {
			return
		}
		best, at := need, -1
		for i := range ps {
			if open[i] && ps[i].n > 0 && ps[i].share(count(&ps[i])) > best {
				best, at = ps[i].share(count(&ps[i])), i
			}
		}
		if at >= 0 {
			c.at[key], open[at] = at, false
		}
	}
	pick(IDNo, 0.5, func(p *profile) int { return p.id })
	pick(Phone, 0.5, func(p *profile) int { return p.mobile })
	pick(Sex, 0.7, func(p *profile) int { return p.sex })
	pick(Building, 0.5, func(p *profile) int { return p.building })
	pick(Unit, 0.5, func(p *profile) int { return p.unit })
	pick(Group, 0.6, func(p *profile) int { return p.group })
	if !c.has(Room) || !c.has(Building) {
		pick(Address, 0.5, func(p *profile) int { return p.combo + p.address })
	}
	pick(Relation, 0.7, func(p *profile) int { return p.relation })
	pick(Birth, 0.6, func(p *profile) int { return max(p.date, p.serialDate) })
	if !c.has(Head) {
		pick(Name, 0.55, func(p *profile) int { return p.name + p.vacant })
	}
	pick(Landline, 0.6, func(p *profile) int { return p.landline })
	if !c.has(Address) {
		pick(Room, 0.6, func(p *profile) int { return p.roomish + p.room })
	}
	v.smallNumbers(c, open, ps)
}

// smallNumbers reads bare small numbers left of the room as building and unit,
// right of it as head count.
func (v *vocabulary) smallNumbers(c *columns, open []bool, ps []profile) {
	room, ok := c.at[Room]
	if !ok {
		return
	}
	var left []int
	for i := range ps {
		if !open[i] || ps[i].n == 0 || ps[i].share(ps[i].small+ps[i].letter) < 0.8 || i < room && ps[i].serial() && (len(ps[i].distinct) > 3 || ps[i].last == ps[i].n) {
			continue
		}
		if i < room {
			left = append(left, i)
		} else if !c.has(Persons) && c.has(Name) && i > c.at[Name] && len(ps[i].distinct) <= 12 {
			c.at[Persons] = i
		}
	}
	for _, key := range []string{Unit, Building} {
		if c.has(key) || len(left) == 0 || key == Unit && len(left) == 1 && !c.has(Building) {
			continue
		}
		c.at[key], left = left[len(left)-1], left[:len(left)-1]
	}
}

// settle decides what one column means beside the others.
func (v *vocabulary) settle(c *columns, ps []profile) {
	if i, ok := c.weak[lane]; ok && !c.has(Compound) {
		c.at[Compound] = i
	}
	if i, ok := c.weak[plateKey]; ok && !c.has(Building) {
		if _, street := c.weak[lane]; !street {
			c.at[Building] = i
		}
	}
	if i, ok := c.weak[number]; ok && !c.has(Room) && !c.has(Address) {
		c.at[Room] = i
	} else if ok && !c.has(Building) {
		c.at[Building] = i
	}
	if i, ok := c.weak[maybeRoom]; ok && !c.has(Room) && !c.has(Address) && ps[i].share(ps[i].roomish+ps[i].room) > 0.6 && !ps[i].serial() {
		c.at[Room] = i
	}
	if c.hukou >= 0 {
		switch {
		case !c.has(Address) && !c.has(Room) && !c.has(Building):
			c.at[Address], c.hukou = c.hukou, -1
		case !c.has(Registered):
			c.at[Registered] = c.hukou
		}
	}
	if a, ok := c.at[Address]; ok && !c.has(Room) && ps[a].n > 0 && ps[a].combo == ps[a].n {
		c.at[Room] = a // nothing but whole doors such as 3-2-501
		delete(c.at, Address)
	}
	if !c.has(Name) && c.has(Head) {
		c.at[Name] = c.at[Head]
	}
	if b, ok := c.at[Building]; ok && !c.has(Room) && !c.has(Address) && ps[b].share(ps[b].combo) > 0.6 {
		c.at[Room] = b
		delete(c.at, Building)
	}
	c.shape(ps)
}

// shape finds what kind of doors the table numbers.
func (c *columns) shape(ps []profile) {
	if r, room := c.at[Room]; room && c.has(Floor) && ps[r].n > 0 {
		c.perFloor = ps[r].share(ps[r].small+ps[r].side) > 0.9 && ps[c.at[Floor]].n > 0
	}
	b, ok := c.at[Building]
	c.villas = ok && !c.has(Room) && !c.has(Address) && !c.has(Unit) && ps[b].n >= 2 && len(ps[b].distinct)*5 >= ps[b].n*4
}

// isRoster decides whether a table is about people and their doors.
func (c *columns) isRoster(labels []string, v *vocabulary, placeKnown bool) (ok bool, reason string) {
	if c.has(RowID) {
		return true, ""
	}
	aliens := 0
	for _, l := range labels {
		if k, _ := v.matchHeader(l); k == alien {
			aliens++
		}
	}
	person := c.has(Name) || c.has(Head)
	strong := c.has(IDNo) || c.has(Relation) || c.has(Persons) && person || c.has(LivesHere)
	where := c.has(Building) || c.has(Unit) || c.has(Group) || c.has(Compound) || placeKnown
	door := c.has(Room) || c.has(Address) || person && c.villas || person && (c.has(Group) || where && c.has(Building) && strong)
	matched := len(c.at)
	if aliens >= 2 && !strong && aliens >= matched {
		return false, "roster.not_roster"
	}
	switch {
	case !person && !(door && where):
		return false, "roster.not_roster"
	case person && !door && !placeKnown:
		return false, "roster.no_door_column"
	case !person && matched < 2:
		return false, "roster.not_roster"
	}
	return true, ""
}
