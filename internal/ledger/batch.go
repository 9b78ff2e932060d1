package ledger

import (
	"context"

	"wangge/internal/platform/db"
	"wangge/internal/platform/id"
	"wangge/internal/platform/seal"
)

// careRow is a care entry to be written with a batch.
type careRow struct {
	item CareItem
	reg  string
}

// ChangeHousehold stores a household's kind, counts and sealed fields;
// h.Version is the version before the change.
func (b *Batch) ChangeHousehold(h *Household) { b.changedHouseholds = append(b.changedHouseholds, h) }

// AddResidence records where a person lived before.
func (b *Batch) AddResidence(r Residence) { b.residences = append(b.residences, r) }

// AddCare puts a person on the care list; the kind must be one of CareKinds
// and not be there yet. It returns the entry's id.
func (b *Batch) AddCare(p *Person, kind string, e *Event) id.ID {
	it := CareItem{ID: id.New(), PersonID: p.ID, Kind: kind, Action: vocab.Actions[0], FromMs: e.AtMs}
	b.care = append(b.care, careRow{it, p.Register})
	e.PersonID, e.Kind, e.ObjectID, e.Text = p.ID, EventCareAdded, it.ID, kind
	b.AddEvent(p.Register, e)
	return it.ID
}

func (b *Batch) sealExtra() error {
	b.householdBlobs = make([][]byte, len(b.changedHouseholds))
	for i, h := range b.changedHouseholds {
		blob, err := b.s.sealHousehold(h)
		if err != nil {
			return err
		}
		b.householdBlobs[i] = blob
	}
	b.careItems = make([]listItem, len(b.care))
	for i, c := range b.care {
		body := itemBody{Kind: c.item.Kind, Action: c.item.Action}
		blob, err := b.s.keys.SealJSON(c.reg, seal.AAD(c.reg, tableCare, c.item.ID), body)
		if err != nil {
			return err
		}
		b.careItems[i] = listItem{id: c.item.ID, person: c.item.PersonID, register: c.reg, blob: blob, fromMs: c.item.FromMs}
	}
	return nil
}

func (b *Batch) writeExtra(ctx context.Context, tx *db.Tx) error {
	for i, h := range b.changedHouseholds {
		if err := b.s.updateHousehold(ctx, tx, b.district, h, b.householdBlobs[i]); err != nil {
			return err
		}
	}
	rows := make([][]any, len(b.residences))
	for i, r := range b.residences {
		rows[i] = []any{b.district, int64(orNew(r.ID)), int64(r.PersonID), int64(r.HouseholdID), int64(r.DoorID), r.FromMs, r.UntilMs, r.Reason}
	}
	if err := tx.BulkInsert(ctx, "residence", residenceCols, rows); err != nil {
		return err
	}
	for i, it := range b.careItems {
		hash := b.s.keys.Hash(it.register, hashCare, b.care[i].item.Kind)
		if err := b.s.insertItem(ctx, tx, b.district, tableCare, it, hash); err != nil {
			return err
		}
	}
	return nil
}
