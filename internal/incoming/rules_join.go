package incoming

import (
	"wangge/internal/platform/id"
	"wangge/internal/platform/seal"
)

// The kinds of keyed hashes by which a person of a lead is found again.
const (
	keyIDNo  = "idno"
	keyPhone = "phone"
	keyName  = "name"
)

// keys are the hashes of a person under one register.
type keys struct {
	idno, name string
	phones     []string
}

// keysOf hashes what is known of a person with h.
func keysOf(b *body, h func(kind, value string) []byte) keys {
	k := keys{idno: string(h(keyIDNo, seal.NormIDNo(b.IDNo))), name: string(h(keyName, seal.NormName(b.Name)))}
	for _, p := range b.Phones {
		if s := string(h(keyPhone, seal.NormPhone(p))); s != "" {
			k.phones = append(k.phones, s)
		}
	}
	return k
}

// known is a lead as the index of people knows it.
type known struct {
	id     id.ID
	keys   keys
	open   bool  // not settled: a new row joins it
	atMs   int64 // when it came
	fresh  bool  // made from this very list
	record int   // of a fresh one: index of its record
	lead   *lead // of one that was there: as read
}

// people finds the lead of the same person: with the same identity number, or
// with a phone in common where neither the numbers nor the names differ.
type people struct {
	byIDNo  map[string][]*known
	byPhone map[string][]*known
}

func newPeople() *people {
	return &people{byIDNo: map[string][]*known{}, byPhone: map[string][]*known{}}
}

func (p *people) add(k *known) {
	if k.keys.idno != "" {
		p.byIDNo[k.keys.idno] = append(p.byIDNo[k.keys.idno], k)
	}
	for _, ph := range k.keys.phones {
		p.byPhone[ph] = append(p.byPhone[ph], k)
	}
}

// learn keeps what another row adds to a lead that is known.
func (p *people) learn(k *known, more keys) {
	if k.keys.idno == "" && more.idno != "" {
		k.keys.idno = more.idno
		p.byIDNo[more.idno] = append(p.byIDNo[more.idno], k)
	}
	if k.keys.name == "" {
		k.keys.name = more.name
	}
	for _, ph := range more.phones {
		if !contains(k.keys.phones, ph) {
			k.keys.phones = append(k.keys.phones, ph)
			p.byPhone[ph] = append(p.byPhone[ph], k)
		}
	}
}

// find returns the lead that a row joins, and else the latest settled one of the
// same person; both nil for a person who is new.
func (p *people) find(k keys) (joins, earlier *known) {
	take := func(x *known) {
		switch {
		case x.open && joins == nil:
			joins = x
		case !x.open && (earlier == nil || x.atMs > earlier.atMs):
			earlier = x
		}
	}
	if k.idno != "" {
		for _, x := range p.byIDNo[k.idno] {
			take(x)
		}
	}
	for _, ph := range k.phones {
		for _, x := range p.byPhone[ph] {
			if same(k, x.keys) {
				take(x)
			}
		}
	}
	return joins, earlier
}

// same reports that nothing tells two with one phone apart: a family shares a
// number, so another name or another identity number is another person.
func same(a, b keys) bool {
	return (a.idno == "" || b.idno == "" || a.idno == b.idno) && (a.name == "" || b.name == "" || a.name == b.name)
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}
