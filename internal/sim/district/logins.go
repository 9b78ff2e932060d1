package district

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"wangge/internal/account"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
	"wangge/internal/sim"
)

// Printed is a log-in as the demo prints it.
type Printed struct {
	Login
	Password string
}

// passwordFor draws a password the rules accept.
func passwordFor(l Login) string {
	for {
		if p := account.RandomPassword(); !strings.Contains(p, l.Login) {
			return p
		}
	}
}

// Issue gives every printed account a fresh random password, which need not be
// changed; the passwords of an earlier start and their sessions end.
func Issue(ctx context.Context, s Services, l *Loaded) ([]Printed, error) {
	const op = "district.Issue"
	var out []Printed
	for _, login := range l.Logins {
		code, err := s.Accounts.ResetCode(ctx, id.Zero, login.Account)
		if err != nil {
			return nil, errs.Wrap(op, err)
		}
		p := Printed{Login: login, Password: passwordFor(login)}
		if _, err := s.Accounts.SetPassword(ctx, code, p.Password, "demo", ""); err != nil {
			return nil, errs.Wrap(op, err)
		}
		if err := s.Accounts.EndSessions(ctx, id.Zero, login.Account, id.Zero); err != nil {
			return nil, errs.Wrap(op, err)
		}
		out = append(out, p)
	}
	return out, nil
}

// sampleName names the workbook in the folder of samples.
const sampleName = "roster-%s.xlsx"

// WriteSample writes the roster of the story's compound, as its property
// office would send it, into dir/samples and returns its path; "" where no
// community has an estate. The same district gives the same people.
func (l *Loaded) WriteSample(dir string) (path string, truth sim.Roster, err error) {
	const op = "district.WriteSample"
	if l.Story.Code == "" {
		return "", truth, nil
	}
	d, err := sim.Generate(l.config())
	if err != nil {
		return "", truth, err
	}
	c := d.Community(func(p sim.Plan) bool { return p.Area.Code == l.Story.Code })
	if c == nil {
		return "", truth, errs.E(op, errs.Internal, "sim.no_estate", l.Story.Name)
	}
	dir = filepath.Join(dir, "samples")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", truth, errs.Wrap(op, err)
	}
	path = filepath.Join(dir, fmt.Sprintf(sampleName, l.Story.Code))
	f, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return "", truth, errs.Wrap(op, err)
	}
	truth, err = sim.Workbook(f, l.Seed, c, sim.RosterOptions{})
	if closed := f.Close(); err == nil {
		err = errs.Wrap(op, closed)
	}
	return path, truth, err
}
