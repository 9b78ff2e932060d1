package account

import (
	"context"
	"strings"
	"time"

	"wangge/internal/platform/audit"
	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/i18n"
	"wangge/internal/platform/id"
	"wangge/internal/platform/seal"
)

// SlipTTL is how long the code of a printed activation slip is good.
const SlipTTL = 7 * 24 * time.Hour

// CreateMany makes accounts in tx that are activated by codes; at most some
// hundreds a call. Errors are those of Create and say nothing of which one.
func (s *Service) CreateMany(ctx context.Context, tx *db.Tx, by id.ID, list []NewAccount) ([]Account, error) {
	const op = "account.CreateMany"
	out := make([]Account, len(list))
	rows := make([][]any, len(list))
	entries := make([]audit.Entry, len(list))
	var logins, phones [][]byte
	for i, n := range list {
		r := row{Account: Account{ID: id.New(), Login: strings.TrimSpace(n.Login), Name: strings.TrimSpace(n.Name), Phone: seal.NormPhone(n.Phone),
			Lang: i18n.Known(n.Lang), State: Active, Worker: n.Worker, Created: s.now(), MadeBy: by, Home: n.Home}}
		if r.Home == id.Zero {
			r.Home = s.auth.HomeFor(ctx)
		}
		if r.Login == "" {
			r.Login = r.Phone
		}
		if r.Login == "" {
			r.Login = "u" + r.ID.String()
		}
		login, phone, err := s.sealProfile(&r, n.Phone)
		if err != nil {
			return nil, errs.Wrap(op, err)
		}
		logins = append(logins, login)
		if len(phone) > 0 {
			phones = append(phones, phone)
		}
		out[i] = r.Account
		rows[i] = bulkRow(s.district, r, login, phone)
		entries[i] = audit.Entry{Account: by, Action: "account.created", Object: "account", ObjectID: r.ID}
	}
	taken, err := s.anyTaken(ctx, tx, logins, phones)
	if err != nil {
		return nil, errs.Wrap(op, err)
	}
	if taken || repeated(logins) || repeated(phones) {
		return nil, errs.Field(errs.E(op, errs.Conflict, "account.phone_taken"), "phone")
	}
	if err := s.insertMany(ctx, tx, rows); err != nil {
		return nil, errs.Wrap(op, err)
	}
	return out, errs.Wrap(op, s.audit.Append(ctx, tx, entries...))
}

func repeated(hashes [][]byte) bool {
	seen := make(map[string]bool, len(hashes))
	for _, h := range hashes {
		if seen[string(h)] {
			return true
		}
		seen[string(h)] = true
	}
	return false
}

// ByPhones finds accounts by their phones; a phone that nobody has, or more
// than one account, is left out.
func (s *Service) ByPhones(ctx context.Context, phones []string) (map[string]Account, error) {
	const op = "account.ByPhones"
	of := map[string]string{} // hash → phone
	var hashes [][]byte
	for _, p := range phones {
		p = seal.NormPhone(p)
		if h := s.phoneHash(p); len(h) > 0 && of[string(h)] == "" {
			of[string(h)] = p
			hashes = append(hashes, h)
		}
	}
	out, double := map[string]Account{}, map[string]bool{}
	err := db.Chunks(hashes, 500, func(part [][]byte) error {
		rows, err := s.selectByPhones(ctx, s.d.Read(), part)
		if err != nil {
			return err
		}
		for _, r := range rows {
			a, err := s.open(r)
			if err != nil {
				return err
			}
			if _, ok := out[a.Phone]; ok {
				double[a.Phone] = true
			}
			out[a.Phone] = a
		}
		return nil
	})
	for p := range double {
		delete(out, p)
	}
	return out, errs.Wrap(op, err)
}

// Among returns the accounts with the ids, by id; unknown ones are left out.
func (s *Service) Among(ctx context.Context, ids []id.ID) (map[id.ID]Account, error) {
	out := make(map[id.ID]Account, len(ids))
	err := db.Chunks(ids, 500, func(part []id.ID) error {
		rows, err := s.selectAmong(ctx, s.d.Read(), part)
		for _, r := range rows {
			a, err := s.open(r)
			if err != nil {
				return err
			}
			out[a.ID] = a
		}
		return err
	})
	return out, errs.Wrap("account.Among", err)
}

// Slip is what an activation slip says of the account it is for.
type Slip struct {
	Account Account
	Code    string
	Expires int64 // UTC milliseconds
}

