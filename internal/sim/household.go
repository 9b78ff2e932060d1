package sim

// kinship says how a household of kin is put together.
type kinship struct {
	weight  [2]int // per thousand: in towns, in villages
	elder   bool   // more of these where many old people live
	members func(f *familyMaker)
}

var kinships = []kinship{
	{[2]int{75, 40}, false, func(f *familyMaker) { f.head(22, 39) }},
	{[2]int{60, 60}, false, func(f *familyMaker) { f.head(40, 61) }},
	{[2]int{80, 100}, true, func(f *familyMaker) { f.head(62, 91) }},
	{[2]int{95, 155}, true, func(f *familyMaker) { f.couple(61, 84) }},
	{[2]int{75, 40}, false, func(f *familyMaker) { f.couple(24, 38) }},
	{[2]int{70, 90}, false, func(f *familyMaker) { f.couple(48, 60) }},
	{[2]int{40, 20}, false, func(f *familyMaker) { f.head(30, 48); f.child(f.first-24, 0) }},
	{[2]int{25, 15}, true, func(f *familyMaker) { f.head(40, 58); f.parents(1) }},
	{[2]int{185, 110}, false, func(f *familyMaker) { f.couple(27, 46); f.child(f.first-25, 0) }},
	{[2]int{75, 60}, false, func(f *familyMaker) { f.couple(46, 58); f.child(f.first-24, 0) }},
	{[2]int{20, 20}, true, func(f *familyMaker) { f.couple(42, 58); f.parents(1) }},
	{[2]int{75, 90}, false, func(f *familyMaker) { f.couple(30, 46); f.child(f.first-24, 0); f.child(f.first-28, 0) }},
	{[2]int{45, 60}, false, func(f *familyMaker) { f.couple(30, 46); f.child(f.first-25, 0); f.parents(1) }},
	{[2]int{40, 70}, false, func(f *familyMaker) { f.couple(29, 44); f.child(f.first-25, 0); f.parents(2) }},
	{[2]int{20, 35}, true, func(f *familyMaker) {
		f.couple(58, 70)
		f.childCouple()
		f.grandchildren(1)
	}},
	{[2]int{10, 15}, false, func(f *familyMaker) { f.couple(30, 44); f.child(f.first-24, 0); f.child(f.first-27, 0); f.parents(1) }},
	{[2]int{10, 30}, false, func(f *familyMaker) { f.couple(30, 44); f.child(f.first-24, 0); f.child(f.first-27, 0); f.parents(2) }},
	{[2]int{0, 20}, true, func(f *familyMaker) { f.head(60, 74); f.grandchildren(f.r.between(1, 2)) }},
}

// familyMaker builds one household of kin.
type familyMaker struct {
	*people
	out     []Person
	first   int // age of the first couple's younger parent
	surname string
}

func (f *familyMaker) add(surname string, sex Sex, age int, rel Relation) {
	age = max(0, min(age, 99))
	f.out = append(f.out, f.person(surname, sex, age, rel))
}

func (f *familyMaker) head(lo, hi int) {
	f.first, f.surname = f.r.between(lo, hi), f.surnameDraw()
	f.add(f.surname, f.sex(), f.first, Head)
}

func (f *familyMaker) surnameDraw() string { return f.people.surname() }

// couple makes head and spouse; three in four heads are men.
func (f *familyMaker) couple(lo, hi int) {
	f.first, f.surname = f.r.between(lo, hi), f.surnameDraw()
	man, woman := f.first+f.r.n(4), f.first
	other := f.surnameDraw()
	if f.r.p(740) {
		f.add(f.surname, Male, man, Head)
		f.add(other, Female, woman, Spouse)
		return
	}
	f.add(other, Female, woman, Head)
	f.add(f.surname, Male, man, Spouse)
}

// child adds a child at most so old, and at least so many years.
func (f *familyMaker) child(oldest, youngest int) {
	oldest = max(oldest, youngest)
	f.add(f.surname, f.sex(), f.r.between(max(youngest, oldest-10), oldest), Child)
}

// parents adds one or both parents of the head.
func (f *familyMaker) parents(n int) {
	age := f.first + f.r.between(22, 29)
	if n == 2 {
		f.add(f.surname, Male, age+f.r.n(4), Parent)
	}
	f.add(f.surnameDraw(), Female, age, Parent)
}

// childCouple adds a grown child with its spouse.
func (f *familyMaker) childCouple() {
	age := max(24, f.first-f.r.between(24, 28))
	f.add(f.surname, Male, age+f.r.n(3), Child)
	f.add(f.surnameDraw(), Female, age, ChildInLaw)
}

func (f *familyMaker) grandchildren(n int) {
	for range n {
		f.add(f.surname, f.sex(), f.r.between(1, max(2, f.first-52)), Grandchild)
	}
}

