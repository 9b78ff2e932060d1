package address

import (
	"strconv"
	"strings"
)

// numbers reads the number n, and with it all that hang on it by dashes.
func (r *reader) numbers(n num) int {
	chain := []num{n}
	for len(chain) < 5 {
		last := chain[len(chain)-1]
		at := last.hi
		for at < len(r.text) && (r.text[at] == '-' || r.text[at] == '/') {
			at++
		}
		if at == last.hi {
			break
		}
		next, ok := r.numberAt(at)
		if !ok || next.lo != at {
			break
		}
		chain = append(chain, next)
	}
	if len(chain) > 1 {
		return r.chained(chain)
	}
	kind := r.meaning(n)
	return r.addNum(kind, n)
}

func (r *reader) addNum(kind Kind, n num) int {
	value := n.value
	if kind == Phase && n.role != phase || kind == Road || kind == SubRoad || n.role == aisle {
		value = r.text[n.lo:n.hi]
	}
	return r.add(kind, n.lo, n.hi, value)
}

// chained reads numbers joined by dashes: 3-2-501, 9-502, 7-9号.
func (r *reader) chained(c []num) int {
	last := c[len(c)-1]
	if kind := r.joined(c); kind != None {
		values := make([]string, len(c))
		for i, n := range c {
			values[i] = n.value
		}
		return r.add(kind, c[0].lo, last.hi, strings.Join(values, "-"))
	}
	kinds := r.slots(c)
	for i, n := range c {
		kind := kinds[i]
		if n.role != bare && n.role != number {
			kind = r.meaning(n)
		}
		r.addNum(kind, n)
	}
	return last.hi
}

// joined tells what a chain is that is one number: a range of houses (36-38号),
// a building of a numbered part (3-11号楼), a room within a room (502-2). None:
// its numbers are different things.
func (r *reader) joined(c []num) Kind {
	first, last := c[0], c[len(c)-1]
	for _, n := range c[:len(c)-1] {
		if n.role != bare {
			return None
		}
	}
	switch {
	case last.role == building && r.last != Building && r.last != Road:
		return Building
	case len(c) > 2:
		return None
	case r.last == Road || r.last == SubRoad:
		if !ascends(first.value, last.value) || last.role != bare && last.role != number {
			return None
		}
		if r.last == SubRoad {
			return SubRoadNo
		}
		return RoadNo
	case span(first.value, last.value):
		return r.meaning(last)
	case r.last == Floor, r.last == Building && digitsOf(first.value) >= 3, digitsOf(first.value) >= 4 && sizeOf(last.value) < 3 && r.trade:
		if last.role == bare || last.role == number || last.role == room {
			return Room
		}
	}
	return None
}

// ascends reports whether two numbers can be the ends of a range of houses.
func ascends(a, b string) bool {
	x, y := digitsOf(a), digitsOf(b)
	if x != len(a) || y != len(b) || x > 6 || y > 6 || x != y && y > 2 {
		return false
	}
	m, _ := strconv.Atoi(a)
	n, _ := strconv.Atoi(b)
	return n > m
}

