package ledger

import (
	"context"

	"wangge/internal/grid"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
	"wangge/internal/platform/seal"
)

// CareItem is an entry of the care list (people to be looked after).
type CareItem struct {
	ID       id.ID  `json:"id"`
	PersonID id.ID  `json:"person_id"`
	Kind     string `json:"kind" doc:"One of the closed care kinds"`
	Action   string `json:"action" doc:"What neighbours may be asked to do"`
	Note     string `json:"note,omitempty"`
	FromMs   int64  `json:"from_ms"`
}

// RiskItem is an entry of the risk list (people at risk in an epidemic).
type RiskItem struct {
	ID       id.ID  `json:"id"`
	PersonID id.ID  `json:"person_id"`
	Kind     string `json:"kind" doc:"One of the closed risk kinds"`
	Note     string `json:"note,omitempty"`
	FromMs   int64  `json:"from_ms"`
}

// itemBody is what is sealed of an entry.
type itemBody struct {
	Kind   string `json:"k"`
	Action string `json:"a,omitempty"`
	Note   string `json:"n,omitempty"`
}

// Hash kinds of the lists' kinds.
const (
	hashCare = "care"
	hashRisk = "risk"
)

// AddCare puts a person on the care list. kind is one of CareKinds, action one
// of Actions; kinds the house forbids are Denied whoever asks.
func (s *Service) AddCare(ctx context.Context, c grid.Caller, person id.ID, kind, action, note string) (id.ID, error) {
	const op = "ledger.AddCare"
	if err := checkKind(op, kind, vocab.Care); err != nil {
		return id.Zero, err
	}
	if action == "" {
		action = vocab.Actions[0]
	}
	if err := checkKind(op, action, vocab.Actions); err != nil {
		return id.Zero, errs.Field(err, "action")
	}
	return s.addItem(ctx, c, op, tableCare, grid.FieldCare, person, itemBody{Kind: kind, Action: action, Note: note}, EventCareAdded)
}

// AddRisk puts a person on the risk list. kind is one of RiskKinds; kinds the
// house forbids are Denied whoever asks.
func (s *Service) AddRisk(ctx context.Context, c grid.Caller, person id.ID, kind, note string) (id.ID, error) {
	const op = "ledger.AddRisk"
	if err := checkKind(op, kind, vocab.Risk); err != nil {
		return id.Zero, err
	}
	return s.addItem(ctx, c, op, tableRisk, grid.FieldRisk, person, itemBody{Kind: kind, Note: note}, EventRiskAdded)
}

func listHash(table string) string {
	if table == tableCare {
		return hashCare
	}
	return hashRisk
}

func (s *Service) addItem(ctx context.Context, c grid.Caller, op, table string, field grid.Field, person id.ID, body itemBody, event string) (id.ID, error) {
	if len([]rune(body.Note)) > maxText {
		return id.Zero, errs.Field(errs.E(op, errs.Invalid, "error.too_long", maxText), "note")
	}
	fresh := id.New()
	err := s.change(ctx, c, op, func(w *work) error {
		p, err := w.listPerson(person, field)
		if err != nil {
			return err
		}
		items, err := s.itemsOf(ctx, w.tx, c.District, table, []id.ID{person})
		if err != nil {
			return err
		}
		for _, it := range items {
			if b, err := s.openItem(table, it); err != nil || b.Kind == body.Kind {
				return errOr(err, errs.Field(errs.E(op, errs.Conflict, "ledger.list.twice"), "kind"))
			}
		}
		v := listItem{id: fresh, person: person, register: p.Register, fromMs: w.now}
		if v.blob, err = s.keys.SealJSON(v.register, seal.AAD(v.register, table, fresh), body); err != nil {
			return err
		}
		if err := s.insertItem(ctx, w.tx, c.District, table, v, s.keys.Hash(v.register, listHash(table), body.Kind)); err != nil {
			return err
		}
		return w.event(&p.Person, event, fresh, nil, body.Kind)
	})
	return fresh, err
}

func errOr(err, other error) error {
	if err != nil {
		return err
	}
	return other
}

// listPerson reads a current person whose list entries the caller may change.
func (w *work) listPerson(person id.ID, field grid.Field) (*personRec, error) {
	r, err := w.s.person(w.ctx, w.tx, w.c, grid.LedgerWrite, person)
	if err != nil {
		return nil, err
	}
	need := seesCare
	if field == grid.FieldRisk {
		need = seesRisk
	}
	if !r.sight.has(need) {
		return nil, errs.E("ledger.list", errs.Denied, "ledger.list.denied")
	}
	if !r.Current() {
		return nil, errs.E("ledger.list", errs.Conflict, "ledger.person.closed")
	}
	return &r, nil
}

// EndCare takes an entry off the care list; it stays in the person's file.
func (s *Service) EndCare(ctx context.Context, c grid.Caller, item id.ID) error {
	return s.endList(ctx, c, "ledger.EndCare", tableCare, grid.FieldCare, item, EventCareEnded)
}

// EndRisk takes an entry off the risk list; it stays in the person's file.
func (s *Service) EndRisk(ctx context.Context, c grid.Caller, item id.ID) error {
	return s.endList(ctx, c, "ledger.EndRisk", tableRisk, grid.FieldRisk, item, EventRiskEnded)
}

