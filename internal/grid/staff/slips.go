package staff

import (
	"context"
	"slices"
	"strings"

	"wangge/internal/account"
	"wangge/internal/grid"
	"wangge/internal/platform/id"
	"wangge/internal/platform/seal"
)

// MaxSlips is how many slips are printed at once.
const MaxSlips = 200

// Slip is an activation slip: given by hand to the one whose account it opens.
type Slip struct {
	AccountID id.ID  `json:"account_id"`
	Name      string `json:"name" doc:"Masked for roles that see names masked"`
	Phone     string `json:"phone,omitempty" doc:"Masked; the log-in name"`
	Post      string `json:"post"`
	Where     string `json:"where"`
	Code      string `json:"code" doc:"Good once; told only now"`
	ExpiresMs int64  `json:"expires_ms"`
}

// Waiting says how many people in posts have not opened their accounts.
type Waiting struct {
	People int `json:"people"`
	Issued int `json:"issued" doc:"Of these, with a slip that is still good"`
}

// pending lists the accounts in posts at or below a place that wait, in
// walking order, with a post of each.
func (s *Service) pending(ctx context.Context, c grid.Caller, place id.ID) (grid.Place, []account.Waiting, map[id.ID]grid.PostView, error) {
	at, err := s.base(ctx, c, place)
	if err != nil {
		return at, nil, nil, err
	}
	posts, err := s.grid.Staffing(ctx, c, at)
	if err != nil {
		return at, nil, nil, err
	}
	slices.SortStableFunc(posts, func(a, b grid.PostView) int { return strings.Compare(a.Path, b.Path) })
	of := map[id.ID]grid.PostView{}
	var ids []id.ID
	for _, p := range posts {
		for _, h := range p.Holders {
			if _, ok := of[h.AccountID]; !ok {
				of[h.AccountID] = p
				ids = append(ids, h.AccountID)
			}
		}
	}
	list, err := s.accounts.Waiting(ctx, ids)
	return at, list, of, err
}

// Waiting counts who waits at or below a place. Needs post.write there.
func (s *Service) Waiting(ctx context.Context, c grid.Caller, place id.ID) (grid.Place, Waiting, error) {
	at, list, _, err := s.pending(ctx, c, place)
	w := Waiting{People: len(list)}
	for _, x := range list {
		if x.Issued {
			w.Issued++
		}
	}
	return at, w, err
}

// Slips issues slips to those in posts at or below a place who have not opened
// their accounts, at most MaxSlips: those without a good slip, or, again, all
// of them, whose earlier slips end. Needs post.write there and that the caller
// administers the account; others are left out.
func (s *Service) Slips(ctx context.Context, c grid.Caller, place id.ID, again bool) ([]Slip, error) {
	_, list, of, err := s.pending(ctx, c, place)
	if err != nil {
		return nil, err
	}
	var ids []id.ID
	for _, w := range list {
		if again || !w.Issued {
			ids = append(ids, w.Account.ID)
		}
	}
	issued, err := s.accounts.Slips(ctx, c.AccountID, ids, MaxSlips)
	if err != nil {
		return nil, err
	}
	posts := make([]grid.PostView, len(issued))
	for i, x := range issued {
		posts[i] = of[x.Account.ID]
	}
	if err := s.grid.NamePosts(ctx, c, posts); err != nil {
		return nil, err
	}
	out := make([]Slip, len(issued))
	for i, x := range issued {
		out[i] = Slip{AccountID: x.Account.ID, Name: nameFor(c, x.Account.Name), Phone: seal.MaskPhone(x.Account.Phone), Post: posts[i].Title,
			Where: posts[i].Object, Code: x.Code, ExpiresMs: x.Expires}
	}
	return out, nil
}

// nameFor is a name as the caller's roles see names.
func nameFor(c grid.Caller, name string) string {
	if c.Sees(grid.FieldName) {
		return name
	}
	return seal.MaskName(name)
}
