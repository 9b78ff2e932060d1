package bulletin

import (
	"context"
	"slices"
	"testing"

	"wangge/internal/grid"
	"wangge/internal/platform/db"
	"wangge/internal/platform/db/dbtest"
)

func TestWordsThatNameSomebodyAreRefused(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		w.s.Bears = func(_ context.Context, _ grid.Caller, path string, names []string) ([]string, error) {
			if path != "230103001" || !slices.Contains(names, "王大明") {
				return nil, nil
			}
			return []string{"王大明"}, nil
		}
		name := w.names[w.acct["comm"]]
		for _, text := range []string{"由" + name + "负责", "住户王大明不开门"} {
			_, err := w.s.Create(ctx, w.as("street"), NewBulletin{Kind: Work, AreaID: w.place["street"], Title: "九月第二期", Text: text})
			w.refused(err, "bulletin.names")
		}
		kept, err := w.s.Create(ctx, w.as("street"), NewBulletin{Kind: Work, AreaID: w.place["street"], Title: "九月第二期", Text: "住户王大明不开门", NotNames: true})
		w.ok(err)
		w.not("street", kept.ID, Change{Do: Head, Title: name, Text: ""}, "bulletin.names")
		w.not("street", kept.ID, Change{Do: Add, Entry: w.about(Criticism, "王大明家没有登记", "")}, "bulletin.names")
		w.do("street", kept.ID, Change{Do: Add, Entry: w.about(Criticism, name+"没有登记", "comm")})
		w.not("street", kept.ID, Change{Do: Add, Entry: w.about(Criticism, name+"和王大明没有登记", "comm")}, "bulletin.names")
		w.do("street", kept.ID, Change{Do: Head, Title: "高峰时段安全生产工作通报"})
	})
}
