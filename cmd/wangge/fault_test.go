package main

import (
	"context"
	"database/sql"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgproto3"

	"wangge/internal/platform/db/dbtest"
)

// fault is something wrong with the machine or the database.
type fault struct {
	name  string
	args  []string
	code  int    // 0 means 3
	says  string // in English
	mount string // how a folder is mounted for the command alone; see mounted
}

// try runs the faulty call in both languages: the exit code, one line that says
// the cause, no secret, nothing created.
func (f fault) try(t *testing.T) {
	if f.code == 0 {
		f.code = 3
	}
	told := map[string]bool{}
	for _, lang := range []string{"en", "zh"} {
		c := wangge(t, []string{"WANGGE_LANG=" + lang}, f.args...)
		fresh := filepath.Join(c.Dir, "fresh")
		for i, a := range c.Args {
			c.Args[i] = strings.ReplaceAll(a, "FRESH", fresh)
		}
		if f.mount != "" {
			if err := os.Mkdir(fresh, 0o700); err != nil {
				t.Fatal(err)
			}
			mounted(c, fmt.Sprintf(f.mount, fresh), fresh)
		}
		r := finish(t, c)
		if strings.Contains(r.stderr, "unshare: ") {
			t.Logf("not tried: this system mounts nothing for tests: %s", r.stderr)
			return
		}
		if r.code != f.code {
			t.Errorf("%s: exit %d, want %d: %s%s", lang, r.code, f.code, r.stdout, r.stderr)
		}
		oneLine(t, r)
		if lines := strings.Count(r.stderr, "\n"); lines != 1 {
			t.Errorf("%s: %d lines: %s", lang, lines, r.stderr)
		}
		if strings.Contains(r.stderr, "geheim") {
			t.Errorf("the password is printed: %s", r.stderr)
		}
		if r.stdout != "" {
			t.Errorf("%s: something is printed or left behind: %q", lang, r.stdout)
		}
		if f.mount == "" {
			if _, err := os.Stat(fresh); err == nil {
				t.Errorf("%s: the data folder was made", lang)
			}
		}
		if lang == "en" && !strings.Contains(r.stderr, f.says) {
			t.Errorf("the line does not say %q: %s", f.says, r.stderr)
		}
		told[r.stderr] = true
	}
	if len(told) != 2 {
		t.Errorf("the same text in both languages: %v", told)
	}
}

// mounted has c run where mount has run, in a namespace of its own; what is left
// in the folder goes to its output.
func mounted(c *exec.Cmd, mount, folder string) {
	flags := "-m"
	if os.Geteuid() != 0 {
		flags = "-rm"
	}
	script := mount + ` || { echo "unshare: $?" >&2; exit 9; }; "$0" "$@"; code=$?; ls -A '` + folder + `'; exit $code`
	c.Args = append([]string{"unshare", flags, "sh", "-c", script, c.Path}, c.Args[1:]...)
	if found, err := exec.LookPath("unshare"); err == nil {
		c.Path = found
	}
}

const (
	full     = "mount -t tmpfs -o size=96k,mode=700 none '%[1]s'"
	readOnly = "mount --bind '%[1]s' '%[1]s' && mount -o remount,bind,ro '%[1]s'"
)

