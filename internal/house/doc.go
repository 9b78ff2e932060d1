// Package house holds the tests of the house rules: which package may import
// which, where the clock, SQL and HTTP may stand, and where Han text may. It
// has no code of its own; `go test ./internal/house` reads the source tree.
package house
