package incoming

import (
	"context"
	"slices"
	"strings"

	"wangge/internal/grid"
	"wangge/internal/platform/id"
	"wangge/internal/platform/seal"
)

// Lead is a person to be verified as the caller may see it: in full on
// its own page for who calls there, masked in lists and for others, without any
// field for who sees none.
type Lead struct {
	ID          id.ID    `json:"id"`
	State       State    `json:"state" enum:"unclear,open,sent,done"`
	Source      Source   `json:"source" enum:"list,self,companion,district"`
	Class       string   `json:"class"`
	Urgency     string   `json:"urgency" enum:"normal,urgent,most_urgent"`
	Area        string   `json:"area" doc:"The community it belongs to, or the area that decides"`
	DoorID      id.ID    `json:"door_id,omitempty"`
	Door        string   `json:"door,omitempty"`
	PersonID    id.ID    `json:"person_id,omitempty" doc:"Whom the ledger knows it to be"`
	AccountID   id.ID    `json:"account_id,omitempty" doc:"The caller who has it; missing: it waits"`
	Tries       int      `json:"tries"`
	RetryMs     int64    `json:"retry_ms,omitempty" doc:"Not before"`
	DueMs       int64    `json:"due_ms"`
	Overdue     bool     `json:"overdue,omitempty"`
	CreatedMs   int64    `json:"created_ms"`
	DoneMs      int64    `json:"done_ms,omitempty"`
	Code        string   `json:"code,omitempty" doc:"The check code, for who has the lead"`
	Result      string   `json:"result,omitempty"`
	Version     int      `json:"version" doc:"Give it back with a change"`
	Full        bool     `json:"full,omitempty" doc:"Name and phone are shown in full"`
	Away        bool     `json:"away,omitempty" doc:"Of another area: only the result and the area are told"`
	Name        string   `json:"name,omitempty"`
	IDNo        string   `json:"idno,omitempty" doc:"Masked, always"`
	Phones      []string `json:"phones,omitempty"`
	Address     string   `json:"address,omitempty"`
	Title       string   `json:"title,omitempty"`
	ClassText   string   `json:"class_text,omitempty" doc:"The class as the list words it"`
	Ask         string   `json:"ask,omitempty"`
	Transport   string   `json:"transport,omitempty"`
	Seat        string   `json:"seat,omitempty"`
	Origin      string   `json:"origin,omitempty"`
	OriginPlace string   `json:"origin_place,omitempty" doc:"Where that is by the national list, from the province down, where it is beyond doubt"`
	OriginCode  string   `json:"origin_code,omitempty" doc:"The division code of origin_place"`
	Arrival     string   `json:"arrival,omitempty"`
	Note        string   `json:"note,omitempty"`
	Doubts      []string `json:"doubts,omitempty" doc:"What was wrong or put right in the row"`
	Doors       []Choice `json:"doors,omitempty" doc:"Doors the address may mean"`
	Answer      *Answer  `json:"answer,omitempty"`
	Measure     *Measure `json:"measure,omitempty"`
	MeasureIs   string   `json:"measure_state,omitempty" enum:"proposed,confirmed,declined,lapsed"`
	MeasureBy   id.ID    `json:"-"`
	Mine        bool     `json:"-"`
	MayConfirm  bool     `json:"-"` // the caller may decide the proposed measure
	path        string
	urgency     int
	emergencyID id.ID
}

// UrgencyText is the degree of urgency in words.
func (l Lead) UrgencyText(lang string) string { return urgent[l.urgency].In(lang) }

// ResultText is the result in words.
func (l Lead) ResultText(lang string) string { return resultText(lang, l.Result) }

// ClassLabel is the class in words.
func (l Lead) ClassLabel(lang string) string { return classNamed(l.Class).In(lang) }

// MeasureText is the proposed measure in words, each of its parts with its days.
func (l Lead) MeasureText(lang string) string {
	if l.Measure == nil {
		return ""
	}
	return l.Measure.text(lang)
}

// ExposureText is the exposure that the measure goes by.
func (l Lead) ExposureText(lang string) string {
	if l.Measure == nil {
		return ""
	}
	return labelOf(measures.Exposures, lang, l.Measure.Exposure)
}

// RuleText is the document of the rule that gave the measure.
func (l Lead) RuleText(lang string) string {
	if l.Measure == nil {
		return ""
	}
	return measures.source(lang, l.Measure.RuleFrom)
}

// Dial are the phones that can be dialled: shown in full.
func (l Lead) Dial() []string {
	var out []string
	for _, p := range l.Phones {
		if !strings.Contains(p, "*") {
			out = append(out, p)
		}
	}
	return out
}