// TestFaultsOfTheMachine: every way the embedded database cannot be used.
func TestFaultsOfTheMachine(t *testing.T) {
	letter := write(t, "letter.db", []byte(strings.Repeat("Dear all, ", 200)))
	newer, older, damaged := folder(t), folder(t), folder(t)
	change(t, newer, `UPDATE wangge_schema SET version_id = 99999 WHERE version_id = (SELECT MAX(version_id) FROM wangge_schema)`)
	change(t, older, `DELETE FROM wangge_schema WHERE version_id = (SELECT MAX(version_id) FROM wangge_schema)`)
	damage(t, filepath.Join(damaged, "wangge.db"))
	strange := filepath.Join(t.TempDir(), "wangge.db")
	p, err := sql.Open("sqlite", strange)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Exec("CREATE TABLE customers (id INTEGER)"); err != nil {
		t.Fatal(err)
	}
	p.Close()
	serve := func(more ...string) []string { return append([]string{"serve", "--listen", "127.0.0.1:0"}, more...) }
	for _, f := range []fault{
		{name: "a file of another kind", args: []string{"check", "--db", "sqlite://" + letter}, says: "letter.db is not a Wangge database"},
		{name: "a file of another kind, to serve", args: serve("--db", "sqlite://"+letter, "--data", "FRESH"), says: "letter.db is not a Wangge database"},
		{name: "another program's tables", args: serve("--data", filepath.Dir(strange)), says: "is not a Wangge database"},
		{name: "a folder instead of a file", args: []string{"check", "--db", "sqlite://" + newer}, says: "is not a Wangge database"},
		{name: "newer", args: []string{"check", "--data", newer}, says: "newer"},
		{name: "newer, to serve", args: serve("--data", newer), says: "newer"},
		{name: "newer, to back up", args: []string{"backup", "FRESH", "--data", newer}, says: "newer"},
		{name: "older", args: []string{"check", "--data", older}, says: "wangge serve"},
		{name: "damaged", args: []string{"check", "--data", damaged}, says: "damaged"},
		{name: "damaged, to serve", args: serve("--data", damaged), says: "damaged"},
		{name: "the data folder is a file", args: serve("--data", letter), says: "letter.db"},
		{name: "the key folder is a file", args: serve("--data", "FRESH", "--keys", letter), says: "letter.db is no folder"},
		{name: "the data folder is a file, for the demo", args: []string{"demo", "--data", letter, "--listen", "127.0.0.1:0"}, says: "letter.db"},
		{name: "read-only", args: serve("--data", "FRESH"), mount: readOnly, says: "cannot be kept here"},
		{name: "read-only, keys elsewhere", args: serve("--data", "FRESH", "--keys", t.TempDir()), mount: readOnly, says: "read-only file system"},
		{name: "read-only, to back up into", args: []string{"backup", "FRESH", "--data", folder(t)}, mount: readOnly, says: "read-only file system"},
		{name: "full", args: serve("--data", "FRESH"), mount: full, says: "full"},
		{name: "full, to back up into", args: []string{"backup", "FRESH", "--data", folder(t)}, mount: full, says: "Too little room"},
		{name: "full, to restore into", args: []string{"restore", backupOf(t), "--data", "FRESH"}, mount: full, says: "Too little room"},
		{name: "no certificate", args: serve("--data", "FRESH", "--tls-cert", letter, "--tls-key", letter), says: "certificate"},
		{name: "no such address", args: []string{"serve", "--data", "FRESH", "--listen", "192.0.2.1:80"}, says: "192.0.2.1"},
		{name: "nothing there", args: []string{"check", "--data", "FRESH"}, code: 2, says: "no database file"},
		{name: "nothing there to back up", args: []string{"backup", t.TempDir(), "--data", "FRESH"}, code: 2, says: "no database file"},
		{name: "no address", args: serve("--db", "mysql://u:geheim@h/x", "--data", "FRESH"), code: 2, says: "not understood"},
	} {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			f.try(t)
		})
	}
}

// backupOf is a backup of the finished demo.
func backupOf(t *testing.T) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), "backup.db")
	printed(t, nil, "backup", to, "--data", folder(t))
	return to
}

