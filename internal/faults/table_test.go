package faults

import (
	"context"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// everything has all faults run; make faults sets it.
var everything = flag.Bool("faults", false, "run every fault, also those that take long or need packages, and print the table")

// line is one fault of the table.
type line struct {
	fault, engine             string
	acked, found, lost, twice int
	service                   time.Duration
	remark                    string
}

var table struct {
	sync.Mutex
	lines []line
}

// TestMain prints the table of the faults that ran, and removes the program.
func TestMain(m *testing.M) {
	code := m.Run()
	if built != "" {
		os.RemoveAll(built)
	}
	if len(table.lines) > 0 && *everything {
		fmt.Println(tableText())
	}
	os.Exit(code)
}

func tableText() string {
	var b strings.Builder
	b.WriteString("| fault | engine | acknowledged | found | lost | twice | seconds until service | |\n|---|---|--:|--:|--:|--:|--:|---|\n")
	slices.SortStableFunc(table.lines, func(a, c line) int { return strings.Compare(c.engine, a.engine) })
	for _, l := range table.lines {
		fmt.Fprintf(&b, "| %s | %s | %d | %d | %d | %d | %.1f | %s |\n", l.fault, l.engine, l.acked, l.found, l.lost, l.twice, l.service.Seconds(), l.remark)
	}
	return b.String()
}

// settle holds what a load was told against what is there, and notes the line.
// The program may run or not.
func settle(t *testing.T, s *stand, l *load, v line) {
	t.Helper()
	there, err := keysThere(context.Background(), s.direct, l.run)
	if err != nil {
		t.Fatal(err)
	}
	v.acked = len(l.acked)
	for key := range l.acked {
		switch n := there[key]; {
		case n == 0:
			v.lost++
		default:
			v.found++
		}
	}
	for _, n := range there {
		if n > 1 {
			v.twice++
		}
	}
	s.check()
	if v.lost+v.twice > 0 || v.acked == 0 {
		t.Errorf("%s on %s: of %d acknowledged %d are lost, %d there twice", v.fault, v.engine, v.acked, v.lost, v.twice)
	}
	for what, n := range l.refused {
		if strings.HasPrefix(what, "500") || strings.HasPrefix(what, "4") {
			t.Errorf("%s on %s: %d times the answer was %q", v.fault, v.engine, n, what)
		}
	}
	t.Logf("%s on %s: %d acknowledged, %d found, %d lost, %d twice, %.1f s until service; refused meanwhile: %v", v.fault, v.engine, v.acked, v.found, v.lost, v.twice, v.service.Seconds(), l.refused)
	table.Lock()
	defer table.Unlock()
	table.lines = append(table.lines, v)
}
