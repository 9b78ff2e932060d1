package importer

import (
	"slices"
	"strings"

	"wangge/internal/ledger"
	"wangge/internal/ledger/roster"
	"wangge/internal/platform/id"
	"wangge/internal/platform/seal"
)

// update takes a row's fields into a person that is there. What the row leaves
// out stays; somebody found behind another door has moved.
func (m *matcher) update(q *personState, p *ledger.Person, row *roster.Row, home *homeState) {
	before, fresh := *q.Person, *q.Person
	fresh.Phones = slices.Clone(q.Phones)
	for _, f := range [][2]*string{{&fresh.Name, &p.Name}, {&fresh.Birth, &p.Birth}, {&fresh.IDNo, &p.IDNo}, {&fresh.Passport, &p.Passport},
		{&fresh.Landline, &p.Landline}, {&fresh.Relation, &p.Relation}, {&fresh.RegAddress, &p.RegAddress}, {&fresh.LiveAddress, &p.LiveAddress}, {&fresh.Note, &p.Note}} {
		if *f[1] != "" {
			*f[0] = *f[1]
		}
	}
	if p.Sex != "" {
		fresh.Sex = p.Sex
	}
	if len(p.Phones) > 0 && !slices.Equal(p.Phones, fresh.Phones) {
		fresh.Phones = p.Phones
	}
	if row.Registered != nil {
		fresh.Registered = p.Registered
	}
	if row.LivesHere != nil {
		fresh.LivesHere = p.LivesHere
	}
	if q.sheet && m.judge != nil { // somebody twice in a file is judged once
		m.counts.Unchanged++
		return
	}
	moved := home.DoorID != q.DoorID && !q.sheet
	if q.sheet && home.DoorID != q.DoorID { // twice in one file: the first door stays
		home = q.home
	}
	if m.judge != nil {
		m.judge.weigh(q, &before, &fresh, row, moved)
	}
	if moved {
		m.touch(q.home)
		q.home.count(&before, -1)
		q.home.Living = max(0, q.home.Living-bit(before.LivesHere))
		q.home.Registered = max(0, q.home.Registered-bit(before.Registered))
		home.count(&fresh, 1)
		fresh.HouseholdID, fresh.DoorID = home.ID, home.DoorID
		q.home = home
		m.counts.Moved++
	} else if before.LivesHere != fresh.LivesHere || before.Registered != fresh.Registered {
		m.touch(q.home)
		q.home.count(&before, -1)
		q.home.count(&fresh, 1)
		q.home.Living = max(0, q.home.Living+bit(fresh.LivesHere)-bit(before.LivesHere))
		q.home.Registered = max(0, q.home.Registered+bit(fresh.Registered)-bit(before.Registered))
	}
	if !moved && ledger.SameFields(&before, &fresh) {
		m.counts.Unchanged++
		if len(q.outvoted) > 0 {
			m.list(q)
		}
		return
	}
	*q.Person = fresh
	m.counts.Updated++
	if !q.touched && !q.isNew {
		was := before
		q.was, q.touched = &was, true
	}
	m.list(q)
}

// list takes a person up among those to be written.
func (m *matcher) list(q *personState) {
	if !q.listed {
		q.listed = true
		q.home.waiting++
		if q.isNew {
			m.persons = append(m.persons, q)
		} else {
			m.changed = append(m.changed, q)
		}
	}
}

// personOf makes a person of a row. Without a word on it, somebody in a roster
// lives behind the door and is registered there unless a tenant.
func personOf(row *roster.Row, door id.ID) ledger.Person {
	p := ledger.Person{DoorID: door, Name: row.Name, Birth: row.Birth, Landline: row.Landline, Relation: row.Relation,
		RegAddress: row.HomeAddress, Note: row.Note, LivesHere: true}
	p.Registered = !slices.Contains(row.Tags, "tenant")
	if p.Relation == "" && row.IsHead {
		p.Relation = ledger.HeadWord()
	}
	switch strings.ToUpper(row.Sex) {
	case "M":
		p.Sex = ledger.Male
	case "F":
		p.Sex = ledger.Female
	}
	if ledger.CitizenNumber(row.IDNo) {
		p.IDNo = row.IDNo
	} else {
		p.Passport = row.IDNo
	}
	if row.Phone != "" {
		p.Phones = append(p.Phones, seal.NormPhone(row.Phone))
	}
	for _, ph := range row.MorePhones {
		if ph = seal.NormPhone(ph); ph != "" && !slices.Contains(p.Phones, ph) {
			p.Phones = append(p.Phones, ph)
		}
	}
	if row.Registered != nil {
		p.Registered = *row.Registered
	}
	if row.LivesHere != nil {
		p.LivesHere = *row.LivesHere
	}
	if !p.LivesHere {
		p.LiveAddress = row.Address
	}
	return p
}
