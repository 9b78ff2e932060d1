package roster

import (
	"errors"
	"strings"
	"unicode/utf8"

	"wangge/internal/ledger/idno"
	"wangge/internal/platform/sheet"
)

// readFlags reads what the row says about the flat: lived in, let, empty.
func (r *record) readFlags() {
	v := r.s.v
	if c, t := r.text(Note); t != "" && !v.none.has(t) {
		r.addNote(t)
		r.flatWords(t)
		if v.deceased.has(t) {
			r.deceased(c)
		}
	}
	if c, t := r.text(Tags); t != "" && !v.none.has(t) {
		for _, part := range v.cutAny(t) {
			r.readTag(c, part)
		}
	}
	if c, t := r.text(LivesHere); t != "" {
		r.readLivesHere(c, t)
	}
	if _, t := r.text(Registered); t != "" {
		if r.s.cols.hukou == r.s.cols.at[Registered] {
			r.row.HomeAddress = t
		} else if r.row.Registered = truth(t, v.yes, v.no); r.row.Registered == nil {
			no := false
			if v.regNo.has(t) {
				r.row.Registered = &no
			} else {
				r.addNote(t)
			}
		} else if v.regNo.has(t) {
			*r.row.Registered = false
		}
	}
	if c := r.s.cols.hukou; c >= 0 && r.row.HomeAddress == "" && c < len(r.cells) && !r.cells[c].Copied() {
		if t := tidy(r.ditto(c, r.cells[c]).String()); !v.none.has(t) {
			r.row.HomeAddress = t
		}
	}
}

// flatWords finds "empty", "tenant" and "let" in a remark.
func (r *record) flatWords(t string) {
	v := r.s.v
	for _, part := range v.cutAny(t) {
		part = strings.ReplaceAll(part, " ", "")
		if v.vacant.has(part) || r.vacantText(part) {
			r.row.Vacant = true
		}
		if k := v.tag[part]; k == "tenant" || k == "let" {
			r.row.Tags = r.addTag(r.row.Tags, part)
		}
	}
}

func (r *record) readLivesHere(c int, t string) {
	v := r.s.v
	headed := ""
	if c < len(r.s.labels) {
		headed = v.foldHeader(r.s.labels[c])
	}
	y := truth(t, v.yes, v.no)
	if here := v.livesHere.has(t); here || v.livesAway.has(t) {
		y = &here
	}
	if hasAny(headed, v.words.VacantPart) && y != nil { // "is it empty?" asks the other way round
		r.row.Vacant = *y
		if !*y || v.vacant.has(t) {
			lives := v.occupied.has(t) || !v.vacant.has(t)
			r.row.Vacant, r.row.LivesHere = !lives, &lives
		}
		return
	}
	if r.vacantText(t) {
		no := false
		r.row.Vacant, r.row.LivesHere = true, &no
		return
	}
	r.row.LivesHere = y
	if k := v.tag[t]; k != "" {
		r.row.Tags = r.addTag(r.row.Tags, t)
	} else if y == nil && !v.tagSilent.has(t) && !v.occupied.has(t) {
		r.note(c, SevDoubt, "roster.not_understood")
	}
}

// readTag takes words of the closed list only; forbidden kinds are dropped,
// others go to the note.
func (r *record) readTag(c int, t string) {
	v := r.s.v
	switch {
	case hasAny(t, v.words.Forbidden):
		r.note(c, SevDoubt, "roster.tag_forbidden")
	case v.tag[t] != "":
		r.row.Tags = r.addTag(r.row.Tags, t)
		r.flatWords(t)
	case v.tagSilent.has(t) || v.none.has(t):
	default:
		r.addNote(t)
	}
}

func (r *record) addTag(tags []string, word string) []string {
	k := r.s.v.tag[word]
	if k == "" || k == "vacant" {
		return tags
	}
	for _, t := range tags {
		if t == k {
			return tags
		}
	}
	return append(tags, k)
}

// readRelation reads the relation to the head and the head's name.
func (r *record) readRelation() {
	v := r.s.v
	if c, t := r.text(Relation); t != "" && !v.none.has(t) {
		r.row.Relation = strings.ReplaceAll(t, " ", "")
		if utf8.RuneCountInString(t) > 12 || digitsOnly(t) { // a code nobody explains
			r.row.Relation = ""
			r.note(c, SevDoubt, "roster.not_understood")
		}
	}
	r.row.IsHead = v.headRel.has(r.row.Relation)
	hc, headed := r.s.cols.at[Head]
	if headed && hc == r.s.cols.at[Name] {
		r.row.IsHead = r.row.Relation == "" || r.row.IsHead
		return
	}
	if _, t := r.text(Head); t != "" && !v.none.has(t) {
		if names, _ := v.names(t); len(names) > 0 {
			r.row.Head = names[0]
		}
	}
}