// span reports whether two numbers, which may begin with the same letters, are
// the ends of a range (244-246, A1009-1015) and not two numbers.
func span(a, b string) bool {
	letters := len(a) - len(strings.TrimLeft(a, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
	b = strings.TrimPrefix(b, a[:letters])
	a = a[letters:]
	x, y := digitsOf(a), digitsOf(b)
	if x != len(a) || y != len(b) || x != y || x > 6 {
		return false
	}
	m, _ := strconv.Atoi(a)
	n, _ := strconv.Atoi(b)
	return n > m && n-m < 40 && x >= 3
}

// slots tells what the numbers of a chain are, by how many they are and what
// was said before them.
func (r *reader) slots(c []num) []Kind {
	switch {
	case r.has[Unit]:
		return []Kind{Floor, Room, Rest, Rest, Rest}[2-min(2, len(c)):]
	case r.has[Building]:
		return [][]Kind{{Unit, Room}, {Unit, Floor, Room}, {Unit, Floor, Room, Rest}, {Unit, Floor, Room, Rest, Rest}}[len(c)-2]
	case (r.last == Road || r.last == SubRoad) && len(c) == 2:
		if sizeOf(c[1].value) < 4 {
			return []Kind{RoadNo, Building}
		}
		return []Kind{RoadNo, Room}
	case r.last == Road && len(c) == 3 && digitsOf(c[0].value) >= 3:
		return []Kind{RoadNo, Building, Room}
	case r.last == Road && len(c) == 4:
		return []Kind{RoadNo, Building, Unit, Room}
	case (r.last == Community || r.last == Group) && len(c) == 2:
		return []Kind{RoadNo, Building}
	case r.last == RoadNo && len(c) == 2 && digitsOf(c[0].value) >= 3 || r.last == Floor && len(c) == 2:
		return []Kind{Room, Rest}
	case len(c) == 2:
		if digitsOf(c[1].value) < 3 && c[1].role == bare && !r.trade {
			return []Kind{Building, Unit}
		}
		return []Kind{Building, Room}
	case len(c) == 3:
		return []Kind{Building, Unit, Room}
	case len(c) == 4:
		return []Kind{Building, Unit, Floor, Room}
	}
	return []Kind{RoadNo, Building, Unit, Floor, Room}
}

// meaning tells what a single number is: by the word behind it, and where that
// says little by what stands before and behind.
func (r *reader) meaning(n num) Kind {
	if r.shop(n) {
		return Room
	}
	next, more := r.numberAt(r.skip(n.hi))
	switch n.role {
	case building:
		return Building
	case aisle:
		return Unit
	case unit:
		if n.word == vocab.Gate && !r.has[Building] {
			if r.last == Lane {
				return Building
			}
			return Phase // a gate of the compound
		}
		return Unit
	case floor:
		return Floor
	case storey:
		return r.storey(n, next, more)
	case room:
		return Room
	case group:
		return Group
	case lane:
		return r.laneOr(n)
	case alley:
		if !r.has[Road] {
			return Road
		}
		return SubRoad
	case phase, zone:
		return Phase
	case row:
		r.row = true
		return Building
	case number:
		return r.numbered(n, next, more)
	}
	return r.bare(n, next, more)
}

// shop reports whether a number within a compound or a building is that of a shop
// by the word behind it (122号商铺).
func (r *reader) shop(n num) bool {
	w := vocab.Shops.at(r.text[n.hi:])
	if w == "" || n.role != number && n.role != bare || !r.has[Compound] && !r.within() {
		return false
	}
	return len(w) > 3 || sizeOf(n.value) > 1 && n.hi+len(w) == r.chunkEnd(n.hi)
}

func (r *reader) laneOr(num) Kind {
	if r.has[Lane] || r.last == RoadNo {
		return Building // 688号12弄: the words were exchanged
	}
	return Lane
}

// storey: 1楼 is a building where a unit or a room of another floor follows.
func (r *reader) storey(n, next num, more bool) Kind {
	if r.has[Building] {
		return Floor
	}
	if more && next.role == unit && next.word != vocab.Gate || digitsOf(n.value) == 0 {
		return Building // 1楼3单元, B楼
	}
	if more && (next.role == room || next.role == bare) && r.dwelt() {
		if f := floorOf(next.value); f > 0 && f <= 35 && strconv.Itoa(f) != n.value {
			return Building
		}
	}
	return Floor
}

// dwelt reports whether what was read last is where people live rather than
// where they work: there 3楼502 is a building with a room, here a floor.
func (r *reader) dwelt() bool {
	return r.last == Lane || (r.last == Compound || r.last == Phase) && !r.trade
}

// floorOf gives the floor that a room's number begins with; 0 where it says none.
func floorOf(value string) int {
	if d := digitsOf(value); d != len(value) || d < 3 || d > 4 {
		return 0
	}
	n, _ := strconv.Atoi(value[:len(value)-2])
	return n
}

// numbered: what a number before 号 is.
func (r *reader) numbered(n, next num, more bool) Kind {
	switch r.last {
	case Compound, Phase:
		switch {
		case more:
			return Building
		case r.vague && r.last == Compound && !r.has[RoadNo], r.last == Phase && r.has[Community] && !r.has[Compound]:
			return RoadNo // 西黄村一区141号
		case r.last == Compound && r.hall && sizeOf(n.value) == 3:
			return Room
		case sizeOf(n.value) > 3 || sizeOf(n.value) == 3 && r.trade && r.last == Phase:
			return Room
		}
		return Building
	case Lane:
		return Building
	case RoadNo:
		return Building
	case SubRoad:
		return SubRoadNo
	case Building:
		if digitsOf(n.value) < 3 && !r.row || more && (next.role == room || next.role == bare || next.role == floor || next.role == storey) {
			return Unit
		}
		return Room
	case Unit, Floor:
		return Room
	case Inside:
		if r.has[Building] || r.has[Floor] || r.has[Unit] {
			return Room
		}
	}
	if r.has[RoadNo] {
		return Building
	}
	return RoadNo
}

// bare: what a number without a word is.
func (r *reader) bare(n, next num, more bool) Kind {
	switch r.last {
	case Road:
		return RoadNo
	case SubRoad:
		return SubRoadNo
	case Building:
		if sizeOf(n.value) < 3 && !r.row && !lettered(n.value) || more && next.role != number {
			return Unit
		}
		return Room
	case Unit, Floor:
		return Room
	case Compound, Phase, Lane, RoadNo:
		switch {
		case more || sizeOf(n.value) < 3:
			return Building
		case sizeOf(n.value) == 6 && len(n.value) == 6 && n.hi == len(r.text):
			return Rest // a postal code
		}
		return Room
	case Community, Group:
		return RoadNo
	case Province, City, County:
		return Rest
	}
	if sizeOf(n.value) >= 3 {
		return Room
	}
	return Building
}

// lettered reports a room that a floor and a letter number: 62C.
func lettered(value string) bool {
	return len(value) == 3 && digitsOf(value) == 2
}

// skip gives where the next part begins behind blanks and commas.
func (r *reader) skip(i int) int {
	for i < len(r.text) && strings.IndexByte(" ,-", r.text[i]) >= 0 {
		i++
	}
	return min(i, len(r.text))
}