// TestFaultsOfPostgres: every way a PostgreSQL cannot be used, and that what was
// there is left as it was.
func TestFaultsOfPostgres(t *testing.T) {
	if os.Getenv("WANGGE_TEST_ENGINES") == "sqlite" {
		t.Log("PostgreSQL is left out by WANGGE_TEST_ENGINES")
		return
	}
	empty := dbtest.EmptyPostgresURL(t)
	web := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(web.Close)
	foreign, newer, older, locked := prepared(t, "CREATE TABLE customers (id INTEGER)"),
		prepared(t, "", "INSERT INTO wangge_schema (version_id, is_applied) VALUES (99999, true)"),
		prepared(t, "", "DELETE FROM wangge_schema WHERE version_id = (SELECT MAX(version_id) FROM wangge_schema)"),
		prepared(t, "DO $$ BEGIN EXECUTE 'ALTER DATABASE ' || current_database() || ' SET default_transaction_read_only = on'; END $$")
	pgExec(t, empty, "DROP ROLE IF EXISTS limited", "CREATE ROLE limited LOGIN")
	for name, c := range map[string]struct {
		url, says string
		code      int
	}{
		"unreachable":          {url: "postgres://u:geheim@127.0.0.1:1/x", says: "cannot be reached"},
		"no PostgreSQL":        {url: "postgres://u:geheim@" + web.Listener.Addr().String() + "/x?sslmode=disable&connect_timeout=1", says: "cannot be reached"},
		"too old":              {url: "postgres://u:geheim@" + oldServer(t) + "/x?sslmode=disable", says: "version 9.6.24; 14 or newer"},
		"a user it knows not":  {url: with(t, empty, func(u *url.URL) { u.User = url.UserPassword("stranger", "geheim") }), says: "user or password"},
		"no such database":     {url: with(t, empty, func(u *url.URL) { u.Path = "/nosuchdatabase" }), says: "no such database"},
		"a user without right": {url: with(t, empty, func(u *url.URL) { u.User = url.User("limited") }), says: "owner of the database"},
		"somebody's tables":    {url: foreign, says: "is not a Wangge database"},
		"newer":                {url: newer, says: "newer"},
		"read-only":            {url: locked, says: "takes no writes"},
		"no database named":    {url: "postgres://u:geheim@127.0.0.1:1", says: "not understood", code: 2},
		"@ / in the password":  {url: "postgres://u:ge/heim@geheim@127.0.0.1:1/x", says: "%40 for @", code: 2},
		"# in the password":    {url: "postgres://u:geheim#1@127.0.0.1:1/x", says: "%23 for #", code: 2},
		"% in the password":    {url: "postgres://u:geheim%@127.0.0.1:1/x", says: "%25 for %", code: 2},
	} {
		t.Run(name, func(t *testing.T) {
			before := tables(t, c.url)
			fault{args: []string{"serve", "--listen", "127.0.0.1:0", "--db", c.url, "--data", "FRESH"}, code: c.code, says: c.says}.try(t)
			if after := tables(t, c.url); after != before {
				t.Errorf("tables %q became %q", before, after)
			}
		})
	}
	t.Run("older, to check", func(t *testing.T) {
		fault{args: []string{"check", "--db", older, "--data", "FRESH"}, says: "wangge serve"}.try(t)
	})
	t.Run("the key folder is a file", func(t *testing.T) {
		fault{args: []string{"serve", "--listen", "127.0.0.1:0", "--db", empty, "--keys", write(t, "x", nil)}, says: "no folder"}.try(t)
		if left := tables(t, empty); left != "" {
			t.Errorf("tables were made: %s", left)
		}
	})
}

// TestPasswordsWithSpecialCharacters: percent-encoded in the address, or as they
// are in PGPASSWORD, they open the database.
func TestPasswordsWithSpecialCharacters(t *testing.T) {
	if os.Getenv("WANGGE_TEST_ENGINES") == "sqlite" {
		t.Log("PostgreSQL is left out by WANGGE_TEST_ENGINES")
		return
	}
	const secret = `p@ss:w/o#r d?%&"'\密`
	ready := dbtest.PostgresURL(t)
	asksPassword(t, ready, "keyed", secret)
	with := func(user *url.Userinfo) string { return with(t, ready, func(u *url.URL) { u.User = user }) }
	for _, c := range []struct {
		name, url string
		env       []string
		code      int
	}{
		{"encoded", with(url.UserPassword("keyed", secret)), nil, 0},
		{"in PGPASSWORD", with(url.User("keyed")), []string{"PGPASSWORD=" + secret}, 0},
		{"wrong", with(url.UserPassword("keyed", "geheim")), nil, 3},
		{"none", with(url.User("keyed")), nil, 3},
		{"as it is", strings.Replace(ready, "wangge@", "keyed:"+secret+"@", 1), nil, 2},
	} {
		r := runCommand(t, append(c.env, "WANGGE_LANG=en"), "check", "--db", c.url, "--data", t.TempDir())
		if r.code != c.code || strings.Contains(r.stderr, secret) || strings.Contains(r.stderr, "geheim") {
			t.Errorf("%s: exit %d, want %d: %s", c.name, r.code, c.code, r.stderr)
		}
		if c.code != 0 {
			oneLine(t, r)
		}
	}
}

