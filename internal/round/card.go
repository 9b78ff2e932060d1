package round

import (
	"maps"

	"wangge/internal/platform/i18n"
	"wangge/internal/platform/id"
)

// number tells the households or persons of one round behind the door apart. A
// door may be marked by people who see no names: they go by number and heads.
func (c *Card) number() {
	of := map[id.ID]int{}
	for i := range c.Items {
		of[c.Items[i].RoundID]++
		c.Items[i].Part = of[c.Items[i].RoundID]
	}
	for i := range c.Items {
		c.Items[i].Parts = of[c.Items[i].RoundID]
	}
}

// PartIn says which household or person behind the door the item is about; ""
// where there is only one.
func (i CardItem) PartIn(lang string) string {
	switch {
	case i.Parts < 2:
		return ""
	case i.Kind == Persons:
		return i18n.T(lang, "round.part.person", i.Part, i.Parts)
	case i.Heads == 0:
		return i18n.T(lang, "round.part.household", i.Part, i.Parts)
	}
	return i18n.T(lang, "round.part.heads", i.Part, i.Parts, i.Heads)
}

// FreshValue returns the fresh answer to a question, "" where there is none.
func (i CardItem) FreshValue(key string) string { return freshValue(i.Fresh, key) }

// MemberValue returns a member's fresh answer to a question, "" where there is none.
func (i CardItem) MemberValue(person id.ID, key string) string {
	return freshValue(i.MemberFresh[person], key)
}

// LabelOf returns a question in the words of the form.
func (i CardItem) LabelOf(key, lang string) string {
	for _, f := range i.Fields {
		if f.Key == key {
			return f.Label.In(lang)
		}
	}
	return key
}

// confirmed adds to the answers given those that "all normal" confirms: the
// fresh ones to questions that have no normal answer of their own, as the head
// count. What is a yes or a no is normal or is asked.
func confirmed(fields []Field, fresh []FreshAnswer, given map[string]string) map[string]string {
	out := map[string]string{}
	maps.Copy(out, given)
	for _, f := range fields {
		if v := freshValue(fresh, f.Key); v != "" && out[f.Key] == "" && (f.Normal == "" || f.Normal == NormalLiving) {
			out[f.Key] = v
		}
	}
	return out
}

func freshValue(fresh []FreshAnswer, key string) string {
	for _, a := range fresh {
		if a.Field == key {
			return a.Value
		}
	}
	return ""
}
