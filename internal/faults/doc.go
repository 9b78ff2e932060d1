// Package faults breaks a running Wangge and counts what is left. It holds tests
// only: they drive the real program under load, kill it or its database, fill or
// spoil the disk, cut connections, set the clock back, take a primary away, and
// hold what was acknowledged against what is there: each mark exactly once, none
// by halves, `wangge check` clean.
//
// A plain test run takes the quick ones; make faults runs them all and prints
// the table of docs/reliability.md.
package faults
