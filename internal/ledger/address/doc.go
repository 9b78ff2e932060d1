// Package address reads Chinese free-text addresses: from the province down to
// the room, with a name, a phone and an identity number where they stand in the
// same line.
//
// What it guarantees:
//   - What the text does not say stays absent: nothing is filled in from the
//     national list, which only says where a name of an area ends.
//   - Numbers come in Arabic digits without the word that follows them (三单元
//     is unit 3), names as they are written.
//   - Any text is read: time grows with its length, of which 10,000 characters
//     are looked at, and nothing panics.
//
// It is rules over word lists (vocab/words.json), not a trained model
// (decision 40). Parse reads one text; Spans tells which part of the text was
// taken for what.
package address

// Address is what a text says of where somebody lives. A field the text does
// not speak of is empty.
type Address struct {
	Province  string `json:"province,omitempty"`
	City      string `json:"city,omitempty"`
	County    string `json:"county,omitempty"`
	Street    string `json:"street,omitempty"`    // street, town or township (街道、镇、乡)
	Community string `json:"community,omitempty"` // community or village
	Group     string `json:"group,omitempty"`     // villagers' group, number or name
	Road      string `json:"road,omitempty"`
	RoadNo    string `json:"roadno,omitempty"`
	Lane      string `json:"lane,omitempty"` // 弄
	Compound  string `json:"compound,omitempty"`
	Phase     string `json:"phase,omitempty"` // 期 by its number, otherwise the part's name (东区)
	Building  string `json:"building,omitempty"`
	Unit      string `json:"unit,omitempty"`
	Floor     string `json:"floor,omitempty"`
	Room      string `json:"room,omitempty"` // of a village house without groups or rows: its number
	Name      string `json:"name,omitempty"`
	Phone     string `json:"phone,omitempty"` // mobile number; landline with its area code where there is none
	IDNo      string `json:"idno,omitempty"`  // identity number as written, its check digit not verified
	Rest      string `json:"rest,omitempty"`  // what was understood as no part of it, separated by blanks
}

// Kind says what a part of a text was taken for.
type Kind uint8

// The kinds of parts, first those that are fields of an Address.
const (
	None Kind = iota
	Province
	City
	County
	Street
	Community
	Group
	Road
	RoadNo
	Lane
	Compound
	Phase
	Building
	Unit
	Floor
	Room
	Name
	Phone
	IDNo
	Rest

	SubRoad   // another road than Road
	SubRoadNo // a number on it
	Zone      // development or industrial zone
	Near      // opposite, beside, at the crossing
	Inside    // a shop or office within a building
	Repeated  // said before, or means nothing
	kindCount
)

var kindNames = [kindCount]string{"", "province", "city", "county", "street", "community", "group", "road", "roadno", "lane", "compound", "phase", "building", "unit",
	"floor", "room", "name", "phone", "idno", "rest", "subroad", "subroadno", "zone", "near", "inside", "repeated"}

// String gives the kind's name, which for fields of an Address is that in JSON.
func (k Kind) String() string { return kindNames[k] }

// Span is a part of the text.
type Span struct {
	Kind  Kind
	Start int    // in characters of the text
	End   int    // behind the last
	Value string // as it stands in Address
}

// maxRunes of a text are read; what follows is left out.
const maxRunes = 10_000

// Parse reads one address.
func Parse(text string) Address {
	p := read(text)
	return p.address()
}

// Spans tells the parts of the text in its order.
func Spans(text string) []Span {
	p := read(text)
	return p.inRunes()
}
