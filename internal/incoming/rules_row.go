package incoming

import (
	"slices"
	"strings"
	"unicode/utf8"

	"wangge/internal/ledger/idno"
	"wangge/internal/ledger/roster"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/relist"
	"wangge/internal/platform/sheet"
)

// longest is the most characters of one value of a row. Addresses that people
// write have fewer than a hundred.
const longest = 500

// Why a row is refused, and what is doubtful about one that goes in: keys of the
// catalogue.
const (
	whyNobody    = "incoming.row.nobody"     // neither number nor name with address
	whyNoWay     = "incoming.row.no_way"     // the numbers are damaged and nothing else leads to the person
	whyLong      = "incoming.row.long"       // a value far too long
	doubtIDNo    = "incoming.doubt.idno"     // the identity number is wrong
	doubtPhone   = "incoming.doubt.phone"    // the phone is damaged
	doubtUrgency = "incoming.doubt.urgency"  // an unknown degree of urgency
	fixedPhone   = "incoming.repaired.phone" // the phone was put right
	fixedIDNo    = "incoming.repaired.idno"  // the identity number was put right
)

// record is a row that was understood.
type record struct {
	row     int // index of the row
	body    body
	class   string
	urgency int
	refused string // a reason, where the row cannot go in
	faults  []badCell
}

// badCell is a cell that is wrong, doubtful or was put right.
type badCell struct {
	why    string // a reason
	column int    // from 0
	value  string
}

// readRow understands a row. drill accepts numbers that are not assigned.
func readRow(h *sheetHead, r rawRow, drill bool) record {
	for i, c := range r.cells {
		if utf8.RuneCountInString(c.Raw) > longest {
			return record{refused: whyLong, faults: []badCell{{whyLong, i, short(c.Raw, 20) + "…"}}}
		}
	}
	b := body{
		Name: r.text(h, roster.Name), Title: r.text(h, "title"), Class: r.text(h, "class"), Ask: r.text(h, "ask"),
		Transport: r.text(h, "transport"), Seat: r.text(h, "seat"), Origin: r.text(h, "origin"), Note: joinWords(r.text(h, roster.Note), r.text(h, "reason")),
		Arrival: relist.AsDay(r.text(h, "arrival")), Address: addressOf(h, r),
	}
	out := record{}
	var known bool
	if out.urgency, known = urgencyOf(r.text(h, "urgency")); !known {
		if b.Class == "" {
			b.Class = r.text(h, "urgency") // some authorities keep the class there
		} else {
			b.Doubts = append(b.Doubts, doubtUrgency)
			out.faults = append(out.faults, badCell{doubtUrgency, h.columns["urgency"], r.text(h, "urgency")})
		}
	}
	take := func(key string, from func(c sheet.Cell)) {
		before := len(b.Doubts)
		from(r.cell(h, key))
		for _, why := range b.Doubts[before:] {
			out.faults = append(out.faults, badCell{why, h.columns[key], r.text(h, key)})
		}
	}
	take(roster.IDNo, func(c sheet.Cell) { b.takeIDNo(c, drill) })
	take(roster.Phone, b.takePhones)
	take(roster.Landline, b.takePhones)
	out.class = classOf(b.Class, b.Title, b.Ask, b.Transport)
	if out.class == "other" && b.Transport != "" {
		out.class = "transport"
	}
	out.body, out.refused = b, refusal(&b)
	return out
}

// addressOf is where a row says the person lives: its address, with the columns
// of building and room behind it, else the registered address.
func addressOf(h *sheetHead, r rawRow) string {
	parts := []string{r.text(h, roster.Address), r.text(h, roster.Compound)}
	var door []string
	for _, key := range []string{roster.Building, roster.Unit, roster.Room} {
		if t := r.text(h, key); t != "" {
			door = append(door, t)
		}
	}
	parts = append(parts, strings.Join(door, "-"))
	if t := strings.Join(strings.Fields(strings.Join(parts, " ")), " "); t != "" {
		return t
	}
	return r.text(h, roster.Registered)
}

func (b *body) takeIDNo(c sheet.Cell, drill bool) {
	t := sheet.Tidy(c.String())
	if t == "" {
		return
	}
	n, err := idno.Parse(t, idno.Options{Drill: drill, Numeric: c.Kind == sheet.Number})
	if err != nil {
		b.Doubts = append(b.Doubts, doubtIDNo)
		return
	}
	if len(n.Repairs) > 0 {
		b.Doubts = append(b.Doubts, fixedIDNo)
	}
	b.IDNo = n.Value
}

func (b *body) takePhones(c sheet.Cell) {
	p := roster.Phones(c)
	b.Phones = append(append(b.Phones, p.Mobile...), p.Landline...)
	switch {
	case p.Lost || p.Bad:
		b.Doubts = append(b.Doubts, doubtPhone)
	case p.Repaired:
		b.Doubts = append(b.Doubts, fixedPhone)
	}
}

// refusal is why nobody could be found with what a row says; "" where somebody can.
func refusal(b *body) string {
	switch {
	case len(b.Phones) > 0 || b.IDNo != "" || b.Name != "" && b.Address != "":
		return ""
	case len(b.Doubts) > 0:
		return whyNoWay
	}
	return whyNobody
}

// dialled takes a phone as somebody says it. Invalid for what is none.
func (b *body) dialled(text string) error {
	if text = sheet.Tidy(text); text == "" {
		return nil
	}
	p := roster.Phones(sheet.Cell{Raw: text, Kind: sheet.Text})
	whole := slices.DeleteFunc(p.Landline, func(n string) bool { return len(n) < 7 }) // a list may hold house numbers; nobody outside can dial them
	if b.Phones = append(p.Mobile, whole...); len(b.Phones) == 0 {
		return errs.Field(errs.E("incoming.phone", errs.Invalid, "incoming.bad_phone"), "phone")
	}
	return nil
}
