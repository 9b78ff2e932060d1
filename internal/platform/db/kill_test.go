package db_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"

	"wangge/internal/platform/clock"
	"wangge/internal/platform/db"
	"wangge/internal/platform/db/dbtest"
)

// killedVar makes the test binary the writer that is going to be killed; its
// value is the database's URL.
const killedVar = "WANGGE_TEST_KILLED_WRITER"

// TestMain turns the binary into the writer when a test started it as one.
func TestMain(m *testing.M) {
	if u := os.Getenv(killedVar); u != "" {
		writeUntilKilled(u)
	}
	os.Exit(m.Run())
}

// writeUntilKilled writes through a batcher from many goroutines and prints
// each id once its write was answered.
func writeUntilKilled(u string) {
	d, err := db.Open(ctx, u, clock.Real(), nil)
	if err != nil {
		fmt.Println("error", err)
		os.Exit(3)
	}
	b := db.NewBatcher(d, db.BatchOptions{}, insertItems)
	var mu sync.Mutex
	var wg sync.WaitGroup
	for w := range 16 {
		wg.Go(func() {
			for i := int64(0); ; i++ {
				v := int64(w)<<32 | (i + 1000)
				if err := b.Do(ctx, v); err != nil {
					fmt.Println("error", err)
					os.Exit(3)
				}
				mu.Lock()
				os.Stdout.WriteString(strconv.FormatInt(v, 10) + "\n")
				mu.Unlock()
			}
		})
	}
	wg.Wait()
}

// TestAcknowledgedWritesSurviveKill kills a writer three times over the same
// file and counts that every acknowledged write is there.
func TestAcknowledgedWritesSurviveKill(t *testing.T) {
	u := dbtest.SQLiteURL(t)
	d := dbtest.Open(t, u)
	anew(t, d)
	d.Close()
	for round, acknowledged := range []int{200, 1500, 3000} {
		seen := killAfter(t, u, acknowledged)
		d := dbtest.Open(t, u)
		stored := map[string]bool{}
		for _, s := range names(t, d, "SELECT CAST(id AS TEXT) FROM thing") {
			stored[s] = true
		}
		lost := 0
		for _, s := range seen {
			if !stored[s] {
				lost++
			}
		}
		if lost > 0 || len(seen) < acknowledged {
			t.Errorf("round %d: %d of %d acknowledged writes were lost", round, lost, len(seen))
		}
		if got := names(t, d, "PRAGMA integrity_check"); len(got) != 1 || got[0] != "ok" {
			t.Errorf("round %d: %v", round, got)
		}
		anew(t, d)
		d.Close()
	}
}

// anew makes the table anew.
func anew(t *testing.T, d *db.DB) {
	t.Helper()
	write(t, d, func(tx *db.Tx) error {
		if _, err := tx.ExecContext(ctx, "DROP TABLE IF EXISTS thing"); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, things)
		return err
	})
}

// killAfter runs a writer, kills it -9 after it has acknowledged n writes, and
// returns all it acknowledged.
func killAfter(t *testing.T, u string, n int) []string {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), killedVar+"="+u)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var seen []string
	in := bufio.NewReader(out)
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			break // what it was writing when it died is not whole and does not count
		}
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "error") {
			t.Fatal(line)
		}
		seen = append(seen, line)
		if len(seen) == n {
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	_ = cmd.Wait() // says that it was killed
	return seen
}
