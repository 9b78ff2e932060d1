package grid

import (
	"context"

	"wangge/internal/platform/id"
	"wangge/internal/platform/web"
)

type doorsIn struct {
	web.PageQuery
	Place web.IDParam `query:"place"`
}

func (a api) doors(ctx context.Context, in *doorsIn) (*body[web.Page[Place]], error) {
	c, p, err := a.at(ctx, in.Place.ID)
	if err != nil {
		return nil, err
	}
	return a.subtree(ctx, c, p, []Kind{Door}, in.PageQuery)
}

type findDoorIn struct {
	Area     web.IDParam `query:"area" required:"true"`
	Compound string      `query:"compound"`
	Building string      `query:"building"`
	Unit     string      `query:"unit"`
	Room     string      `query:"room"`
	Group    string      `query:"group"`
	Row      string      `query:"row"`
}

func (a api) findDoor(ctx context.Context, c Caller, in *findDoorIn) (*body[Place], error) {
	return result(a.s.FindDoor(ctx, c, in.Area.ID, DoorParts{Compound: in.Compound, Building: in.Building, Unit: in.Unit, Room: in.Room, Group: in.Group, Row: in.Row}))
}

type ensureDoorIn struct {
	Body struct {
		Area     id.ID  `json:"area"`
		Compound string `json:"compound,omitempty" maxLength:"60"`
		Building string `json:"building,omitempty" maxLength:"60"`
		Unit     string `json:"unit,omitempty" maxLength:"60"`
		Floor    int    `json:"floor,omitempty"`
		Room     string `json:"room,omitempty" maxLength:"60"`
		Group    string `json:"group,omitempty" maxLength:"60"`
		Row      string `json:"row,omitempty" maxLength:"60"`
	}
}

func (a api) ensureDoor(ctx context.Context, c Caller, in *ensureDoorIn) (*body[Place], error) {
	b := in.Body
	return result(a.s.EnsureDoor(ctx, c, b.Area, DoorParts{Compound: b.Compound, Building: b.Building, Unit: b.Unit, Floor: b.Floor, Room: b.Room, Group: b.Group, Row: b.Row}))
}

func (a api) doorGrids(ctx context.Context, c Caller, in *byID) (*body[web.Page[GridStay]], error) {
	list, err := a.s.GridHistory(ctx, c, in.ID.ID)
	if err != nil {
		return nil, err
	}
	return page(list, 0, nil)
}
