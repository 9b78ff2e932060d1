package roster

import (
	"strconv"
	"strings"

	"wangge/internal/platform/sheet"
)

// readPlace finds the door from the row's own columns, then from its address,
// then from the rows above, the section, the titles and the sheet's name.
func (r *record) readPlace(somebody bool) {
	v := r.s.v
	p := &r.place
	if c, t := r.text(Compound); t != "" {
		p.compound = r.lane(c, t)
	}
	r.readPhase()
	if c, t := r.text(Group); t != "" {
		r.readGroup(c, t)
	}
	rc, roomText := r.roomText()
	if c, t := r.text(Building); t != "" {
		r.readBuilding(c, t, roomText)
	}
	if c, t := r.text(Unit); t != "" {
		r.readUnit(c, t)
	}
	if _, t := r.text(Floor); t != "" {
		if pl := v.parsePlace(t); pl.floor != "" {
			p.floor = pl.floor
		} else {
			p.floor = v.single(t, classFloor)
		}
	}
	if roomText != "" {
		r.readRoom(rc, roomText)
		r.roomOfFloor(rc)
	}
	r.readAddress()
	r.s.compare(p)
	r.inherit(somebody)
	p.addMissing(place{compound: r.s.section.compound, phase: r.s.section.phase, building: r.s.section.building, unit: r.s.section.unit, group: r.s.section.group})
	if b := r.s.base; p.building == "" || p.building == b.building {
		p.addMissing(place{building: b.building, unit: b.unit})
	}
	p.addMissing(place{compound: r.s.base.compound, phase: r.s.base.phase, group: r.s.base.group})
	p.addMissing(place{compound: r.s.p.o.Compound})
}

// lane completes a lane or street that stands for the compound: 688 is lane
// 688, and a street's number belongs to it.
func (r *record) lane(c int, t string) string {
	weak := r.s.cols.weak
	if at, ok := weak[lane]; !ok || at != c {
		return t
	}
	if digitsOnly(t) {
		t += r.s.v.words.Suffix["lane"][0]
	}
	if at, ok := weak[plateKey]; ok && at < len(r.cells) && !r.cells[at].Blank() {
		t += strings.ReplaceAll(tidy(r.cells[at].String()), " ", "")
	}
	return t
}

// readPhase reads which part of the compound the door is in.
func (r *record) readPhase() {
	at, ok := r.s.cols.weak[phase]
	if !ok || at >= len(r.cells) || r.cells[at].Blank() || r.cells[at].FromLeft() {
		return
	}
	t := tidy(r.ditto(at, r.cells[at]).String())
	if num := r.s.v.single(t, classPhase); digitsOnly(num) {
		t = r.s.v.phaseOf(num)
	}
	r.place.phase = strings.ReplaceAll(t, " ", "")
}

// roomText gives the room's text. A room such as 3-2 that the table program
// took for a day is read back from the day.
func (r *record) roomText() (int, string) {
	c, x := r.cell(Room)
	if c >= 0 && x.Date && x.Kind == sheet.Number {
		f, _ := x.Float()
		if d, ok := serialDate(f, r.s.epoch04); ok {
			m, _ := strconv.Atoi(d[5:7])
			day, _ := strconv.Atoi(d[8:10])
			r.note(c, SevDoubt, "roster.room_was_date")
			return c, strconv.Itoa(m) + "-" + strconv.Itoa(day)
		}
	}
	c, t := r.text(Room)
	if r.s.v.none.has(t) && t != "0" && !isLetterOnly(t) {
		t = ""
	}
	return c, t
}

func isLetterOnly(t string) bool { return len(t) == 1 && isLetter(t[0]) }

func (r *record) readGroup(c int, t string) {
	v := r.s.v
	if pl := v.parsePlace(t); pl.group != "" && pl.rest == "" {
		r.place.group = pl.group
		return
	}
	r.place.group = strings.ReplaceAll(v.single(t, classGroup), " ", "")
}

