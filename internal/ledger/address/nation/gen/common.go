package main

import (
	"encoding/json"
	"os"
	"sort"
	"strings"
)

// tellsUpTo is in how many other cities names of places may begin with an area's
// short name that alone tells it.
const tellsUpTo = 12

// common writes the short names of counties and streets that say little: names
// of places in many other cities begin with them (平安, 凤凰). rows are sorted by
// code.
func common(rows [][2]string, words, out string) error {
	b, err := os.ReadFile(words)
	if err != nil {
		return err
	}
	var w struct {
		Suffixes map[int][]string `json:"suffixes"`
	}
	if err := json.Unmarshal(b, &w); err != nil {
		return err
	}
	elsewhere := map[string]int{}
	last := map[string]string{}
	for _, r := range rows {
		if n := len(r[0]); n == 6 || n == 9 {
			elsewhere[short(r[1], w.Suffixes[n])] = 0
		}
	}
	for _, r := range rows {
		if len(r[0]) < 9 {
			continue
		}
		runes := []rune(r[1])
		for n := 2; n <= 4 && n <= len(runes); n++ {
			name, city := string(runes[:n]), r[0][:4]
			if _, ok := elsewhere[name]; ok && last[name] != city {
				elsewhere[name]++
				last[name] = city
			}
		}
	}
	var list []string
	for name, cities := range elsewhere {
		if cities > tellsUpTo+1 {
			list = append(list, name)
		}
	}
	sort.Strings(list)
	return os.WriteFile(out, []byte(strings.Join(list, "\n")+"\n"), 0o644)
}

// short takes off the word that says what an area is.
func short(name string, suffixes []string) string {
	for _, s := range suffixes {
		if rest, ok := strings.CutSuffix(name, s); ok && len([]rune(rest)) >= 2 {
			return rest
		}
	}
	return name
}
