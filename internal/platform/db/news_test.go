package db_test

import (
	"context"
	"os"
	"testing"
	"time"

	"wangge/internal/platform/clock"
	"wangge/internal/platform/db"
	"wangge/internal/platform/db/dbtest"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
)

// onlySQLite reports, and logs, that PostgreSQL is left out.
func onlySQLite(t *testing.T) bool {
	t.Helper()
	if os.Getenv("WANGGE_TEST_ENGINES") == "sqlite" {
		t.Log("PostgreSQL is left out by WANGGE_TEST_ENGINES")
		return true
	}
	return false
}

// told waits for a topic.
func told(t *testing.T, news <-chan string, want string) {
	t.Helper()
	end := clock.Real().After(20 * time.Second)
	for {
		select {
		case topic := <-news:
			if topic == want {
				return
			}
		case <-end:
			t.Fatalf("not told %q", want)
		}
	}
}

// TestNewsAreMadeUpForWhenTheConnectionVanished: a connection whose peer is gone
// says nothing and does not break; the listener finds out by itself.
func TestNewsAreMadeUpForWhenTheConnectionVanished(t *testing.T) {
	if onlySQLite(t) {
		return
	}
	url := dbtest.PostgresURL(t)
	proxy, through := dbtest.NewProxy(t, url)
	here, there := dbtest.Open(t, through), dbtest.Open(t, url)
	listen, cancel := context.WithCancel(ctx)
	defer cancel()
	news := here.Listen(listen)
	tell := func(topic string) {
		write(t, there, func(tx *db.Tx) error { tx.Notify(topic); return nil })
	}
	tell("first")
	told(t, news, "first")
	proxy.Freeze()
	tell("lost")
	told(t, news, db.Everything)
	tell("again")
	told(t, news, "again")
}

// TestProcessesMakeTheirIdentifiersApart: a process whose number another one on
// the database has takes another number.
func TestProcessesMakeTheirIdentifiersApart(t *testing.T) {
	if onlySQLite(t) {
		return
	}
	url := dbtest.PostgresURL(t)
	before := id.New()
	first := dbtest.Open(t, url)
	mine := id.Node()
	dbtest.Open(t, url) // stands for another process with the same number
	if id.Node() == mine {
		t.Error("both make identifiers under the same number")
	}
	if after := id.New(); after <= before {
		t.Errorf("%d after %d", after, before)
	}
	var held int
	if err := first.Read().QueryRowContext(ctx, "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())").Scan(&held); err != nil || held != 2 {
		t.Errorf("%d numbers are held, want 2; %v", held, err)
	}
}

// TestSeveralHostsLeadToThePrimary: of several hosts in the URL the one that
// takes writes is used, for reading too.
func TestSeveralHostsLeadToThePrimary(t *testing.T) {
	if onlySQLite(t) {
		return
	}
	url := dbtest.PostgresURL(t)
	gone, through := dbtest.NewProxy(t, url)
	gone.Refuse(true)
	_, live := dbtest.NewProxy(t, url)
	d := dbtest.Open(t, dbtest.BothHosts(t, through, live))
	run(t, d, things)
	write(t, d, func(tx *db.Tx) error { return insert(tx, 1) })
	if n := count(t, d, "SELECT count(*) FROM thing"); n != 1 {
		t.Errorf("%d rows", n)
	}
}

// TestWritesGoOnWhenTheConnectionIsCut: cut before the commit the transaction is
// run again; cut while committing the outcome is unknown and said to be.
func TestWritesGoOnWhenTheConnectionIsCut(t *testing.T) {
	if onlySQLite(t) {
		return
	}
	url := dbtest.PostgresURL(t)
	proxy, through := dbtest.NewProxy(t, url)
	d, direct := dbtest.Open(t, through), dbtest.Open(t, url)
	run(t, d, things)
	runs := 0
	write(t, d, func(tx *db.Tx) error {
		if runs++; runs == 1 {
			proxy.Cut()
		}
		return insert(tx, 1)
	})
	if runs != 2 {
		t.Errorf("run %d times, want 2", runs)
	}
	for i, committed := range []bool{false, true} {
		v, cut := int64(10+i), false
		proxy.AtCommit(func(answer bool) bool {
			hit := !cut && answer == committed
			cut = cut || hit
			return hit
		})
		err := d.Write(ctx, "test", func(tx *db.Tx) error { return insert(tx, v) })
		proxy.AtCommit(nil)
		if err == nil || errs.As(err).Key != "db.commit_unknown" {
			t.Errorf("cut at the commit (answer %t): %v", committed, err)
		}
		want := 1
		if committed {
			want = 2
		}
		if n := count(t, direct, "SELECT count(*) FROM thing"); n != want {
			t.Errorf("%d rows, want %d", n, want)
		}
	}
}