func (s *Service) endList(ctx context.Context, c grid.Caller, op, table string, field grid.Field, item id.ID, event string) error {
	return s.change(ctx, c, op, func(w *work) error {
		it, err := s.item(ctx, w.tx, c.District, table, item)
		if err != nil {
			return err
		}
		p, err := w.listPerson(it.person, field)
		if err != nil {
			return err
		}
		body, err := s.openItem(table, it)
		if err != nil {
			return err
		}
		if err := s.endItem(ctx, w.tx, c.District, table, item, w.now); err != nil {
			return err
		}
		return w.event(&p.Person, event, item, nil, body.Kind)
	})
}

func (s *Service) openItem(table string, it listItem) (body itemBody, err error) {
	err = s.keys.OpenJSON(it.register, seal.AAD(it.register, table, it.id), it.blob, &body)
	return body, err
}

// careOf reads care entries; the caller decides what of them is shown.
func (s *Service) careOf(ctx context.Context, c grid.Caller, persons []id.ID) ([]CareItem, error) {
	items, err := s.itemsOf(ctx, s.db.Read(), c.District, tableCare, persons)
	out := make([]CareItem, 0, len(items))
	for _, it := range items {
		body, err := s.openItem(tableCare, it)
		if err != nil {
			return nil, err
		}
		out = append(out, CareItem{ID: it.id, PersonID: it.person, Kind: body.Kind, Action: body.Action, Note: body.Note, FromMs: it.fromMs})
	}
	return out, err
}

func (s *Service) riskOf(ctx context.Context, c grid.Caller, persons []id.ID) ([]RiskItem, error) {
	items, err := s.itemsOf(ctx, s.db.Read(), c.District, tableRisk, persons)
	out := make([]RiskItem, 0, len(items))
	for _, it := range items {
		body, err := s.openItem(tableRisk, it)
		if err != nil {
			return nil, err
		}
		out = append(out, RiskItem{ID: it.id, PersonID: it.person, Kind: body.Kind, Note: body.Note, FromMs: it.fromMs})
	}
	return out, err
}

// CareActions returns, by person, what neighbours are asked to do for the
// persons within the caller's scope; never the kind or the reason.
func (s *Service) CareActions(ctx context.Context, c grid.Caller, persons []id.ID) (map[id.ID][]string, error) {
	const op = "ledger.CareActions"
	inScope, err := s.readable(ctx, c, persons)
	if err != nil {
		return nil, errs.Wrap(op, err)
	}
	items, err := s.careOf(ctx, c, inScope)
	out := map[id.ID][]string{}
	for _, it := range items {
		out[it.PersonID] = append(out[it.PersonID], it.Action)
	}
	return out, errs.Wrap(op, err)
}

// Listed is a person on a list.
type Listed struct {
	PersonView
	Care []CareItem `json:"care,omitempty"`
	Risk []RiskItem `json:"risk,omitempty"`
}

// ListPage is the most persons one page of a list holds.
const ListPage = 100

// CareList lists persons on the care list within the caller's scope, below the
// place with the path under (empty: everywhere), of one kind (empty: any).
// It has no export: people living alone are never listed in bulk on paper.
func (s *Service) CareList(ctx context.Context, c grid.Caller, under, kind string, after id.ID) ([]Listed, error) {
	return s.list(ctx, c, "ledger.CareList", tableCare, grid.FieldCare, under, kind, after)
}

// RiskList is CareList for the risk list.
func (s *Service) RiskList(ctx context.Context, c grid.Caller, under, kind string, after id.ID) ([]Listed, error) {
	return s.list(ctx, c, "ledger.RiskList", tableRisk, grid.FieldRisk, under, kind, after)
}

func (s *Service) list(ctx context.Context, c grid.Caller, op, table string, field grid.Field, under, kind string, after id.ID) ([]Listed, error) {
	if !c.Sees(field) {
		return nil, errs.E(op, errs.Denied, "ledger.list.denied")
	}
	var hash []byte
	if kind != "" {
		hash = s.keys.Hash(seal.Standing, listHash(table), kind)
	}
	if !c.IsSystem() { // only grants that see the list count
		sub := c
		sub.Grants = nil
		for _, g := range c.Grants {
			if g.Role.Sees(field) {
				sub.Grants = append(sub.Grants, g)
			}
		}
		c = sub
	}
	recs, err := s.listed(ctx, c, table, hash, under, after, ListPage)
	if err != nil {
		return nil, errs.Wrap(op, err)
	}
	views, err := s.withDoors(ctx, c, recs)
	if err != nil {
		return nil, errs.Wrap(op, err)
	}
	out := make([]Listed, len(views))
	ids := make([]id.ID, len(views))
	at := map[id.ID]int{}
	for i, v := range views {
		out[i].PersonView, ids[i], at[v.ID] = v, v.ID, i
	}
	if table == tableCare {
		items, err := s.careOf(ctx, c, ids)
		for _, it := range items {
			out[at[it.PersonID]].Care = append(out[at[it.PersonID]].Care, it)
		}
		return out, errs.Wrap(op, err)
	}
	items, err := s.riskOf(ctx, c, ids)
	for _, it := range items {
		out[at[it.PersonID]].Risk = append(out[at[it.PersonID]].Risk, it)
	}
	return out, errs.Wrap(op, err)
}
