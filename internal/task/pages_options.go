package task

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"wangge/internal/grid"
	"wangge/internal/platform/i18n"
	"wangge/internal/platform/id"
	"wangge/internal/platform/web"
)

// options are posts in words, each once, after a first line that asks to choose.
func (p *Pages) options(r *http.Request, c grid.Caller, posts []id.ID, first string, without id.ID) ([]web.Option, error) {
	words, err := p.s.PostChoices(r.Context(), c, posts)
	if err != nil {
		return nil, err
	}
	out := []web.Option{{Value: "", Text: web.T(r.Context(), first)}}
	seen := map[id.ID]bool{without: true}
	for _, x := range posts {
		if !seen[x] && words[x] != "" {
			seen[x] = true
			out = append(out, web.Option{Value: x.String(), Text: words[x]})
		}
	}
	return out, nil
}

// PostChoices writes posts in words as one chooses among them: where two read
// the same, the community is added and, where that does not tell them apart, who
// is in post. It asks for no right over them, as PostWords of package grid.
func (s *Service) PostChoices(ctx context.Context, c grid.Caller, posts []id.ID) (map[id.ID]string, error) {
	words, err := s.postWords(ctx, c, posts)
	if err != nil || len(alike(words)) == 0 {
		return words, err
	}
	line, err := s.Grid.Line(ctx, c)
	if err != nil {
		return nil, err
	}
	if err := s.addAreas(ctx, c, line, words, alike(words)); err != nil {
		return nil, err
	}
	return words, s.addHolders(ctx, c, line, words)
}

// alike are the posts of which another reads the same.
func alike(words map[id.ID]string) (out []id.ID) {
	n := map[string]int{}
	for _, w := range words {
		n[w]++
	}
	for p, w := range words {
		if n[w] > 1 {
			out = append(out, p)
		}
	}
	return out
}

// PostsInArea writes posts in words with the community of a grid's post before
// it: every community has a first grid. It asks for no right over them, as
// grid.PostWords.
func (s *Service) PostsInArea(ctx context.Context, c grid.Caller, posts []id.ID) (map[id.ID]string, error) {
	words, err := s.postWords(ctx, c, posts)
	if err != nil {
		return nil, err
	}
	line, err := s.Grid.Line(ctx, c)
	if err != nil {
		return nil, err
	}
	var grids []id.ID
	for p := range words {
		if post := line.Post(p); post != nil && post.Kind == grid.ObjectGrid {
			grids = append(grids, p)
		}
	}
	return words, s.addAreas(ctx, c, line, words, grids)
}

// addAreas puts the community before what the posts of a list are called.
func (s *Service) addAreas(ctx context.Context, c grid.Caller, line *grid.Line, words map[id.ID]string, list []id.ID) error {
	areas, err := s.Grid.Areas(ctx, c, grid.Community)
	if err != nil {
		return err
	}
	for _, p := range list {
		post := line.Post(p)
		if post == nil {
			continue
		}
		at := slices.IndexFunc(areas, func(a grid.Place) bool { return strings.HasPrefix(post.Path, a.Path) })
		if at >= 0 && !strings.HasPrefix(words[p], areas[at].Name) {
			words[p] = areas[at].Name + " · " + words[p]
		}
	}
	return nil
}

// addHolders puts who is in post behind posts that read alike.
func (s *Service) addHolders(ctx context.Context, c grid.Caller, line *grid.Line, words map[id.ID]string) error {
	list, now := alike(words), s.now()
	holders := map[id.ID][]id.ID{}
	var all []id.ID
	for _, p := range list {
		if post := line.Post(p); post != nil {
			holders[p] = post.Holders(now)
			all = append(all, holders[p]...)
		}
	}
	names, err := s.names(ctx, all)
	if err != nil {
		return err
	}
	for _, p := range list {
		who := i18n.T(c.Lang, "grid.vacant")
		if len(holders[p]) > 0 {
			in := make([]string, len(holders[p]))
			for i, a := range holders[p] {
				in[i] = names[a]
			}
			who = strings.Join(in, i18n.T(c.Lang, "task.gaps.comma"))
		}
		words[p] += " · " + who
	}
	return nil
}
