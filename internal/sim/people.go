package sim

// people invents persons; one serves a whole pass over a district.
type people struct {
	*registry
	r *rng
}

// surname draws a surname by its frequency.
func (p *people) surname() string { return names.surnames[names.table[p.r.n(len(names.table))]] }

// given draws a given name of one or two characters in the fashion of the age.
func (p *people) given(sex Sex, age int) string {
	old, young := names.maleOld, names.maleNew
	if sex == Female {
		old, young = names.femaleOld, names.femaleNew
	}
	list := young
	if age >= 60 || age >= 45 && p.r.p(600) {
		list = old
	}
	one := 150
	if age >= 25 && age < 55 {
		one = 380
	}
	a := pick(p.r, list)
	if p.r.p(one) {
		return a
	}
	return a + pick(p.r, list)
}

// person makes somebody of an age with name and numbers.
func (p *people) person(surname string, sex Sex, age int, rel Relation) Person {
	birth, ago := p.birth(p.r, age)
	m := Person{
		Name: surname + p.given(sex, age), Sex: sex, Birth: birth, Relation: rel,
		Registered: true, LivesHere: true,
	}
	p.document(&m, age, ago)
	if p.r.p(phoneShare(age)) {
		m.Phone = p.newPhone()
	}
	return m
}

// document gives a number to nearly everybody.
func (p *people) document(m *Person, age, ago int) {
	switch k := p.r.n(1000); {
	case age < 1 && k < 600, k < 8:
		m.IDKind = IDNone
	case age >= 70 && k < 20 && m.Birth.Year < 2000:
		m.IDKind, m.IDNo = ID15, p.newID15(m.Sex, m.Birth, ago)
	case k < 11 && age >= 18:
		m.IDKind, m.IDNo = IDPassport, p.newPassport()
		m.Name = pick(p.r, names.latinGiven) + " " + pick(p.r, names.latinFamily)
	default:
		m.IDKind, m.IDNo = ID18, p.newID18(m.Sex, m.Birth, ago)
	}
}

// phoneShare is how many per thousand of an age have a phone of their own.
func phoneShare(age int) int {
	switch {
	case age < 8:
		return 0
	case age < 14:
		return 150
	case age < 18:
		return 620
	case age < 75:
		return 965
	}
	return 680
}

func (p *people) sex() Sex {
	if p.r.p(490) {
		return Female
	}
	return Male
}

// holder invents a post's holder.
func (p *people) holder(minAge, maxAge int) Holder {
	sex, age := p.sex(), p.r.between(minAge, maxAge)
	birth, _ := p.birth(p.r, age)
	return Holder{Name: p.surname() + p.given(sex, age), Sex: sex, Birth: birth, Phone: p.newPhone()}
}
