package round

import (
	"context"
	"strings"

	"wangge/internal/grid"
	"wangge/internal/platform/audit"
	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
	"wangge/internal/platform/seal"
)

// NewEmergency is what an emergency is opened with.
type NewEmergency struct {
	Name          string `json:"name" maxLength:"100"`
	Basis         string `json:"basis" maxLength:"500" doc:"Legal basis: law, document number, date"`
	Purpose       string `json:"purpose" maxLength:"500"`
	Recipients    string `json:"recipients" maxLength:"500" doc:"Who receives the data"`
	RetentionDays int    `json:"retention_days" minimum:"1" maximum:"3650" doc:"Days the data are kept after the end"`
	Drill         bool   `json:"drill,omitempty"`
}

// The states of an emergency.
const (
	emergencyOpen  = "open"
	emergencyEnded = "ended"
)

func (n *NewEmergency) check() []error {
	var out []error
	for _, f := range []struct {
		name string
		v    *string
		max  int
	}{{"name", &n.Name, 100}, {"basis", &n.Basis, 500}, {"purpose", &n.Purpose, 500}, {"recipients", &n.Recipients, 500}} {
		*f.v = strings.TrimSpace(*f.v)
		switch {
		case *f.v == "":
			out = append(out, invalid(f.name, "error.required"))
		case len([]rune(*f.v)) > f.max:
			out = append(out, invalid(f.name, "error.too_long", f.max))
		}
	}
	if n.RetentionDays < 1 || n.RetentionDays > 3650 {
		out = append(out, invalid("retention_days", "round.retention"))
	}
	return out
}

// OpenEmergency opens an emergency with its own data key. It needs
// emergency.write.
func (s *Service) OpenEmergency(ctx context.Context, c grid.Caller, n NewEmergency) (Emergency, error) {
	const op = "round.OpenEmergency"
	if err := c.Require(op, grid.EmergencyWrite); err != nil {
		return Emergency{}, err
	}
	if faults := n.check(); len(faults) > 0 {
		return Emergency{}, faultsOf(faults)
	}
	e := Emergency{
		ID: id.New(), Name: n.Name, Basis: n.Basis, Purpose: n.Purpose, Recipients: n.Recipients,
		RetentionDays: n.RetentionDays, Drill: n.Drill, State: emergencyOpen, AccountID: c.AccountID, OpenedMs: s.now(),
	}
	e.Register = seal.EmergencyKey(e.ID)
	if err := s.Keys.Create(ctx, e.Register); err != nil {
		return Emergency{}, errs.Wrap(op, err)
	}
	err := s.DB.Write(ctx, op, func(tx *db.Tx) error {
		if err := insertEmergency(ctx, tx, c.District, e); err != nil {
			return err
		}
		return s.Audit.Append(ctx, tx, audit.Entry{Account: c.AccountID, Post: c.PostFor(grid.EmergencyWrite),
			Action: "emergency.open", Object: "emergency", ObjectID: e.ID})
	})
	return e, err
}

// Emergencies returns the district's emergencies, the latest first.
func (s *Service) Emergencies(ctx context.Context, c grid.Caller) ([]Emergency, error) {
	if err := c.Require("round.Emergencies", grid.RoundRead); err != nil {
		return nil, err
	}
	return selectEmergencies(ctx, s.DB.Read(), c.District)
}

// Emergency returns one emergency; NotFound where there is none of this id.
func (s *Service) Emergency(ctx context.Context, c grid.Caller, eid id.ID) (Emergency, error) {
	list, err := s.Emergencies(ctx, c)
	if err != nil {
		return Emergency{}, err
	}
	for _, e := range list {
		if e.ID == eid {
			return e, nil
		}
	}
	return Emergency{}, errs.E("round.Emergency", errs.NotFound, "round.emergency_missing")
}

// OnlyEmergency returns the only open emergency: what a command or page means
// that names none. Conflict round.emergency_none or round.emergency_many.
func (s *Service) OnlyEmergency(ctx context.Context, c grid.Caller) (Emergency, error) {
	const op = "round.OnlyEmergency"
	list, err := s.Emergencies(ctx, c)
	if err != nil {
		return Emergency{}, err
	}
	var open []Emergency
	for _, e := range list {
		if e.State == emergencyOpen {
			open = append(open, e)
		}
	}
	switch len(open) {
	case 0:
		return Emergency{}, errs.E(op, errs.Conflict, "round.emergency_none")
	case 1:
		return open[0], nil
	}
	return Emergency{}, errs.E(op, errs.Conflict, "round.emergency_many", len(open))
}
