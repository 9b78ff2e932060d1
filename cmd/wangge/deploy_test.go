package main

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"wangge/internal/app"
)

// known fails unless args is a call of wangge whose command and options exist.
func known(t *testing.T, file string, args []string) {
	t.Helper()
	if len(args) == 0 || !slices.ContainsFunc(commands, func(c command) bool { return c.name == args[0] }) {
		t.Errorf("%s: %v names no command", file, args)
		return
	}
	help := runCommand(t, nil, args[0], "--help").stderr
	for _, a := range args[1:] {
		if name, ok := strings.CutPrefix(a, "--"); ok && !strings.Contains(help, "  -"+name+" ") && !strings.Contains(help, "  -"+name+"\n") {
			t.Errorf("%s: wangge %s has no option --%s", file, args[0], name)
		}
	}
}

// settings fails where text names a variable WANGGE_X that is no setting.
func settings(t *testing.T, file, text string, own ...string) {
	t.Helper()
	help := runCommand(t, nil, "serve", "--help").stderr
	for _, v := range regexp.MustCompile(`WANGGE_[A-Z_]+`).FindAllString(text, -1) {
		if slices.Contains(own, v) || v == "WANGGE_MASTER_KEY" || v == "WANGGE_LANG" {
			continue
		}
		flag := strings.ToLower(strings.ReplaceAll(strings.TrimPrefix(v, "WANGGE_"), "_", "-"))
		if app.EnvName(flag) != v || !strings.Contains(help, "  -"+flag) {
			t.Errorf("%s: %s is no setting", file, v)
		}
	}
}

