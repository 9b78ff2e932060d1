package faults

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"wangge/internal/platform/clock"
)

// cluster is a PostgreSQL server of the test's own that keeps its promises (fsync
// is on), in a folder and on a port of its own.
type cluster struct {
	t    *testing.T
	dir  string
	port string
	as   *syscall.Credential // the user it runs as; nil: the test's
	cmd  *exec.Cmd
	done chan struct{}
	log  bytes.Buffer
}

// pgBin returns a program of the newest PostgreSQL installed.
func pgBin(t *testing.T, name string) string {
	t.Helper()
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/" + name)
	if err != nil || len(found) == 0 {
		t.Fatal("PostgreSQL is not installed: make deps")
	}
	return found[len(found)-1]
}

// serverUser is the user PostgreSQL runs as; it refuses to run as root.
func serverUser(t *testing.T) *syscall.Credential {
	t.Helper()
	if os.Geteuid() != 0 {
		return nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		t.Fatal(err)
	}
	uid, errU := strconv.ParseUint(u.Uid, 10, 32)
	gid, errG := strconv.ParseUint(u.Gid, 10, 32)
	if err := errors.Join(errU, errG); err != nil {
		t.Fatal(err)
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
}

// ownFolder returns a folder that the server's user can work in.
func ownFolder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "wangge-fault-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	give(t, dir)
	return dir
}

// give makes a folder the server's user's.
func give(t *testing.T, dir string) {
	t.Helper()
	if as := serverUser(t); as != nil {
		if err := os.Chown(dir, int(as.Uid), int(as.Gid)); err != nil {
			t.Fatal(err)
		}
	}
}

// newCluster makes and starts a server in dir.
func newCluster(t *testing.T, dir string) *cluster {
	t.Helper()
	address := freeAddress(t)
	c := &cluster{t: t, dir: filepath.Join(dir, "data"), port: address[strings.LastIndex(address, ":")+1:], as: serverUser(t)}
	if out, err := c.program("initdb", "-D", c.dir, "-U", "wangge", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--wal-segsize=1").CombinedOutput(); err != nil {
		t.Fatalf("initdb: %v\n%s", err, out)
	}
	t.Cleanup(c.kill)
	c.start()
	return c
}

// program is one of PostgreSQL's programs, run as the server's user.
func (c *cluster) program(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(pgBin(c.t, name), args...)
	cmd.Dir = filepath.Dir(c.dir)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: c.as, Setpgid: true}
	return cmd
}

// start starts the server and waits until it takes connections.
func (c *cluster) start() {
	c.t.Helper()
	c.cmd = c.program("postgres", "-D", c.dir, "-p", c.port, "-k", filepath.Dir(c.dir), "-c", "listen_addresses=127.0.0.1",
		"-c", "max_connections=60", "-c", "shared_buffers=32MB", "-c", "min_wal_size=4MB", "-c", "max_wal_size=16MB")
	c.cmd.Stdout, c.cmd.Stderr = &c.log, &c.log
	if err := c.cmd.Start(); err != nil {
		c.t.Fatal(err)
	}
	c.done = make(chan struct{})
	go func(cmd *exec.Cmd, done chan struct{}) {
		_ = cmd.Wait()
		close(done)
	}(c.cmd, c.done)
	if !c.settled() || c.gone() {
		c.kill()
		c.t.Fatalf("PostgreSQL does not start:\n%s", c.log.String())
	}
}

// settled waits until the server takes connections or has ended.
func (c *cluster) settled() bool {
	for watch := clock.Start(); watch.Elapsed() < 30*time.Second; <-clock.Real().After(50 * time.Millisecond) {
		if c.gone() || c.program("pg_isready", "-q", "-h", "127.0.0.1", "-p", c.port).Run() == nil {
			return true
		}
	}
	return false
}

// revive starts the server again if it ended by itself, and reports whether it had.
func (c *cluster) revive() bool {
	c.t.Helper()
	for watch := clock.Start(); watch.Elapsed() < 3*time.Second && !c.gone(); { // it may be about to
		<-clock.Real().After(100 * time.Millisecond)
	}
	if c.settled() && !c.gone() {
		return false
	}
	c.kill()
	c.start()
	return true
}

// kill kills the server with all its processes at once, as a power cut does.
func (c *cluster) kill() {
	if c.cmd == nil || c.cmd.Process == nil {
		return
	}
	for _, pid := range append(children(c.cmd.Process.Pid), c.cmd.Process.Pid) {
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
	<-c.done
}

// gone reports whether the server ended by itself.
func (c *cluster) gone() bool {
	select {
	case <-c.done:
		return true
	default:
		return false
	}
}

// url is the database the program works on.
func (c *cluster) url() string {
	return fmt.Sprintf("postgres://wangge@127.0.0.1:%s/postgres?sslmode=disable", c.port)
}

// children lists the processes a process started, by what the system tells.
func children(parent int) (list []int) {
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, name := range stats {
		text, err := os.ReadFile(name)
		if err != nil {
			continue // ended meanwhile
		}
		rest := string(text[bytes.LastIndexByte(text, ')')+1:])
		fields := strings.Fields(rest) // state, parent …
		if len(fields) > 1 && fields[1] == strconv.Itoa(parent) {
			if pid, err := strconv.Atoi(filepath.Base(filepath.Dir(name))); err == nil {
				list = append(list, pid)
			}
		}
	}
	return list
}

// TestDatabaseKilled: PostgreSQL loses power under load and comes back; the
// server that ran meanwhile goes on by itself.
func TestDatabaseKilled(t *testing.T) {
	if withoutPostgres(t) || onlyAll(t) {
		return
	}
	c := newCluster(t, ownFolder(t))
	s := newStand(t, t.TempDir(), c.url())
	s.serve(false)
	l := startLoad(t, s)
	var worst time.Duration
	for range 3 {
		l.await(before, time.Minute)
		c.kill()
		at := l.began.Elapsed()
		<-clock.Real().After(time.Second)
		c.start()
		l.await(after, time.Minute)
		worst = max(worst, l.service(at))
	}
	l.stop()
	settle(t, s, l, line{fault: "`kill -9` of PostgreSQL with all its processes, three times", engine: "PostgreSQL", service: worst, remark: "started again after 1 s"})
	if s.starts != 1 {
		t.Errorf("the server was started %d times", s.starts)
	}
}