// readBuilding reads the building's column, in which rooms and whole doors
// stand now and then.
func (r *record) readBuilding(c int, t, roomText string) {
	p := &r.place
	pl := r.s.v.parsePlace(t)
	wrongRoom := func(room string, sev Severity) {
		if roomText == "" {
			p.room = room
			r.note(c, sev, "roster.room_in_building")
		}
	}
	switch {
	case pl.building != "" && (pl.rest == "" || pl.room != "" || pl.compound != ""):
		p.addMissing(pl)
		p.building = pl.building
		if pl.unit == "" && pl.room != "" && roomText != "" && digitsOnly(pl.room) && strings.Contains(t, "-") {
			p.unit, p.room = trimZero(pl.room), "" // 3-2 beside a room is building and unit
		}
	case pl.room != "" && pl.rest == "":
		wrongRoom(pl.room, SevRepaired)
		p.addMissing(place{unit: pl.unit, floor: pl.floor})
	case len(pl.bare) == 1 && pl.rest == "":
		if n := pl.bare[0]; roomText == "" && r.s.cols.has(Room) && len(n) >= 3 && len(n) <= 4 && digitsOnly(n) && n[len(n)-2] < '5' {
			wrongRoom(n, SevDoubt)
			return
		}
		p.building = trimZero(pl.bare[0])
	case pl.number != "" && pl.rest == "":
		p.building = pl.number
	case pl.unit != "" && pl.rest == "":
		p.unit = pl.unit
	case pl.compound != "" && pl.number != "":
		p.compound, p.building = pl.compound, pl.number
	default:
		if p.building = r.s.v.single(t, classBuilding); p.building == t {
			p.building = strings.ReplaceAll(t, " ", "")
		}
	}
}

func (r *record) readUnit(c int, t string) {
	p := &r.place
	pl := r.s.v.parsePlace(t)
	if pl.unit != "" && pl.rest == "" {
		p.unit = pl.unit
		p.addMissing(place{building: pl.building, room: pl.room})
		return
	}
	if !r.s.v.none.has(t) || t == "0" {
		p.unit = strings.ReplaceAll(r.s.v.single(t, classUnit), " ", "")
	}
}

// readRoom reads the room's column: a room, unit and room, or a whole door.
func (r *record) readRoom(c int, t string) {
	p := &r.place
	if digitsOnly(t) {
		if p.room = t; len(t) == 4 && t[0] == '0' {
			p.room = trimZero(t) // the same room as a number has no leading zero
		}
		return
	}
	if n := r.s.v.hanNumber(t); n != "" {
		p.room = n
		return
	}
	pl := r.s.v.parsePlace(t)
	if pl.bed {
		r.addNote(t)
	}
	known := p.building != "" || r.s.base.building != "" || r.s.section.building != "" || r.s.cols.has(Building)
	if known && pl.building != "" && pl.unit == "" && pl.room != "" && !r.hasMark(t, classBuilding) {
		p.room = pl.room
		switch {
		case p.unit == "" && digitsOnly(pl.building):
			p.unit = pl.building
		case pl.building == p.unit || pl.building == p.building:
		default:
			p.room = strings.ReplaceAll(t, " ", "") // basements such as B1-01 are rooms as they stand
			if digitsOnly(pl.building) {
				r.note(c, SevDoubt, "roster.room_contradicts")
			}
		}
		return
	}
	switch {
	case pl.room != "" && (pl.rest == "" || pl.building != "" || pl.unit != ""):
		if p.building != "" && pl.building != "" && p.building != pl.building || p.unit != "" && pl.unit != "" && p.unit != pl.unit {
			r.note(c, SevDoubt, "roster.room_contradicts")
		}
		p.room = pl.room
		p.addMissing(pl)
	case len(pl.bare) == 1 && (pl.rest == "" || pl.bed):
		p.room = pl.bare[0]
	case pl.number != "" && pl.rest == "":
		p.room = pl.number
	default:
		p.room = strings.ReplaceAll(t, " ", "")
	}
}

// roomOfFloor completes a room that is counted within its floor: 2 on floor 5
// is 502, and a room named by its side gets the floor before it.
func (r *record) roomOfFloor(c int) {
	p := &r.place
	if !r.s.cols.perFloor || p.floor == "" || p.room == "" {
		return
	}
	switch {
	case digitsOnly(p.room) && len(p.room) <= 2 && digitsOnly(p.floor):
		p.room = p.floor + strings.Repeat("0", 2-len(p.room)) + p.room
	case r.s.v.side.has(p.room):
		p.room = p.floor + r.s.v.words.Suffix["floor"][1] + p.room
	default:
		return
	}
	r.note(c, SevRepaired, "roster.room_of_floor", p.room)
}

// hasMark reports whether a number in t carries a mark of the class.
func (r *record) hasMark(t string, cls class) bool {
	for _, x := range r.s.v.pieces(t) {
		if x.num != "" && (x.class == cls || x.class == classNumber) {
			return true
		}
	}
	return false
}

