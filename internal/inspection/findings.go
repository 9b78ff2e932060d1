package inspection

import (
	"context"

	"wangge/internal/grid"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
	"wangge/internal/platform/seal"
)

// Finding is a visit that found something.
type Finding struct {
	ItemID  id.ID  `json:"item_id"`
	Seq     int    `json:"seq"`
	PlaceID id.ID  `json:"place_id" doc:"0 of a post"`
	PostID  id.ID  `json:"post_id" doc:"0 of a place"`
	Name    string `json:"name" doc:"The place or post in words"`
	AtMs    int64  `json:"at_ms"`
	Words   string `json:"words"`
	Open    bool   `json:"open" doc:"Still being put right"`
	sealed  []byte
}

// maxFindings bounds a list of findings.
const maxFindings = 100

// Findings lists the latest findings in an area, the latest first. It needs
// inspect over the area. Errors: Denied, NotFound.
func (s *Service) Findings(ctx context.Context, c grid.Caller, area id.ID) ([]Finding, error) {
	const op = "inspection.Findings"
	p, err := s.Grid.Place(ctx, c, area)
	if err == nil {
		err = c.RequirePlace(op, permission, p.Path)
	}
	if err != nil {
		return nil, errs.Wrap(op, err)
	}
	list, err := selectFindings(ctx, s.DB.Read(), c, p.Path, maxFindings)
	if err != nil {
		return nil, errs.Wrap(op, err)
	}
	items := make([]Item, len(list))
	for i, f := range list {
		var text said
		if err := s.Keys.OpenJSON(seal.Standing, visitAAD(f.ItemID, f.Seq), f.sealed, &text); err != nil {
			return nil, errs.Wrap(op, err)
		}
		list[i].Words, items[i] = text.Words, Item{PlaceID: f.PlaceID, PostID: f.PostID}
	}
	err = s.namesOf(ctx, c, items)
	for i := range list {
		list[i].Name = items[i].Name
	}
	return list, errs.Wrap(op, err)
}
