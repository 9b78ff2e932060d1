package grid

import (
	"context"
	"slices"
	"testing"
	"time"

	"wangge/internal/platform/db"
	"wangge/internal/platform/db/dbtest"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
)

// appoint makes a post and puts an account into it.
func (f *fixture) appoint(n NewPost, account id.ID) Post {
	f.t.Helper()
	p := must(f.AddPost(ctx, f.c, n))(f.t)
	must(f.AddHolder(ctx, f.c, Holder{PostID: p.ID, AccountID: account, FromMs: p.FromMs, UntilMs: n.UntilMs}))(f.t)
	return p
}

func (f *fixture) as(account id.ID) Caller {
	f.t.Helper()
	return must(f.CallerFor(ctx, account, nangang, f.clock.Now()))(f.t)
}

func (f *fixture) sees(c Caller, root Place) []id.ID {
	f.t.Helper()
	var out []id.ID
	ok(f.t, f.Subtree(ctx, c, root.Path, []Kind{Door}, func(p Place) error { out = append(out, p.ID); return nil }))
	return out
}

func ids(places []Place) []id.ID {
	out := make([]id.ID, len(places))
	for i, p := range places {
		out[i] = p.ID
	}
	return out
}

func TestScope(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		f := fresh(t, d)
		comp, units, doors := f.estate("保利小区", 2, 2, 4)
		g := must(f.AddGrid(ctx, f.c, NewGrid{AreaID: f.hua.ID, Kind: BasicGrid, Name: "第一网格"}))(t)
		must(f.AssignDoors(ctx, f.c, g.ID, Selection{Places: []id.ID{units[2].ID}}))(t)
		org := must(f.AddOrganisation(ctx, f.c, Organisation{AreaID: f.hua.ID, Kind: "department", Name: "区文旅局"}))(t)
		hour := time.Hour.Milliseconds()
		now := f.nowMs()
		team := must(f.AddTeam(ctx, f.c, Team{AreaID: f.hua.ID, Kind: TeamSquad, Name: "第七小分队", UntilMs: now + 3*hour}))(t)
		_, err := f.AddTeam(ctx, f.c, Team{AreaID: f.hua.ID, Kind: TeamSquad, Name: "无期限"})
		wantKind(t, err, errs.Invalid)

		f.appoint(NewPost{Role: RoleBuildingLeader, ObjectKind: ObjectPlace, ObjectID: units[0].ID}, 1)
		f.appoint(NewPost{Role: RoleGridWorker, ObjectKind: ObjectGrid, ObjectID: g.ID}, 2)
		f.appoint(NewPost{Role: RoleRepresentative, ObjectKind: ObjectDoors, Doors: []id.ID{doors[5].ID, doors[13].ID}}, 3)
		f.appoint(NewPost{Role: RoleVolunteer, ObjectKind: ObjectPlace, ObjectID: comp.ID, TeamID: team.ID}, 4)
		f.appoint(NewPost{Role: RoleBuildingLeader, ObjectKind: ObjectPlace, ObjectID: units[1].ID, UntilMs: now + 2*hour}, 5)
		f.appoint(NewPost{Role: RoleDepartment, ObjectKind: ObjectOrganisation, ObjectID: org.ID, OrgID: org.ID}, 6)

		for _, c := range []struct {
			account id.ID
			want    []id.ID
		}{
			{1, ids(doors[0:4])}, {2, ids(doors[8:12])}, {3, []id.ID{doors[5].ID, doors[13].ID}}, {4, ids(doors)}, {5, ids(doors[4:8])}, {6, nil}, {7, nil},
		} {
			if got := f.sees(f.as(c.account), f.hua); !slices.Equal(got, c.want) {
				t.Errorf("account %d sees %d doors, want %d", c.account, len(got), len(c.want))
			}
		}
		if _, err := f.Place(ctx, f.as(1), doors[4].ID); !errs.Is(err, errs.NotFound) {
			t.Errorf("a building leader reads another unit's door: %v", err)
		}
		kids := must(f.Children(ctx, f.as(1), f.hua))(t)
		if len(kids) != 1 || kids[0].ID != comp.ID || kids[0].Doors != 4 {
			t.Errorf("a building leader's children: %+v", kids)
		}
		must(f.Bind(ctx, f.c, []Binding{{OrgID: org.ID, ObjectKind: ObjectPlace, ObjectID: comp.ID, UntilMs: now + hour}}, 0))(t)
		if got := f.sees(f.as(6), f.hua); len(got) != len(doors) {
			t.Errorf("bound, the department sees %d doors", len(got))
		}
		for _, step := range []struct {
			hours int64
			want  map[id.ID]int
		}{
			{1, map[id.ID]int{5: 4, 6: 0, 4: 16}},
			{2, map[id.ID]int{5: 0, 4: 16, 1: 4}},
			{3, map[id.ID]int{4: 0, 1: 4}},
		} {
			f.clock.Set(dbtest.Start.Add(time.Duration(step.hours) * time.Hour))
			for account, n := range step.want {
				if got := f.sees(f.as(account), f.hua); len(got) != n {
					t.Errorf("after %d h account %d sees %d doors, want %d", step.hours, account, len(got), n)
				}
			}
		}
		list := must(f.Posts(ctx, f.c, PostFilter{Vacant: true}))(t)
		if len(list) != 1 || list[0].Role != RoleVolunteer || list[0].Filled {
			t.Errorf("vacant posts: %+v", list)
		}
	})
}

