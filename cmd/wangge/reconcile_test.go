package main

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"wangge/internal/grid/divisions"
	"wangge/internal/ledger/importer"
	"wangge/internal/platform/db/dbtest"
)

const (
	ourRoster   = "小区,楼栋,单元,房号,姓名,与户主关系,联系电话\n幸福小区,3,1,501,王建国,户主,13812345678\n幸福小区,3,1,501,李秀英,配偶,13812345679\n幸福小区,3,2,501,赵四,户主,\n"
	theirRoster = "小区,楼栋,单元,房号,姓名,与户主关系,联系电话\n幸福小区,3,1,501,王建国,本人,13812345678\n幸福小区,3,1,501,李秀英,配偶,13900000000\n幸福小区,3,1,503,新来的,户主,13812345699\n"
	community   = "230103001005" // of the list that is shipped
)

// each runs body with the options that name a database with areas, on both engines.
func each(t *testing.T, body func(t *testing.T, where ...string)) {
	engines := map[string]func(t *testing.T) []string{
		"sqlite": func(t *testing.T) []string { return []string{"--data", t.TempDir()} },
		"postgres": func(t *testing.T) []string {
			return []string{"--data", t.TempDir(), "--db", dbtest.EmptyPostgresURL(t)}
		},
	}
	if os.Getenv("WANGGE_TEST_ENGINES") == "sqlite" {
		delete(engines, "postgres")
	}
	for name, where := range engines {
		t.Run(name, func(t *testing.T) {
			at := where(t)
			raw, ok := divisions.Shipped("230103")
			if !ok {
				t.Fatal("the list of the district is not shipped")
			}
			if r := runCommand(t, nil, append([]string{"import", "areas", write(t, "areas.csv", raw)}, at...)...); r.code != 0 {
				t.Fatalf("areas: exit %d\n%s%s", r.code, r.stdout, r.stderr)
			}
			body(t, at...)
		})
	}
}

// TestReconcileByCommand compares another office's roster from the command
// line; internal/ledger/importer shows that page and API answer the same.
func TestReconcileByCommand(t *testing.T) {
	each(t, func(t *testing.T, where ...string) {
		ours, theirs := write(t, "ours.csv", []byte(ourRoster)), write(t, "police.csv", []byte(theirRoster))
		roster := func(want int, args ...string) ran {
			t.Helper()
			r := runCommand(t, nil, append(append([]string{"import", "roster", "--area", community}, args...), where...)...)
			if r.code != want {
				t.Fatalf("import roster %v: exit %d, want %d\n%s%s", args, r.code, want, r.stdout, r.stderr)
			}
			return r
		}
		roster(0, ours)
		rules := []string{theirs, "--reconcile", "--source", "派出所", "--as-of", "2022-10-01", "--rules", "phone=ours, only_there=skip,only_here=depart"}
		says := roster(0, append(rules, "--dry-run")...).stdout
		for _, line := range []string{
			"same 1 (completed 0), differs 1, only here 1, only there 1",
			"differs 李*, ", "; phone: ledger 138****5679, roster 139****0000: ours",
			"only_here 赵*, ", ": depart", "only_there 新*, ", ": skip",
		} {
			if !strings.Contains(says, line) {
				t.Errorf("the comparison does not say %q:\n%s", line, says)
			}
		}
		for _, secret := range []string{"13812345679", "13900000000", "李秀英"} {
			if strings.Contains(says, secret) {
				t.Errorf("%s is printed", secret)
			}
		}
		var dry, done importer.Report
		parseJSON(t, roster(0, append(rules, "--dry-run", "--json")...), &dry)
		parseJSON(t, roster(0, append(rules, "--json")...), &done)
		if dry.Created != nil || *done.Created != 0 || *done.Updated != 0 || dry.Reconcile.AsOf != "2022-10-01" || done.Reconcile.Source != "派出所" {
			t.Errorf("dry %+v, done %+v", dry.Reconcile, done.Reconcile)
		}
		if a, b := reconciled(t, &dry), reconciled(t, &done); a != b {
			t.Errorf("dry:\n%s\nthen:\n%s", a, b)
		}
		// Without --rules those remembered for the source hold: nobody is left to differ but she whose number lost.
		var again importer.Report
		parseJSON(t, roster(0, theirs, "--reconcile", "--source", "派出所", "--json"), &again)
		if c := again.Reconcile; c.Rules.OnlyHere != importer.Depart || len(c.OnlyHere) != 0 || len(c.Differs) != 1 || c.Differs[0].Fields[0].Pick != importer.Ours {
			t.Errorf("again: %+v", c)
		}
	})
}

func TestReconcileWrongCalls(t *testing.T) {
	file := write(t, "r.csv", []byte(theirRoster))
	for _, c := range []struct {
		args []string
		says string
	}{
		{[]string{"--source", "x"}, "--reconcile"},
		{[]string{"--rules", "phone=ours"}, "--reconcile"},
		{[]string{"--reconcile", "--rules", "phone"}, `"phone" is not FIELD=WORD`},
		{[]string{"--reconcile", "--rules", "phone="}, "FIELD=WORD"},
		{[]string{"--reconcile", "--rules", "phone=loudest"}, "phone takes another word"},
		{[]string{"--reconcile", "--rules", "zeal=ours"}, "zeal"},
		{[]string{"--reconcile", "--rules", "only_here=burn"}, "only_here"},
		{[]string{"--reconcile", "--as-of", "yesterday"}, `"yesterday"`},
	} {
		r := runCommand(t, nil, append([]string{"import", "roster", file, "--area", community, "--data", t.TempDir()}, c.args...)...)
		if oneLine(t, r); r.code != 2 || !strings.Contains(r.stderr, c.says) {
			t.Errorf("%v: exit %d: %s", c.args, r.code, r.stderr)
		}
	}
}

func parseJSON(t *testing.T, r ran, out any) {
	t.Helper()
	if err := json.Unmarshal([]byte(r.stdout), out); err != nil {
		t.Fatalf("%v: %s", err, r.stdout)
	}
}

// reconciled writes a comparison without the ids of who was compared.
func reconciled(t *testing.T, r *importer.Report) string {
	t.Helper()
	b, err := json.MarshalIndent(r.Reconcile, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
