package seal_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"wangge/internal/platform/clock"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/seal"
	"wangge/internal/platform/seal/sealtest"
)

var ctx = context.Background()

func keyOf(err error) string {
	if err == nil {
		return ""
	}
	return errs.As(err).Key
}

func must[T any](v T, err error) func(t *testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func TestSealOpen(t *testing.T) {
	r := sealtest.New(t, "emergency-1")
	for _, plain := range [][]byte{nil, []byte("张三 13812345678"), bytes.Repeat([]byte("x"), 100_000)} {
		blob := must(r.Seal("standing", "standing/person/1", plain))(t)
		if len(blob) != len(plain)+seal.Overhead {
			t.Errorf("blob of %d bytes for %d", len(blob), len(plain))
		}
		got := must(r.Open("standing", "standing/person/1", blob))(t)
		if !bytes.Equal(got, plain) {
			t.Error("other plain text came back")
		}
		for name, open := range map[string]func() ([]byte, error){
			"other record": func() ([]byte, error) { return r.Open("standing", "standing/person/2", blob) },
			"other key":    func() ([]byte, error) { return r.Open("emergency-1", "standing/person/1", blob) },
			"short":        func() ([]byte, error) { return r.Open("standing", "standing/person/1", blob[:20]) },
			"altered": func() ([]byte, error) {
				b := bytes.Clone(blob)
				b[len(b)-1] ^= 1
				return r.Open("standing", "standing/person/1", b)
			},
			"other version": func() ([]byte, error) {
				b := bytes.Clone(blob)
				b[0] = 9
				return r.Open("standing", "standing/person/1", b)
			},
		} {
			if _, err := open(); keyOf(err) != "seal.damaged" {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	if _, err := r.Seal("emergency-9", "a", nil); keyOf(err) != "seal.key_missing" {
		t.Errorf("unknown key: %v", err)
	}
	if err := r.Create(ctx, "../x"); keyOf(err) != "seal.bad_key_id" {
		t.Errorf("bad id: %v", err)
	}
}

func TestNothingOfThePlainTextShows(t *testing.T) {
	r := sealtest.New(t)
	secrets := []string{"张三", "13812345678", "230103197001011234", "先锋路95号"}
	blob := must(r.SealJSON("standing", "standing/person/1", secrets))(t)
	again := must(r.SealJSON("standing", "standing/person/1", secrets))(t)
	if bytes.Equal(blob, again) {
		t.Error("the same text sealed twice gives the same blob")
	}
	out := append(bytes.Clone(blob), r.Hash("standing", "phone", secrets[1])...)
	for _, s := range secrets {
		for cut := range []rune(s) {
			if part := string([]rune(s)[cut:min(cut+4, len([]rune(s)))]); len(part) >= 4 && bytes.Contains(out, []byte(part)) {
				t.Errorf("%q shows", part)
			}
		}
	}
	var got []string
	if err := r.OpenJSON("standing", "standing/person/1", blob, &got); err != nil || len(got) != 4 || got[0] != "张三" {
		t.Errorf("%v %v", got, err)
	}
}

func TestHash(t *testing.T) {
	r := sealtest.New(t, "emergency-1")
	a := r.Hash("standing", "phone", "13812345678")
	if len(a) != 16 || !bytes.Equal(a, r.Hash("standing", "phone", "13812345678")) {
		t.Error("not stable")
	}
	for _, b := range [][]byte{r.Hash("standing", "name", "13812345678"), r.Hash("emergency-1", "phone", "13812345678"), r.Hash("standing", "phone", "13812345679")} {
		if bytes.Equal(a, b) {
			t.Error("hashes of different things are equal")
		}
	}
	if r.Hash("standing", "phone", "") != nil || r.Hash("gone", "phone", "1") != nil {
		t.Error("nothing to look up must hash to nil")
	}
}

func TestFolderSurvivesAndIsPrivate(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "keys")
	r := must(seal.NewKeyring(dir, nil))(t)
	if err := r.Create(ctx, "standing"); err != nil {
		t.Fatal(err)
	}
	blob := must(r.Seal("standing", "a/b/1", []byte("hello")))(t)
	info := must(os.Stat(dir))(t)
	if info.Mode().Perm() != 0o700 {
		t.Errorf("mode %v", info.Mode())
	}
	for _, e := range must(os.ReadDir(dir))(t) {
		if fi := must(e.Info())(t); fi.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v", e.Name(), fi.Mode())
		}
	}
	again := must(seal.NewKeyring(dir, nil))(t)
	if err := again.Create(ctx, "standing"); err != nil {
		t.Fatal(err)
	}
	if got := must(again.Open("standing", "a/b/1", blob))(t); string(got) != "hello" {
		t.Errorf("got %q", got)
	}
	if ids := must(again.IDs())(t); len(ids) != 1 || ids[0] != "standing" {
		t.Errorf("ids %v", ids)
	}
	other := must(seal.NewKeyring(dir, bytes.Repeat([]byte("k"), 32)))(t)
	if _, err := other.Open("standing", "a/b/1", blob); keyOf(err) != "seal.master_wrong" {
		t.Errorf("another master key: %v", err)
	}
	if err := os.Remove(filepath.Join(dir, "master.key")); err != nil {
		t.Fatal(err)
	}
	if _, err := seal.NewKeyring(dir, nil); keyOf(err) != "seal.master_missing" {
		t.Errorf("lost master key: %v", err)
	}
	t.Setenv("WANGGE_MASTER_KEY", "not base64")
	if _, err := seal.NewKeyring(dir, nil); keyOf(err) != "seal.master_bad" {
		t.Errorf("bad environment: %v", err)
	}
}

// TestImageNamesWhatItWrites: a key made after the folder was read is neither
// named nor written.
func TestImageNamesWhatItWrites(t *testing.T) {
	r := must(seal.NewKeyring(t.TempDir(), nil))(t)
	to := t.TempDir()
	if err := r.Create(ctx, "standing"); err != nil {
		t.Fatal(err)
	}
	im := must(r.Image())(t)
	if err := r.Create(ctx, "emergency-7"); err != nil {
		t.Fatal(err)
	}
	if err := im.WriteTo(to); err != nil {
		t.Fatal(err)
	}
	if got := must(must(seal.OpenKeyring(to))(t).IDs())(t); !slices.Equal(got, im.Keys) || len(got) != 1 {
		t.Errorf("written %v, named %v", got, im.Keys)
	}
}

func TestDestroy(t *testing.T) {
	dir := t.TempDir()
	now := clock.NewManual(time.Date(2022, 1, 1, 8, 0, 0, 0, clock.CST))
	r := must(seal.NewKeyring(dir, nil, seal.WithClock(now)))(t)
	if err := r.Create(ctx, "emergency-7"); err != nil {
		t.Fatal(err)
	}
	blob := must(r.Seal("emergency-7", "a", []byte("x")))(t)
	line := must(r.Text(ctx, "emergency-7"))(t)
	copied := t.TempDir()
	if im := must(r.Image())(t); !im.Master || !slices.Equal(im.Keys, []string{"emergency-7"}) {
		t.Fatalf("copy: %v, master %v", im.Keys, im.Master)
	} else if err := im.WriteTo(copied); err != nil {
		t.Fatal(err)
	}
	before := must(os.ReadFile(filepath.Join(dir, "emergency-7.key")))(t)
	if err := r.Destroy("emergency-7"); err != nil {
		t.Fatal(err)
	}
	check := func(r *seal.Keyring) {
		t.Helper()
		if err := r.Check("emergency-7"); !seal.IsDestroyed(err) {
			t.Errorf("check: %v", err)
		}
		if _, err := r.Open("emergency-7", "a", blob); !seal.IsDestroyed(err) {
			t.Errorf("open: %v", err)
		}
		if err := r.Create(ctx, "emergency-7"); !seal.IsDestroyed(err) {
			t.Errorf("create: %v", err)
		}
		if _, err := r.RestoreText(ctx, line); !seal.IsDestroyed(err) {
			t.Errorf("restore: %v", err)
		}
	}
	check(r)
	// The key file comes back from a copy of the folder: the tombstone still wins.
	if err := os.WriteFile(filepath.Join(dir, "emergency-7.key"), before, 0o600); err != nil {
		t.Fatal(err)
	}
	again := must(seal.NewKeyring(dir, nil))(t)
	check(again)
	if _, err := os.Stat(filepath.Join(dir, "emergency-7.key")); !os.IsNotExist(err) {
		t.Error("the key file is still there")
	}
	if err := again.Destroy("emergency-7"); err != nil {
		t.Errorf("twice: %v", err)
	}
	if err := r.Destroy("emergency-8"); keyOf(err) != "seal.key_missing" {
		t.Errorf("%v", err)
	}
	// A copy of the folder opens what the key sealed until the key is ended there too.
	held := must(seal.OpenKeyring(copied))(t)
	if got := must(held.Open("emergency-7", "a", blob))(t); string(got) != "x" {
		t.Errorf("got %q", got)
	}
	if err := r.DestroyIn(copied, "emergency-7"); err != nil {
		t.Fatal(err)
	}
	check(must(seal.OpenKeyring(copied))(t))
	if err := r.DestroyIn(t.TempDir(), "emergency-7"); keyOf(err) != "seal.key_missing" {
		t.Errorf("a folder without it: %v", err)
	}
}

func TestTextBringsAKeyBack(t *testing.T) {
	r := sealtest.New(t)
	blob := must(r.Seal("standing", "a", []byte("x")))(t)
	line := must(r.Text(ctx, "standing"))(t)
	other := must(seal.NewKeyring(t.TempDir(), nil))(t)
	if _, err := other.RestoreText(ctx, strings.Replace(line, ":", ";", 1)); keyOf(err) != "seal.copy_bad" {
		t.Errorf("damaged copy: %v", err)
	}
	if id := must(other.RestoreText(ctx, line))(t); id != "standing" {
		t.Errorf("id %s", id)
	}
	if got := must(other.Open("standing", "a", blob))(t); string(got) != "x" {
		t.Errorf("got %q", got)
	}
	if _, err := other.RestoreText(ctx, line); keyOf(err) != "seal.key_exists" {
		t.Errorf("twice: %v", err)
	}
	if _, err := r.Text(ctx, "emergency-1"); keyOf(err) != "seal.key_missing" {
		t.Errorf("a key that is not there: %v", err)
	}
}

func TestConcurrentUse(t *testing.T) {
	r := must(seal.NewKeyring(t.TempDir(), nil))(t)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if err := r.Create(ctx, "standing"); err != nil {
				t.Error(err)
			}
			for range 200 {
				b, err := r.Seal("standing", "a", []byte("x"))
				if err != nil {
					t.Error(err)
					return
				}
				if _, err := r.Open("standing", "a", b); err != nil {
					t.Error(err)
					return
				}
				r.Hash("standing", "phone", "1")
			}
			r.Reload()
		})
	}
	wg.Wait()
}

