package round

import (
	"reflect"
	"slices"

	"wangge/internal/platform/id"
)

// joinable returns which of a door's items are answered in one form: what is
// outstanding, one target a round, and no two forms that mean different
// questions by the same key. nil where there are not two of them.
func joinable(items []CardItem) []CardItem {
	var out []CardItem
	known := map[string]Field{}
	for _, it := range items {
		if it.Parts > 1 || !it.left() || !compatible(known, it) {
			continue
		}
		for _, f := range it.questions() {
			known[f.Key] = f
		}
		out = append(out, it)
	}
	if len(out) < 2 {
		return nil
	}
	return out
}

// left reports whether the item still waits for an answer.
func (i CardItem) left() bool {
	return i.Line.State == Outstanding || i.Line.State == Attempted
}

// questions returns everything asked, of the door and of each member.
func (i CardItem) questions() []Field {
	return append(i.Fields[:len(i.Fields):len(i.Fields)], i.Each...)
}

func compatible(known map[string]Field, it CardItem) bool {
	return !slices.ContainsFunc(it.questions(), func(f Field) bool {
		k, ok := known[f.Key]
		return ok && !sameQuestion(k, f)
	})
}

// sameQuestion reports whether one answer serves both: the same words, kind,
// limits and choices. Whether it must be answered may differ.
func sameQuestion(a, b Field) bool {
	return a.Key == b.Key && a.Label == b.Label && a.Type == b.Type && a.Member == b.Member &&
		reflect.DeepEqual(a.Min, b.Min) && reflect.DeepEqual(a.Max, b.Max) && reflect.DeepEqual(a.Options, b.Options)
}

// together makes one item of several: each question once, required where one of
// them requires it, and only results that fit all.
func together(items []CardItem) CardItem {
	out := CardItem{Results: items[0].Results}
	for _, it := range items {
		out.Fields = union(out.Fields, it.Fields)
		out.Each = union(out.Each, it.Each)
		for _, p := range it.Members {
			if !slices.Contains(out.Members, p) {
				out.Members = append(out.Members, p)
			}
		}
		for p, list := range it.MemberFresh {
			if out.MemberFresh == nil {
				out.MemberFresh = map[id.ID][]FreshAnswer{}
			}
			for _, a := range list {
				out.MemberFresh[p] = keepLatest(out.MemberFresh[p], a)
			}
		}
		for _, a := range it.Fresh {
			if freshValue(out.Fresh, a.Field) == "" {
				out.Fresh = append(out.Fresh, a)
			}
		}
		out.Results = slices.DeleteFunc(slices.Clone(out.Results), func(r Result) bool {
			return !slices.ContainsFunc(it.Results, func(o Result) bool { return o.Code == r.Code })
		})
		out.Photo = out.Photo || it.Photo
	}
	return out
}

func union(into, more []Field) []Field {
	for _, f := range more {
		i := slices.IndexFunc(into, func(o Field) bool { return o.Key == f.Key })
		if i < 0 {
			into = append(into, f)
			continue
		}
		into[i].Required = into[i].Required || f.Required
		if into[i].When != nil && !reflect.DeepEqual(into[i].When, f.When) {
			into[i].When = nil // asked by one of them in any case
		}
	}
	return into
}
