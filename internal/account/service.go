package account

import (
	"context"
	"strings"

	"wangge/internal/platform/audit"
	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/i18n"
	"wangge/internal/platform/id"
	"wangge/internal/platform/seal"
)

// New account, as given by whoever makes it. Login may be empty: then the phone,
// or without one a made-up name, is the log-in name.
type NewAccount struct {
	Login, Name, Phone string
	Lang               string // empty: "zh"
	Worker             bool
	// Home is the area the account is for; Zero: that of whoever makes it.
	Home id.ID
	// PasswordHash is from HashPassword. Empty: the account is activated by a code
	// of IssueCode.
	PasswordHash string
	// MustChange has the first log-in ask for a new password.
	MustChange bool
}

// Create makes an account in tx, so that it comes with its posts or not at all.
// by is who makes it; Zero for the system. Errors: Invalid naming the field,
// Conflict account.login_taken or account.phone_taken.
func (s *Service) Create(ctx context.Context, tx *db.Tx, by id.ID, n NewAccount) (Account, error) {
	const op = "account.Create"
	r := row{Account: Account{
		ID: id.New(), Login: strings.TrimSpace(n.Login), Name: strings.TrimSpace(n.Name), Phone: seal.NormPhone(n.Phone),
		Lang: i18n.Known(n.Lang), State: Active, MustChange: n.MustChange, Worker: n.Worker, Created: s.now(),
		MadeBy: by, Home: n.Home,
	}, password: n.PasswordHash}
	if r.Login == "" {
		r.Login = r.Phone
	}
	if r.Login == "" {
		r.Login = "u" + r.ID.String()
	}
	if r.Home == id.Zero {
		r.Home = s.auth.HomeFor(ctx)
	}
	r.HasPassword = r.password != ""
	login, phone, err := s.sealProfile(&r, n.Phone)
	if err != nil {
		return Account{}, errs.Wrap(op, err)
	}
	if err := s.checkUnique(ctx, tx, login, phone, r.ID); err != nil {
		return Account{}, err
	}
	ok, err := s.insertAccount(ctx, tx, r, login, phone)
	if err != nil {
		return Account{}, errs.Wrap(op, err)
	}
	if !ok {
		return Account{}, errs.Field(errs.E(op, errs.Conflict, "account.login_taken"), "login")
	}
	err = s.note(ctx, tx, by, "account.created", r.ID, "")
	return r.Account, errs.Wrap(op, err)
}

// CreateWithCode makes an account and the code that activates it, good for three
// days. The caller in ctx must administer accounts (Denied).
func (s *Service) CreateWithCode(ctx context.Context, by id.ID, n NewAccount) (a Account, code string, err error) {
	const op = "account.CreateWithCode"
	if !s.auth.MayManageAccounts(ctx) {
		return a, "", errs.E(op, errs.Denied, "error.denied")
	}
	err = s.d.Write(ctx, op, func(tx *db.Tx) error {
		if a, err = s.Create(ctx, tx, by, n); err != nil {
			return err
		}
		code, err = s.IssueCode(ctx, tx, by, a.ID, ResetTTL)
		return err
	})
	return a, code, err
}

// sealProfile checks and seals the personal fields of r and returns their hashes.
func (s *Service) sealProfile(r *row, phone string) (loginHash, phoneHash []byte, err error) {
	p := personal{Login: r.Login, Name: r.Name, Phone: phone}
	if err := checkProfile(p); err != nil {
		return nil, nil, err
	}
	p.Phone = seal.NormPhone(phone)
	r.Phone = p.Phone
	r.sealed, err = s.keys.SealJSON(seal.Standing, accountAAD(r.ID), p)
	return s.loginHash(p.Login), s.phoneHash(p.Phone), err
}