func TestHotPathAllocatesNothing(t *testing.T) {
	r := sealtest.New(t)
	plain := bytes.Repeat([]byte("x"), 200)
	buf, out := make([]byte, 0, 512), make([]byte, 0, 512)
	n := testing.AllocsPerRun(200, func() {
		b, _ := r.AppendSeal(buf, "standing", "standing/person/1", plain)
		_, _ = r.AppendOpen(out, "standing", "standing/person/1", b)
	})
	if n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkSeal(b *testing.B) {
	r := sealtest.New(b)
	plain, buf := bytes.Repeat([]byte("x"), 200), make([]byte, 0, 512)
	b.ReportAllocs()
	for b.Loop() {
		_, _ = r.AppendSeal(buf, "standing", "standing/person/1", plain)
	}
}

func BenchmarkOpen(b *testing.B) {
	r := sealtest.New(b)
	blob, _ := r.Seal("standing", "standing/person/1", bytes.Repeat([]byte("x"), 200))
	buf := make([]byte, 0, 512)
	b.ReportAllocs()
	for b.Loop() {
		_, _ = r.AppendOpen(buf, "standing", "standing/person/1", blob)
	}
}

func BenchmarkHash(b *testing.B) {
	r := sealtest.New(b)
	b.ReportAllocs()
	for b.Loop() {
		r.Hash("standing", "phone", "13812345678")
	}
}
