package faults

import (
	"fmt"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"wangge/internal/platform/clock"
	"wangge/internal/platform/db/dbtest"
)

// How many marks are acknowledged before a fault and after it.
const (
	before = 150
	after  = 60
)

// withoutPostgres reports, and logs, that PostgreSQL is left out.
func withoutPostgres(t *testing.T) bool {
	t.Helper()
	if os.Getenv("WANGGE_TEST_ENGINES") == "sqlite" {
		t.Log("PostgreSQL is left out by WANGGE_TEST_ENGINES")
		return true
	}
	return false
}

// onlyAll reports, and logs, that a fault is run by make faults only.
func onlyAll(t *testing.T) bool {
	t.Helper()
	if !*everything {
		t.Log("run by make faults")
	}
	return !*everything
}

// killServer kills the program under load, three times; it is started again.
func killServer(t *testing.T, engine string, s *stand) {
	s.serve(true)
	l := startLoad(t, s)
	var worst time.Duration
	for range 3 {
		l.await(before, time.Minute)
		s.kill()
		at := l.began.Elapsed()
		l.await(after, time.Minute)
		worst = max(worst, l.service(at))
	}
	l.stop()
	settle(t, s, l, line{fault: "`kill -9` of a server, three times", engine: engine, service: worst, remark: "started again after 0.1 s"})
	if code := s.end(); code != 0 {
		t.Errorf("ended with %d:\n%s", code, s.said())
	}
}

// TestServerKilled: what a killed server had acknowledged is there when it comes
// back, on either engine.
func TestServerKilled(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) { killServer(t, "SQLite", newStand(t, t.TempDir(), "")) })
	if !withoutPostgres(t) {
		t.Run("postgres", func(t *testing.T) { killServer(t, "PostgreSQL", newStand(t, t.TempDir(), dbtest.PostgresURL(t))) })
	}
}

// TestCommitCut: connections are cut while COMMIT is on its way, before it reaches
// PostgreSQL or before its answer comes back. Nobody knows then whether it
// happened; who sends the mark again under its key gets it once.
func TestCommitCut(t *testing.T) {
	if withoutPostgres(t) {
		return
	}
	direct := dbtest.PostgresURL(t)
	s := newStand(t, t.TempDir(), direct)
	proxy, through := dbtest.NewProxy(t, direct)
	s.db = through
	s.serve(false)
	l := startLoad(t, s)
	var sent, answered, lost, unheard atomic.Int64
	proxy.AtCommit(func(answer bool) bool {
		count, cuts := &sent, &lost
		if answer {
			count, cuts = &answered, &unheard
		}
		cut := count.Add(1)%5 == 3
		if cut {
			cuts.Add(1)
		}
		return cut
	})
	l.await(2*before, 2*time.Minute)
	for lost.Load() < 3 || unheard.Load() < 3 {
		l.await(1, time.Minute)
	}
	proxy.AtCommit(nil)
	l.await(after, time.Minute)
	l.stop()
	s.db = direct
	settle(t, s, l, line{fault: "connection cut in the middle of a commit", engine: "PostgreSQL", service: l.gap(),
		remark: fmt.Sprintf("%d cut before the commit, %d after it; the longest gap", lost.Load(), unheard.Load())})
}

// TestLeaderKilled: of two servers on one database the one that leads is killed;
// the other leads and goes on answering.
func TestLeaderKilled(t *testing.T) {
	if withoutPostgres(t) || onlyAll(t) {
		return
	}
	s := newStand(t, t.TempDir(), dbtest.PostgresURL(t))
	s.serve(false)
	if !s.within(time.Minute, s.leads) {
		t.Fatalf("nobody leads:\n%s", s.said())
	}
	other := &stand{t: t, data: s.data, db: s.db, direct: s.direct, login: s.login, password: s.password, round: s.round, doors: s.doors}
	other.serve(false)
	l := startLoad(t, other)
	l.await(before, time.Minute)
	s.kill()
	at := clock.Start()
	if !other.within(time.Minute, other.leads) {
		t.Errorf("the other server does not lead:\n%s", other.said())
	}
	took := at.Elapsed()
	l.await(after, time.Minute)
	l.stop()
	settle(t, other, l, line{fault: "`kill -9` of the leader of two servers", engine: "PostgreSQL", service: took, remark: "until the other leads; marks went on meanwhile"})
}
