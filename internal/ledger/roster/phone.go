package roster

import (
	"strings"

	"wangge/internal/platform/sheet"
)

// phones is what a cell with numbers says.
type phones struct {
	mobile   []string
	landline []string
	repaired bool
	lost     bool // digits are gone for good
	bad      bool // something that is no number
	short    bool // a landline of fewer than seven digits
}

// parsePhones reads all numbers of a cell.
func (v *vocabulary) parsePhones(raw string, numeric bool) (p phones) {
	t := tidy(raw)
	if isMobile(t) && !(numeric && strings.HasSuffix(t, "000000")) {
		p.mobile = []string{t}
		p.repaired = strings.TrimSpace(raw) != t
		return p
	}
	t, ext := v.cutExtension(t)
	if d := strings.ReplaceAll(strings.ReplaceAll(t, " ", ""), "-", ""); len(d) > 8 && d[0] == '+' && digitsOnly(d[1:]) && !strings.HasPrefix(d, "+86") {
		p.mobile, p.repaired = []string{d}, d != t
		return p
	}
	for _, part := range v.cutAny(strings.ReplaceAll(t, "+86", "86")) {
		if strings.ContainsAny(part, "eE") && strings.Contains(part, "86") && !strings.Contains(t, "E+") {
			part = strings.TrimSpace(part)
		}
		for _, q := range splitPhones(part) {
			p.one(v, q, numeric)
		}
	}
	if strings.ContainsAny(t, "*") {
		p.bad, p.mobile = true, nil
	}
	if strings.Contains(t, "E+") || strings.Contains(t, "e+") {
		p = phones{}
		p.one(v, t, numeric)
	}
	if ext != "" && len(p.landline) == 1 && len(p.mobile) == 0 {
		p.landline[0] += "-" + ext
	}
	p.repaired = p.repaired || t != raw && len(p.mobile) > 0 && strings.TrimSpace(raw) != t
	return p
}

// cutExtension takes a house extension off a landline.
func (v *vocabulary) cutExtension(t string) (rest, ext string) {
	for _, word := range v.words.Extension {
		if a, b, ok := strings.Cut(t, word); ok && len(a) >= 7 && len(b) <= 6 && digitsOnly(strings.TrimSpace(b)) {
			return strings.TrimSpace(a), strings.TrimSpace(b)
		}
	}
	return t, ""
}

// isMobile reports 11 digits of a mobile number. Blocks from 12 on count: those
// that were never given out stand in drills and demonstrations.
func isMobile(d string) bool { return len(d) == 11 && d[0] == '1' && d[1] >= '2' && digitsOnly(d) }

// splitPhones cuts "13812345678 13912345678" but not "138 1234 5678".
func splitPhones(s string) []string {
	parts := strings.Fields(s)
	if len(parts) < 2 {
		return []string{s}
	}
	for _, x := range parts {
		if len(strings.Trim(x, "-")) < 7 {
			return []string{s}
		}
	}
	return parts
}

func (p *phones) one(v *vocabulary, s string, numeric bool) {
	d := strings.NewReplacer(" ", "", "-", "", "'", "", "(", "", ")", "", "`", "", "\u2019", "").Replace(s)
	changed := d != s
	d, note := keepDigits(d)
	changed = changed || note
	if plain, ok := sheet.Plain(d); ok && plain != d && strings.ContainsAny(d, ".eE") {
		mant, _, _ := strings.Cut(strings.ToLower(d), "e")
		if strings.ContainsAny(d, "eE") && len(strings.Trim(strings.ReplaceAll(mant, ".", ""), "0")) < 10 {
			p.lost = true
			return
		}
		d, changed = plain, true
	}
	for _, pre := range []string{"0086", "86", "0"} {
		if rest, ok := strings.CutPrefix(d, pre); ok && isMobile(rest) && (pre != "0" || len(d) == 12) {
			d, changed = rest, true
			break
		}
	}
	switch n := len(d); {
	case d == "" || v.none.has(s):
	case !digitsOnly(d):
		if strings.HasPrefix(d, "+") && digitsOnly(d[1:]) && n >= 8 && n <= 16 {
			p.mobile = append(p.mobile, d)
			return
		}
		p.bad = true
	case isMobile(d):
		if numeric && strings.HasSuffix(d, "000000") {
			p.lost = true
			return
		}
		p.mobile = append(p.mobile, d)
		p.repaired = p.repaired || changed
	case d[0] == '0' && n >= 10 && n <= 12:
		p.landline = append(p.landline, areaCode(d))
	case (n == 7 || n == 8) && d[0] > '1', n == 10 && (d[:3] == "400" || d[:3] == "800"):
		p.landline = append(p.landline, d)
	case n >= 3 && n <= 6 && strings.Trim(d, "0") != "":
		p.landline = append(p.landline, d)
		p.short = true
	default:
		p.bad = true
	}
}

// keepDigits takes words around a number off, as in a name before it.
func keepDigits(d string) (string, bool) {
	start := strings.IndexAny(d, "0123456789+")
	if start < 0 {
		return d, false
	}
	end := strings.LastIndexAny(d, "0123456789") + 1
	if han, _ := hanCount(d[start:max(end, start)]); han > 0 || end <= start {
		return d, false
	}
	return d[start:end], start > 0 || end < len(d)
}

// areaCode sets the dash behind a fixed line's area code: 010 and 02x have
// three digits, all others four.
func areaCode(d string) string {
	k := 4
	if d[1] == '1' || d[1] == '2' {
		k = 3
	}
	return d[:k] + "-" + d[k:]
}
