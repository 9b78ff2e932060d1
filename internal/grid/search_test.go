package grid

import (
	"slices"
	"testing"

	"wangge/internal/platform/db"
	"wangge/internal/platform/db/dbtest"
	"wangge/internal/platform/id"
)

func texts(hits []Hit) []string {
	var out []string
	for _, h := range hits {
		out = append(out, h.Text)
	}
	return out
}

func TestFind(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		f := fresh(t, d)
		comp, units, doors := f.estate("工农小区", 3, 2, 10)
		other := must(f.Area(ctx, f.c, "230103001008"))(t) // 工大社区居委会
		far := must(f.AddPlaces(ctx, f.c, []NewPlace{
			{ID: 1, ParentID: other.ID, Kind: Building, Name: "3号楼"}, {ID: 2, ParentID: 1, Kind: Unit, Name: "2"}, {ID: 3, ParentID: 2, Kind: Door, Name: "501"},
			{ID: 4, ParentID: other.ID, Kind: Group, Name: "三组"}, {ID: 5, ParentID: 4, Kind: Door, Name: "12号"}, {ID: 6, ParentID: other.ID, Kind: Point, Name: "东门"},
		}))(t)
		g := must(f.AddGrid(ctx, f.c, NewGrid{AreaID: f.hua.ID, Kind: BasicGrid, Name: "第1网格"}))(t)
		must(f.AddGrid(ctx, f.c, NewGrid{AreaID: other.ID, Kind: BasicGrid, Name: "第1网格"}))(t)
		must(f.AssignDoors(ctx, f.c, g.ID, Selection{Places: []id.ID{units[0].ID}}))(t)
		f.appoint(NewPost{Role: RoleBuildingLeader, ObjectKind: ObjectPlace, ObjectID: units[0].ID, Title: "一单元楼长"}, 2)
		clerk := Caller{District: nangang, AccountID: 7, Lang: "zh", Grants: []Grant{{PostID: 1, Role: RoleCommunity, ObjectKind: ObjectPlace, Path: f.hua.Path}}}
		worker := Caller{District: nangang, AccountID: 8, Lang: "zh", Grants: []Grant{{PostID: 2, Role: RoleGridWorker, ObjectKind: ObjectGrid, Path: g.Path}}}
		for _, tc := range []struct {
			who                         Caller
			text                        string
			places, doors, grids, posts []string
		}{
			{f.c, "工农小区", []string{"工农小区"}, nil, nil, nil},
			{f.c, "花园街道 工大社区", []string{"工大社区居委会"}, nil, nil, nil},
			{f.c, "花园街道工大社区", []string{"工大社区居委会"}, nil, nil, nil},
			{f.c, "230103001008", []string{"工大社区居委会"}, nil, nil, nil},
			{f.c, "工大社区 3-2-501", nil, []string{"3号楼2单元501室"}, nil, nil},
			{f.c, "3号楼2单元501", nil, []string{"工农小区3号楼2单元501室", "3号楼2单元501室"}, nil, nil},
			{f.c, "三号楼二单元501室", nil, []string{"工农小区3号楼2单元501室", "3号楼2单元501室"}, nil, nil},
			{f.c, "工农3-501", nil, []string{"工农小区3号楼1单元501室", "工农小区3号楼2单元501室"}, nil, nil},
			{f.c, "工农小区3号楼", []string{"工农小区3号楼"}, nil, nil, nil},
			{f.c, "工大社区三组12号", nil, []string{"3组12号"}, nil, nil},
			{f.c, "501", nil, nil, nil, nil}, // in a whole district a bare room number names nobody's door
			{f.c, "13912345678", nil, nil, nil, nil},
			{f.c, "东门", []string{"东门"}, nil, nil, nil},
			{f.c, "工大社区 第1网格", nil, nil, []string{"第1网格"}, nil},
			{f.c, "第1网格", nil, nil, []string{"第1网格", "第1网格"}, nil},
			{f.c, "楼长", nil, nil, nil, []string{"一单元楼长"}},
			{f.c, "工大社区楼长", nil, nil, nil, nil},
			{clerk, "2-2-501", nil, []string{"工农小区2号楼2单元501室"}, nil, nil},
			{clerk, "工大社区 3-2-501", nil, nil, nil, nil}, // not her community
			{clerk, "工大社区", []string{"工大社区居委会"}, nil, nil, nil},
			{clerk, "东门", nil, nil, nil, nil},
			{worker, "501", nil, []string{"工农小区1号楼1单元501室"}, nil, nil},
			{worker, "101", nil, []string{"工农小区1号楼1单元101室"}, nil, nil},
			{worker, "1号楼", []string{"工农小区1号楼"}, nil, nil, nil},
			{worker, "2号楼", nil, nil, nil, nil},
			{worker, "第1网格", nil, nil, []string{"第1网格"}, nil},
		} {
			hits := must(f.Find(ctx, tc.who, tc.text, 0))(t)
			if !slices.Equal(texts(hits.Places), tc.places) || !slices.Equal(texts(hits.Doors), tc.doors) ||
				!slices.Equal(texts(hits.Grids), tc.grids) || !slices.Equal(texts(hits.Posts), tc.posts) {
				t.Errorf("%s: places %v, doors %v, grids %v, posts %v", tc.text, texts(hits.Places), texts(hits.Doors), texts(hits.Grids), texts(hits.Posts))
			}
		}
		if hits := must(f.Find(ctx, f.c, "501", comp.ID))(t); len(hits.Doors) != 6 || hits.Doors[0].ID != doors[8].ID {
			t.Errorf("below the compound: %v", texts(hits.Doors))
		}
		if hits := must(f.Find(ctx, f.c, "3-2-501", far[0].ID))(t); len(hits.Doors) != 1 || hits.Doors[0].Where != "花园街道 · 工大社区居委会" {
			t.Errorf("below the building: %+v", hits.Doors)
		}
	})
}
