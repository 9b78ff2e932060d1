package importer

import (
	"context"
	"net/url"
	"strconv"
	"strings"

	"wangge/internal/ledger/roster"
	"wangge/internal/platform/seal"
	"wangge/internal/platform/sheet"
	"wangge/internal/platform/web"
)

// sheetColumns is a sheet with one select box a column.
type sheetColumns struct {
	Understood
	Index   int
	Letters []column
	Places  []belongs
}

type column struct {
	Letter, Head, Key string
	Samples           []string
	Choices           []web.Option
}

// belongs is one part of where a sheet's rows belong, to be put right.
type belongs struct {
	Key, Value, From string
}

// placesOf lists what the rows of a sheet do not say themselves: what was read
// elsewhere, and compound and building where no column has them.
func placesOf(sh Understood) []belongs {
	if sh.ofOwners() {
		return nil
	}
	var out []belongs
	for _, key := range placeKeys {
		b := belongs{Key: key}
		for _, said := range sh.Said {
			if said.Key == key {
				b.Value, b.From = said.Value, said.From
			}
		}
		missing := key == roster.Building && sh.Columns[key] == "" && sh.Columns[roster.Group] == ""
		if b.Value != "" || missing {
			out = append(out, b)
		}
	}
	return out
}

// ofOwners reports a sheet whose people are behind the doors of another sheet.
func (sh *Understood) ofOwners() bool { return sh.Joined != nil && sh.Joined.Owners == sh.Sheet }

var placeKeys = []string{roster.Compound, roster.Building, roster.Unit, roster.Group}

// columnsOf lays a sheet's columns out for the person who checks them.
func columnsOf(ctx context.Context, sh Understood) []column {
	keys := map[string]string{}
	width := len(sh.HeaderText)
	for key, letter := range sh.Columns {
		keys[letter] = key
		width = max(width, sheet.ColumnNumber(letter))
	}
	for _, row := range sh.Samples {
		width = max(width, len(row))
	}
	choices := []web.Option{{Text: web.T(ctx, "ledger.import.skip")}}
	for _, k := range roster.Keys() {
		choices = append(choices, web.Option{Value: k, Text: web.T(ctx, "ledger.column."+k)})
	}
	out := make([]column, min(width, 60))
	for i := range out {
		c := column{Letter: sheet.ColumnName(i + 1), Choices: choices}
		if sh.Joined != nil && sh.Joined.Column == c.Letter {
			c.Choices = append([]web.Option{{Text: web.T(ctx, "ledger.import.joins")}}, choices[1:]...)
		}
		c.Key = keys[c.Letter]
		if i < len(sh.HeaderText) {
			c.Head = sh.HeaderText[i]
		}
		for _, row := range sh.Samples {
			if i < len(row) && row[i] != "" && len(c.Samples) < 3 {
				c.Samples = append(c.Samples, shown(c.Key, row[i]))
			}
		}
		out[i] = c
	}
	return out
}

// shown masks the names of a sample; numbers come masked from the reader.
func shown(key, v string) string {
	if key == "name" || key == "head" {
		return seal.MaskName(v)
	}
	return v
}

// correctionOf reads what a form says otherwise than the import understood.
func correctionOf(form url.Values, v *Import) Correction {
	say := Correction{Mappings: mapsOf(form, v), Places: map[string]roster.Place{}, Compound: v.Compound}
	if form.Has("compound") {
		say.Compound = strings.TrimSpace(form.Get("compound"))
	}
	for i, sh := range v.Sheets {
		if p, changed := placeOf(form, "place."+strconv.Itoa(i)+".", sh); changed {
			say.Places[sh.PlaceKey] = p
		}
	}
	return say
}

// placeOf reads where a sheet's rows belong from the fields with a prefix.
func placeOf(form url.Values, prefix string, sh Understood) (p roster.Place, changed bool) {
	for _, f := range []struct {
		key string
		to  *string
	}{{roster.Compound, &p.Compound}, {roster.Building, &p.Building}, {roster.Unit, &p.Unit}, {roster.Group, &p.Group}} {
		had := ""
		for _, said := range sh.Said {
			if said.Key == f.key {
				had = said.Value
			}
		}
		*f.to = had
		if form.Has(prefix + f.key) {
			*f.to = strings.TrimSpace(form.Get(prefix + f.key))
		}
		changed = changed || *f.to != had
	}
	return p, changed
}

// mapsOf reads what a form says otherwise than the import understood, by sheet.
func mapsOf(form url.Values, v *Import) map[string]roster.Mapping {
	maps := map[string]roster.Mapping{}
	for i, sh := range v.Sheets {
		prefix := "map." + strconv.Itoa(i) + "."
		m := roster.Mapping{Columns: map[string]string{}}
		for name := range form {
			if letter, ok := strings.CutPrefix(name, prefix); ok {
				if key := form.Get(name); key != "" {
					m.Columns[key] = letter
				}
			}
		}
		if n, err := strconv.Atoi(form.Get("header." + strconv.Itoa(i))); err == nil && n != sh.HeaderRow {
			m.HeaderRow = &n
		}
		if m.HeaderRow != nil || !sameColumns(m.Columns, sh.Columns) {
			maps[sh.MapKey] = m
		}
	}
	return maps
}

func sameColumns(a, b map[string]string) bool {
	if len(a) != len(b) {
		return false
	}
	for k, v := range a {
		if b[k] != v {
			return false
		}
	}
	return true
}
