package trust

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"wangge/internal/grid"
	"wangge/internal/platform/audit"
	"wangge/internal/platform/clock"
	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
)

// Question narrows an auditor's question; zero fields do not. Days are in
// UTC+8, both inclusive.
type Question struct {
	Door    id.ID // who lives or lived behind it
	Person  id.ID
	Account id.ID
	From    string // 2006-01-02
	Until   string
}

// LookRow is one look at a person's unmasked fields: who, in which role, why,
// at whom and behind which door. The person stays a number.
type LookRow struct {
	AtMs    int64  `json:"at_ms" doc:"The first look of the day, UTC milliseconds"`
	Day     string `json:"day"`
	Account id.ID  `json:"account_id"`
	Name    string `json:"account_name,omitempty"`
	Role    string `json:"role"`
	Post    id.ID  `json:"post_id"`
	Purpose string `json:"purpose"`
	Person  id.ID  `json:"person_id"`
	Lead    bool   `json:"lead,omitempty" doc:"The number is that of a person to be verified who is not in the ledger"`
	Door    id.ID  `json:"door_id,omitempty" doc:"Where the person is recorded now"`
	Where   string `json:"where,omitempty" doc:"The door in words"`
}

// ExportRow is one list or answer that an account took out.
type ExportRow struct {
	Row
	People int    `json:"people" doc:"Rows of the list, where it says"`
	Where  string `json:"where,omitempty" doc:"The place the list is of, in words"`
	Number string `json:"number,omitempty" doc:"Of an unmasked list"`
}

// Week returns the question about the seven days up to the instant.
func Week(at time.Time) Question {
	return Question{From: clock.Day(at.AddDate(0, 0, -6)), Until: clock.Day(at)}
}

// check returns the question with its days put right: an empty end is left
// open, a day that is none is Invalid.
func (q Question) check(op string) error {
	for name, day := range map[string]string{"from": q.From, "until": q.Until} {
		if _, err := time.Parse(time.DateOnly, day); day != "" && err != nil {
			return errs.Field(errs.E(op, errs.Invalid, "error.bad_date"), name)
		}
	}
	if q.From != "" && q.Until != "" && q.From > q.Until {
		return errs.Field(errs.E(op, errs.Invalid, "trust.days"), "until")
	}
	return nil
}

// Looks answers who looked at whom and why, newest first, at most limit, from
// the cursor on. It needs audit.read.
func (s *Service) Looks(ctx context.Context, c grid.Caller, q Question, cursor string, limit int) ([]LookRow, string, error) {
	const op = "trust.Looks"
	if err := c.Require(op, grid.AuditRead); err != nil {
		return nil, "", err
	}
	if err := q.check(op); err != nil {
		return nil, "", err
	}
	limit = min(max(limit, 1), MaxAnswer)
	people, err := s.asked(ctx, c, q)
	if err != nil {
		return nil, "", errs.Wrap(op, err)
	}
	list, err := selectLooks(ctx, s.d.Read(), c.District, q, people, cursor, limit+1)
	if err != nil {
		return nil, "", errs.Wrap(op, err)
	}
	next := ""
	if len(list) > limit {
		list = list[:limit]
		next = list[limit-1].cursor()
	}
	return list, next, errs.Wrap(op, s.name(ctx, c.District, list))
}

// asked returns the records a question is about, with those that were merged
// into them; nil where it is about no person and no door.
func (s *Service) asked(ctx context.Context, c grid.Caller, q Question) ([]id.ID, error) {
	if q.Person == id.Zero && q.Door == id.Zero {
		return nil, nil
	}
	people := []id.ID{q.Person}
	if q.Door != id.Zero {
		there, err := behind(ctx, s.d.Read(), c.District, q.Door)
		if err != nil {
			return nil, err
		}
		people = slices.DeleteFunc(there, func(p id.ID) bool { return q.Person != id.Zero && p != q.Person })
	}
	out := []id.ID{id.Zero} // never nil: a door with nobody behind it was looked at by nobody
	for _, p := range people {
		all, err := s.ledger.Records(ctx, c, p)
		if err != nil {
			return nil, err
		}
		out = append(out, all...)
	}
	return out, nil
}

// MaxAnswer is the most rows one answer holds.
const MaxAnswer = 20_000

func (r LookRow) cursor() string {
	return strings.Join([]string{strconv.FormatInt(r.AtMs, 10), r.Person.String(), r.Account.String()}, ".")
}

