package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// childVar makes the test binary behave as wangge itself, so that the tests
// run the very command as a process of its own without building it again.
const childVar = "WANGGE_TEST_IS_COMMAND"

func TestMain(m *testing.M) {
	if os.Getenv(childVar) != "" {
		os.Unsetenv(childVar)
		main()
		return
	}
	code := m.Run()
	if dir, err := finished(); err == nil {
		os.RemoveAll(dir)
	}
	os.Exit(code)
}

// command returns wangge with args, in a folder of its own so that nothing is
// written into the repository, and without settings of the machine.
func wangge(t *testing.T, env []string, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command(self, args...)
	c.Dir = t.TempDir()
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "WANGGE_") && !strings.HasPrefix(v, "LC_") && !strings.HasPrefix(v, "LANG") {
			c.Env = append(c.Env, v)
		}
	}
	c.Env = append(c.Env, childVar+"=1")
	c.Env = append(c.Env, env...)
	return c
}

// ran is what a finished command left.
type ran struct {
	code           int
	stdout, stderr string
}

// runCommand runs wangge to its end, for at most a minute.
func runCommand(t *testing.T, env []string, args ...string) ran {
	t.Helper()
	return finish(t, wangge(t, env, args...))
}

func finish(t *testing.T, c *exec.Cmd) ran {
	t.Helper()
	var out, errOut bytes.Buffer
	c.Stdout, c.Stderr = &out, &errOut
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	end := time.AfterFunc(time.Minute, func() { c.Process.Kill() })
	err := c.Wait()
	if !end.Stop() {
		t.Fatalf("wangge %v did not end within a minute", c.Args[1:])
	}
	if _, exited := err.(*exec.ExitError); err != nil && !exited {
		t.Fatal(err)
	}
	return ran{c.ProcessState.ExitCode(), out.String(), errOut.String()}
}

// server is a running demo or serve; its output is kept for looking through.
type server struct {
	t      *testing.T
	cmd    *exec.Cmd
	base   string
	mu     sync.Mutex
	stdout bytes.Buffer
	stderr bytes.Buffer
	ended  chan struct{}
	logins map[string]string // password by log-in name, as a demo prints them
}

var (
	loginLine = regexp.MustCompile(`(?m)^  ([a-z]+) +([a-z0-9]{4}-[a-z0-9]{4}-[a-z0-9]{4}) `)
	baseLine  = regexp.MustCompile(`https?://[0-9.]+:[0-9]+`)
)

// start runs a serving command and waits until its output has what ready
// looks for.
func start(t *testing.T, ready string, args ...string) *server {
	t.Helper()
	s := &server{t: t, cmd: wangge(t, []string{"WANGGE_LANG=en"}, args...), ended: make(chan struct{})}
	s.cmd.Stdout, s.cmd.Stderr = locked{&s.mu, &s.stdout}, locked{&s.mu, &s.stderr}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { s.cmd.Wait(); close(s.ended) }()
	t.Cleanup(s.kill)
	for deadline := time.Now().Add(time.Minute); !strings.Contains(s.output(), ready); time.Sleep(20 * time.Millisecond) {
		select {
		case <-s.ended:
			t.Fatalf("wangge %v ended:\n%s", args, s.output())
		default:
		}
		if time.Now().After(deadline) {
			t.Fatalf("wangge %v did not print %q within a minute:\n%s", args, ready, s.output())
		}
	}
	s.base = baseLine.FindString(s.output())
	s.logins = map[string]string{}
	for _, m := range loginLine.FindAllStringSubmatch(s.output(), -1) {
		s.logins[m[1]] = m[2]
	}
	return s
}

func demo(t *testing.T, dir string, households int) *server {
	t.Helper()
	return start(t, "Ctrl+C", "demo", "--data", dir, "--households", fmt.Sprint(households), "--seed", "3", "--listen", "127.0.0.1:0", "--log-level", "debug")
}

func (s *server) output() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stdout.String() + s.stderr.String()
}

// kill ends the process as a power cut would.
func (s *server) kill() {
	s.cmd.Process.Kill()
	<-s.ended
}

// stop ends the process as an administrator does, and returns its exit code.
func (s *server) stop() int {
	s.cmd.Process.Signal(syscall.SIGTERM)
	<-s.ended
	return s.cmd.ProcessState.ExitCode()
}

// locked makes a buffer safe for a process's output while it is read.
type locked struct {
	mu *sync.Mutex
	b  *bytes.Buffer
}

func (l locked) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

// caller is somebody logged in at a server by the API.
type caller struct {
	base string
	http *http.Client
}

// login logs in by the API with a printed password.
func (s *server) login(login string) *caller {
	s.t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		s.t.Fatal(err)
	}
	c := &caller{s.base, &http.Client{Jar: jar, Timeout: time.Minute}}
	if status, text := c.call("POST", "/api/v1/sessions", map[string]string{"login": login, "password": s.logins[login]}, nil); status != 201 {
		s.t.Fatalf("%s could not log in: %d %s", login, status, text)
	}
	return c
}

// call sends in as JSON (raw where it is bytes) and reads the answer into out.
// It returns status 0 where no answer came.
func (c *caller) call(method, path string, in, out any) (int, string) {
	var body io.Reader
	kind := "application/json"
	switch v := in.(type) {
	case nil:
	case []byte:
		body, kind = bytes.NewReader(v), "application/octet-stream"
	default:
		b, err := json.Marshal(v)
		if err != nil {
			return 0, err.Error()
		}
		body = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(context.Background(), method, c.base+path, body)
	if err != nil {
		return 0, err.Error()
	}
	req.Header.Set("Content-Type", kind)
	res, err := c.http.Do(req)
	if err != nil {
		return 0, err.Error()
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		return 0, err.Error()
	}
	if out != nil && res.StatusCode < 300 {
		if err := json.Unmarshal(b, out); err != nil {
			return 0, err.Error()
		}
	}
	return res.StatusCode, string(b)
}

// must is call where nothing but success will do.
func (c *caller) must(t *testing.T, method, path string, in, out any) {
	t.Helper()
	if status, text := c.call(method, path, in, out); status < 200 || status > 299 {
		t.Fatalf("%s %s: %d %s", method, path, status, text)
	}
}

// clean runs `wangge check` and fails unless it finds nothing.
func clean(t *testing.T, dir string) {
	t.Helper()
	r := runCommand(t, nil, "check", "--data", dir, "--json")
	var report struct{ Clean bool }
	if err := json.Unmarshal([]byte(r.stdout), &report); err != nil || r.code != 0 || !report.Clean {
		t.Fatalf("check: exit %d, %v\n%s%s", r.code, err, r.stdout, r.stderr)
	}
}

// write makes a file in a folder of the test.
func write(t *testing.T, name string, content []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
