package grid

import (
	"context"

	"wangge/internal/platform/id"
	"wangge/internal/platform/web"
)

type addGridIn struct {
	Body struct {
		AreaID   id.ID  `json:"area_id,omitempty" doc:"Of top grids"`
		ParentID id.ID  `json:"parent_id,omitempty"`
		Kind     string `json:"kind" enum:"block,basic,micro"`
		Name     string `json:"name" maxLength:"60"`
		Code     string `json:"code,omitempty" maxLength:"40"`
	}
}

func (a api) addGrid(ctx context.Context, c Caller, in *addGridIn) (*body[Grid], error) {
	b := in.Body
	return result(a.s.AddGrid(ctx, c, NewGrid{AreaID: b.AreaID, ParentID: b.ParentID, Kind: GridKind(b.Kind), Name: b.Name, Code: b.Code}))
}

func (a api) grid(ctx context.Context, c Caller, in *byID) (*body[Grid], error) {
	return result(a.s.Grid(ctx, c, in.ID.ID))
}

func (a api) closeGrid(ctx context.Context, c Caller, in *byID) (*ended, error) {
	return nil, a.s.CloseGrid(ctx, c, in.ID.ID)
}

type selectionIn struct {
	ID   web.IDParam `path:"id"`
	Body Selection
}

func (a api) previewDoors(ctx context.Context, c Caller, in *selectionIn) (*body[*Redrawing], error) {
	return result(a.s.PreviewDoors(ctx, c, in.ID.ID, Selection(in.Body)))
}

func (a api) assignDoors(ctx context.Context, c Caller, in *selectionIn) (*body[*Redrawing], error) {
	return result(a.s.AssignDoors(ctx, c, in.ID.ID, Selection(in.Body)))
}

type redrawIn struct {
	Body struct {
		Parts []RedrawPart `json:"parts" minItems:"1" maxItems:"100" doc:"What goes into which grid; a later part goes before an earlier one"`
	}
}

func (a api) previewRedraw(ctx context.Context, c Caller, in *redrawIn) (*body[*Redrawing], error) {
	return result(a.s.PreviewRedraw(ctx, c, in.Body.Parts))
}

func (a api) redraw(ctx context.Context, c Caller, in *redrawIn) (*body[*Redrawing], error) {
	return result(a.s.Redraw(ctx, c, in.Body.Parts))
}

type redrawingsIn struct {
	Place web.IDParam `query:"place" doc:"Default: the highest place your posts cover"`
}

func (a api) redrawings(ctx context.Context, in *redrawingsIn) (*body[web.Page[RedrawRecord]], error) {
	c, p, err := a.at(ctx, in.Place.ID)
	if err != nil {
		return nil, err
	}
	list, err := a.s.Redrawings(ctx, c, p, 100)
	if err != nil {
		return nil, err
	}
	return page(list, 0, nil)
}

func (a api) undoRedraw(ctx context.Context, c Caller, in *byID) (*body[*Redrawing], error) {
	return result(a.s.UndoRedraw(ctx, c, in.ID.ID))
}

type vacanciesIn struct {
	Place  web.IDParam `query:"place"`
	At     int64       `query:"at" doc:"UTC milliseconds; default: now"`
	OnDuty bool        `query:"on_duty" doc:"By the roster: posts that have one count in its hours only"`
}

func (a api) vacancies(ctx context.Context, in *vacanciesIn) (*body[*Vacancies], error) {
	c, p, err := a.at(ctx, in.Place.ID)
	if err != nil {
		return nil, err
	}
	return result(a.s.Vacancies(ctx, c, p.ID, When{AtMs: in.At, OnDuty: in.OnDuty}))
}
