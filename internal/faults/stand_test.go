package faults

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"wangge/internal/app"
	"wangge/internal/grid"
	"wangge/internal/platform/clock"
	"wangge/internal/platform/db"
	"wangge/internal/round"
)

// stand is an installation with a small district and an open round, and the real
// program serving it.
type stand struct {
	t        *testing.T
	data     string // data folder
	db       string // URL of PostgreSQL as the program is given it; "" on SQLite
	direct   string // URL at which the test counts
	base     string // address of the server
	login    string
	password string
	round    string
	doors    []string

	mu      sync.Mutex
	cmd     *exec.Cmd
	ended   chan struct{}
	out     bytes.Buffer
	keeping bool // start it again when it dies, as systemd does
	starts  int
}

// built is the folder of the program; TestMain removes it.
var built string

// binary builds the program once.
var binary = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "wangge-bin-")
	if err != nil {
		return "", err
	}
	built = dir
	path := filepath.Join(dir, "wangge")
	out, err := exec.Command("go", "build", "-o", path, "wangge/cmd/wangge").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%w\n%s", err, out)
	}
	return path, nil
})

// newStand fills the data folder, and the database of url where one is given, with
// a district. The program is not started yet.
func newStand(t *testing.T, data, url string) *stand {
	t.Helper()
	s := &stand{t: t, data: data, db: url, direct: url}
	if url == "" {
		s.direct = db.FileURL(filepath.Join(data, "wangge.db"))
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	o := app.Options{Clock: clock.Real(), Log: slog.New(slog.DiscardHandler)}
	o.Config.Data, o.Config.DB = data, url
	d, err := app.OpenDrill(ctx, o, app.DemoOptions{Place: "mohe", Households: 200, Seed: 7, Speed: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	defer cancel()
	s.learn(d)
	return s
}

// learn takes from the loaded district what the load needs.
func (s *stand) learn(d *app.Drill) {
	who := d.Logins["community"]
	s.login, s.password, s.round = who.Login.Login, who.Password, d.Loaded.Round.String()
	lines, _, err := d.App.Rounds.Outstanding(context.Background(), grid.System(d.Loaded.District, "faults"), d.Loaded.Round,
		round.ListQuery{Ref: round.NodeRef{Place: d.Loaded.Story.Community}, All: true, Limit: 500})
	if err != nil || len(lines) == 0 {
		s.t.Fatalf("the community has %d doors; %v", len(lines), err)
	}
	for _, l := range lines {
		s.doors = append(s.doors, l.ObjectID.String())
	}
}

// command is the program on this installation.
func (s *stand) command(args ...string) *exec.Cmd {
	path, err := binary()
	if err != nil {
		s.t.Fatal(err)
	}
	args = append(args, "--data", s.data)
	if s.db != "" {
		args = append(args, "--db", s.db)
	}
	cmd := exec.Command(path, args...)
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "WANGGE_") {
			cmd.Env = append(cmd.Env, v)
		}
	}
	cmd.Env = append(cmd.Env, "WANGGE_LANG=en")
	return cmd
}

// locked is a buffer for several hands.
type locked struct {
	mu *sync.Mutex
	b  *bytes.Buffer
}

func (l locked) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

// serve starts the program and waits until it answers; keep has it started again
// whenever it dies.
func (s *stand) serve(keep bool) {
	s.t.Helper()
	if s.base == "" {
		s.base = "http://" + freeAddress(s.t)
		s.t.Cleanup(s.halt)
	}
	s.mu.Lock()
	s.keeping = keep
	s.mu.Unlock()
	s.launch()
	if !s.within(40*time.Second, s.ready) {
		s.t.Fatalf("the server does not come up:\n%s", s.said())
	}
}

func (s *stand) launch() {
	cmd := s.command("serve", "--listen", strings.TrimPrefix(s.base, "http://"))
	cmd.Stdout, cmd.Stderr = locked{&s.mu, &s.out}, locked{&s.mu, &s.out}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := cmd.Start(); err != nil {
		s.t.Error(err)
		return
	}
	s.cmd, s.ended = cmd, make(chan struct{})
	s.starts++
	go func(ended chan struct{}) {
		_ = cmd.Wait() // how it ended is what the tests look at
		close(ended)
		<-clock.Real().After(100 * time.Millisecond)
		s.mu.Lock()
		again := s.keeping
		s.mu.Unlock()
		if again {
			s.launch()
		}
	}(s.ended)
}

// process returns the running program and what closes when it ends.
func (s *stand) process() (*exec.Cmd, chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.cmd, s.ended
}

// kill kills the program; where it is kept it is started again.
func (s *stand) kill() {
	cmd, ended := s.process()
	_ = cmd.Process.Kill()
	<-ended
}

// end stops the program in order and returns its exit code.
func (s *stand) end() int {
	s.mu.Lock()
	s.keeping = false
	s.mu.Unlock()
	cmd, ended := s.process()
	_ = cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-ended:
	case <-clock.Real().After(40 * time.Second):
		_ = cmd.Process.Kill()
		<-ended
		s.t.Errorf("the server did not end within 40 seconds:\n%s", s.said())
	}
	return cmd.ProcessState.ExitCode()
}

func (s *stand) halt() {
	s.mu.Lock()
	s.keeping = false
	s.mu.Unlock()
	if cmd, ended := s.process(); cmd != nil {
		_ = cmd.Process.Kill()
		<-ended
	}
}

// said is what the program printed, its last lines.
func (s *stand) said() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	text := s.out.String()
	return text[max(0, len(text)-3000):]
}

// ready reports whether the server and its database answer.
func (s *stand) ready() bool {
	res, err := http.Get(s.base + "/readyz")
	if err != nil {
		return false
	}
	res.Body.Close()
	return res.StatusCode == http.StatusOK
}

// leads reports whether the program said that it leads.
func (s *stand) leads() bool { return strings.Contains(s.said(), "this process leads") }

// within reports whether ok becomes true in time.
func (s *stand) within(d time.Duration, ok func() bool) bool {
	for watch := clock.Start(); ; <-clock.Real().After(20 * time.Millisecond) {
		if ok() {
			return true
		}
		if watch.Elapsed() > d {
			return false
		}
	}
}

// check runs `wangge check`, which must find nothing.
func (s *stand) check() {
	s.t.Helper()
	out, err := s.command("check").CombinedOutput()
	if err != nil {
		s.t.Errorf("wangge check: %v\n%s", err, out)
	}
}

// freeAddress returns an address of this machine nobody listens on.
func freeAddress(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	return ln.Addr().String()
}
