package app

import (
	"context"
	"fmt"

	"wangge/internal/platform/audit"
	"wangge/internal/platform/db"
	"wangge/internal/platform/i18n"
	"wangge/internal/round"
)

// Checked is the outcome of one check.
type Checked struct {
	Name     string   `json:"name"`
	Looked   int      `json:"looked" doc:"How many records were looked at"`
	Problems []string `json:"problems"`
}

// Report is what `wangge check` found.
type Report struct {
	Clean  bool      `json:"clean"`
	Checks []Checked `json:"checks"`
}

// Check verifies live data without changing them; it may run beside a server.
// Coverage: counters equal targets, targets equal their current marks, nodes
// equal the sum of their children on both trees. Audit: every chain is whole.
// References: every record that is named exists.
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
	return CheckDB(ctx, d, lang)
}

// CheckDB is Check on an open database.
func CheckDB(ctx context.Context, d *db.DB, lang string) (Report, error) {
	r := Report{Clean: true}
	cover, err := round.Check(ctx, d)
	if err != nil {
		return r, err
	}
	var list []string
	for _, p := range cover.Problems {
		list = append(list, fmt.Sprintf("%s: occurrence %s object %s: %s", p.Check, p.OccurrenceID, p.ObjectID, p.Detail))
	}
	r.add(Checked{Name: i18n.T(lang, "check.coverage"), Looked: cover.Targets, Problems: list})
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

func checkAudit(ctx context.Context, d *db.DB, lang string) (Checked, error) {
	c := Checked{Name: i18n.T(lang, "check.audit")}
	problems, err := audit.Verify(ctx, d)
	if err != nil {
		return c, err
	}
	for _, p := range problems {
		c.Problems = append(c.Problems, fmt.Sprintf("district %d chain %s link %d entry %s: %s", p.District, p.Chain, p.Seq, p.Entry, i18n.T(lang, p.What)))
	}
	c.Looked, err = countAudit(ctx, d)
	return c, err
}
