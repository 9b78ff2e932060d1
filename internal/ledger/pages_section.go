package ledger

import (
	"context"
	"html/template"

	"wangge/internal/grid"
	"wangge/internal/platform/id"
)

// PersonSection adds a part to a person's page, such as the tasks about them. It
// returns finished HTML of its own template, or "" where it has nothing to say.
type PersonSection func(ctx context.Context, c grid.Caller, person id.ID) (template.HTML, error)

// AddPersonSection registers a part of persons' pages; call it before serving.
func (s *Service) AddPersonSection(f PersonSection) { s.sections = append(s.sections, f) }

// sectionsOf asks the other slices for their parts of a person's page.
func (s *Service) sectionsOf(ctx context.Context, c grid.Caller, person id.ID) (out []template.HTML, err error) {
	for _, f := range s.sections {
		part, err := f(ctx, c, person)
		if err != nil {
			return nil, err
		}
		if part != "" {
			out = append(out, part)
		}
	}
	return out, nil
}