// household makes one household. elderly is the compound's inclination to old
// people, per thousand on top of the usual.
func (p *people) household(kind CompoundKind, elderly int) Household {
	if kind == Dormitory {
		return p.dormitory()
	}
	switch k := p.r.n(1000); {
	case k < 15:
		return p.away(kind)
	case k < 40 && kind != Group:
		return p.shared()
	}
	h := Household{Kind: Family, Persons: p.family(kind, elderly)}
	h.Tenant = p.r.p(tenantShare(kind))
	p.registration(&h)
	p.care(&h)
	h.count()
	return h
}

func tenantShare(kind CompoundKind) int {
	if kind == Group {
		return 25
	}
	return 170
}

func (p *people) family(kind CompoundKind, elderly int) []Person {
	column := 0
	if kind == Group {
		column = 1
	}
	sum := 0
	for i := range kinships {
		sum += kinships[i].at(column, elderly)
	}
	k := p.r.n(sum)
	for i := range kinships {
		if k -= kinships[i].at(column, elderly); k < 0 {
			f := familyMaker{people: p, out: make([]Person, 0, 6)}
			kinships[i].members(&f)
			return f.out
		}
	}
	return nil
}

func (k *kinship) at(column, elderly int) int {
	w := k.weight[column]
	if k.elder {
		w += w * elderly / 320
	}
	return w
}

// registration separates living here from being registered here: tenants and
// a tenth of the owners are registered elsewhere, and in some households a
// member is registered here and lives away.
func (p *people) registration(h *Household) {
	elsewhere := h.Tenant && p.r.p(930) || p.r.p(100)
	for i := range h.Persons {
		h.Persons[i].Registered = !elsewhere
	}
	if elsewhere || len(h.Persons) > 5 || !p.r.p(55) {
		return
	}
	sex := p.sex()
	gone := p.person(p.surname(), sex, p.r.between(19, 35), Child)
	gone.LivesHere = false
	h.Persons = append(h.Persons, gone)
}

func (p *people) away(kind CompoundKind) Household {
	h := Household{Kind: Away, Persons: p.family(kind, 0)}
	for i := range h.Persons {
		h.Persons[i].LivesHere = false
	}
	return h
}

// shared makes a flat of two to five people who are not kin.
func (p *people) shared() Household {
	h := Household{Kind: Shared, Tenant: true}
	p.strangers(&h, p.r.between(2, 5), Roommate, 20, 38)
	if p.r.p(120) {
		h.Living += p.r.between(1, 2) // seen at the door, not known by name
	}
	return h
}

func (p *people) dormitory() Household {
	h := Household{Kind: Room, Tenant: true}
	p.strangers(&h, p.r.between(1, 6), Colleague, 18, 52)
	if p.r.p(80) {
		h.Living += p.r.between(1, 2)
	}
	return h
}

func (p *people) strangers(h *Household, n int, rel Relation, lo, hi int) {
	h.Persons = make([]Person, 0, n)
	sex := p.sex()
	for i := range n {
		if rel == Roommate {
			sex = p.sex()
		}
		m := p.person(p.surname(), sex, p.r.between(lo, hi), rel)
		m.Registered = false
		if i == 0 {
			m.Relation = Head
			m.Registered = p.r.p(40)
		}
		h.Persons = append(h.Persons, m)
	}
	h.count()
}

// count sets how many live here from the persons.
func (h *Household) count() {
	h.Living = 0
	for i := range h.Persons {
		if h.Persons[i].LivesHere {
			h.Living++
		}
	}
}

// care puts people on the care list as often as a community's list has them.
func (p *people) care(h *Household) {
	adults, children, elders, living := 0, 0, 0, 0
	for i := range h.Persons {
		m := &h.Persons[i]
		if !m.LivesHere {
			continue
		}
		living++
		switch age := m.Birth.Age(p.at); {
		case age >= 65:
			elders++
		case age >= 18:
			adults++
		default:
			children++
		}
	}
	hardship := p.r.p(9)
	for i := range h.Persons {
		m := &h.Persons[i]
		if !m.LivesHere {
			continue
		}
		age := m.Birth.Age(p.at)
		p.carePerson(m, age)
		switch {
		case elders > 0 && living == 1:
			m.Care = append(m.Care, ElderlyAlone)
		case elders > 0 && adults+children == 0:
			m.Care = append(m.Care, ElderlyOnly)
		case age < 16 && adults == 0:
			m.Care = append(m.Care, ChildInDifficulty)
		}
		if hardship && i == 0 {
			m.Care = append(m.Care, Hardship)
		}
	}
}

// carePerson draws what depends on the person alone.
func (p *people) carePerson(m *Person, age int) {
	switch {
	case age >= 80 && p.r.p(180), age >= 65 && p.r.p(45), p.r.p(3):
		m.Care = append(m.Care, LimitedMobility)
	}
	if m.Sex == Female && age >= 21 && age <= 41 && p.r.p(24) {
		m.Care = append(m.Care, Pregnant)
	}
	switch {
	case age >= 65 && p.r.p(210), age >= 45 && age < 65 && p.r.p(50), p.r.p(4):
		m.Care = append(m.Care, ChronicMedication)
	}
	if age >= 30 && p.r.n(10_000) < 9 {
		m.Care = append(m.Care, Dialysis)
	}
}
