package db

import (
	"strconv"
	"strings"
)

// Args collects the arguments of a statement that is put together from parts
// and hands out their placeholders, so that parts need not know each other's
// numbers:
//
//	a := db.NewArgs(district)            // $1
//	q := "SELECT … WHERE district = $1 AND path >= " + a.Add(lo) + " AND kind IN " + a.In(kinds...)
//	rows, err := d.Read().QueryContext(ctx, q, a.List()...)
type Args struct{ list []any }

// NewArgs starts with the given arguments as $1, $2 and so on.
func NewArgs(first ...any) *Args { return &Args{list: append([]any(nil), first...)} }

// Add appends an argument and returns its placeholder, as "$3".
func (a *Args) Add(v any) string {
	a.list = append(a.list, v)
	return "$" + strconv.Itoa(len(a.list))
}

// In appends the arguments and returns the list to stand after IN, as
// "($3,$4)". Of no arguments it returns "(NULL)", which matches nothing. Lists
// above a few thousand values belong in a join, see Chunks.
func (a *Args) In(vs ...any) string {
	if len(vs) == 0 {
		return "(NULL)"
	}
	var b strings.Builder
	b.WriteByte('(')
	for i, v := range vs {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(a.Add(v))
	}
	b.WriteByte(')')
	return b.String()
}

// List returns the arguments in the order of their placeholders.
func (a *Args) List() []any { return a.list }

// Len returns how many arguments there are.
func (a *Args) Len() int { return len(a.list) }

// In appends the values to a and returns the list to stand after IN; it is
// Args.In for a slice of any type.
func In[T any](a *Args, vs []T) string {
	list := make([]any, len(vs))
	for i, v := range vs {
		list[i] = v
	}
	return a.In(list...)
}

// Chunks calls fn with consecutive parts of vs of at most size values and stops
// at the first error. It keeps lists of IN and rows of imports bounded.
func Chunks[T any](vs []T, size int, fn func(part []T) error) error {
	for len(vs) > 0 {
		n := min(size, len(vs))
		if err := fn(vs[:n]); err != nil {
			return err
		}
		vs = vs[n:]
	}
	return nil
}

// PathRange returns the half-open range of paths that begin with prefix: p
// begins with it when lo <= p and p < hi. Paths sort by bytes on both engines,
// and no UTF-8 text sorts above U+10FFFF.
func PathRange(prefix string) (lo, hi string) { return prefix, prefix + "\U0010FFFF" }