// readPerson builds the people of the row.
func (r *record) readPerson(names []string) {
	if r.row.Name = ""; len(names) > 0 {
		r.row.Name = names[0]
	}
	r.findHead()
	r.readSexAndBirth()
	ids := r.readIDs(len(names))
	mobiles := r.readPhones(len(names))
	if c, t := r.text(Persons); t != "" && !r.s.v.none.has(t) {
		n, ok := r.s.v.parsePersons(t)
		if !ok {
			r.note(c, SevDoubt, "roster.not_understood")
		}
		r.row.Persons = n
	}
	r.checkDoor(len(names) > 0)
	p := r.place
	r.row.Compound, r.row.Building, r.row.Unit, r.row.Floor, r.row.Room, r.row.Group = p.compound+p.phase, p.building, p.unit, p.floor, p.room, p.group
	if len(names) > 0 && r.row.Vacant {
		no := false
		r.row.LivesHere = &no
	}
	r.spread(names, ids, mobiles)
	r.addMembers()
}

// findHead names the head of the household where the table tells.
func (r *record) findHead() {
	q := &r.s.prev
	sameDoor := q.named && q.building == r.place.building && q.unit == r.place.unit && q.room == r.place.room && q.group == r.place.group
	switch {
	case r.row.Head != "":
	case r.row.IsHead:
		r.row.Head = r.row.Name
	case r.row.Name == "" || !sameDoor:
	case r.s.cols.has(Relation) || r.s.cols.at[Head] == r.s.cols.at[Name]:
		if r.s.cols.has(Relation) {
			r.row.Head = q.family
		}
	case r.s.cols.has(Head):
		r.row.Head = q.head
	}
	if !sameDoor {
		q.family = ""
	}
}

// checkDoor refuses a row whose door nobody can tell.
func (r *record) checkDoor(named bool) {
	p := &r.place
	if r.s.collects || p.room != "" || r.houseAsDoor() {
		return
	}
	village := p.group != "" || !r.s.cols.has(Room) && (p.building != "" || r.row.Address != "" || p.compound != "")
	if village && r.row.Head == "" && named && !r.s.cols.has(Relation) {
		r.row.Head = r.row.Name
	}
	switch {
	case village && r.row.Head != "":
	case village && named && r.row.Address != "":
		r.row.Head = r.row.Name
	default:
		at := -1
		for _, key := range []string{Room, Address, Building, Group} {
			if c, ok := r.s.cols.at[key]; ok {
				at = c
				break
			}
		}
		r.note(at, SevError, "roster.no_door")
	}
}

// houseAsDoor makes a house without rooms the door: a villa says so, or the
// whole table numbers houses only.
func (r *record) houseAsDoor() bool {
	p := &r.place
	if p.building == "" || p.unit != "" || p.room != "" || !r.s.cols.villas && !hasAny(p.building, r.s.v.words.Villa) {
		return false
	}
	p.room, p.building = p.building, ""
	return true
}

func (r *record) readSexAndBirth() {
	v := r.s.v
	if c, t := r.text(Sex); t != "" && !v.none.has(strings.ToUpper(t)+" ") {
		s, ok := v.parseSex(t)
		if !ok && (!v.none.has(t) || digitsOnly(t)) {
			r.note(c, SevDoubt, "roster.not_understood")
		}
		r.row.Sex = s
	}
	c, x := r.cell(Birth)
	if c < 0 || x.Blank() || x.Kind == sheet.Error || v.none.has(tidy(x.String())) {
		return
	}
	d, ok := v.parseBirth(x, r.s.epoch04, r.s.p.o.Today)
	if !ok || r.s.p.o.Today != "" && d > r.s.p.o.Today {
		r.note(c, SevDoubt, "roster.birth_bad")
		return
	}
	r.row.Birth = d
}

