package district

import (
	"wangge/internal/grid"
	"wangge/internal/platform/id"
	"wangge/internal/sim"
)

// roles maps the generator's roles to those of package grid.
var roles = map[sim.Role]grid.Role{
	sim.RoleCommand: grid.RoleCommand, sim.RoleDuty: grid.RoleCommand, sim.RoleHQGroup: grid.RoleDepartment, sim.RoleDepartment: grid.RoleDepartment,
	sim.RoleAuditor: grid.RoleAuditor, sim.RoleStreetApprover: grid.RoleStreet, sim.RoleStreetOfficer: grid.RoleStreet, sim.RoleClinic: grid.RoleDepartment,
	sim.RoleCommunityHead: grid.RoleCommunity, sim.RoleClerk: grid.RoleCommunity, sim.RoleGridWorker: grid.RoleGridWorker, sim.RoleLeader: grid.RoleBuildingLeader,
	sim.RoleRepresentative: grid.RoleRepresentative, sim.RoleVolunteer: grid.RoleVolunteer, sim.RoleProperty: grid.RoleProperty,
}

// office is a post of the generator with what it answers for.
type office struct {
	from       *sim.Post
	id         id.ID
	role       grid.Role
	title      string
	objectKind grid.ObjectKind
	object     id.ID
	doors      []id.ID // with ObjectDoors
	area       id.ID   // of the organisation it speaks for
	bound      id.ID   // the place its organisation is bound to, Zero for none
	days       int     // it ends after so many days; 0 stays
}

// upperOffice places a post of the district or of a street.
func upperOffice(p *sim.Post, areas map[string]grid.Place, root id.ID) office {
	o := office{from: p, id: id.New(), role: roles[p.Role], title: word("title." + string(p.Role)), objectKind: grid.ObjectPlace, object: areas[p.Area].ID, area: root}
	switch p.Role {
	case sim.RoleHQGroup:
		o.title = word("title.hq_group", word("team."+p.Team))
	case sim.RoleDepartment:
		o.title = word("title.department", p.Organisation)
		o.bound = o.object
	case sim.RoleClinic:
		o.area = o.object
	}
	return o
}

// office places a post of a community.
func (s *settled) office(p *sim.Post) office {
	o := office{from: p, id: id.New(), role: roles[p.Role], title: word("title." + string(p.Role)), objectKind: grid.ObjectPlace, object: s.area.ID, area: s.area.ID}
	switch {
	case p.Role == sim.RoleRepresentative, p.Role == sim.RoleStreetOfficer:
		o.objectKind, o.object = grid.ObjectDoors, id.Zero
		span := p.Doors
		if p.Role == sim.RoleStreetOfficer { // a squad sent down to a block across micro-grids, for some days
			span, o.days = s.from.Grids[p.Grid].Doors, s.from.Grids[p.Grid].Days
			o.role, o.title = grid.RoleGridWorker, word("title.squad", s.from.Grids[p.Grid].Name)
		}
		o.doors = s.doors[span.From:span.To]
	case p.Grid >= 0:
		o.objectKind, o.object = grid.ObjectGrid, s.grids[p.Grid]
		o.title = word("title."+string(p.Role)+"_of", s.from.Grids[p.Grid].Name)
	case p.Compound >= 0:
		o.object = s.compounds[p.Compound]
		o.bound = o.object
	}
	return o
}