// asksPassword makes a role of which the private server asks a password.
func asksPassword(t *testing.T, source, role, secret string) {
	t.Helper()
	p, err := sql.Open("pgx", source)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	var file string
	if err := p.QueryRow("SHOW hba_file").Scan(&file); err != nil {
		t.Fatal(err)
	}
	old, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, append([]byte("local all "+role+" scram-sha-256\n"), old...), 0o600); err != nil {
		t.Fatal(err)
	}
	var text string
	if err := p.QueryRow("SELECT quote_literal($1::text)", secret).Scan(&text); err != nil {
		t.Fatal(err)
	}
	pgExec(t, source, "CREATE ROLE "+role+" LOGIN SUPERUSER PASSWORD "+text, "SELECT pg_reload_conf()")
}

// with returns the address with something changed.
func with(t *testing.T, source string, change func(u *url.URL)) string {
	t.Helper()
	u, err := url.Parse(source)
	if err != nil {
		t.Fatal(err)
	}
	change(u)
	return u.String()
}

// prepared returns a database in which the statements ran: a migrated one where
// the first is empty.
func prepared(t *testing.T, statements ...string) string {
	t.Helper()
	source := dbtest.EmptyPostgresURL
	if statements[0] == "" {
		source, statements = dbtest.PostgresURL, statements[1:]
	}
	to := source(t)
	pgExec(t, to, statements...)
	return to
}

func pgExec(t *testing.T, source string, statements ...string) {
	t.Helper()
	p, err := sql.Open("pgx", source)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	for _, s := range statements {
		if _, err := p.Exec(s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
}

// tables names the tables of a database of the private server; "" of any other.
func tables(t *testing.T, source string) (list string) {
	t.Helper()
	u, err := url.Parse(source)
	if err != nil || u.Host != "" {
		return ""
	}
	u.User = url.User("wangge")
	p, err := sql.Open("pgx", u.String())
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	if err := p.QueryRow(`SELECT COALESCE(string_agg(relname, ' ' ORDER BY relname), '') FROM pg_class
		WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r'`).Scan(&list); err != nil {
		return err.Error()
	}
	return list
}

// oldServer answers as PostgreSQL 9.6 does until somebody is logged in.
func oldServer(t *testing.T) (address string) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			go speakOld(t.Context(), c)
		}
	}()
	return ln.Addr().String()
}

func speakOld(ctx context.Context, c net.Conn) {
	defer c.Close()
	stop := context.AfterFunc(ctx, func() { c.Close() })
	defer stop()
	b := pgproto3.NewBackend(c, c)
	if _, err := b.ReceiveStartupMessage(); err != nil {
		return
	}
	b.Send(&pgproto3.AuthenticationOk{})
	b.Send(&pgproto3.ParameterStatus{Name: "server_version", Value: "9.6.24"})
	b.Send(&pgproto3.ReadyForQuery{TxStatus: 'I'})
	for b.Flush() == nil {
		if _, err := b.Receive(); err != nil {
			return
		}
		b.Send(&pgproto3.EmptyQueryResponse{})
		b.Send(&pgproto3.ReadyForQuery{TxStatus: 'I'})
	}
}