// seesFull reports whether the caller calls where the lead is: it lies in the
// area of a post that calls and sees phones, or the caller has it.
func seesFull(c grid.Caller, l *lead) bool {
	if c.IsSystem() {
		return true
	}
	return slices.ContainsFunc(c.Grants, func(g grid.Grant) bool {
		return g.Role.May(grid.LeadCall) && g.Role.Sees(grid.FieldPhone) && (l.AccountID == c.AccountID && l.AccountID != id.Zero || g.ObjectKind == grid.ObjectPlace && grid.Under(l.Path, g.Path))
	})
}

// view shows an opened lead as the caller may see it.
func (s *Service) view(c grid.Caller, l *lead, areas map[string]string) Lead {
	now := s.nowMs()
	v := Lead{ID: l.ID, State: l.State, Source: l.Source, Class: l.Class, Urgency: urgent[l.Urgency].Code, Area: areas[l.Path], DoorID: l.DoorID, PersonID: l.PersonID,
		AccountID: l.AccountID, Tries: l.Tries, RetryMs: l.RetryMs, DueMs: l.DueMs, Overdue: l.State != Done && l.DueMs < now, CreatedMs: l.CreatedMs, DoneMs: l.DoneMs,
		Result: l.Result, Version: l.Version, Title: l.body.Title, ClassText: l.body.Class, Ask: l.body.Ask, Transport: l.body.Transport,
		MeasureIs: l.MeasureState, MeasureBy: l.MeasureBy, Mine: l.AccountID == c.AccountID && l.AccountID != id.Zero, path: l.Path, urgency: l.Urgency, emergencyID: l.EmergencyID}
	v.MayConfirm = c.CanPlace(grid.LeadConfirm, l.Path) && l.MeasureBy != c.AccountID
	if l.MeasureState == Proposed && measures.lapsed(l.MeasureMs, now) {
		v.MeasureIs = "lapsed"
	}
	b := &l.body
	v.Doubts = b.Doubts
	switch {
	case seesFull(c, l):
		v.Full, v.Name, v.Phones, v.Address, v.Code = true, b.Name, slices.Clone(b.Phones), b.Address, l.Code
		v.Seat, v.Origin, v.Arrival, v.Note, v.Doors, v.Measure = b.Seat, b.Origin, b.Arrival, b.Note, b.Doors, b.Measure
		v.IDNo = seal.MaskIDNo(b.IDNo)
		answer := b.Answer
		v.Answer = &answer
	case c.Sees(grid.FieldNameMasked):
		v.Name, v.Measure = seal.MaskName(b.Name), b.Measure
	}
	return v
}

// views opens and shows leads.
func (s *Service) views(ctx context.Context, c grid.Caller, list []lead) ([]Lead, error) {
	areas, err := s.areaNames(ctx, c)
	if err != nil {
		return nil, err
	}
	out := make([]Lead, len(list))
	doors := make([]id.ID, 0, len(list))
	for i := range list {
		if err := s.openKept(&list[i]); err != nil {
			return nil, err
		}
		out[i] = s.view(c, &list[i], areas)
		if list[i].DoorID != id.Zero {
			doors = append(doors, list[i].DoorID)
		}
	}
	texts, err := s.Ledger.DoorTexts(ctx, c.District, doors)
	for i := range out {
		out[i].Door = texts[out[i].DoorID]
	}
	return out, err
}

// listed shows leads as they stand in a list: nobody's name or phone in full, and
// nothing that only who calls them needs.
func (s *Service) listed(ctx context.Context, c grid.Caller, list []lead) ([]Lead, error) {
	out, err := s.views(ctx, c, list)
	for i := range out {
		if !within(c, &list[i]) {
			out[i] = Lead{ID: out[i].ID, State: out[i].State, Result: out[i].Result, Area: out[i].Area, Away: true}
			continue
		}
		out[i].mask()
	}
	return out, err
}

// within reports whether the caller may read a lead; a list may join leads of
// other areas, of which its sender learns the result only.
func within(c grid.Caller, l *lead) bool {
	return c.CanPlace(grid.LeadRead, l.Path) || l.AccountID == c.AccountID && l.AccountID != id.Zero
}

// mask takes from a lead what is shown on its own page only.
func (l *Lead) mask() {
	if l.Full {
		l.Name = seal.MaskName(l.Name)
	}
	for i, p := range l.Phones {
		l.Phones[i] = seal.MaskPhone(p)
	}
	l.Full, l.IDNo, l.Code, l.Address, l.Seat, l.Origin, l.Arrival, l.Note, l.Doors, l.Answer = false, "", "", "", "", "", "", "", nil, nil
}

// ResultText is the result of a call in words.
func (e Event) ResultText(lang string) string { return resultText(lang, e.Result) }
