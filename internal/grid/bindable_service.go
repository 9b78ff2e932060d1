package grid

import (
	"context"
	"strings"

	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/i18n"
	"wangge/internal/platform/id"
)

// Bindable is a post or an organisation that may be bound to a place.
type Bindable struct {
	Ref  string // "p" and the post's id, or "o" and the organisation's
	Name string
	Of   string // what the post is over, or what kind of organisation it is
}

// readRef reads the reference of a Bindable.
func readRef(ref string) (post, org id.ID, ok bool) {
	if len(ref) < 2 {
		return 0, 0, false
	}
	v, err := id.Parse(ref[1:])
	if err != nil || v == id.Zero {
		return 0, 0, false
	}
	switch ref[0] {
	case 'p':
		return v, 0, true
	case 'o':
		return 0, v, true
	}
	return 0, 0, false
}

// maxFound bounds what a search for who to bind lists.
const maxFound = 20

// FindBindable finds organisations and posts by a part of their name or of the
// place they are over; without words those of the place itself. more says that
// there are others. Needs place.read.
func (s *Service) FindBindable(ctx context.Context, c Caller, at Place, text string) (list []Bindable, more bool, err error) {
	const op = "grid.FindBindable"
	text = strings.TrimSpace(text)
	in, filter := at, PostFilter{Place: at.ID, Exact: true, Limit: maxFound + 1}
	if text != "" {
		if in, err = s.Root(ctx, c); err != nil {
			return nil, false, err
		}
		filter = PostFilter{Text: text, Limit: maxFound + 1}
	}
	orgs, err := s.Organisations(ctx, c, OrgFilter{Area: in, Text: text, Limit: maxFound + 1})
	if err != nil {
		return nil, false, errs.Wrap(op, err)
	}
	posts, err := s.Posts(ctx, c, filter)
	if err != nil {
		return nil, false, errs.Wrap(op, err)
	}
	for _, o := range orgs {
		list = append(list, bindableOrg(c, o))
	}
	for _, p := range posts {
		if p.Role != RoleAdmin && p.Role != RoleAuditor {
			list = append(list, bindablePost(c, p))
		}
	}
	if len(list) > maxFound {
		return list[:maxFound], true, nil
	}
	return list, false, nil
}

func bindableOrg(c Caller, o Organisation) Bindable {
	return Bindable{Ref: "o" + o.ID.String(), Name: o.Name, Of: i18n.T(c.Lang, "grid.orgkind."+o.Kind)}
}

func bindablePost(c Caller, p PostView) Bindable {
	b := Bindable{Ref: "p" + p.ID.String(), Name: p.Title, Of: p.Object}
	if b.Name == "" {
		b.Name = i18n.T(c.Lang, "grid.role."+string(p.Role))
	}
	return b
}

// bindables reads what references stand for, in their order and each once;
// what is not there is left out.
func (s *Service) bindables(ctx context.Context, c Caller, refs []string) ([]Bindable, error) {
	const op = "grid.bindables"
	var out []Bindable
	seen := map[string]bool{}
	for _, ref := range refs {
		post, org, ok := readRef(ref)
		if !ok || seen[ref] {
			continue
		}
		seen[ref] = true
		if org != id.Zero {
			list, err := queryOrgs(ctx, s.d.Read(), "district = $1 AND id = $2", c.District, int64(org))
			if err != nil {
				return nil, errs.Wrap(op, err)
			}
			for _, o := range list {
				out = append(out, bindableOrg(c, o))
			}
			continue
		}
		list, err := queryPosts(ctx, s.d.Read(), "p.district = $1 AND p.id = $2", db.NewArgs(c.District, int64(post)))
		if err == nil {
			err = s.nameObjects(ctx, c, list)
		}
		if err != nil {
			return nil, errs.Wrap(op, err)
		}
		for _, p := range list {
			out = append(out, bindablePost(c, p))
		}
	}
	return out, nil
}
