package grid

import (
	"slices"
	"strconv"
)

// ordinalStep leaves room between numbered siblings, so that "5A" can come
// between 5 and 6 without renumbering.
const ordinalStep = 4

// walkStep is the distance between doors that are kept in walking order.
const walkStep = 8

type sibling struct {
	label   string
	ordinal int
}

// numbered returns the ordinal a plain number asks for: four times itself, up
// to room 9999; 0 for other labels.
func numbered(label string) int {
	n, err := strconv.Atoi(label)
	if err != nil || n < 1 || n > 9999 {
		return 0
	}
	return n * ordinalStep
}

// placeAmong gives new labels ordinals among their existing siblings, in
// natural order where there is room: plain numbers take four times
// themselves, other labels the gap after their predecessor; where no gap is
// left they come after the last. taken holds every ordinal in use, of closed
// siblings too. ok is false when the parent is full.
func placeAmong(existing []sibling, taken map[int]bool, fresh []string) (ordinals []int, ok bool) {
	order := make([]int, len(fresh))
	for i := range order {
		order[i] = i
	}
	keys := make([][]string, len(fresh))
	for i, l := range fresh {
		keys[i] = sortKey(l)
	}
	slices.SortStableFunc(order, func(a, b int) int { return slices.Compare(keys[a], keys[b]) })
	slices.SortFunc(existing, func(a, b sibling) int { return CompareLabels(a.label, b.label) })
	ordinals = make([]int, len(fresh))
	last, e := 0, 0
	for _, i := range order {
		for e < len(existing) && CompareLabels(existing[e].label, fresh[i]) <= 0 {
			last = max(last, existing[e].ordinal)
			e++
		}
		o := numbered(fresh[i])
		if o <= last || taken[o] {
			o = nextGap(last, taken, fresh[i])
		}
		if o > maxOrdinal {
			o = firstFree(taken)
		}
		if o == 0 {
			return nil, false
		}
		ordinals[i], taken[o] = o, true
		last = o
	}
	return ordinals, true
}

// nextGap returns the first free ordinal after last; a label that is no
// number and follows nothing starts at the step, to leave room before it.
func nextGap(last int, taken map[int]bool, label string) int {
	o := last + 1
	if last == 0 || len(label) > 0 && (label[0] < '0' || label[0] > '9') {
		o = last + ordinalStep
	}
	for taken[o] {
		o++
	}
	return o
}

func firstFree(taken map[int]bool) int {
	for o := 1; o <= maxOrdinal; o++ {
		if !taken[o] {
			return o
		}
	}
	return 0
}

// between returns the ordinal in the middle of a gap; ok is false where there
// is none.
func between(before, after int) (int, bool) {
	if after == 0 {
		after = before + 2*walkStep
	}
	mid := (before + after) / 2
	return mid, mid > before && mid < after && mid <= maxOrdinal
}
