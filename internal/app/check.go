package app

import (
	"context"
	"fmt"
	"strings"

	"wangge/internal/incoming"
	"wangge/internal/platform/audit"
	"wangge/internal/platform/db"
	"wangge/internal/platform/i18n"
	"wangge/internal/platform/seal"
	"wangge/internal/relief"
	"wangge/internal/round"
	"wangge/internal/task"
	"wangge/internal/transfer"
)

// Checked is the outcome of one check.
type Checked struct {
	Name     string   `json:"name"`
	Looked   int      `json:"looked" doc:"How many records were looked at"`
	Problems []string `json:"problems"`
	Note     string   `json:"note,omitempty" doc:"What could not be looked at, and why"`
}

// Report is what `wangge check` found.
type Report struct {
	Clean  bool      `json:"clean"`
	Checks []Checked `json:"checks"`
}

// Check verifies live data without changing them; it may run beside a server.
// Coverage: counters equal targets, targets equal their current marks, nodes
// equal the sum of their children on both trees. Answers: the counts equal what
// the sealed marks say, where their keys are at hand. Custody: every open task
// has an owner, somebody who answers, a deadline and a whole history. Leads: every
// person to be verified is one open task until there is a result. Transfers:
// nobody left behind is without a carer. Shifts: what is open is before somebody
// in post, and both sides signed as they may. Audit: every chain is
// whole. References: every record that is named exists.
func Check(ctx context.Context, o Options, lang string) (Report, error) {
	url, err := o.Config.DatabaseURL()
	if err != nil {
		return Report{}, err
	}
	d, err := db.OpenReadOnly(ctx, url, o.clock(), o.log())
	if err != nil {
		return Report{}, err
	}
	defer d.Close()
	keys, err := openKeys(o)
	if err != nil {
		return Report{}, err
	}
	return CheckDB(ctx, d, keys, lang)
}

// CheckDB is Check on an open database. Without keys the answers are not
// counted again, and the report says so.
func CheckDB(ctx context.Context, d *db.DB, keys *seal.Keyring, lang string) (Report, error) {
	r := Report{Clean: true}
	cover, err := round.Check(ctx, d)
	if err != nil {
		return r, err
	}
	r.add(Checked{Name: i18n.T(lang, "check.coverage"), Looked: cover.Targets, Problems: roundProblems(cover.Problems)})
	answers, err := checkAnswers(ctx, d, keys, lang)
	if err != nil {
		return r, err
	}
	r.add(answers)
	custody, err := task.Check(ctx, d)
	if err != nil {
		return r, err
	}
	r.add(Checked{Name: i18n.T(lang, "check.custody"), Looked: custody.Tasks, Problems: taskProblems(custody.Problems)})
	people, err := incoming.Check(ctx, d)
	if err != nil {
		return r, err
	}
	r.add(Checked{Name: i18n.T(lang, "check.leads"), Looked: people.Leads, Problems: leadProblems(people.Problems)})
	looked, wrong, err := transfer.Check(ctx, d)
	if err != nil {
		return r, err
	}
	r.add(Checked{Name: i18n.T(lang, "check.transfers"), Looked: looked, Problems: transferProblems(wrong)})
	looked, shifts, err := relief.Check(ctx, d)
	if err != nil {
		return r, err
	}
	r.add(Checked{Name: i18n.T(lang, "check.relief"), Looked: looked, Problems: reliefProblems(shifts)})
	chain, err := checkAudit(ctx, d, lang)
	if err != nil {
		return r, err
	}
	r.add(chain)
	refs, err := checkReferences(ctx, d, lang)
	if err != nil {
		return r, err
	}
	r.add(refs)
	return r, nil
}

func (r *Report) add(c Checked) {
	r.Clean = r.Clean && len(c.Problems) == 0
	r.Checks = append(r.Checks, c)
}

func transferProblems(list []transfer.Problem) (out []string) {
	for _, p := range list {
		out = append(out, fmt.Sprintf("%s: transfer %s: %s", p.Check, p.TransferID, p.Detail))
	}
	return out
}

func leadProblems(list []incoming.Fault) (out []string) {
	for _, p := range list {
		out = append(out, fmt.Sprintf("%s: %s: %s", p.Check, p.ID, p.Detail))
	}
	return out
}

func reliefProblems(list []relief.Problem) (out []string) {
	for _, p := range list {
		out = append(out, fmt.Sprintf("%s: post %s: %s", p.Check, p.PostID, p.Detail))
	}
	return out
}

func taskProblems(list []task.Problem) (out []string) {
	for _, p := range list {
		out = append(out, fmt.Sprintf("%s: task %s: %s", p.Check, p.TaskID, p.Detail))
	}
	return out
}

func roundProblems(list []round.Problem) (out []string) {
	for _, p := range list {
		out = append(out, fmt.Sprintf("%s: occurrence %s object %s: %s", p.Check, p.OccurrenceID, p.ObjectID, p.Detail))
	}
	return out
}

// checkAnswers counts the answers again from the sealed marks.
func checkAnswers(ctx context.Context, d *db.DB, keys *seal.Keyring, lang string) (Checked, error) {
	c := Checked{Name: i18n.T(lang, "check.answers")}
	if keys == nil {
		c.Note = i18n.T(lang, "check.answers.keyless")
		return c, nil
	}
	found, err := round.Recount(ctx, d, keys)
	if err != nil {
		return c, err
	}
	c.Looked, c.Problems = found.Marks, roundProblems(found.Problems)
	if found.Closed > 0 {
		c.Note = i18n.T(lang, "check.answers.closed", found.Closed)
	}
	if len(found.Missing) > 0 {
		c.Note = i18n.T(lang, "check.answers.missing", strings.Join(found.Missing, " "))
	}
	return c, nil
}

func checkAudit(ctx context.Context, d *db.DB, lang string) (Checked, error) {
	c := Checked{Name: i18n.T(lang, "check.audit")}
	problems, err := audit.Verify(ctx, d)
	if err != nil {
		return c, err
	}
	for _, p := range problems {
		p.What = i18n.T(lang, p.What)
		c.Problems = append(c.Problems, p.String())
	}
	c.Looked, err = countAudit(ctx, d)
	return c, err
}