func (s *Service) checkUnique(ctx context.Context, tx *db.Tx, login, phone []byte, but id.ID) error {
	const op = "account.checkUnique"
	taken, err := s.loginTaken(ctx, tx, login, but)
	if err != nil {
		return errs.Wrap(op, err)
	}
	if taken {
		return errs.Field(errs.E(op, errs.Conflict, "account.login_taken"), "login")
	}
	taken, err = s.phoneTaken(ctx, tx, phone, but)
	if err != nil {
		return errs.Wrap(op, err)
	}
	if taken {
		return errs.Field(errs.E(op, errs.Conflict, "account.phone_taken"), "phone")
	}
	return nil
}

// open fills the personal fields of a stored account.
func (s *Service) open(r row) (Account, error) {
	var p personal
	if err := s.keys.OpenJSON(seal.Standing, accountAAD(r.ID), r.sealed, &p); err != nil {
		return Account{}, err
	}
	a := r.Account
	a.Login, a.Name, a.Phone, a.HasPassword = p.Login, p.Name, p.Phone, r.password != ""
	return a, nil
}

// Get returns an account; NotFound where there is none.
func (s *Service) Get(ctx context.Context, account id.ID) (Account, error) {
	const op = "account.Get"
	r, err := s.selectAccount(ctx, s.d.Read(), account)
	if err != nil {
		return Account{}, errs.Wrap(op, err)
	}
	a, err := s.open(r)
	return a, errs.Wrap(op, err)
}

// Find returns the account with exactly this log-in name or phone; NotFound
// where there is none.
func (s *Service) Find(ctx context.Context, login string) (Account, error) {
	const op = "account.Find"
	r, found, err := s.selectByHash(ctx, s.d.Read(), s.loginHash(login), s.phoneHash(login))
	if err != nil {
		return Account{}, errs.Wrap(op, err)
	}
	if !found {
		return Account{}, errs.E(op, errs.NotFound, "account.not_found")
	}
	a, err := s.open(r)
	return a, errs.Wrap(op, err)
}

// Names returns the display names of accounts; unknown ones are left out.
func (s *Service) Names(ctx context.Context, ids []id.ID) (map[id.ID]string, error) {
	list, err := s.Among(ctx, ids)
	out := make(map[id.ID]string, len(list))
	for _, a := range list {
		out[a.ID] = a.Name
	}
	return out, errs.Wrap("account.Names", err)
}

// Count returns how many accounts the district has.
func (s *Service) Count(ctx context.Context) (int, error) {
	n, err := s.countAccounts(ctx, s.d.Read())
	return n, errs.Wrap("account.Count", err)
}

// List returns accounts that the caller in ctx administers whose name, log-in
// name or phone contains find (all, when it is empty), in order of creation
// after the cursor. Denied where the caller administers none.
func (s *Service) List(ctx context.Context, find, cursor string, limit int) (list []Account, next string, err error) {
	const op = "account.List"
	if !s.auth.MayManageAccounts(ctx) {
		return nil, "", errs.E(op, errs.Denied, "error.denied")
	}
	limit = min(max(limit, 1), 500)
	after := id.Zero
	if cursor != "" {
		if after, err = id.Parse(cursor); err != nil {
			return nil, "", errs.Field(errs.E(op, errs.Invalid, "error.bad_cursor"), "after")
		}
	}
	find = normLogin(find)
	for {
		rows, err := s.selectAfter(ctx, s.d.Read(), after, 500)
		if err != nil || len(rows) == 0 {
			return list, "", errs.Wrap(op, err)
		}
		matching, err := s.matching(ctx, rows, find)
		if err != nil {
			return nil, "", errs.Wrap(op, err)
		}
		for _, a := range matching {
			if list = append(list, a); len(list) > limit {
				return list[:limit], list[limit-1].ID.String(), nil
			}
		}
		after = rows[len(rows)-1].ID
	}
}