// name puts accounts' names and doors' words beside their numbers.
func (s *Service) name(ctx context.Context, district int, list []LookRow) error {
	var accounts, doors []id.ID
	for _, r := range list {
		accounts, doors = append(accounts, r.Account), append(doors, r.Door)
	}
	names, err := s.accounts.Names(ctx, nonZero(accounts...))
	if err != nil {
		return err
	}
	where, err := s.ledger.DoorTexts(ctx, district, nonZero(doors...))
	for i := range list {
		list[i].Name, list[i].Where = names[list[i].Account], where[list[i].Door]
	}
	return err
}

// Taken answers what was exported, newest first: masked and unmasked lists,
// lists of rounds, refused rows, and auditors' answers. It needs audit.read.
func (s *Service) Taken(ctx context.Context, c grid.Caller, q Question, cursor string, limit int) ([]ExportRow, string, error) {
	const op = "trust.Taken"
	if err := c.Require(op, grid.AuditRead); err != nil {
		return nil, "", err
	}
	if err := q.check(op); err != nil {
		return nil, "", err
	}
	f := audit.Filter{Account: q.Account, Action: "export."}
	f.From, f.Until = span(q)
	entries, next, err := s.log.List(ctx, s.d.Read(), f, cursor, min(limit, 500))
	if err != nil {
		return nil, "", errs.Wrap(op, err)
	}
	rows, err := s.rows(ctx, entries)
	if err != nil {
		return nil, "", errs.Wrap(op, err)
	}
	out := make([]ExportRow, len(rows))
	places := make([]id.ID, len(rows))
	for i, r := range rows {
		said := detail(r.Detail)
		out[i] = ExportRow{Row: r, Number: said["number"]}
		out[i].People, _ = strconv.Atoi(said["people"] + said["rows"])
		if r.Object == "place" {
			places[i] = r.ObjectID
		} else {
			places[i], _ = id.Parse(said["place"])
		}
	}
	where, err := s.placeTexts(ctx, c.District, nonZero(places...))
	for i := range out {
		out[i].Where = where[places[i]]
	}
	return out, next, errs.Wrap(op, err)
}

// placeTexts returns places in words, by id; areas above a community by name.
func (s *Service) placeTexts(ctx context.Context, district int, places []id.ID) (map[id.ID]string, error) {
	out, err := s.ledger.DoorTexts(ctx, district, places)
	if err != nil {
		return nil, err
	}
	names, err := placeNames(ctx, s.d.Read(), district, places)
	for k, name := range names {
		if out[k] == "" {
			out[k] = name
		}
	}
	return out, err
}

// detail reads "rows=200 format=xlsx".
func detail(text string) map[string]string {
	out := map[string]string{}
	for _, w := range strings.Fields(text) {
		k, v, _ := strings.Cut(w, "=")
		out[k] = v
	}
	return out
}

// span is the question's days as instants; zero where open.
func span(q Question) (from, until int64) {
	if t, err := time.ParseInLocation(time.DateOnly, q.From, clock.CST); err == nil {
		from = clock.Ms(t)
	}
	if t, err := time.ParseInLocation(time.DateOnly, q.Until, clock.CST); err == nil {
		until = clock.Ms(t.AddDate(0, 0, 1))
	}
	return from, until
}

// noteAnswer records that an auditor took an answer out.
func (s *Service) noteAnswer(ctx context.Context, c grid.Caller, what string, rows int) error {
	const op = "trust.noteAnswer"
	return s.d.Write(ctx, op, func(tx *db.Tx) error {
		return s.log.Append(ctx, tx, audit.Entry{Account: c.AccountID, Post: c.PostFor(grid.AuditRead), Action: "export.audit", Object: what, Detail: "rows=" + itoa(rows)})
	})
}

// Doors finds doors by their address, for an auditor who sees addresses and
// nothing of who lives there.
func (s *Service) Doors(ctx context.Context, c grid.Caller, address string) ([]grid.Hit, error) {
	const op = "trust.Doors"
	if err := c.Require(op, grid.AuditRead); err != nil {
		return nil, err
	}
	hits, err := s.places.Find(ctx, c, address, id.Zero)
	return hits.Doors, errs.Wrap(op, err)
}

// account reads an account's number or the name it logs in with.
func (s *Service) account(ctx context.Context, text string) (id.ID, error) {
	text = strings.TrimSpace(text)
	if v, err := id.Parse(text); err == nil && len(text) > 12 || text == "" {
		return v, nil
	}
	v, err := s.accounts.FindID(ctx, text)
	if errs.Is(err, errs.NotFound) {
		err = errs.Field(errs.E("trust.account", errs.Invalid, "trust.no_account"), "account")
	}
	return v, err
}
