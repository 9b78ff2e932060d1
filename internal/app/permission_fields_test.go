package app

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"wangge/internal/grid"
	"wangge/internal/ledger"
	"wangge/internal/platform/i18n"
	"wangge/internal/platform/seal"
	"wangge/internal/platform/web"
)

// known is somebody with everything that can be on record of a person.
var known = ledger.Person{Name: "欧阳慕容", IDNo: "230103199003074215", Phones: []string{"12805551234"}, LiveAddress: "某街某弄七十七号", RegAddress: "某路八十八号", LivesHere: true}

const (
	knownCareNote = "记着关爱的缘由"
	knownRiskNote = "记着涉疫的缘由"
)

var knownCare = ledger.CareKinds()[0]

// shownBy is what stands on a page or in an answer when a field class is shown.
func shownBy(f grid.Field) []string {
	switch f {
	case grid.FieldNameMasked:
		return []string{seal.MaskName(known.Name)}
	case grid.FieldPhoneMasked:
		return []string{seal.MaskPhone(known.Phones[0])}
	case grid.FieldIDNoMasked:
		return []string{seal.MaskIDNo(known.IDNo)}
	case grid.FieldName:
		return []string{known.Name}
	case grid.FieldPhone:
		return []string{known.Phones[0]}
	case grid.FieldIDNo:
		return []string{known.IDNo}
	case grid.FieldAddress:
		return []string{known.LiveAddress}
	case grid.FieldCare:
		return []string{`"` + knownCare + `"`, knownCareNote}
	case grid.FieldRisk:
		return []string{`"` + ledger.RiskKinds()[0] + `"`, knownRiskNote}
	}
	return nil
}

// inFull are the classes that also need the right to unmask and a purpose, each
// with its masked class.
var inFull = map[grid.Field]grid.Field{grid.FieldName: grid.FieldNameMasked, grid.FieldPhone: grid.FieldPhoneMasked, grid.FieldIDNo: grid.FieldIDNoMasked, grid.FieldAddress: ""}

// fields compares what every role is told of a person in its own area, with and
// without a purpose, with roles.yaml: nothing more, and nothing less.
func (w *world) fields(t *testing.T) {
	list := w.actors(t)
	takeAway := w.put(t, stances[0], list)
	defer takeAway()
	for _, a := range list {
		for _, purpose := range []string{"", "?purpose=verify_record"} {
			file := w.read(t, a, "/api/v1/persons/<person2>/file"+purpose)
			for class := range fieldClasses {
				_, full := inFull[class]
				want := a.role.May(grid.LedgerRead) && a.role.Sees(class) && (!full || a.role.May(grid.LedgerUnmask) && purpose != "")
				if mask, hidden := hiddenBy(class); hidden && a.role.Sees(mask) && a.role.May(grid.LedgerUnmask) && purpose != "" {
					want = false // the full value stands in its place
				}
				for _, text := range shownBy(class) {
					if got := strings.Contains(file, text); got != want {
						t.Errorf("%s%s: %s shown %v, must be %v", a.role, purpose, class, got, want)
					}
				}
			}
		}
		w.noReasons(t, a)
	}
}

// fieldClasses are all classes of roles.yaml.
var fieldClasses = map[grid.Field]bool{grid.FieldNameMasked: true, grid.FieldPhoneMasked: true, grid.FieldIDNoMasked: true, grid.FieldName: true,
	grid.FieldPhone: true, grid.FieldIDNo: true, grid.FieldAddress: true, grid.FieldCare: true, grid.FieldRisk: true}

// hiddenBy returns the full class that takes the place of a masked one.
func hiddenBy(masked grid.Field) (full grid.Field, ok bool) {
	for f, m := range inFull {
		if m == masked {
			return f, true
		}
	}
	return "", false
}

// noReasons looks at every page and answer about the door for why somebody is
// on a list: roles that do not see the list are told what to do, not why.
func (w *world) noReasons(t *testing.T, a actor) {
	t.Helper()
	for _, path := range []string{"/doors/<door>", "/doors/<door>/households", "/households/<household2>", "/persons/<person2>", "/today/<building>", "/persons", "/care", "/risk",
		"/api/v1/doors/<door>", "/api/v1/households/<household2>", "/api/v1/persons/<person2>", "/api/v1/today/<building>", "/api/v1/persons?place=<building>"} {
		text := w.read(t, a, path)
		for class, words := range map[grid.Field][]string{
			grid.FieldCare: {knownCareNote, `"` + knownCare + `"`, i18n.T("zh", "ledger.care."+knownCare)},
			grid.FieldRisk: {knownRiskNote, `"` + ledger.RiskKinds()[0] + `"`},
		} {
			for _, word := range words {
				if !a.role.Sees(class) && strings.Contains(text, word) {
					t.Errorf("%s reads why somebody is on the %s list on %s", a.role, class, path)
				}
			}
		}
	}
	neighbour := slices.Contains([]grid.Role{grid.RoleBuildingLeader, grid.RoleRepresentative}, a.role)
	if file := w.read(t, a, "/api/v1/persons/<person2>/file"); neighbour && !strings.Contains(file, `"`+ledger.Actions()[0]+`"`) {
		t.Errorf("%s is not told what to do: %.300s", a.role, file)
	}
}

// read asks as an actor about the own spot.
func (w *world) read(t *testing.T, a actor, path string) string {
	t.Helper()
	path, ok := w.spots["own"].address(path, "")
	if !ok {
		t.Fatal(path)
	}
	x := httptest.NewRequest(http.MethodGet, path, nil)
	x.AddCookie(&http.Cookie{Name: web.SessionCookie, Value: a.token})
	rec := httptest.NewRecorder()
	w.srv.Config.Handler.ServeHTTP(rec, x)
	return rec.Body.String()
}
