package app

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"testing"
)

func resolve(t *testing.T, args []string, env map[string]string) (*Config, error) {
	t.Helper()
	fs := flag.NewFlagSet("t", flag.ContinueOnError)
	c := &Config{}
	c.Bind(fs)
	c.BindServer(fs)
	if err := fs.Parse(args); err != nil {
		t.Fatal(err)
	}
	return c, c.Resolve(fs, func(k string) string { return env[k] })
}

func TestSettingsFlagBeforeEnvironmentBeforeFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "wangge.yaml")
	if err := os.WriteFile(file, []byte("listen: :1\ndata: /file\ndistrict: 230103\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := resolve(t, []string{"--listen", ":3"}, map[string]string{"WANGGE_CONFIG": file, "WANGGE_LISTEN": ":2", "WANGGE_DATA": "/env"})
	if err != nil {
		t.Fatal(err)
	}
	if c.Listen != ":3" || c.Data != "/env" || c.District != 230103 {
		t.Errorf("got listen %s data %s district %d", c.Listen, c.Data, c.District)
	}
}

func TestSettingsFaults(t *testing.T) {
	bad := filepath.Join(t.TempDir(), "bad.yaml")
	if err := os.WriteFile(bad, []byte("lissten: :1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		args []string
		env  map[string]string
	}{
		"unknown setting in the file": {[]string{"--config", bad}, nil},
		"no such file":                {[]string{"--config", bad + "x"}, nil},
		"not a number":                {nil, map[string]string{"WANGGE_DISTRICT": "north"}},
		"certificate without key":     {[]string{"--tls-cert", "a"}, nil},
	} {
		if _, err := resolve(t, c.args, c.env); !errors.Is(err, ErrCall) || ExitCode(err) != ExitCall {
			t.Errorf("%s: %v", name, err)
		}
	}
}
