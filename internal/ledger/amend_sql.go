package ledger

import (
	"context"

	"wangge/internal/grid"
	"wangge/internal/platform/db"
	"wangge/internal/platform/id"
)

// Written reads a person that the caller's running import has made, opened.
func (s *Service) Written(ctx context.Context, c grid.Caller, person id.ID) (*Person, error) {
	if err := c.Require("ledger.Written", grid.LedgerImport); err != nil {
		return nil, err
	}
	p := Person{ID: person}
	var reg, lives int
	var blob []byte
	err := s.db.Read().QueryRowContext(ctx, `SELECT household_id, door_id, register, registered, lives_here, sealed, version, from_ms FROM person
		WHERE district = $1 AND id = $2`, c.District, int64(person)).
		Scan((*int64)(&p.HouseholdID), (*int64)(&p.DoorID), &p.Register, &reg, &lives, &blob, &p.Version, &p.FromMs)
	if err != nil {
		return nil, notFound(err)
	}
	p.Registered, p.LivesHere = reg == 1, lives == 1
	return &p, s.openPerson(&p, blob)
}

// WrittenHousehold reads a household that the caller's running import has made,
// opened.
func (s *Service) WrittenHousehold(ctx context.Context, c grid.Caller, household id.ID) (*Household, error) {
	if err := c.Require("ledger.WrittenHousehold", grid.LedgerImport); err != nil {
		return nil, err
	}
	h, err := s.scanHousehold(s.db.Read().QueryRowContext(ctx, householdSelect+` FROM household h WHERE h.district = $1 AND h.id = $2`, c.District, int64(household)))
	return &h, err
}

// amends are records that the running import has made and knows more of now. They
// stay in their first version; where somebody has changed one since, that holds.
type amends struct {
	persons    []*Person
	households []*Household
	blobs      [][]byte // of the persons, then of the households
}

// AmendPerson stores what a later row of the same import says of a person it made.
func (b *Batch) AmendPerson(p *Person) { b.amends.persons = append(b.amends.persons, p) }

// AmendHousehold does so for a household.
func (b *Batch) AmendHousehold(h *Household) { b.amends.households = append(b.amends.households, h) }

func (b *Batch) sealAmends() error {
	for _, p := range b.amends.persons {
		blob, err := b.s.sealPerson(p)
		if err != nil {
			return err
		}
		b.amends.blobs = append(b.amends.blobs, blob)
	}
	for _, h := range b.amends.households {
		blob, err := b.s.sealHousehold(h)
		if err != nil {
			return err
		}
		b.amends.blobs = append(b.amends.blobs, blob)
	}
	return nil
}

func (b *Batch) writeAmends(ctx context.Context, tx *db.Tx) error {
	for i, p := range b.amends.persons {
		res, err := tx.ExecContext(ctx, `UPDATE person SET registered = $3, lives_here = $4, sealed = $5
			WHERE district = $1 AND id = $2 AND version = 1 AND until_ms = 0`, b.district, int64(p.ID), bit(p.Registered), bit(p.LivesHere), b.amends.blobs[i])
		if err != nil {
			return err
		}
		n, err := res.RowsAffected()
		if err != nil {
			return err
		}
		if n == 0 {
			continue
		}
		if err := b.s.newKeys(ctx, tx, b.district, p.ID, b.s.keysOf(p)); err != nil {
			return err
		}
	}
	for i, h := range b.amends.households {
		_, err := tx.ExecContext(ctx, `UPDATE household SET kind = $3, registered_count = $4, living_count = $5, sealed = $6
			WHERE district = $1 AND id = $2 AND version = 1 AND until_ms = 0`, b.district, int64(h.ID), string(h.Kind), h.Registered, h.Living, b.amends.blobs[len(b.amends.persons)+i])
		if err != nil {
			return err
		}
	}
	return nil
}
