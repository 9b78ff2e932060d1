package district

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"wangge/internal/grid"
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
	people, where, err := l.callable(ctx, l.out, l.story.area, pushedRows)
	if err != nil || len(people) == 0 {
		return err
	}
	book, err := pushedBook(people, where, 0)
	if err != nil {
		return err
	}
	_, err = l.Incoming.Import(ctx, by.command, incoming.Input{Name: word("lead.list"), Area: l.root.ID,
		Files: []incoming.File{{Name: "leads.xlsx", R: bytes.NewReader(book), Size: int64(len(book))}}})
	return errs.Wrap("district.push", err)
}

// leadsName names the workbook in the folder of samples.
const leadsName = "leads-%d.xlsx"

// WriteLeads writes another list of people to be verified, of others than the
// one that came in already, into dir/samples and returns its path; "" where the
// district has too few people.
func WriteLeads(ctx context.Context, s Services, l *Loaded, dir string) (string, error) {
	const op = "district.WriteLeads"
	if s.Incoming == nil || l.Story.Community == id.Zero {
		return "", nil
	}
	at, err := s.Grid.Place(ctx, grid.System(l.District, op), l.Story.Community)
	if err != nil {
		return "", errs.Wrap(op, err)
	}
	people, where, err := s.callable(ctx, l, at, 2*pushedRows)
	if err != nil || len(people) < 2*pushedRows {
		return "", err
	}
	book, err := pushedBook(people[pushedRows:], where, pushedRows)
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "samples", fmt.Sprintf(leadsName, l.District))
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return "", errs.Wrap(op, err)
	}
	return path, errs.Wrap(op, os.WriteFile(path, book, 0o600))
}

// pushedBook writes a list as it is pushed; first numbers its first row.
func pushedBook(people []*ledger.Person, where map[id.ID]string, first int) ([]byte, error) {
	var buf bytes.Buffer
	columns := make([]sheet.Column, len(pushedColumns))
	for i, k := range pushedColumns {
		columns[i].Title = word("lead.col." + k)
	}
	w, err := sheet.NewXLSX(&buf, word("lead.list"), columns...)
	if err != nil {
		return nil, err
	}
	for i := range pushedRows {
		p := people[i%len(people)]
		if err := w.Row(pushedRow(first+i, p, where[p.DoorID])...); err != nil {
			return nil, err
		}
	}
	err = w.Close()
	return buf.Bytes(), err
}

// callable are n people or more who live where they are recorded and can be
// called, with their doors in words: of a community first, then, where it has
// too few, of its street and of the district.
func (s Services) callable(ctx context.Context, l *Loaded, community grid.Place, n int) (people []*ledger.Person, where map[id.ID]string, err error) {
	seen := map[id.ID]bool{}
	sys := grid.System(l.District, "invented lists of people")
	for _, under := range []string{community.Path, community.Path[:9], community.Path[:6]} {
		_, more, err := s.Ledger.Under(ctx, sys, under)
		if err != nil {
			return nil, nil, err
		}
		for _, p := range more {
			if p.LivesHere && len(p.Phones) > 0 && !seen[p.ID] {
				people, seen[p.ID] = append(people, p), true
			}
		}
		if len(people) >= n {
			break
		}
	}
	doors := make([]id.ID, len(people))
	for i, p := range people {
		doors[i] = p.DoorID
	}
	where, err = s.Ledger.DoorTexts(ctx, l.District, doors)
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
