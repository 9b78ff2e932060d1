package inspection

import (
	"slices"
	"testing"

	"wangge/internal/round"
)

// TestAVisitsAnswersStandInTheOrderOfItsChecklist: not in that of their keys.
func TestAVisitsAnswersStandInTheOrderOfItsChecklist(t *testing.T) {
	label := func(s string) round.Text { return round.Text{EN: s} }
	var d itemPage
	d.Lang = "en"
	d.Inspection.Fields = []round.Field{
		{Key: "present", Label: label("In post?"), Type: round.YesNo},
		{Key: "equipment", Label: label("Equipped?"), Type: round.YesNo},
		{Key: "aware", Label: label("Aware?"), Type: round.YesNo},
	}
	got := d.Said(map[string]string{"aware": "yes", "present": "no"})
	if want := []string{"In post? No", "Aware? Yes"}; !slices.Equal(got, want) {
		t.Errorf("the answers read %q, want %q", got, want)
	}
}