// readAddress keeps the address and reads the door from it where no column
// names one.
func (r *record) readAddress() {
	c, t := r.text(Address)
	if t == "" || r.s.v.none.has(t) {
		return
	}
	p := &r.place
	pl := r.s.v.parsePlace(t)
	if han, _ := hanCount(pl.rest + pl.compound); han > 0 || pl.room == "" {
		r.row.Address = t
	}
	if p.room != "" || c >= 0 && r.s.cols.has(Room) && r.s.cols.has(Building) {
		return
	}
	if pl.room == "" && len(pl.bare) == 1 {
		pl.room = pl.bare[0]
	}
	if pl.room == "" && pl.number != "" && pl.building == "" {
		pl.room = pl.number
	}
	p.addMissing(pl)
}

// inherit fills what the row leaves blank from the row above: all of the place
// for a further member of the household, else what stands left of the first
// filled place column.
func (r *record) inherit(somebody bool) {
	p, q := &r.place, &r.s.prev
	if !q.named {
		return
	}
	if _, ok := r.s.cols.weak[phase]; ok && p.phase == "" && r.sameCompound() {
		p.phase = q.phase
	}
	if p.room == "" && p.building == "" && p.unit == "" {
		if somebody && (p.group == "" || p.group == q.group) && r.sameCompound() {
			r.take(Building, &p.building, q.building)
			r.take(Unit, &p.unit, q.unit)
			if r.sameDoorMeant() {
				r.take(Room, &p.room, q.room)
			}
			r.take(Group, &p.group, q.group)
			r.take(Compound, &p.compound, q.compound)
		}
		return
	}
	if r.s.cols.has(Compound) {
		r.take(Compound, &p.compound, q.compound)
	}
	if r.s.cols.has(Group) {
		r.take(Group, &p.group, q.group)
	}
	if p.building == "" && r.s.cols.has(Building) && r.sameCompound() {
		r.take(Building, &p.building, q.building)
	}
	same := p.building == q.building && r.sameCompound()
	if p.unit == "" && same && r.s.cols.has(Unit) {
		r.take(Unit, &p.unit, q.unit)
	}
	if p.room == "" && same && p.unit == q.unit && somebody && q.room != "" && r.sameDoorMeant() {
		r.take(Room, &p.room, q.room)
	}
}

// sameDoorMeant reports that a row without a room still means the room above:
// it belongs to a head already named, or writes no place of its own.
func (r *record) sameDoorMeant() bool {
	if _, t := r.text(Relation); t != "" && !r.s.v.headRel.has(t) {
		return true
	}
	if _, t := r.text(Name); t != "" && r.s.cols.has(Head) && r.s.cols.at[Name] == r.s.cols.at[Head] || !r.s.prev.lived {
		return false // one row a household, or nobody lives above
	}
	for _, key := range []string{Building, Unit} {
		if c, ok := r.s.cols.at[key]; ok && c < len(r.cells) && !r.cells[c].Blank() && !r.cells[c].Copied() && r.ditto(c, r.cells[c]) == r.cells[c] {
			return false
		}
	}
	return true
}

// sameCompound reports that the row names no other compound than the row above.
func (r *record) sameCompound() bool {
	return r.place.compound == "" || r.place.compound == r.s.prev.compound
}

// take inherits one value and remembers it for the workbook of refused rows.
func (r *record) take(key string, to *string, from string) {
	if *to != "" || from == "" {
		return
	}
	*to = from
	if c, ok := r.s.cols.at[key]; ok {
		if r.filled == nil {
			r.filled = map[int]string{}
		}
		r.filled[c] = from
	}
}

// carryPlace leaves the place and the cells for the rows below.
func (r *record) carryPlace() {
	q := &r.s.prev
	q.place, q.named, q.lived = r.place, true, r.row.Name != ""
	q.place.bare, q.place.rest = nil, ""
	if q.raw == nil {
		q.raw = map[int]sheet.Cell{}
	}
	for c := range r.cells {
		if x := r.ditto(c, r.cells[c]); !x.Blank() {
			q.raw[c] = x
		} else {
			delete(q.raw, c)
		}
	}
}

func (r *record) carry() {
	r.carryPlace()
	r.s.prev.head = r.row.Head
	if r.row.IsHead {
		r.s.prev.family = r.row.Name
	}
}