// Slips issues the codes of activation slips, eight letters each, to those of
// the accounts that have not been activated and that the caller in ctx
// administers, in their order and at most limit; earlier codes of theirs end.
func (s *Service) Slips(ctx context.Context, by id.ID, accounts []id.ID, limit int) ([]Slip, error) {
	const op = "account.Slips"
	if !s.auth.MayManageAccounts(ctx) {
		return nil, errs.E(op, errs.Denied, "error.denied")
	}
	waiting, err := s.Waiting(ctx, accounts)
	if err != nil {
		return nil, err
	}
	chosen, err := s.administered(ctx, waiting, limit)
	if err != nil {
		return nil, errs.Wrap(op, err)
	}
	out := make([]Slip, len(chosen))
	err = s.d.Write(ctx, op, func(tx *db.Tx) error {
		now := s.now()
		ends := now + SlipTTL.Milliseconds()
		codes, entries, ids := make([][]any, len(chosen)), make([]audit.Entry, len(chosen)), make([]id.ID, len(chosen))
		for i, w := range chosen {
			text := newShortCode()
			ids[i] = w.Account.ID
			out[i] = Slip{Account: w.Account, Code: text, Expires: ends}
			codes[i] = []any{s.district, s.codeHash(text), codeReset, int64(w.Account.ID), int64(by), now, ends}
			entries[i] = audit.Entry{Account: by, Action: "account.code_issued", Object: "account", ObjectID: w.Account.ID}
		}
		if err := s.voidMany(ctx, tx, ids, now); err != nil {
			return err
		}
		if err := s.insertCodes(ctx, tx, codes); err != nil {
			return err
		}
		return s.audit.Append(ctx, tx, entries...)
	})
	return out, errs.Wrap(op, err)
}

// administered keeps those that the caller in ctx administers, at most limit.
func (s *Service) administered(ctx context.Context, list []Waiting, limit int) ([]Waiting, error) {
	var out []Waiting
	err := db.Chunks(list, 100, func(part []Waiting) error {
		if len(out) >= limit {
			return nil
		}
		subjects := make([]Subject, len(part))
		for i, w := range part {
			subjects[i] = Subject{w.Account.ID, w.Account.MadeBy, w.Account.Home}
		}
		mine, err := s.auth.Manageable(ctx, subjects)
		for _, w := range part {
			if mine[w.Account.ID] && len(out) < limit {
				out = append(out, w)
			}
		}
		return err
	})
	return out, err
}

// Waiting is an account that nobody has activated yet.
type Waiting struct {
	Account Account
	Issued  bool // a code that is still good was issued
}

// Waiting returns those of the accounts that may log in and have no password
// yet, in the order given.
func (s *Service) Waiting(ctx context.Context, accounts []id.ID) ([]Waiting, error) {
	const op = "account.Waiting"
	have, err := s.Among(ctx, accounts)
	if err != nil {
		return nil, errs.Wrap(op, err)
	}
	issued, err := s.codesOut(ctx, s.d.Read(), accounts, s.now())
	if err != nil {
		return nil, errs.Wrap(op, err)
	}
	var out []Waiting
	for _, a := range accounts {
		if x, ok := have[a]; ok && !x.HasPassword && x.State == Active {
			out = append(out, Waiting{Account: x, Issued: issued[a]})
		}
	}
	return out, nil
}

// Rename corrects the name of an account in tx; by is who does it.
func (s *Service) Rename(ctx context.Context, tx *db.Tx, by, account id.ID, name string) error {
	return s.correct(ctx, tx, "account.Rename", by, account, func(p *personal) { p.Name = strings.TrimSpace(name) })
}

// SetPhone gives an account another phone in tx (empty: none); who logs in by
// the phone does so by the new one. Conflict at "phone" where somebody has it.
func (s *Service) SetPhone(ctx context.Context, tx *db.Tx, by, account id.ID, phone string) error {
	return s.correct(ctx, tx, "account.SetPhone", by, account, func(p *personal) {
		was := p.Phone
		if p.Phone = seal.NormPhone(phone); p.Login != was || was == "" {
			return
		}
		if p.Login = p.Phone; p.Login == "" {
			p.Login = "u" + account.String()
		}
	})
}

// correct changes the personal fields of an account.
func (s *Service) correct(ctx context.Context, tx *db.Tx, op string, by, account id.ID, change func(*personal)) error {
	return s.rewrite(ctx, tx, op, by, account, func(r *row, stored Account) string {
		p := personal{Login: stored.Login, Name: stored.Name, Phone: stored.Phone}
		change(&p)
		r.Login, r.Name = p.Login, p.Name
		return p.Phone
	})
}

// rewrite writes what change makes of a stored account; it returns the phone,
// which the row does not hold.
func (s *Service) rewrite(ctx context.Context, tx *db.Tx, op string, by, account id.ID, change func(r *row, stored Account) (phone string)) error {
	r, err := s.selectAccount(ctx, tx, account)
	if err != nil {
		return errs.Wrap(op, err)
	}
	stored, err := s.open(r)
	if err != nil {
		return errs.Wrap(op, err)
	}
	login, phone, err := s.sealProfile(&r, change(&r, stored))
	if err != nil {
		return err
	}
	if err := s.checkUnique(ctx, tx, login, phone, account); err != nil {
		return err
	}
	if err := s.updateProfile(ctx, tx, r, login, phone); err != nil {
		return errs.Wrap(op, err)
	}
	return s.note(ctx, tx, by, "account.updated", account, "")
}
