// Package idno reads the numbers on people's identity papers: the 18-digit
// citizen identity number (GB 11643: region, birth date, sequence whose parity
// is the sex, check digit by ISO 7064 MOD 11-2), its 15-digit predecessor,
// residence permits of Hong Kong, Macao and Taiwan residents and of foreigners
// in the same form, passports and travel permits.
//
// It guarantees that a number it accepts as a citizen's number has a true check
// digit and a possible birth date, that what it repaired is listed, and that a
// number which lost digits in a table program is never completed by guess. It
// holds no state and keeps nothing.
package idno

import "strings"

// Kind names the paper a number belongs to.
type Kind string

// The kinds of papers.
const (
	Resident   Kind = "resident"    // citizen identity number, or residence permit 81/82/83
	Foreigner  Kind = "foreigner"   // foreign permanent resident card
	Passport   Kind = "passport"    // any country's passport
	HKMacao    Kind = "hk_macao"    // mainland travel permit for Hong Kong and Macao residents
	Taiwan     Kind = "taiwan"      // mainland travel permit for Taiwan residents
	OtherPaper Kind = "other_paper" // letters and digits of no known form
)

// Repair names something certain that was put right.
type Repair string

// The repairs.
const (
	RepairedWidth    Repair = "width"    // full-width characters
	RepairedSpaces   Repair = "spaces"   // spaces, dashes, apostrophes, invisible characters
	RepairedCase     Repair = "case"     // lower-case x, or a look-alike of X
	RepairedUpgrade  Repair = "upgrade"  // 15 digits lengthened to 18
	RepairedFraction Repair = "fraction" // a trailing .0
)

// Fault says why a number is refused. It is an error and a stable code.
type Fault string

// The faults.
const (
	Missing  Fault = "missing"  // nothing there
	Damaged  Fault = "damaged"  // the table program kept 15 digits only; the rest is lost for good
	Length   Fault = "length"   // a wrong number of digits
	Chars    Fault = "chars"    // characters that stand in no number
	Check    Fault = "check"    // the check digit does not fit: mistyped
	BadBirth Fault = "birth"    // the birth date inside is impossible
	Region   Fault = "region"   // the region inside never existed
	Masked   Fault = "masked"   // digits replaced by stars
	Exponent Fault = "exponent" // kept as 2.3E+17
)

// Error gives the fault's stable code.
func (f Fault) Error() string { return "idno: " + string(f) }

// Number is a number that was understood.
type Number struct {
	Kind    Kind     `json:"kind"`
	Value   string   `json:"value"`             // canonical: 18 digits, capital X; papers in capitals
	Birth   string   `json:"birth,omitempty"`   // 2006-01-02
	Sex     string   `json:"sex,omitempty"`     // "M" or "F"
	Region  string   `json:"region,omitempty"`  // first six digits
	Place   string   `json:"place,omitempty"`   // the region's name, as far as it is known
	Repairs []Repair `json:"repairs,omitempty"` // what was put right
}

// Options steer Parse.
type Options struct {
	Drill   bool // accept regions that are not assigned, as numbers made for drills have
	Numeric bool // the number was kept as a number: more than 15 digits are lost
}

// Parse reads a number. The error is a Fault.
func Parse(s string, o Options) (Number, error) {
	t, repairs := clean(s)
	n := Number{Repairs: repairs}
	switch {
	case t == "":
		return n, Missing
	case strings.ContainsAny(t, "*?"):
		return n, Masked
	case isExponent(t):
		return n, Exponent
	case !plain(t):
		return n, Chars
	}
	digits := leadingDigits(t)
	switch {
	case digits == len(t) && (o.Numeric || roundedOff(t)) && len(t) > 15:
		return n, Damaged
	case len(t) == 18 && digits >= 17:
		return n.resident(t, o)
	case len(t) == 15 && digits == 15:
		return n.old(t, o)
	case digits == len(t):
		return n.digitsOnly(t)
	}
	return n.paper(t)
}

