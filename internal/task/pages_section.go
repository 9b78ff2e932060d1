package task

import (
	"context"
	"embed"
	"html/template"

	"wangge/internal/grid"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
	"wangge/internal/platform/web"
)

//go:embed section/tasks.html
var sectionFiles embed.FS

// section renders the part of the pages of what tasks are linked with.
var section = web.Part(sectionFiles, "section/tasks.html")

// Bounds of a section: how many tasks of a thing are looked at, and listed.
const (
	maxTied   = 50
	maxListed = 10
)

// tiedTask is a task on the page of something it is linked with.
type tiedTask struct {
	ID         id.ID
	Name, Kind string
	State      State
}

// PlaceSection shows on a place's page the tasks that are about it or linked
// with it, for grid.Service.AddSection.
func (s *Service) PlaceSection(ctx context.Context, c grid.Caller, p grid.Place) (template.HTML, error) {
	return s.linkedSection(ctx, c, Link{"place", p.ID})
}

// PersonSection is that of a person's page, for ledger.Service.AddPersonSection.
func (s *Service) PersonSection(ctx context.Context, c grid.Caller, person id.ID) (template.HTML, error) {
	return s.linkedSection(ctx, c, Link{"person", person})
}

// RoundSection is that of a round's page, for round.Service.AddSection.
func (s *Service) RoundSection(ctx context.Context, c grid.Caller, round id.ID) (template.HTML, error) {
	return s.linkedSection(ctx, c, Link{"round", round})
}

// linkedSection shows the tasks linked with something that the caller may see;
// nothing where there are none.
func (s *Service) linkedSection(ctx context.Context, c grid.Caller, l Link) (template.HTML, error) {
	list, err := s.tiedTo(ctx, c, l)
	if err != nil || len(list) == 0 {
		return "", errs.Wrap("task.Section", err)
	}
	return section(web.Lang(ctx), list)
}

// tiedTo lists the tasks linked with something that the caller may see.
func (s *Service) tiedTo(ctx context.Context, c grid.Caller, l Link) (out []tiedTask, err error) {
	if !c.Can(grid.TaskDo) {
		return nil, nil
	}
	rows, err := selectTied(ctx, s.DB.Read(), c.District, l, maxTied)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	list, err := s.open(c.Lang, rows)
	if err != nil {
		return nil, err
	}
	b, err := s.bearings(ctx, c)
	if err != nil {
		return nil, err
	}
	for _, t := range list {
		if len(out) == maxListed || standingOf(t, c, b.line, b.now, false, b.shifts) == 0 {
			continue
		}
		k, _ := b.kinds.Get(t.Kind)
		tied := tiedTask{t.ID, t.Title, k.Name(c.Lang), t.State}
		if tied.Name == "" {
			tied.Name = tied.Kind
		}
		out = append(out, tied)
	}
	return out, nil
}
