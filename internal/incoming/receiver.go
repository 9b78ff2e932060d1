package incoming

import (
	"context"
	"net/url"
	"slices"
	"strings"

	"wangge/internal/grid"
	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
	"wangge/internal/platform/jobs"
	"wangge/internal/platform/seal"
)

// Receiver is an authority outside the district that takes leads by its API.
type Receiver struct {
	ID    id.ID  `json:"id"`
	Name  string `json:"name" doc:"Of the authority"`
	URL   string `json:"url" doc:"Where its Wangge answers"`
	token string
}

// NewReceiver says where an authority takes leads, and the token by which it
// knows this district.
type NewReceiver struct {
	Name  string `json:"name" maxLength:"100"`
	URL   string `json:"url" maxLength:"300" doc:"https://…"`
	Token string `json:"token" maxLength:"300" doc:"A token of one of its posts; sealed and never shown again"`
}

// AddReceiver keeps an authority that takes leads; one of the same name and
// address gets the new token, by which what is on its way to it goes at once. Needs emergency.write: who
// opens an emergency says who receives its data. Errors: Denied, Invalid with
// the field.
func (s *Service) AddReceiver(ctx context.Context, c grid.Caller, n NewReceiver) (id.ID, error) {
	const op = "incoming.AddReceiver"
	if err := c.Require(op, grid.EmergencyWrite); err != nil {
		return id.Zero, err
	}
	n.Name, n.Token = short(n.Name, 100), strings.TrimSpace(n.Token)
	for field, v := range map[string]string{"name": n.Name, "token": n.Token} {
		if v == "" {
			return id.Zero, errs.Field(errs.E(op, errs.Invalid, "error.required"), field)
		}
	}
	where, ok := serverOf(n.URL)
	if !ok {
		return id.Zero, errs.Field(errs.E(op, errs.Invalid, "incoming.receiver.url"), "url")
	}
	r := receiverRow{Receiver: Receiver{ID: id.New(), Name: n.Name, URL: where}}
	err := s.DB.Write(ctx, op, func(tx *db.Tx) error {
		known, err := receivers(ctx, tx, c.District, id.Zero)
		if err != nil {
			return err
		}
		at := slices.IndexFunc(known, func(k receiverRow) bool { return k.Name == r.Name && k.URL == r.URL })
		if at >= 0 {
			r.ID = known[at].ID
		}
		if r.sealed, err = s.Keys.Seal(seal.Standing, seal.AAD(seal.Standing, tableReceiver, r.ID), []byte(n.Token)); err != nil {
			return err
		}
		if at >= 0 {
			err = s.renew(ctx, tx, c, r)
		} else {
			err = insertReceiver(ctx, tx, c.District, r, c.AccountID, s.nowMs())
		}
		if err != nil {
			return err
		}
		return s.note(ctx, tx, c, grid.EmergencyWrite, "lead.receiver", tableReceiver, r.ID, "")
	})
	return r.ID, errs.Wrap(op, err)
}

// renew gives a receiver that is there a new token, and wakes what waits for its
// next try.
func (s *Service) renew(ctx context.Context, tx *db.Tx, c grid.Caller, r receiverRow) error {
	if err := renewReceiver(ctx, tx, c.District, r, c.AccountID, s.nowMs()); err != nil {
		return err
	}
	tx.OnCommit(func() { s.mute.end(r.ID) })
	return jobs.Hasten(ctx, tx, c.District, topicSend, s.Clock.Now())
}

// serverOf is the address of a server as it is kept: without a path. Only the
// machine itself may be asked without encryption.
func serverOf(text string) (string, bool) {
	u, err := url.Parse(strings.TrimRight(strings.TrimSpace(text), "/"))
	if err != nil || u.Host == "" || u.User != nil || u.Path != "" || u.RawQuery != "" || len(text) > 300 {
		return "", false
	}
	local := u.Hostname() == "localhost" || u.Hostname() == "127.0.0.1" || u.Hostname() == "::1"
	return u.Scheme + "://" + u.Host, u.Scheme == "https" || u.Scheme == "http" && local
}

// EndReceiver stops sending to an authority. What is on its way to it stays
// handed on, and says so. Needs emergency.write. NotFound.
func (s *Service) EndReceiver(ctx context.Context, c grid.Caller, v id.ID) error {
	const op = "incoming.EndReceiver"
	if err := c.Require(op, grid.EmergencyWrite); err != nil {
		return err
	}
	return errs.Wrap(op, s.DB.Write(ctx, op, func(tx *db.Tx) error {
		ok, err := endReceiver(ctx, tx, c.District, v, s.nowMs())
		if err == nil && !ok {
			err = errs.E(op, errs.NotFound, "incoming.receiver.gone")
		}
		if err != nil {
			return err
		}
		return s.note(ctx, tx, c, grid.EmergencyWrite, "lead.receiver_end", tableReceiver, v, "")
	}))
}

// Receivers lists the authorities to which leads can be sent, by name, for who
// has a permission: lead.read to choose one, emergency.write to change them.
func (s *Service) Receivers(ctx context.Context, c grid.Caller, perm grid.Permission) ([]Receiver, error) {
	const op = "incoming.Receivers"
	if err := c.Require(op, perm); err != nil {
		return nil, err
	}
	rows, err := receivers(ctx, s.DB.Read(), c.District, id.Zero)
	out := make([]Receiver, 0, len(rows))
	for _, r := range rows {
		out = append(out, r.Receiver)
	}
	return out, errs.Wrap(op, err)
}

// receiver is one authority with its token opened. NotFound where it takes leads
// no more.
func (s *Service) receiver(ctx context.Context, q db.Queryer, district int, v id.ID) (Receiver, error) {
	const op = "incoming.receiver"
	rows, err := receivers(ctx, q, district, v)
	if err != nil {
		return Receiver{}, err
	}
	if len(rows) == 0 {
		return Receiver{}, errs.E(op, errs.NotFound, "incoming.receiver.gone")
	}
	token, err := s.Keys.Open(seal.Standing, seal.AAD(seal.Standing, tableReceiver, v), rows[0].sealed)
	rows[0].token = string(token)
	return rows[0].Receiver, err
}
