package idno

import (
	_ "embed"
	"strings"
	"sync"
)

//go:embed data/regions.csv
var regionsCSV string

var regions = sync.OnceValue(func() map[string]string {
	m := make(map[string]string, 4200)
	for line := range strings.Lines(regionsCSV) {
		if code, name, ok := strings.Cut(strings.TrimSpace(line), ","); ok && len(code) == 6 {
			m[code] = name
		}
	}
	return m
})

// provinces holds the first two digits that were ever given out; 81 to 83 are
// residence permits of Hong Kong, Macao and Taiwan residents.
var provinces = map[string]bool{
	"11": true, "12": true, "13": true, "14": true, "15": true, "21": true, "22": true, "23": true,
	"31": true, "32": true, "33": true, "34": true, "35": true, "36": true, "37": true,
	"41": true, "42": true, "43": true, "44": true, "45": true, "46": true,
	"50": true, "51": true, "52": true, "53": true, "54": true,
	"61": true, "62": true, "63": true, "64": true, "65": true, "71": true, "81": true, "82": true, "83": true,
}

// Plausible reports whether numbers can start with the six digits: the
// province must exist. County codes changed too often for a closed list.
func Plausible(code6 string) bool { return len(code6) == 6 && provinces[code6[:2]] }

// PlaceOf returns the name of the region of the first six digits, empty if the
// table does not know it.
func PlaceOf(code6 string) string { return regions()[code6] }