func textOf(t *testing.T, name string) string {
	t.Helper()
	raw, err := os.ReadFile(deployed(t, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// TestUnitsOfSystemd: their commands and options exist, and systemd itself
// finds nothing to say where it is installed.
func TestUnitsOfSystemd(t *testing.T) {
	verify, err := exec.LookPath("systemd-analyze")
	dir := t.TempDir()
	self, selfErr := os.Executable()
	if selfErr != nil {
		t.Fatal(selfErr)
	}
	var units []string
	for _, name := range []string{"wangge.service", "wangge-backup.service", "wangge-backup.timer"} {
		text := textOf(t, name)
		settings(t, name, text)
		for _, m := range regexp.MustCompile(`(?m)^ExecStart=/usr/local/bin/wangge (.*)$`).FindAllStringSubmatch(text, -1) {
			known(t, name, strings.Fields(m[1]))
		}
		if strings.HasSuffix(name, ".service") && !strings.Contains(text, "ExecStart=/usr/local/bin/wangge ") {
			t.Errorf("%s starts no wangge", name)
		}
		text = strings.ReplaceAll(text, "/usr/local/bin/wangge", self)
		unit := filepath.Join(dir, name)
		if err := os.WriteFile(unit, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		units = append(units, unit)
	}
	if err != nil {
		t.Log("systemd-analyze is not installed: the units were not verified by it")
		return
	}
	out, err := exec.Command(verify, append([]string{"verify", "--man=no", "--recursive-errors=no"}, units...)...).CombinedOutput()
	for _, line := range strings.Split(string(out), "\n") {
		if strings.Contains(line, dir) || strings.HasPrefix(line, "wangge") {
			t.Errorf("systemd-analyze: %s", line)
		}
	}
	if err != nil {
		t.Errorf("systemd-analyze: %v\n%s", err, out)
	}
}

// TestContainerfile: what it copies and runs is there.
func TestContainerfile(t *testing.T) {
	text := strings.ReplaceAll(textOf(t, "Containerfile"), "\\\n", " ")
	settings(t, "Containerfile", text)
	instructions := strings.Fields("FROM WORKDIR COPY RUN USER VOLUME EXPOSE ENTRYPOINT CMD")
	seen := map[string]string{}
	for _, line := range strings.Split(text, "\n") {
		word, rest, _ := strings.Cut(line, " ")
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if !slices.Contains(instructions, word) {
			t.Errorf("unknown instruction: %s", line)
		}
		seen[word] = rest
		if parts := strings.Fields(rest); word == "COPY" && !strings.HasPrefix(rest, "--from") {
			for _, p := range parts[:len(parts)-1] {
				if _, err := os.Stat(filepath.Join("..", "..", p)); err != nil {
					t.Errorf("%s copies %s: %v", "Containerfile", p, err)
				}
			}
		}
	}
	if seen["FROM"] != "scratch" || seen["USER"] == "" || strings.HasPrefix(seen["USER"], "0") || !strings.Contains(text, "CGO_ENABLED=0") {
		t.Errorf("the last stage is %q, its user %q", seen["FROM"], seen["USER"])
	}
	var args []string
	if err := yaml.Unmarshal([]byte(seen["CMD"]), &args); err != nil {
		t.Fatal(err)
	}
	known(t, "Containerfile", args)
}

// TestComposeFile: its services hold together and name what exists.
func TestComposeFile(t *testing.T) {
	raw := textOf(t, "compose.yaml")
	settings(t, "compose.yaml", raw, "WANGGE_DB_PASSWORD", "WANGGE_HOST", "WANGGE_SITE", "WANGGE_REPLICAS")
	var doc struct {
		Services map[string]struct {
			Build struct {
				Context, Dockerfile string
			}
			Command     []string
			Environment map[string]string
			Volumes     []string
			ReadOnly    bool `yaml:"read_only"`
		}
		Volumes map[string]any
	}
	dec := yaml.NewDecoder(bytes.NewReader([]byte(raw)))
	if err := dec.Decode(&doc); err != nil {
		t.Fatal(err)
	}
	replicas := 0
	for name, s := range doc.Services {
		if len(s.Command) > 0 {
			replicas++
			known(t, "compose.yaml", s.Command)
			file := filepath.Join("..", "..", "deploy", s.Build.Context, s.Build.Dockerfile)
			if _, err := os.Stat(file); err != nil || !s.ReadOnly {
				t.Errorf("%s: %v, read-only %v", name, err, s.ReadOnly)
			}
			if !strings.Contains(s.Environment["WANGGE_DB"], "@db/") {
				t.Errorf("%s does not use the service db: %v", name, s.Environment)
			}
		}
		for _, v := range s.Volumes {
			from, _, _ := strings.Cut(v, ":")
			if _, named := doc.Volumes[from]; !named {
				if _, err := os.Stat(deployed(t, from)); err != nil {
					t.Errorf("%s mounts %s: %v", name, from, err)
				}
			}
		}
	}
	if replicas != 2 || len(doc.Services) != 4 {
		t.Errorf("%d replicas among %d services", replicas, len(doc.Services))
	}
}

// caddy runs the Caddyfile in front of the replicas and returns its address.
func caddy(t *testing.T, replicas ...*server) string {
	t.Helper()
	program, err := exec.LookPath("caddy")
	if err != nil {
		t.Fatal("caddy is not installed: make deps")
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	site := "http://" + ln.Addr().String()
	ln.Close()
	var to []string
	for _, r := range replicas {
		to = append(to, strings.TrimPrefix(r.base, "http://"))
	}
	home := t.TempDir()
	c := exec.Command(program, "run", "--config", deployed(t, "Caddyfile"), "--adapter", "caddyfile")
	c.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + home, "XDG_DATA_HOME=" + home, "XDG_CONFIG_HOME=" + home,
		"WANGGE_SITE=" + site, "WANGGE_REPLICAS=" + strings.Join(to, " ")}
	var log bytes.Buffer
	c.Stderr = &log
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		c.Process.Kill()
		c.Wait()
		if t.Failed() {
			fmt.Fprintf(t.Output(), "%.4000s", log.String())
		}
	})
	return site
}