// readIDs reads the identity cell for the number of people in the row.
func (r *record) readIDs(people int) []idno.Number {
	v := r.s.v
	c, x := r.cell(IDNo)
	if c < 0 || x.Blank() || x.Kind == sheet.Error {
		return nil
	}
	raw := x.Raw
	if x.Kind == sheet.Number {
		raw = x.String()
	}
	t := tidy(raw)
	if v.none.has(t) {
		return nil
	}
	parts := []string{raw}
	if people > 1 || strings.ContainsAny(t, "/;,\u3001") {
		parts = v.cutAny(t)
	}
	var out []idno.Number
	for _, part := range parts {
		if rest := trimPrefixAny(tidy(part), v.words.PaperPrefix); rest != tidy(part) {
			part = strings.TrimPrefix(rest, ":")
			r.note(c, SevRepaired, "roster.idno_fixed_spaces")
		}
		n, err := idno.Parse(part, idno.Options{Drill: r.s.p.o.Drill, Numeric: x.Kind == sheet.Number})
		if err != nil {
			if !errors.Is(err, idno.Missing) {
				r.note(c, SevError, idFault(err))
			}
			continue
		}
		for _, fix := range n.Repairs {
			r.note(c, SevRepaired, "roster.idno_fixed_"+string(fix))
		}
		if n.Kind == idno.OtherPaper {
			r.note(c, SevDoubt, "roster.idno_other_paper")
		}
		out = append(out, n)
	}
	return out
}

// readPhones reads the number cells. Several people get one number each if
// there are as many numbers.
func (r *record) readPhones(people int) []string {
	mobiles := r.numbersOf(Phone, people)
	mobiles = append(mobiles, r.row.MorePhones...)
	r.row.MorePhones = nil
	if more := r.numbersOf(Landline, 1); len(more) > 0 {
		mobiles = append(mobiles, more...)
	}
	for _, c := range r.s.cols.extra {
		if c < len(r.cells) && !r.cells[c].Copied() {
			mobiles = append(mobiles, r.phoneCell(c, r.cells[c], 1)...)
		}
	}
	return mobiles
}

func (r *record) numbersOf(key string, people int) []string {
	c, x := r.cell(key)
	if c < 0 {
		return nil
	}
	return r.phoneCell(c, x, people)
}

func (r *record) phoneCell(c int, x sheet.Cell, people int) []string {
	if x.Blank() || x.Kind == sheet.Error {
		return nil
	}
	raw := x.Raw
	t := tidy(raw)
	if r.s.v.none.has(t) {
		return nil
	}
	if r.vacantText(t) && r.row.Name == "" {
		r.row.Vacant = true
		return nil
	}
	p := r.s.v.parsePhones(raw, x.Kind == sheet.Number)
	switch {
	case p.lost:
		r.note(c, SevError, "roster.phone_lost")
	case p.bad:
		r.note(c, SevDoubt, "roster.phone_bad")
	case p.short:
		r.note(c, SevDoubt, "roster.phone_short")
	case p.repaired:
		r.note(c, SevRepaired, "roster.phone_fixed")
	}
	if len(p.landline) > 0 && r.row.Landline == "" {
		r.row.Landline = p.landline[0]
	}
	if people > 1 && len(p.mobile) > 1 && len(p.mobile) != people {
		r.note(c, SevDoubt, "roster.phones_unassigned")
	}
	return p.mobile
}

// spread makes one Row a person.
func (r *record) spread(names []string, ids []idno.Number, mobiles []string) {
	if r.failed {
		return
	}
	for i := range max(len(names), 1) {
		row := r.row
		if i > 0 {
			row = Row{File: row.File, Sheet: row.Sheet, N: row.N, Compound: row.Compound, Building: row.Building, Unit: row.Unit,
				Floor: row.Floor, Room: row.Room, Group: row.Group, Head: row.Head, Address: row.Address, LivesHere: row.LivesHere, Name: names[i]}
		}
		r.givePhones(&row, i, len(names), mobiles)
		if i < len(ids) && (len(ids) == len(names) || i == 0) {
			r.giveID(&row, ids[i])
		}
		r.people = append(r.people, row)
	}
}

func (r *record) givePhones(row *Row, i, people int, mobiles []string) {
	switch {
	case people > 1 && len(mobiles) == people:
		row.Phone = mobiles[i]
	case i == 0 && len(mobiles) > 0:
		row.Phone, row.MorePhones = mobiles[0], mobiles[1:]
	}
}

// giveID sets the number and what it says; it wins over contradicting cells.
func (r *record) giveID(row *Row, n idno.Number) {
	row.IDNo, row.IDKind = n.Value, string(n.Kind)
	if n.Birth == "" {
		return
	}
	if row.Birth != "" && !strings.HasPrefix(n.Birth, row.Birth) {
		c, _ := r.cell(Birth)
		r.note(c, SevDoubt, "roster.birth_contradicts")
	}
	if row.Sex != "" && row.Sex != n.Sex {
		c, _ := r.cell(Sex)
		r.note(c, SevDoubt, "roster.sex_contradicts")
	}
	row.Birth, row.Sex = n.Birth, n.Sex
}
