package dbtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"wangge/internal/platform/clock"
)

// Server is the private PostgreSQL server of the test binary.
type Server struct {
	dir   string
	made  atomic.Int64
	mu    sync.Mutex // CREATE DATABASE from one template goes one at a time
	watch *os.File   // held open: when it closes, the server ends
}

const templateName = "wangge_template"

// startTimeout bounds how long the server may take to answer.
const startTimeout = 30 * time.Second

var errMissing = errors.New("PostgreSQL is not installed: apt-get install postgresql (or set " + enginesVar + "=sqlite to leave it out)")

var start = sync.OnceValues(startServer)

func server(t testing.TB) *Server {
	t.Helper()
	s, err := start()
	if err != nil {
		t.Fatalf("the private PostgreSQL server does not start: %v", err)
	}
	return s
}

// binaries returns the folder of the newest installed server.
func binaries() (string, error) {
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if err != nil || len(found) == 0 {
		path, lookErr := exec.LookPath("initdb")
		if lookErr != nil {
			return "", errMissing
		}
		return filepath.Dir(path), nil
	}
	slices.SortFunc(found, func(a, b string) int { return majorOf(a) - majorOf(b) })
	return filepath.Dir(found[len(found)-1]), nil
}

func majorOf(initdb string) int {
	n, err := strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(initdb))))
	if err != nil {
		return 0
	}
	return n
}

// owner returns the system user the server runs as when the test runs as root,
// which PostgreSQL refuses.
func owner() (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		return nil, errMissing
	}
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.ParseUint(u.Gid, 10, 32)
	if err != nil {
		return nil, err
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
}

func startServer() (*Server, error) {
	bin, err := binaries()
	if err != nil {
		return nil, err
	}
	as, err := owner()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("/tmp", "wangge-pg-")
	if err != nil {
		return nil, err
	}
	if as != nil {
		if err := os.Chown(dir, int(as.Uid), int(as.Gid)); err != nil {
			return nil, err
		}
	}
	s := &Server{dir: dir}
	if err := s.initialize(bin, as); err != nil {
		os.RemoveAll(dir)
		return nil, err
	}
	if err := s.run(bin, as); err != nil {
		return nil, err
	}
	if err := s.await(); err != nil {
		return nil, err
	}
	return s, s.makeTemplate()
}

// initialize makes the cluster. Its default order of text is a natural
// language's, so that a path column that lacks the byte order shows.
func (s *Server) initialize(bin string, as *syscall.Credential) error {
	cmd := exec.Command(filepath.Join(bin, "initdb"), "-D", s.data(), "-U", "wangge", "-A", "trust", "-E", "UTF8",
		"--locale=C.UTF-8", "--locale-provider=icu", "--icu-locale=und", "--no-sync", "--no-instructions")
	cmd.Dir = s.dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: as}
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, bytes.TrimSpace(out))
	}
	return nil
}

// keeper starts the server and, once its standard input closes (the test binary
// ended, however it did), stops it and removes its folder.
const keeper = `
"$1/postgres" -D "$2/data" -k "$2" -c listen_addresses= -c fsync=off -c synchronous_commit=off -c full_page_writes=off \
  -c max_connections=300 -c shared_buffers=64MB -c autovacuum=off -c max_wal_size=2GB >"$2/log" 2>&1 </dev/null &
pid=$!
cat >/dev/null
kill -QUIT $pid
wait $pid
cd / && rm -rf "$2"
`

func (s *Server) run(bin string, as *syscall.Credential) error {
	r, w, err := os.Pipe()
	if err != nil {
		return err
	}
	defer r.Close()
	cmd := exec.Command("/bin/sh", "-c", keeper, "wangge-pg", bin, s.dir)
	cmd.Dir = s.dir
	cmd.Stdin = r
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: as, Setsid: true}
	if err := cmd.Start(); err != nil {
		w.Close()
		return err
	}
	s.watch = w
	return nil
}

func (s *Server) data() string { return filepath.Join(s.dir, "data") }

func (s *Server) url(name string) string {
	return "postgres://wangge@/" + name + "?host=" + s.dir
}

// await returns when the server answers.
func (s *Server) await() error {
	watch := clock.Start()
	for {
		err := s.admin("SELECT 1")
		if err == nil {
			return nil
		}
		if watch.Elapsed() > startTimeout {
			log, readErr := os.ReadFile(filepath.Join(s.dir, "log"))
			return fmt.Errorf("%w\n%s", errors.Join(err, readErr), log)
		}
		<-clock.Real().After(20 * time.Millisecond)
	}
}

// admin runs one statement in the maintenance database.
func (s *Server) admin(statement string) error {
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, s.url("postgres"))
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	_, err = conn.Exec(ctx, statement)
	return err
}

func (s *Server) makeTemplate() error {
	if err := s.admin("CREATE DATABASE " + templateName); err != nil {
		return err
	}
	return migrate(s.url(templateName))
}

// create makes a database, migrated or empty, and says how to drop it.
func (s *Server) create(migrated bool) (url string, drop func(), err error) {
	name := fmt.Sprintf("t%d", s.made.Add(1))
	from := "template1"
	if migrated {
		from = templateName
	}
	s.mu.Lock()
	err = s.admin("CREATE DATABASE " + name + " TEMPLATE " + from)
	s.mu.Unlock()
	if err != nil {
		return "", nil, err
	}
	return s.url(name), func() { _ = s.admin("DROP DATABASE " + name + " WITH (FORCE)") }, nil
}
