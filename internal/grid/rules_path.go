package grid

import (
	"strconv"
	"strings"
)

// segment is how many base-36 digits each level below a community adds to a path.
const segment = 3

// maxOrdinal is the highest ordinal a segment can write.
const maxOrdinal = 36*36*36 - 1

// Paths are written in lower case and end below this character, so a subtree
// is [path, path+pathEnd).
const pathEnd = "~"

// ChildPath returns the path of the child with the ordinal; ok is false when
// the ordinal is out of range (a parent holds at most 46,655 children).
func ChildPath(parent string, ordinal int) (path string, ok bool) {
	if ordinal < 1 || ordinal > maxOrdinal {
		return "", false
	}
	s := strconv.FormatInt(int64(ordinal), 36)
	return parent + "000"[:segment-len(s)] + s, true
}

// AreaPath returns the path of an area with a 12-digit code: the code cut to
// its level's digits.
func AreaPath(k Kind, code string) string {
	n := map[Kind]int{Province: 2, City: 4, County: 6, Street: 9, Community: 12}[k]
	if n == 0 || len(code) < n {
		return ""
	}
	return code[:n]
}

// GridPath returns the path of a top grid of an area or, if parent is the
// path of a grid, of a grid below it.
func GridPath(parent string, ordinal int) (path string, ok bool) {
	if !strings.Contains(parent, "g") || !isGridPath(parent) {
		parent += "g"
	}
	return ChildPath(parent, ordinal)
}

// isGridPath tells the path of a grid from one of an area: the area's part is
// digits only, so the first letter of a grid's path is its g.
func isGridPath(path string) bool {
	i := strings.IndexFunc(path, func(r rune) bool { return r < '0' || r > '9' })
	return i >= 0 && path[i] == 'g'
}

// Under reports whether path lies in the subtree of root (or is root).
func Under(path, root string) bool { return strings.HasPrefix(path, root) }
