package faults

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"wangge/internal/platform/clock"
)

// node is one PostgreSQL under Patroni.
type node struct {
	name, dir, rest, address string
	cmd                      *exec.Cmd
	ended                    chan struct{}
}

// pair is two nodes with their etcd, all on this machine.
type pair struct {
	t     *testing.T
	dir   string
	as    *syscall.Credential
	nodes []*node
}

// run starts a program of the pair as the server's user; it is killed at the end.
func (p *pair) run(name string, args ...string) (*exec.Cmd, chan struct{}) {
	p.t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		p.t.Fatalf("%s is not installed: make faults installs it where it may (apt-get install patroni etcd-server)", name)
	}
	cmd := exec.Command(path, args...)
	cmd.Dir = p.dir
	log, err := os.OpenFile(p.logFile(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644) // a pipe would be waited for as long as PostgreSQL lives
	if err != nil {
		p.t.Fatal(err)
	}
	defer log.Close()
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: p.as, Setpgid: true}
	if err := cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { _ = cmd.Wait(); close(ended) }()
	return cmd, ended
}

// newPair starts etcd and two nodes, and waits until the second follows the first
// synchronously.
func newPair(t *testing.T) *pair {
	t.Helper()
	p := &pair{t: t, dir: ownFolder(t), as: serverUser(t)}
	client, peer := freeAddress(t), freeAddress(t)
	etcd, gone := p.run("etcd", "--data-dir", filepath.Join(p.dir, "etcd"), "--listen-client-urls", "http://"+client, "--advertise-client-urls", "http://"+client,
		"--listen-peer-urls", "http://"+peer, "--initial-advertise-peer-urls", "http://"+peer, "--initial-cluster", "default=http://"+peer, "--unsafe-no-fsync")
	t.Cleanup(func() { _ = etcd.Process.Kill(); <-gone })
	for i := range 2 {
		n := &node{name: fmt.Sprint("n", i+1), rest: freeAddress(t), address: freeAddress(t)}
		n.dir = filepath.Join(p.dir, n.name)
		p.configure(n, client)
		p.nodes = append(p.nodes, n)
		t.Cleanup(func() { p.lose(n) })
		p.begin(n)
		role := []string{"primary", "sync"}[i]
		if !p.within(90*time.Second, func() bool { return p.is(n, role) }) {
			t.Fatalf("%s does not become %s:\n%s", n.name, role, p.said())
		}
	}
	return p
}

func (p *pair) begin(n *node) {
	n.cmd, n.ended = p.run("patroni", filepath.Join(p.dir, n.name+".yml"))
}

// configure writes a node's settings. ttl is the shortest that Patroni takes.
func (p *pair) configure(n *node, etcd string) {
	p.t.Helper()
	text := fmt.Sprintf(`scope: wangge
name: %[1]s
restapi: {listen: "%[2]s", connect_address: "%[2]s"}
etcd3: {host: "%[3]s"}
bootstrap:
  dcs:
    ttl: 20
    loop_wait: 5
    retry_timeout: 5
    synchronous_mode: true
    postgresql:
      use_pg_rewind: true
      parameters: {max_connections: 60, shared_buffers: 32MB, wal_keep_size: 64MB}
  initdb: [encoding: UTF8, locale: C.UTF-8, data-checksums]
  pg_hba: ["host all all 127.0.0.1/32 trust", "host replication all 127.0.0.1/32 trust"]
postgresql:
  listen: "%[4]s"
  connect_address: "%[4]s"
  data_dir: %[5]s
  bin_dir: %[6]s
  pgpass: %[5]s.pass
  authentication:
    superuser: {username: wangge, password: drill}
    replication: {username: follower, password: drill}
  parameters: {unix_socket_directories: %[7]s}
`, n.name, n.rest, etcd, n.address, n.dir, filepath.Dir(pgBin(p.t, "postgres")), p.dir)
	file := filepath.Join(p.dir, n.name+".yml")
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		p.t.Fatal(err)
	}
}

// is asks a node's Patroni for its role.
func (p *pair) is(n *node, role string) bool {
	res, err := http.Get("http://" + n.rest + "/" + role)
	if err != nil {
		return false
	}
	res.Body.Close()
	return res.StatusCode == http.StatusOK
}

func (p *pair) within(d time.Duration, ok func() bool) bool {
	for watch := clock.Start(); watch.Elapsed() < d; <-clock.Real().After(200 * time.Millisecond) {
		if ok() {
			return true
		}
	}
	return false
}

func (p *pair) logFile() string { return filepath.Join(p.dir, "log") }

// said is what the pair's programs printed, its last lines.
func (p *pair) said() string {
	text, err := os.ReadFile(p.logFile())
	if err != nil {
		return err.Error()
	}
	return string(text[max(0, len(text)-4000):])
}

// lose kills a node's Patroni and PostgreSQL at once, as when the machine is lost.
func (p *pair) lose(n *node) {
	_ = n.cmd.Process.Kill()
	<-n.ended
	text, err := os.ReadFile(filepath.Join(n.dir, "postmaster.pid"))
	if err != nil {
		return // it does not run
	}
	first, _, _ := strings.Cut(string(text), "\n")
	pid, err := strconv.Atoi(first)
	if err != nil {
		return
	}
	for _, v := range append(children(pid), pid) {
		_ = syscall.Kill(v, syscall.SIGKILL)
	}
}

// url names both hosts; which of them takes writes the server finds out.
func (p *pair) url() string {
	return fmt.Sprintf("postgres://wangge:drill@%s,%s/postgres?sslmode=disable&target_session_attrs=read-write", p.nodes[0].address, p.nodes[1].address)
}

// TestPrimaryLost: the primary of a synchronous pair is lost under load. The
// server keeps running and finds the new one; nothing acknowledged is lost. Then
// the lost one comes back as the follower, and the other is lost.
func TestPrimaryLost(t *testing.T) {
	if withoutPostgres(t) || onlyAll(t) {
		return
	}
	p := newPair(t)
	s := newStand(t, t.TempDir(), p.url())
	s.serve(false)
	l := startLoad(t, s)
	first, second := p.nodes[0], p.nodes[1]
	l.await(before, time.Minute)
	p.lose(first)
	at := l.began.Elapsed()
	l.await(after, 3*time.Minute)
	took := l.service(at)
	if !p.is(second, "primary") {
		t.Errorf("the other node is not the primary:\n%s", p.said())
	}
	p.begin(first)
	if !p.within(2*time.Minute, func() bool { return p.is(first, "sync") }) {
		t.Fatalf("the lost node does not come back:\n%s", p.said())
	}
	l.await(before, time.Minute)
	p.lose(second)
	again := l.began.Elapsed()
	l.await(after, 3*time.Minute)
	l.stop()
	settle(t, s, l, line{fault: "primary lost under Patroni, synchronous; then its successor", engine: "PostgreSQL", service: took,
		remark: fmt.Sprintf("the second time %.1f s; the server ran on", l.service(again).Seconds())})
	if s.starts != 1 {
		t.Errorf("the server was started %d times", s.starts)
	}
}
