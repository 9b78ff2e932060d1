package grid

import (
	"net/http"

	"wangge/internal/platform/id"
	"wangge/internal/platform/web"
)

type teamsPage struct {
	frame
	Place   Place
	Table   web.Table
	Teams   []Team
	Areas   map[string]string
	Kinds   []web.Option
	OrgList []web.Option
	CanPost bool
	Adding  bool // the form stands open
	Lang    string
	NowMs   int64
	HQ      bool // the seven groups are there
}

// TeamName is what a team is called.
func (d teamsPage) TeamName(t Team) string { return TeamName(d.Lang, t) }

// Over reports whether a team's rights have ended.
func (d teamsPage) Over(t Team) bool { return t.UntilMs != 0 && t.UntilMs <= d.NowMs }

func (p *Pages) teams(w http.ResponseWriter, r *http.Request, c Caller, at Place) error {
	return p.showTeams(w, r, c, at, http.StatusOK, nil)
}

func (p *Pages) showTeams(w http.ResponseWriter, r *http.Request, c Caller, at Place, status int, again *frame) error {
	ctx := r.Context()
	head, err := p.head(ctx, c, at, "grid.teams.title", "organisations")
	if err != nil {
		return err
	}
	d := &teamsPage{frame: head, Place: at, Lang: c.Lang, NowMs: p.s.nowMs(), CanPost: c.CanPlace(PostWrite, at.Path) && at.Kind.IsArea(),
		Kinds: options(ctx, "grid.teamkind.", "", []string{TeamSquad, TeamCare})}
	if again != nil {
		d.Form, d.Message, d.Adding = again.Form, again.Message, true
	}
	d.Table = web.TableOf("/teams", r.URL.Query())
	d.Table.Keep = map[string]string{"place": at.ID.String()}
	const page = 50
	if d.Teams, err = p.s.Teams(ctx, c, at, formID(r, "after"), page); err != nil {
		return err
	}
	if len(d.Teams) == page {
		d.Table.Next = d.Teams[page-1].ID.String()
	}
	var areas []id.ID
	for _, t := range d.Teams {
		areas = append(areas, t.AreaID)
	}
	if d.Areas, err = p.areaNames(ctx, c, areas); err != nil {
		return err
	}
	if d.CanPost {
		if d.HQ, err = p.s.hasHQ(ctx, c, at); err != nil {
			return err
		}
		if d.OrgList, err = p.orgChoices(r, c, at.Path); err != nil {
			return err
		}
	}
	return p.ren.PageStatus(w, r, status, web.Office, "grid/teams", d)
}

func (p *Pages) addTeam(w http.ResponseWriter, r *http.Request, c Caller, at Place) error {
	until, err := day(r, "until", true)
	if err == nil {
		_, err = p.s.AddTeam(r.Context(), c, Team{AreaID: formID(r, "place"), OrgID: formID(r, "org_id"), Kind: r.FormValue("kind"),
			Name: r.FormValue("name"), PartyBranch: r.FormValue("party_branch"), UntilMs: until})
	}
	return saved(w, r, "/teams", err, func(status int, f frame) error { return p.showTeams(w, r, c, at, status, &f) })
}

func (p *Pages) seedTeams(w http.ResponseWriter, r *http.Request, c Caller) error {
	_, err := p.s.SeedHQGroups(r.Context(), c, formID(r, "place"))
	return after(w, r, err, "/teams?place="+r.FormValue("place"), "grid.saved")
}

func (p *Pages) endTeam(w http.ResponseWriter, r *http.Request, c Caller, tid id.ID) error {
	return after(w, r, p.s.EndTeam(r.Context(), c, tid, 0), "/teams?place="+r.FormValue("place"), "grid.saved")
}
