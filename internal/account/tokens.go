package account

import (
	"context"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
	"wangge/internal/platform/web"
)

// Token is the right of a program to act for one post of an account.
type Token struct {
	ID      id.ID
	Account id.ID
	Post    id.ID
	Name    string // what it is for; not personal
	Origin  string // national code of the district it was given to, whose people it hands over and nothing else; "" for one of the account's own
	Created int64  // UTC milliseconds
	Expires int64  // UTC milliseconds
}

const tokenPrefix = "wgt_"

var districtCode = regexp.MustCompile(`^[1-9][0-9]{5}$`)

// NewToken is what a token is made with.
type NewToken struct {
	Post   id.ID
	Name   string
	TTL    time.Duration // at most MaxTokenTTL
	Origin string        // the district it is given to, six digits; "" for one's own program
}

// CreateToken makes a token for a post that the account holds now and returns
// its secret, which is told once. Errors: Invalid with the field.
func (s *Service) CreateToken(ctx context.Context, account id.ID, n NewToken) (Token, string, error) {
	const op = "account.CreateToken"
	name, origin := strings.TrimSpace(n.Name), strings.TrimSpace(n.Origin)
	switch {
	case name == "":
		return Token{}, "", errs.Field(errs.E(op, errs.Invalid, "error.required"), "name")
	case utf8.RuneCountInString(name) > maxName:
		return Token{}, "", errs.Field(errs.E(op, errs.Invalid, "error.too_long", maxName), "name")
	case n.TTL <= 0 || n.TTL > MaxTokenTTL:
		return Token{}, "", errs.Field(errs.E(op, errs.Invalid, "account.token_days"), "days")
	case origin != "" && (!districtCode.MatchString(origin) || origin == strconv.Itoa(s.district)):
		return Token{}, "", errs.Field(errs.E(op, errs.Invalid, "account.token_origin"), "origin")
	}
	posts, err := s.auth.PostsOf(ctx, account)
	if err != nil {
		return Token{}, "", errs.Wrap(op, err)
	}
	if !holds(posts, n.Post) {
		return Token{}, "", errs.Field(errs.E(op, errs.Invalid, "account.token_post"), "post")
	}
	now := s.now()
	t := Token{ID: id.New(), Account: account, Post: n.Post, Name: name, Origin: origin, Created: now, Expires: now + n.TTL.Milliseconds()}
	secret := newSecret(tokenPrefix)
	err = s.d.Write(ctx, op, func(tx *db.Tx) error {
		if err := s.insertToken(ctx, tx, secretHash(secret), t); err != nil {
			return errs.Wrap(op, err)
		}
		return s.note(ctx, tx, account, "account.token_created", account, "token="+t.ID.String()+" post="+n.Post.String()+" origin="+origin)
	})
	return t, secret, err
}

func holds(posts []Post, post id.ID) bool {
	for _, p := range posts {
		if p.ID == post && post != 0 {
			return true
		}
	}
	return false
}

// ListTokens lists the tokens of an account that are good now.
func (s *Service) ListTokens(ctx context.Context, account id.ID) ([]Token, error) {
	out, err := tokenTable.of(ctx, s.d.Read(), s.district, account, s.now())
	return out, errs.Wrap("account.ListTokens", err)
}

// EndToken ends one token of an account; NotFound where it has none such.
func (s *Service) EndToken(ctx context.Context, by, account, token id.ID) error {
	const op = "account.EndToken"
	if token == id.Zero {
		return errs.E(op, errs.NotFound, "account.token_not_found")
	}
	return s.d.Write(ctx, op, func(tx *db.Tx) error {
		n, err := s.endTokens(ctx, tx, account, token, s.now())
		if err != nil {
			return errs.Wrap(op, err)
		}
		if n == 0 {
			return errs.E(op, errs.NotFound, "account.token_not_found")
		}
		return s.note(ctx, tx, by, "account.token_ended", account, "token="+token.String())
	})
}

// tokens is the Identity of programs.
type tokens struct{ s *Service }

// Tokens returns the web.Identity of bearer tokens. Its sessions carry the
// post's id in Post; see TokenPost.
func (s *Service) Tokens() web.Identity { return tokens{s} }

// Lookup turns a token's secret into who is asking. It is Unauthenticated where
// the token is unknown, ended or expired, the account locked, or the post no
// longer held.
func (t tokens) Lookup(ctx context.Context, secret string) (web.Session, error) {
	const op = "account.LookupToken"
	none := errs.E(op, errs.Unauthenticated, "account.bad_token")
	if !strings.HasPrefix(secret, tokenPrefix) || len(secret) > 200 {
		return web.Session{}, none
	}
	hash := secretHash(secret)
	w, err := t.s.whoIs(ctx, tokenTable.name+string(hash), hash, t.s.now(), t.s.readToken)
	if err != nil {
		return web.Session{}, errs.Wrap(op, err)
	}
	posts, err := t.s.auth.PostsOf(ctx, w.account)
	if err != nil {
		return web.Session{}, errs.Wrap(op, err)
	}
	if !holds(posts, w.post) {
		return web.Session{}, none
	}
	out := w.session()
	out.Token, out.Post, out.Origin = true, w.post.String(), w.origin
	return out, nil
}

func (s *Service) readToken(ctx context.Context, hash []byte, now int64) (who, error) {
	t, found, err := tokenTable.running(ctx, s.d.Read(), s.district, hash, now)
	if err == nil && !found {
		err = errs.E("account.readToken", errs.Unauthenticated, "account.bad_token")
	}
	return who{account: t.Account, post: t.Post, origin: t.Origin, expires: t.Expires}, err
}

// endTokens ends one token of an account (which), or all of them.
func (s *Service) endTokens(ctx context.Context, tx *db.Tx, account, which id.ID, now int64) (int64, error) {
	s.changed(tx, account)
	return tokenTable.end(ctx, tx, s.district, account, which, id.Zero, now)
}

// TokenPost returns the one post a program speaks for. ok is false for a person
// in a browser, who speaks for all the posts held.
func TokenPost(k web.Session) (post id.ID, ok bool) {
	if !k.Token {
		return 0, false
	}
	post, err := id.Parse(k.Post)
	return post, err == nil && post != 0
}
