package district

import (
	"bytes"
	"context"
	"strings"

	"wangge/internal/incoming"
	"wangge/internal/ledger"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
	"wangge/internal/platform/sheet"
)

// pushedRows is how many people the list has that an authority pushed.
const pushedRows = 290

// push brings in a list of people to be verified, as one is pushed: some in
// full, some with a phone alone, some damaged, some twice. Nobody sits at the
// desk yet.
func (l *loader) push(ctx context.Context, by cast) error {
	if l.Incoming == nil || l.story == nil {
		return nil
	}
	people := l.storyPeople()
	if len(people) == 0 {
		return nil
	}
	doors := make([]id.ID, len(people))
	for i := range people {
		doors[i] = people[i].DoorID
	}
	where, err := l.Ledger.DoorTexts(ctx, l.out.District, doors)
	if err != nil {
		return err
	}
	var buf bytes.Buffer
	columns := make([]sheet.Column, len(pushedColumns))
	for i, k := range pushedColumns {
		columns[i].Title = word("lead.col." + k)
	}
	w, err := sheet.NewXLSX(&buf, word("lead.list"), columns...)
	if err != nil {
		return err
	}
	for i := range pushedRows {
		p := &people[i*7%len(people)]
		if err := w.Row(pushedRow(i, p, where[p.DoorID])...); err != nil {
			return err
		}
	}
	if err := w.Close(); err != nil {
		return err
	}
	_, err = l.Incoming.Import(ctx, by.command, incoming.Input{Name: word("lead.list"), Area: l.root.ID,
		Files: []incoming.File{{Name: "leads.xlsx", R: bytes.NewReader(buf.Bytes()), Size: int64(buf.Len())}}})
	return errs.Wrap("district.push", err)
}

// storyPeople are those of the story's community who live there and can be called.
func (l *loader) storyPeople() []ledger.Person {
	var out []ledger.Person
	for _, h := range l.story.homes {
		for _, p := range h.persons {
			if p.LivesHere && len(p.Phones) > 0 {
				out = append(out, p)
			}
		}
	}
	return out
}

var pushedColumns = []string{"number", "title", "class", "urgency", "ask", "name", "idno", "phone", "address", "transport", "seat"}

// pushedRow writes the i-th row about a person, in one of the ways in which
// such lists are filled.
func pushedRow(i int, p *ledger.Person, where string) []any {
	class := []string{"transport", "venue", "arrival", "contact"}[i%4]
	urgency := "normal"
	if i%12 == 0 {
		urgency = "most_urgent"
	} else if i%5 == 0 {
		urgency = "urgent"
	}
	name, number, phone, address, train := p.Name, p.IDNo, p.Phones[0], where, ""
	if class == "transport" {
		train = "G8006"
	}
	switch i % 10 {
	case 5, 6:
		number, address = "", ""
	case 7:
		name, number, address = "", "", "" // a phone and nothing else
	case 8: // somebody the ledger does not know
		name, number, phone, address = p.Name[:min(3, len(p.Name))]+word("lead.unknown"), "", strings.TrimSuffix(phone, phone[len(phone)-2:])+"00", ""
	case 9:
		if i%50 == 9 {
			number, phone, address = "", "1.2E+10", "" // what a table program leaves
		}
	}
	return []any{"XS" + id.ID(20221122000+i).String(), word("lead.title." + class), word("lead.class." + class), word("lead.urgency." + urgency), word("lead.ask"), name, number, phone, address, train, ""}
}