func TestMayManage(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		f := fresh(t, d)
		comp, units, _ := f.estate("保利小区", 1, 2, 4)
		other := must(f.Area(ctx, f.c, "230103001003"))(t)
		street := must(f.Area(ctx, f.c, "230103001"))(t)
		f.appoint(NewPost{Role: RoleCommunity, ObjectKind: ObjectPlace, ObjectID: f.hua.ID}, 1)
		clerk := f.as(1)
		p := must(f.AddPost(ctx, clerk, NewPost{Role: RoleBuildingLeader, ObjectKind: ObjectPlace, ObjectID: comp.ID}))(t)
		must(f.AddPost(ctx, clerk, NewPost{Role: RoleCommunity, ObjectKind: ObjectPlace, ObjectID: f.hua.ID}))(t)
		for name, n := range map[string]NewPost{
			"above":     {Role: RoleStreet, ObjectKind: ObjectPlace, ObjectID: f.hua.ID},
			"admin":     {Role: RoleAdmin, ObjectKind: ObjectPlace, ObjectID: f.hua.ID},
			"elsewhere": {Role: RoleBuildingLeader, ObjectKind: ObjectPlace, ObjectID: other.ID},
			"upwards":   {Role: RoleCommunity, ObjectKind: ObjectPlace, ObjectID: street.ID},
		} {
			if _, err := f.AddPost(ctx, clerk, n); !errs.Is(err, errs.Denied) {
				t.Errorf("%s: %v", name, err)
			}
		}
		_, err := f.AddPost(ctx, clerk, NewPost{Role: "emperor", ObjectKind: ObjectPlace, ObjectID: f.hua.ID})
		wantKind(t, err, errs.Invalid)
		h := must(f.AddHolder(ctx, clerk, Holder{PostID: p.ID, AccountID: 2}))(t)
		_, err = f.AddHolder(ctx, clerk, Holder{PostID: p.ID, AccountID: 2})
		wantKind(t, err, errs.Conflict)
		if !f.as(2).CanPlace(RoundMark, units[0].Path) || f.as(2).Can(PostWrite) {
			t.Error("the building leader's rights are wrong")
		}
		if _, err := f.AddPost(ctx, f.as(2), NewPost{Role: RoleVolunteer, ObjectKind: ObjectPlace, ObjectID: units[0].ID}); !errs.Is(err, errs.Denied) {
			t.Errorf("a building leader makes posts: %v", err)
		}
		f.clock.Advance(time.Minute)
		ok(t, f.EndHolder(ctx, clerk, h.ID, 0))
		if f.as(2).Can(RoundMark) {
			t.Error("the right outlives the term")
		}
		ok(t, f.EndPost(ctx, clerk, p.ID, 0))
		wantKind(t, f.EndPost(ctx, clerk, p.ID, 0), errs.Conflict)
		if got := must(f.Post(ctx, clerk, p.ID))(t); len(got.Holders) != 1 || got.Filled {
			t.Errorf("%+v", got)
		}
	})
}

func TestTeamsAndAliases(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		f := fresh(t, d)
		root := must(f.Root(ctx, f.c))(t)
		for range 2 {
			if got := must(f.SeedHQGroups(ctx, f.c, root.ID))(t); len(got) != 7 || TeamName("zh", got[0]) != "综合协调组" || TeamName("en", got[6]) != "Discipline" {
				t.Errorf("%v", got)
			}
		}
		alias := func(area id.ID, name string, want bool) {
			t.Helper()
			if changed := must(f.SetRoleAlias(ctx, f.c, area, RoleBuildingLeader, name))(t); changed != want {
				t.Errorf("%q changed something: %v", name, changed)
			}
		}
		alias(root.ID, "", false)
		alias(root.ID, "楼栋长", true)
		alias(f.hua.ID, "红管家", true)
		alias(f.hua.ID, " 红管家 ", false)
		list := must(f.RoleAliases(ctx, f.c))(t)
		if RoleName("zh", list, RoleBuildingLeader, f.hua.Path+"001") != "红管家" || RoleName("zh", list, RoleBuildingLeader, "230103002") != "楼栋长" || RoleName("en", list, RoleGridWorker, "23") != "Grid worker" {
			t.Errorf("%v", list)
		}
		alias(f.hua.ID, "", true)
		if list := must(f.RoleAliases(ctx, f.c))(t); len(list) != 1 {
			t.Errorf("%v", list)
		}
		comp, _, _ := f.estate("保利小区", 1, 1, 2)
		ok(t, f.SetProfile(ctx, f.c, Profile{PlaceID: comp.ID, Class: "old", Gates: 3, ElderlyShare: 31}))
		if p, found, err := f.Profile(ctx, f.c, comp.ID); err != nil || !found || p.Gates != 3 {
			t.Errorf("%v %v %v", p, found, err)
		}
		wantKind(t, f.SetProfile(ctx, f.c, Profile{PlaceID: comp.ID, ElderlyShare: 101}), errs.Invalid)
		wantKind(t, f.SetProfile(ctx, f.c, Profile{PlaceID: f.hua.ID}), errs.Invalid)
	})
}

func TestHookFailureUndoesRegrid(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		f := fresh(t, d)
		_, units, doors := f.estate("保利小区", 1, 1, 2)
		g := must(f.AddGrid(ctx, f.c, NewGrid{AreaID: f.hua.ID, Kind: BasicGrid, Name: "网格"}))(t)
		f.OnRegrid(func(context.Context, *db.Tx, Caller, []Move) error {
			return errs.E("test", errs.Conflict, "error.conflict")
		})
		_, err := f.AssignDoors(ctx, f.c, g.ID, Selection{Places: []id.ID{units[0].ID}})
		wantKind(t, err, errs.Conflict)
		if p := must(f.Place(ctx, f.c, doors[0].ID))(t); p.GridID != 0 {
			t.Error("the door moved though the hook failed")
		}
	})
}
