package app

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"time"

	"gopkg.in/yaml.v3"
)

// Config is what a person may set. Each setting is a flag, an environment
// variable (WANGGE_ and the flag's name in capitals) and a line of the YAML
// file named by --config; the first of these that is given counts. `serve`
// needs none of them.
type Config struct {
	DB       string // database: sqlite:///path or postgres://…; empty: a SQLite file in Data
	Data     string // folder of the SQLite file and the keys
	Keys     string // folder of the keys; empty: Data/keys
	District int    // six-digit code; 0: the only district of the database
	Listen   string // address to serve on
	TLSCert  string
	TLSKey   string
	BaseURL  string // the address people use, for printed links; empty: from Listen
	LogLevel string // debug, info, warn, error
	// BehindProxy trusts X-Forwarded-For: a proxy in front writes it, and nobody
	// else reaches the port. Without it everybody behind a proxy shares the limits
	// of one address.
	BehindProxy bool
	// MetricsToken is the bearer token that reads /metrics from other machines;
	// empty: only this machine reads them.
	MetricsToken string
	// Drain is how long a server that is told to stop goes on while /readyz
	// already says no, so that a proxy in front sends nobody any more.
	Drain time.Duration
	// RequireSecondStep asks a second step at log-in of every post of the
	// district and the streets.
	RequireSecondStep bool
}

// Bind declares the settings every data command has on fs.
func (c *Config) Bind(fs *flag.FlagSet) {
	fs.StringVar(&c.DB, "db", "", "database URL: sqlite:///path/wangge.db or postgres://user:password@host/name")
	fs.StringVar(&c.Data, "data", "data", "folder of the embedded database and the keys")
	fs.StringVar(&c.Keys, "keys", "", "folder of the keys (default: keys in the data folder)")
	fs.IntVar(&c.District, "district", 0, "six-digit district code (default: the only one in the database)")
	fs.StringVar(&c.LogLevel, "log-level", "warn", "debug, info, warn or error")
	fs.String("config", "", "YAML file with settings named as these options")
}

// BindServer declares the settings of the server on fs.
func (c *Config) BindServer(fs *flag.FlagSet) {
	fs.StringVar(&c.Listen, "listen", "127.0.0.1:8080", "address to listen on")
	fs.StringVar(&c.TLSCert, "tls-cert", "", "certificate file (PEM); phones need HTTPS to work without network")
	fs.StringVar(&c.TLSKey, "tls-key", "", "key file (PEM)")
	fs.StringVar(&c.BaseURL, "base-url", "", "address people open, for printed links")
	fs.BoolVar(&c.BehindProxy, "behind-proxy", false, "trust X-Forwarded-For: a proxy in front writes it, and only the proxy reaches the port")
	fs.DurationVar(&c.Drain, "drain", 0, "behind a proxy: how long to go on after being told to stop, while /readyz already says no, as 5s")
	fs.BoolVar(&c.RequireSecondStep, "require-second-step", false, "ask a code of an authenticator app at log-in of every post of the district and the streets")
	fs.StringVar(&c.MetricsToken, "metrics-token", "", "bearer token with which other machines read /metrics; better given as WANGGE_METRICS_TOKEN than in a command line")
	fs.Lookup("log-level").DefValue, c.LogLevel = "info", "info" // a server tells more than a command that ends
}

// Resolve fills what no flag gave from the environment, then from the file.
func (c *Config) Resolve(fs *flag.FlagSet, getenv func(string) string) error {
	given := map[string]bool{}
	fs.Visit(func(f *flag.Flag) { given[f.Name] = true })
	fromFile, err := readConfigFile(fs, given, getenv)
	if err != nil {
		return err
	}
	var fault error
	fs.VisitAll(func(f *flag.Flag) {
		if given[f.Name] || fault != nil {
			return
		}
		source, value := EnvName(f.Name), getenv(EnvName(f.Name))
		if value == "" {
			source, value = "config file, "+f.Name, fromFile[f.Name]
		}
		if value == "" {
			return
		}
		if err := fs.Set(f.Name, value); err != nil {
			fault = fmt.Errorf("%w: %s: %q is not valid", ErrCall, source, value)
		}
	})
	if fault != nil {
		return fault
	}
	if (c.TLSCert == "") != (c.TLSKey == "") {
		return fmt.Errorf("%w: --tls-cert and --tls-key go together", ErrCall)
	}
	return nil
}

// EnvName is the environment variable of a setting.
func EnvName(flagName string) string {
	return "WANGGE_" + strings.ToUpper(strings.ReplaceAll(flagName, "-", "_"))
}

func readConfigFile(fs *flag.FlagSet, given map[string]bool, getenv func(string) string) (map[string]string, error) {
	f := fs.Lookup("config")
	if f == nil {
		return nil, nil
	}
	path := f.Value.String()
	if !given["config"] {
		path = getenv(EnvName("config"))
	}
	if path == "" {
		return nil, nil
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("%w: config file: %v", ErrCall, err)
	}
	var doc map[string]any
	if err := yaml.Unmarshal(raw, &doc); err != nil {
		return nil, fmt.Errorf("%w: config file %s: %v", ErrCall, path, err)
	}
	out := make(map[string]string, len(doc))
	var unknown []string
	for k, v := range doc {
		if fs.Lookup(k) == nil {
			unknown = append(unknown, k)
			continue
		}
		out[k] = fmt.Sprint(v)
	}
	if len(unknown) > 0 {
		sort.Strings(unknown)
		return nil, fmt.Errorf("%w: config file %s: unknown settings: %s", ErrCall, path, strings.Join(unknown, ", "))
	}
	return out, nil
}

// DatabaseURL returns the database to open: DB, or the SQLite file in Data.
func (c *Config) DatabaseURL() (string, error) {
	if c.DB != "" {
		return c.DB, nil
	}
	abs, err := filepath.Abs(filepath.Join(c.Data, "wangge.db"))
	if err != nil {
		return "", err
	}
	return "sqlite://" + abs, nil
}

// KeyDir returns the folder of the keys, apart from the database.
func (c *Config) KeyDir() string {
	if c.Keys != "" {
		return c.Keys
	}
	return filepath.Join(c.Data, "keys")
}