// matching opens those rows that the caller administers and that contain find.
func (s *Service) matching(ctx context.Context, rows []row, find string) ([]Account, error) {
	list := make([]Subject, len(rows))
	for i, r := range rows {
		list[i] = r.subject()
	}
	mine, err := s.auth.Manageable(ctx, list)
	if err != nil {
		return nil, err
	}
	var out []Account
	for _, r := range rows {
		if !mine[r.ID] {
			continue
		}
		a, err := s.open(r)
		if err != nil {
			return nil, err
		}
		if find == "" || strings.Contains(normLogin(a.Name), find) || strings.Contains(normLogin(a.Login), find) || strings.Contains(a.Phone, find) {
			out = append(out, a)
		}
	}
	return out, nil
}

// Manages returns an error unless the caller in ctx administers the account:
// Denied where it administers none, NotFound outside its scope.
func (s *Service) Manages(ctx context.Context, account id.ID) error {
	const op = "account.Manages"
	if !s.auth.MayManageAccounts(ctx) {
		return errs.E(op, errs.Denied, "error.denied")
	}
	r, err := s.selectAccount(ctx, s.d.Read(), account)
	if err != nil {
		return errs.Wrap(op, err)
	}
	mine, err := s.auth.Manageable(ctx, []Subject{r.subject()})
	if err != nil {
		return errs.Wrap(op, err)
	}
	if !mine[account] {
		return errs.E(op, errs.NotFound, "account.not_found")
	}
	return nil
}

// Profile is what may be changed of an account, by its holder or an
// administrator. A Phone or Login equal to the mask of the stored phone means
// unchanged, since that is all an administrator sees.
type Profile struct {
	Login, Name, Phone string
	Lang               string
	Worker             *bool // nil: unchanged
}

// merge puts p over what is stored of r.
func (p Profile) merge(r *row, stored Account) (phone string) {
	mask := seal.MaskPhone(stored.Phone)
	phone = p.Phone
	if mask != "" && strings.TrimSpace(phone) == mask {
		phone = stored.Phone
	}
	r.Login, r.Name, r.Lang = strings.TrimSpace(p.Login), strings.TrimSpace(p.Name), i18n.Known(p.Lang)
	if mask != "" && r.Login == mask {
		r.Login = stored.Login
	}
	if r.Login == "" {
		r.Login = seal.NormPhone(phone)
	}
	if p.Worker != nil {
		r.Worker = *p.Worker
	}
	return phone
}

// SetProfile changes an account's own fields. Errors as of Create.
func (s *Service) SetProfile(ctx context.Context, by, account id.ID, p Profile) error {
	const op = "account.SetProfile"
	return s.d.Write(ctx, op, func(tx *db.Tx) error { return s.rewrite(ctx, tx, op, by, account, p.merge) })
}

// SetState locks or unlocks an account; locking ends its sessions and tokens.
func (s *Service) SetState(ctx context.Context, by, account id.ID, state State) error {
	const op = "account.SetState"
	action := "account.unlocked"
	if state == Locked {
		action = "account.locked"
		if by == account {
			return errs.E(op, errs.Conflict, "account.lock_self")
		}
	}
	return s.d.Write(ctx, op, func(tx *db.Tx) error {
		if _, err := s.selectAccount(ctx, tx, account); err != nil {
			return errs.Wrap(op, err)
		}
		if err := s.updateState(ctx, tx, account, state); err != nil {
			return errs.Wrap(op, err)
		}
		if state == Locked {
			if err := s.endAll(ctx, tx, account, id.Zero); err != nil {
				return errs.Wrap(op, err)
			}
		}
		return s.note(ctx, tx, by, action, account, "")
	})
}

// endAll ends every session (but one) and every token of an account.
func (s *Service) endAll(ctx context.Context, tx *db.Tx, account, but id.ID) error {
	now := s.now()
	if _, err := s.endSessions(ctx, tx, account, 0, but, now); err != nil {
		return err
	}
	_, err := s.endTokens(ctx, tx, account, 0, now)
	return err
}

// note appends one entry about an account to the audit.
func (s *Service) note(ctx context.Context, tx *db.Tx, by id.ID, action string, account id.ID, detail string) error {
	return s.audit.Append(ctx, tx, audit.Entry{Account: by, Action: action, Object: "account", ObjectID: account, Detail: detail})
}
