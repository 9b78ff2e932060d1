package ledger_test

import (
	"strings"
	"testing"

	"wangge/internal/grid"
	"wangge/internal/ledger"
	"wangge/internal/ledger/match"
	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
)

// TestAddressesAreMatched: an address finds its door; a name that only people
// use finds it once somebody chose, and no longer once that is forgotten.
func TestAddressesAreMatched(t *testing.T) {
	both(t, 30, func(t *testing.T, w *world) {
		clerk := caller("community", communityPath)
		m, err := w.s.MatchAddress(ctx, clerk, "测试社区幸福小区3号楼2单元503 张三 13912345678")
		must(t, err)
		if !m.Certain || m.DoorID != w.doors[12] || m.Address.Phone != "13912345678" || m.CommunityID == id.Zero {
			t.Errorf("%+v", m)
		}
		const text = "学府路88弄3号楼2单元503"
		list, err := w.s.MatchAddresses(ctx, clerk, []string{text, "幸福小区3号楼503"})
		must(t, err)
		if list[0].Certain || list[1].Certain || len(list[1].Candidates) != 3 || list[1].Reason != match.Several {
			t.Errorf("%+v", list)
		}
		name, err := w.s.ChooseDoor(ctx, clerk, text, w.doors[12])
		must(t, err)
		if name != "学府路88弄" {
			t.Error(name)
		}
		if again, err := w.s.ChooseDoor(ctx, clerk, text, w.doors[12]); err != nil || again != name {
			t.Error("twice", again, err)
		}
		if m, err = w.s.MatchAddress(ctx, clerk, strings.Replace(text, "503", "504", 1)); err != nil || m.DoorID != w.doors[13] || m.Reason != match.Alias {
			t.Errorf("%+v %v", m, err)
		}
		compound := id.ID(w.count(`SELECT id FROM place WHERE kind = 'compound'`))
		aliases, err := w.s.Aliases(ctx, clerk, compound)
		must(t, err)
		if len(aliases) != 1 || aliases[0].Name != name || aliases[0].AccountID != clerk.AccountID {
			t.Errorf("%+v", aliases)
		}
		must(t, w.s.ForgetAlias(ctx, clerk, compound, aliases[0].ID))
		must(t, w.s.ForgetAlias(ctx, clerk, compound, aliases[0].ID))
		wantKind(t, w.s.ForgetAlias(ctx, caller("community", "230103001006"), compound, aliases[0].ID), errs.NotFound)
		if m, err = w.s.MatchAddress(ctx, clerk, text); err != nil || m.Certain {
			t.Errorf("%+v %v", m, err)
		}
	})
}

// TestNamesOfPlacesAreNotRemembered: what is the name of a place already, or
// reads as a person's, is no alias.
func TestNamesOfPlacesAreNotRemembered(t *testing.T) {
	both(t, 10, func(t *testing.T, w *world) {
		clerk := caller("community", communityPath)
		for _, text := range []string{"幸福小区3号楼501", "3号楼1单元501", "张伟3号楼501"} {
			if name, err := w.s.ChooseDoor(ctx, clerk, text, w.doors[0]); err != nil || name != "" {
				t.Error(text, name, err)
			}
		}
	})
}

// TestMatchesStayInReach: what lies outside the caller's posts is not told.
func TestMatchesStayInReach(t *testing.T) {
	both(t, 20, func(t *testing.T, w *world) {
		const text = "幸福小区3号楼2单元503"
		other := caller("community", "230103001006")
		m, err := w.s.MatchAddress(ctx, other, text)
		must(t, err)
		if m.Certain || m.DoorID != id.Zero || m.PlaceID != id.Zero || m.CommunityID != id.Zero || len(m.Candidates) > 0 || m.Reason != match.OutOfArea {
			t.Errorf("%+v", m)
		}
		_, err = w.s.ChooseDoor(ctx, other, text, w.doors[12])
		wantKind(t, err, errs.NotFound)
		_, err = w.s.MatchAddress(ctx, grid.Caller{District: district}, text)
		wantKind(t, err, errs.Denied)
		if m, err := w.s.MatchAddress(ctx, w.sys, text); err != nil || !m.Certain {
			t.Errorf("%+v %v", m, err)
		}
		var none []ledger.Match
		if none, err = w.s.MatchAddresses(ctx, w.sys, nil); err != nil || len(none) != 0 {
			t.Error(none, err)
		}
	})
}

// TestElsewhereIsToldWhere: of an address in another county is told in which.
func TestElsewhereIsToldWhere(t *testing.T) {
	both(t, 5, func(t *testing.T, w *world) {
		county := int64(id.New())
		w.write(func(tx *db.Tx) error {
			return tx.BulkInsert(ctx, "place", []string{"district", "id", "parent_id", "area_id", "kind", "name", "code", "ordinal", "path", "from_ms"},
				[][]any{{district, county, 0, county, "county", "南岗区", "230103", 1, "230103", 1}})
		})
		must(t, w.s.ReadAhead(ctx, w.sys))
		m, err := w.s.MatchAddress(ctx, caller("community", communityPath), "沈阳市和平区幸福小区3号楼2单元503")
		must(t, err)
		if m.Certain || m.Reason != match.Elsewhere || m.Lies == nil || m.Lies.Code != "210102" {
			t.Errorf("%+v %+v", m, m.Lies)
		}
	})
}
