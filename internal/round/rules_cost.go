package round

import "math"

// estimate returns what a round over n targets with a form of fields questions
// costs. fresh is how many answers need only be confirmed, empty how many doors
// need no visit.
func estimate(kind TargetKind, n, fields, fresh, empty int) (minutes, hours int) {
	per := costs.Minutes[kind] + float64(fields)*costs.PerField
	total := float64(max(0, n-empty))*per - float64(fresh)*costs.FreshSaves
	minutes = int(math.Ceil(math.Max(0, total)))
	return minutes, (minutes + 59) / 60
}
