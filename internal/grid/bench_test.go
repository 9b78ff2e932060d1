package grid

import (
	"testing"

	"wangge/internal/platform/clock"
	"wangge/internal/platform/db/dbtest"
	"wangge/internal/platform/id"
)

// BenchmarkDistrict adds a district of 640,000 doors and measures the sweep of
// its vacancies and the lists of its root.
func BenchmarkDistrict(b *testing.B) {
	d := dbtest.One(b)
	f := fresh(b, d)
	communities := must(f.Areas(ctx, f.c, Community))(b)
	for n := range 10 {
		var list []NewPlace
		for k := range 20 {
			area := communities[(n*20+k)%len(communities)]
			cid := id.New()
			list = append(list, NewPlace{ID: cid, ParentID: area.ID, Kind: Compound, Name: "小区" + label2(n*20+k)})
			for u := range 80 {
				uid := id.New()
				list = append(list, NewPlace{ID: uid, ParentID: cid, Kind: Building, Name: label2(u + 1)})
				for r := range 40 {
					list = append(list, NewPlace{ParentID: uid, Kind: Door, Name: label2((r/4+1)*100 + r%4 + 1)})
				}
			}
		}
		watch := clock.Start()
		out := must(f.AddPlaces(ctx, f.c, list))(b)
		b.Logf("%d places in %v", len(list), watch.Elapsed())
		for i, p := range out {
			if p.Kind == Building && i%3 == 0 {
				f.appoint(NewPost{Role: RoleBuildingLeader, ObjectKind: ObjectPlace, ObjectID: p.ID}, 7)
			}
		}
	}
	b.Run("sweep", func(b *testing.B) {
		for range b.N {
			f.placesVersion.Add(1)
			must(f.sweepAt(ctx, nangang, When{}))(b)
		}
	})
	root := must(f.Root(ctx, f.c))(b)
	b.Run("children", func(b *testing.B) {
		for range b.N {
			must(f.Children(ctx, f.c, root))(b)
		}
	})
	b.Run("vacancies", func(b *testing.B) {
		for range b.N {
			must(f.Vacancies(ctx, f.c, root.ID, When{}))(b)
		}
	})
}
