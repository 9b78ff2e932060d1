package roster

import (
	"slices"
	"strings"

	"wangge/internal/platform/sheet"
)

// member is a further person of each row, in columns beside the first person's.
type member struct {
	at       map[string]int // the person's own columns; Name always
	relation string         // what the header says the person is to the first; may be empty
}

// memberKeys are the columns that can repeat for each person of a row.
var memberKeys = map[string]bool{Relation: true, Sex: true, Birth: true, IDNo: true, Phone: true}

// memberLabel gives the relation a folded header names, and whether it is a
// header of a further person at all.
func (v *vocabulary) memberLabel(folded string) (string, bool) {
	if rel, ok := v.member[folded]; ok {
		return rel, true
	}
	rel, ok := v.member[baseOf(folded)]
	return rel, ok
}

// members finds the columns of further persons: repeated name columns and
// those named after a relative or a tenant, each with what stands right of it.
func (v *vocabulary) members(c *columns, labels []string, claims []claim, ps []profile) {
	folded := make([]string, len(ps))
	for i := range ps {
		folded[i] = v.foldHeader(labels[i])
	}
	first := c.firstPerson(v, folded, claims, ps)
	main, ok := c.at[Name]
	if !ok {
		return
	}
	var cur *member
	for i, cl := range claims {
		switch {
		case i == first:
			rel, _ := v.memberLabel(folded[i])
			c.members = append(c.members, &member{map[string]int{Name: i}, rel})
			cur = c.members[len(c.members)-1]
		case cl.key == Name && i != main && i != c.at[Head]:
			rel, is := v.memberLabel(folded[i])
			if (is || baseOf(folded[i]) == baseOf(folded[main])) && ps[i].n > 0 && ps[i].share(ps[i].name+ps[i].list) >= 0.4 {
				c.members = append(c.members, &member{map[string]int{Name: i}, rel})
				cur = c.members[len(c.members)-1]
			}
		case cur != nil && memberKeys[cl.key] && c.leaves(cl.key, i):
			if _, taken := cur.at[cl.key]; !taken {
				cur.at[cl.key] = i
				c.extra = slices.DeleteFunc(c.extra, func(x int) bool { return x == i })
			}
		}
	}
}

// firstPerson makes the head of household the row's first person where the
// name column holds the others of the household. It returns that column, or -1.
func (c *columns) firstPerson(v *vocabulary, folded []string, claims []claim, ps []profile) int {
	n, named := c.at[Name]
	h, headed := c.at[Head]
	if !named || !headed || n == h {
		return -1
	}
	apart := baseOf(folded[n]) != folded[n] || c.twoSets(h, n, claims)
	if apart {
		c.release(n, folded)
		c.at[Name] = h
		return n
	}
	if c.has(Relation) {
		return -1
	}
	rel, is := v.memberLabel(folded[n])
	if !is || ps[n].share(ps[n].name+ps[n].list) < 0.4 {
		return -1
	}
	if rel == "" && sharesNames(&ps[h], &ps[n]) {
		return -1
	}
	c.at[Name] = h
	return n
}

// twoSets reports that the head and the member each have columns of their own,
// such as an identity number between the two names and another behind.
func (c *columns) twoSets(head, name int, claims []claim) bool {
	for key := range memberKeys {
		if at, ok := c.at[key]; ok && head < at && at < name {
			for _, cl := range claims[name+1:] {
				if cl.key == key {
					return true
				}
			}
		}
	}
	return false
}

// leaves reports that column i of a repeated key is not the first person's.
func (c *columns) leaves(key string, i int) bool {
	at, ok := c.at[key]
	return !ok || at != i && at < c.members[0].at[Name]
}

// release takes columns right of the first numbered member from the head: they
// are the member's if the same label comes again.
func (c *columns) release(n int, folded []string) {
	for key := range memberKeys {
		at, ok := c.at[key]
		if !ok || at < n {
			continue
		}
		again := slices.ContainsFunc(folded[at+1:], func(l string) bool { return l != "" && baseOf(l) == baseOf(folded[at]) })
		if again || key == Relation {
			delete(c.at, key)
		}
	}
}

// sharesNames reports whether a name of a stands in a cell of b, or a repeats
// itself: then a table has one row a person and a names each one's head.
func sharesNames(a, b *profile) bool {
	if len(a.distinct)*5 < a.n*4 {
		return true
	}
	for x := range a.distinct {
		for y := range b.distinct {
			if strings.Contains(y, x) {
				return true
			}
		}
	}
	return false
}

// memberNamed reports whether a row names a further person.
func (c *columns) memberNamed(cells []sheet.Cell) bool {
	for _, m := range c.members {
		if at := m.at[Name]; at < len(cells) && !cells[at].Blank() && !cells[at].Copied() {
			return true
		}
	}
	return false
}

// addMembers reads the further persons of the row.
func (r *record) addMembers() {
	first := r.row.Name
	if first == "" {
		first = r.row.Head
	}
	if q := &r.s.prev; first == "" && q.named && q.room == r.place.room && q.unit == r.place.unit && q.building == r.place.building {
		first = q.head
		r.row.Head = first
	}
	for _, m := range r.s.cols.members {
		c, t := r.textAt(m.at[Name])
		if t == "" || r.s.v.none.has(t) || r.vacantText(t) || r.s.v.unnamed.has(t) {
			continue
		}
		sub := record{s: r.s, n: r.n, cells: r.cells, place: r.place, at: m.at}
		sub.row = Row{File: r.row.File, Sheet: r.row.Sheet, N: r.n, Compound: r.row.Compound, Building: r.row.Building, Unit: r.row.Unit,
			Floor: r.row.Floor, Room: r.row.Room, Group: r.row.Group, Head: first, Relation: m.relation, Address: r.row.Address}
		names := slices.DeleteFunc(sub.checkNames(c, t), func(n string) bool { return n == first })
		sub.readMember(names)
		if len(sub.people) > 0 && sub.row.Head != first && len(r.people) > 0 && r.people[0].Head == "" {
			r.people[0].Head = first // two households behind the door
		}
		r.found = append(r.found, sub.found...)
		r.failed = r.failed || sub.failed
		r.people = append(r.people, sub.people...)
	}
	if r.row.Name == "" && len(r.people) > 1 && !r.row.Vacant {
		r.people = r.people[1:]
	}
}

// readMember reads what the columns of a further person say.
func (r *record) readMember(names []string) {
	if len(names) == 0 {
		return
	}
	if _, t := r.text(Relation); t != "" && !r.s.v.none.has(t) {
		r.row.Relation = strings.ReplaceAll(t, " ", "")
	}
	r.row.Name = names[0]
	if r.s.v.tag[r.row.Relation] == "tenant" { // a household of its own
		r.row.Head, r.row.Tags = r.row.Name, r.addTag(r.row.Tags, r.row.Relation)
	}
	r.readSexAndBirth()
	ids := r.readIDs(len(names))
	mobiles := append(r.numbersOf(Phone, len(names)), r.row.MorePhones...)
	r.row.MorePhones = nil
	r.spread(names, ids, mobiles)
}