// roundedOff reports an 18-digit number that ends in three zeros and has a
// wrong check digit: what table programs leave of a number beyond 15 digits.
func roundedOff(t string) bool {
	return len(t) == 18 && strings.HasSuffix(t, "000") && CheckDigit(t[:17]) != t[17]
}

var weights = [17]int{7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2}

// CheckDigit returns the 18th character for 17 digits, 0 if they are not 17 digits.
func CheckDigit(d17 string) byte {
	if len(d17) != 17 || leadingDigits(d17) != 17 {
		return 0
	}
	sum := 0
	for i, w := range weights {
		sum += int(d17[i]-'0') * w
	}
	return "10X98765432"[sum%11]
}

func (n Number) resident(t string, o Options) (Number, error) {
	n.Kind, n.Value = Resident, t
	if t[0] == '9' {
		n.Kind = Foreigner
	}
	if CheckDigit(t[:17]) != t[17] {
		return n, Check
	}
	birth, ok := birthOf(t[6:14])
	if !ok {
		return n, BadBirth
	}
	n.Birth, n.Region, n.Sex = birth, t[:6], sexOf(t[16])
	n.Place = PlaceOf(n.Region)
	if n.Kind == Resident && !o.Drill && !Plausible(n.Region) {
		return n, Region
	}
	return n, nil
}

// old reads a number of 15 digits and lengthens it. Sequences 996 to 999 were
// given to people who were past a hundred, born in the 1800s.
func (n Number) old(t string, o Options) (Number, error) {
	century := "19"
	if t[12:] >= "996" {
		century = "18"
	}
	d17 := t[:6] + century + t[6:]
	n, err := n.resident(d17+string(CheckDigit(d17)), o)
	n.Repairs = append(n.Repairs, RepairedUpgrade)
	return n, err
}

// digitsOnly reads papers without letters: travel permits of Taiwan residents
// have 8 digits, old passports of this country start with 14 or 15 and have 9.
func (n Number) digitsOnly(t string) (Number, error) {
	switch {
	case len(t) == 8:
		n.Kind = Taiwan
	case len(t) == 9 && (t[:2] == "14" || t[:2] == "15"):
		n.Kind = Passport
	default:
		return n, Length
	}
	n.Value = t
	return n, nil
}

// paper reads numbers with letters.
func (n Number) paper(t string) (Number, error) {
	letters := 0
	for letters < len(t) && t[letters] >= 'A' && t[letters] <= 'Z' {
		letters++
	}
	rest := len(t) - letters
	switch digits := leadingDigits(t[letters:]); {
	case letters == 1 && (t[0] == 'H' || t[0] == 'M') && digits == rest && (rest == 8 || rest == 10):
		n.Kind = HKMacao
	case letters == 3 && digits == 12 && rest == 12:
		n.Kind = Foreigner
	case letters == 1 && strings.IndexByte("EGDSPHMKC", t[0]) >= 0 && digits == rest && rest == 8,
		letters == 2 && t[0] == 'E' && digits == rest && rest == 7:
		n.Kind = Passport
	case letters > 0 && letters <= 3 && digits == rest && rest >= 5 && rest <= 9:
		n.Kind = Passport
	case len(t) >= 6 && len(t) <= 14 && letters > 0:
		n.Kind = OtherPaper
	case len(t) >= 15:
		return n, Length
	default:
		return n, Chars
	}
	n.Value = t
	return n, nil
}

// Age returns the full years of a person born on birth (2006-01-02) at day
// (2006-01-02); false if either is no date or birth lies after day.
func Age(birth, day string) (int, bool) {
	b, ok1 := parseDay(birth)
	d, ok2 := parseDay(day)
	if !ok1 || !ok2 || d.Before(b) {
		return 0, false
	}
	age := d.Year() - b.Year()
	if d.Month() < b.Month() || d.Month() == b.Month() && d.Day() < b.Day() {
		age--
	}
	return age, true
}

// MinorAge is the age below which a guardian answers: the law on personal
// information sets 14.
const MinorAge = 14

// Minor reports whether a person born on birth is under 14 on day. An unknown
// birth date is not a minor's.
func Minor(birth, day string) bool {
	age, ok := Age(birth, day)
	return ok && age < MinorAge
}
