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
	people, where, err := l.callable(ctx)
	if err != nil || len(people) == 0 {
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
		p := people[i%len(people)]
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

// callable are people who live where they are recorded and can be called, with
// their doors in words: of the story's community first, then, where it has too
// few, of its street and of the district.
func (l *loader) callable(ctx context.Context) (people []*ledger.Person, where map[id.ID]string, err error) {
	seen := map[id.ID]bool{}
	for _, under := range []string{l.story.area.Path, l.story.area.Path[:9], l.root.Path} {
		_, more, err := l.Ledger.Under(ctx, l.sys, under)
		if err != nil {
			return nil, nil, err
		}
		for _, p := range more {
			if p.LivesHere && len(p.Phones) > 0 && !seen[p.ID] {
				people, seen[p.ID] = append(people, p), true
			}
		}
		if len(people) >= pushedRows {
			break
		}
	}
	doors := make([]id.ID, len(people))
	for i, p := range people {
		doors[i] = p.DoorID
	}
	where, err = l.Ledger.DoorTexts(ctx, l.out.District, doors)
	return people, where, err
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
