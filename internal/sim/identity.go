package sim

import "time"

// The drill's numbers. None can reach or name anybody, see the package doc.
const (
	PhonePrefix    = "128"    // residents and local posts; eight digits follow
	UpperPrefix    = "129"    // posts of the district and its streets
	RegionPrefix   = "99"     // the first two of six region digits
	PassportPrefix = "ZZ"     // seven digits follow
	topRegion      = 999999   // regions count down when a birthday is full
	phoneSpan      = 1e8      // eight digits
	phoneStep      = 61803399 // coprime to phoneSpan, so the walk meets each number once
	passportSpan   = 1e7
	passportStep   = 6180341 // coprime to passportSpan
	oldest         = 110     // years; nobody is born earlier
	perBirthday    = 500     // sequence numbers of one sex on one day
)

// registry hands out phones and numbers, each once in a district.
type registry struct {
	today     int // days since 1970
	at        Date
	phone     uint64
	passport  uint64
	birthdays [2][]uint16 // by sex and day: how many were born
}

func newRegistry(seed uint64, at time.Time) *registry {
	y, m, d := at.Date()
	g := &registry{
		today: int(time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Unix() / 86400),
		at:    Date{int16(y), uint8(m), uint8(d)},
	}
	r := newRNG(seed, textSeed("registry"))
	g.phone, g.passport = uint64(r.n(phoneSpan)), uint64(r.n(passportSpan))
	for sex := range g.birthdays {
		g.birthdays[sex] = make([]uint16, oldest*366+1)
	}
	return g
}

// birth gives a day on which somebody now of the age was born, and how many
// days ago that was.
func (g *registry) birth(r *rng, age int) (Date, int) {
	ago := age*1461/4 + 1 + r.n(363)
	if age == 0 {
		ago = r.n(364)
	}
	return civil(g.today - ago), ago
}

// civil turns days since 1970-01-01 into a date (Hinnant's algorithm).
func civil(days int) Date {
	z := days + 719468
	era := z / 146097
	doe := z - era*146097
	yoe := (doe - doe/1460 + doe/36524 - doe/146096) / 365
	doy := doe - (365*yoe + yoe/4 - yoe/100)
	mp := (5*doy + 2) / 153
	day := doy - (153*mp+2)/5 + 1
	month, year := mp+3, yoe+era*400
	if month > 12 {
		month -= 12
		year++
	}
	return Date{int16(year), uint8(month), uint8(day)}
}

func (g *registry) newPhone() string {
	g.phone = (g.phone + phoneStep) % phoneSpan
	var b [11]byte
	copy(b[:], PhonePrefix)
	put(b[3:], int(g.phone))
	return string(b[:])
}

func (g *registry) newPassport() string {
	g.passport = (g.passport + passportStep) % passportSpan
	var b [9]byte
	copy(b[:], PassportPrefix)
	put(b[2:], int(g.passport))
	return string(b[:])
}

// sequence gives a region and a three-digit sequence number that nobody else
// of that sex and birthday has: odd for men, even for women.
func (g *registry) sequence(sex Sex, ago int) (region, seq int) {
	list := g.birthdays[sex-1]
	ago = min(ago, len(list)-1)
	k := int(list[ago])
	list[ago]++
	return topRegion - k/perBirthday, (k+ago*37)%perBirthday*2 + int(sex)%2
}

// newID18 gives an 18-digit number with its check digit.
func (g *registry) newID18(sex Sex, birth Date, ago int) string {
	region, seq := g.sequence(sex, ago)
	var b [18]byte
	put(b[:6], region)
	put(b[6:10], int(birth.Year))
	put(b[10:12], int(birth.Month))
	put(b[12:14], int(birth.Day))
	put(b[14:17], seq)
	b[17] = checkDigit(b[:17])
	return string(b[:])
}

// newID15 gives an old number, for people born before 2000.
func (g *registry) newID15(sex Sex, birth Date, ago int) string {
	region, seq := g.sequence(sex, ago)
	var b [15]byte
	put(b[:6], region)
	put(b[6:8], int(birth.Year)%100)
	put(b[8:10], int(birth.Month))
	put(b[10:12], int(birth.Day))
	put(b[12:15], seq)
	return string(b[:])
}

// DrillPhone says whether a phone is one of the drill's.
func DrillPhone(s string) bool {
	return len(s) == 11 && (s[:3] == PhonePrefix || s[:3] == UpperPrefix)
}

// DrillID says whether an identity or passport number is one of the drill's.
func DrillID(s string) bool {
	return len(s) >= 9 && (s[:2] == RegionPrefix || s[:2] == PassportPrefix)
}

var idWeights = [17]int{7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2}

// checkDigit is ISO 7064 MOD 11-2 over 17 digits, as GB 11643 has it.
func checkDigit(b []byte) byte {
	sum := 0
	for i, w := range idWeights {
		sum += int(b[i]-'0') * w
	}
	return "10X98765432"[sum%11]
}

// put writes n right-aligned with leading zeros.
func put(b []byte, n int) {
	for i := len(b) - 1; i >= 0; i-- {
		b[i] = byte('0' + n%10)
		n /= 10
	}
}
