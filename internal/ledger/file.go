package ledger

import (
	"context"

	"wangge/internal/grid"
	"wangge/internal/platform/audit"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
)

// File is everything recorded about one person.
type File struct {
	Person     PersonView
	Events     []Event // newest first; the oldest tells where the record came from
	More       bool    // older events than shown exist
	Residences []Residence
	Looks      []audit.Seen    // who looked at unmasked fields, also of a record that was merged into this one
	Care       []CareItem      // only where the caller may see the care list
	Risk       []RiskItem      // only where the caller may see the risk list
	Actions    []string        // what neighbours are asked to do; never why
	Elsewhere  []ElsewhereView // the items about living elsewhere than registered
	MergedInto id.ID           // the record this one was taken into, or Zero
	LivesSince int64

	records []id.ID // the person's: this one and those that were merged into it
}

// fileEvents bounds the events shown at once, fileLooks the looks.
const (
	fileEvents = 200
	fileLooks  = 50
)

// File returns a person's file. Values inside events are shown only where the
// caller sees the person unmasked; otherwise the names of the fields stand
// alone. Where somebody was registered or lived elsewhere is of the class of
// addresses and left out for posts that do not show it.
func (s *Service) File(ctx context.Context, c grid.Caller, person id.ID) (*File, error) {
	const op = "ledger.File"
	v, err := s.Person(ctx, c, person)
	if err != nil {
		return nil, err
	}
	f := &File{Person: v}
	for _, step := range []func(context.Context, grid.Caller, *File) error{s.fileHistory, s.fileAuthors, s.fileLists, s.fileElsewhere} {
		if err := step(ctx, c, f); err != nil {
			return nil, errs.Wrap(op, err)
		}
	}
	f.Looks, err = s.audit.LooksAt(ctx, s.db.Read(), fileLooks, f.records...)
	return f, errs.Wrap(op, err)
}

// fileAuthors names who recorded what.
func (s *Service) fileAuthors(ctx context.Context, _ grid.Caller, f *File) error {
	if s.names == nil {
		return nil
	}
	var accounts []id.ID
	for _, e := range f.Events {
		if e.AccountID != id.Zero {
			accounts = append(accounts, e.AccountID)
		}
	}
	names, err := s.names(ctx, accounts)
	for i, e := range f.Events {
		f.Events[i].Author = names[e.AccountID]
	}
	return err
}

func (s *Service) fileHistory(ctx context.Context, c grid.Caller, f *File) error {
	q := s.db.Read()
	records, err := s.mergedInto(ctx, q, c.District, f.Person.ID)
	if err != nil {
		return err
	}
	f.records = records
	if f.Events, err = s.events(ctx, q, c.District, records, fileEvents+1); err != nil {
		return err
	}
	if f.More = len(f.Events) > fileEvents; f.More {
		f.Events = f.Events[:fileEvents]
	}
	kept := f.Events[:0]
	for _, e := range f.Events {
		if e.Kind == EventMergedInto && e.PersonID == f.Person.ID && f.Person.UntilReason == reasonMerged && f.MergedInto == id.Zero {
			f.MergedInto = e.ObjectID
		}
		if hiddenEvent(e.Kind, f.Person) {
			continue
		}
		kept = append(kept, maskEvent(e, f.Person))
	}
	f.Events = kept
	if !f.More {
		f.Events = append(f.Events, created(f.Person))
	}
	if f.Residences, err = s.residences(ctx, q, c.District, records); err != nil {
		return err
	}
	f.LivesSince = f.Person.FromMs
	doors := make([]id.ID, len(f.Residences))
	for i, r := range f.Residences {
		doors[i] = r.DoorID
		if r.PersonID == f.Person.ID {
			f.LivesSince = max(f.LivesSince, r.UntilMs)
		}
	}
	if !f.Person.sight.has(seesAddress) { // where somebody lived before is an address
		f.Residences = nil
		return nil
	}
	texts, err := s.doorTexts(ctx, c.District, doors)
	for i := range f.Residences {
		f.Residences[i].DoorText = texts[f.Residences[i].DoorID].text
	}
	return err
}

// created is the first entry of a file: where the record came from. It is made
// of the record itself, so that a bulk load writes no event a person.
func created(v PersonView) Event {
	return Event{PersonID: v.ID, AtMs: v.FromMs, Kind: EventCreated, AccountID: v.Origin.AccountID, PostID: v.Origin.PostID,
		Source: v.Origin.Source, ObjectID: v.Origin.ImportID}
}

// hiddenEvent reports whether an event belongs to a list the caller may not see.
func hiddenEvent(kind string, v PersonView) bool {
	switch kind {
	case EventCareAdded, EventCareEnded:
		return !v.MayCare
	case EventRiskAdded, EventRiskEnded:
		return !v.MayRisk
	case EventElsewhereProposed, EventElsewhereAccepted, EventElsewhereClosed, EventElsewhereLeft, EventPaper:
		return !v.RegistrationShown
	}
	return false
}

// maskEvent hides values from those who see the person masked. Kinds of lists
// and reasons of leaving are no free text and stay.
func maskEvent(e Event, v PersonView) Event {
	if !v.RegistrationShown {
		delete(e.Changes, "registered")
		delete(e.Changes, "lives_here")
	}
	for k, ch := range e.Changes {
		if !v.shows(k) {
			e.Changes[k] = FieldChange{Old: maskText(ch.Old), New: maskText(ch.New)}
		}
	}
	if e.Kind == EventNote && !v.shows("note") {
		e.Text = maskText(e.Text)
	}
	return e
}

// fileElsewhere adds the items of the person; like registrations they are of
// the class of addresses.
func (s *Service) fileElsewhere(ctx context.Context, c grid.Caller, f *File) error {
	if !f.Person.RegistrationShown {
		return nil
	}
	rows, err := s.elsewheresOf(ctx, s.db.Read(), c.District, f.Person.ID)
	if err == nil {
		f.Elsewhere, err = s.elsewhereViews(ctx, c, rows)
	}
	return err
}

func (s *Service) fileLists(ctx context.Context, c grid.Caller, f *File) (err error) {
	care, err := s.careOf(ctx, c, []id.ID{f.Person.ID})
	if err != nil {
		return err
	}
	for _, it := range care {
		f.Actions = append(f.Actions, it.Action)
	}
	if f.Person.MayCare {
		f.Care = care
	}
	if f.Person.MayRisk {
		f.Risk, err = s.riskOf(ctx, c, []id.ID{f.Person.ID})
	}
	return err
}
