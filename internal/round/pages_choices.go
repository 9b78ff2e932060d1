package round

import (
	"context"
	"net/url"
	"slices"
	"strings"

	"wangge/internal/grid"
	"wangge/internal/ledger"
	"wangge/internal/platform/i18n"
	"wangge/internal/platform/id"
	"wangge/internal/platform/web"
)

// choices fills in what the selects of the editor offer.
func (d *editPage) choices(lang string) {
	for _, t := range FieldTypes() {
		d.Types = append(d.Types, web.Option{Value: string(t), Text: i18n.T(lang, "round.type."+string(t))})
	}
	for _, f := range ReadyFields() {
		d.Ready = append(d.Ready, web.Option{Value: f.Key, Text: f.Label.In(lang)})
	}
	for _, b := range Bases() {
		d.Bases = append(d.Bases, web.Option{Value: b.Code, Text: b.In(lang)})
	}
	for _, k := range TargetKinds() {
		d.Kinds = append(d.Kinds, web.Option{Value: string(k), Text: i18n.T(lang, "round.target."+string(k))})
	}
	for _, k := range []string{"street", "community", "compound", "building", "unit", "group", "row"} {
		d.PlaceKinds = append(d.PlaceKinds, web.Option{Value: k, Text: i18n.T(lang, "round.kind."+k)})
	}
}

// reportingRoles are the roles whose posts may owe a report.
var reportingRoles = []grid.Role{grid.RoleStreet, grid.RoleCommunity, grid.RoleProperty, grid.RoleGridWorker, grid.RoleBuildingLeader, grid.RoleRepresentative}

// filters fills in what a round may be narrowed to besides kinds and grids.
func (d *editPage) filters(lang string, c grid.Caller) {
	for _, k := range grid.PointKinds {
		d.Points = append(d.Points, web.Option{Value: k, Text: i18n.T(lang, "grid.point."+k)})
	}
	for _, k := range reportingRoles {
		d.Roles = append(d.Roles, web.Option{Value: string(k), Text: i18n.T(lang, "grid.role."+string(k))})
	}
	for _, k := range grid.CompoundKinds {
		d.Classes = append(d.Classes, web.Option{Value: k, Text: i18n.T(lang, "grid.compound."+k)})
	}
	if !c.Sees(grid.FieldCare) {
		return
	}
	for _, k := range ledger.CareKinds() {
		d.Care = append(d.Care, web.Option{Value: k, Text: i18n.T(lang, "ledger.care."+k)})
	}
}

func (p *Pages) editChoices(ctx context.Context, c grid.Caller, v url.Values, d *editPage) error {
	q := p.s.DB.Read()
	areas, err := draftAreas(ctx, q, c)
	if err != nil {
		return err
	}
	chosen := idOf(v, "area")
	found := false
	for _, a := range areas {
		found = found || a.ID == chosen
		d.Areas = append(d.Areas, web.Option{Value: a.ID.String(), Text: strings.Repeat("\u2003", max(0, (len(a.Path)-6)/3)) + a.Name})
	}
	if chosen != id.Zero && !found {
		if a, err := selectPlace(ctx, q, c.District, chosen); err == nil {
			d.Areas = slices.Insert(d.Areas, 0, web.Option{Value: a.ID.String(), Text: a.Name})
		}
	}
	if chosen == id.Zero && len(areas) > 0 {
		chosen = areas[0].ID
	}
	if chosen != id.Zero {
		grids, err := gridsBelow(ctx, q, c.District, id.Zero, chosen)
		if err != nil {
			return err
		}
		for _, g := range grids {
			d.Grids = append(d.Grids, web.Option{Value: g.ID.String(), Text: g.Name})
		}
	}
	open, err := p.s.Rounds(ctx, c, ListFilter{States: []RoundState{Open}})
	if err != nil {
		return err
	}
	d.About = []web.Option{{Text: i18n.T(c.Lang, "round.about.none")}}
	for _, r := range open {
		if !r.Reports() {
			d.About = append(d.About, web.Option{Value: r.ID.String(), Text: r.Name})
		}
	}
	forms, err := p.s.Forms(ctx, c)
	if err != nil {
		return err
	}
	for _, f := range forms {
		d.Forms = append(d.Forms, web.Option{Value: f.ID.String(), Text: f.Name})
	}
	list, err := p.s.Emergencies(ctx, c)
	for _, e := range list {
		if e.State == emergencyOpen {
			d.Emergencies = append(d.Emergencies, web.Option{Value: e.ID.String(), Text: e.Name})
		}
	}
	d.None = len(d.Emergencies) == 0
	return err
}
