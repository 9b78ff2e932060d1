package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"math/big"
	"mime/multipart"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"wangge/internal/grid/divisions"
)

// selfSigned makes a certificate for 127.0.0.1 as an administrator would, and a
// client that trusts it and no other.
func selfSigned(t *testing.T) (cert, key string, trust *http.Client) {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "wangge"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, &k.PublicKey, k)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		t.Fatal(err)
	}
	cert = write(t, "cert.pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	key = write(t, "key.pem", pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: raw}))
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(parsed)
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return cert, key, &http.Client{Jar: jar, Timeout: time.Minute, Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}, ForceAttemptHTTP2: true}}
}

var (
	firstLink = regexp.MustCompile(`https?://[^ \n]+/\?token=[A-Za-z0-9_-]+`)
	setupLink = regexp.MustCompile(`/setup\?token=([A-Za-z0-9_-]+)`)
)

// got reads a page.
func got(t *testing.T, c *http.Client, at string) (int, string, *http.Response) {
	t.Helper()
	res, err := c.Get(at)
	return answered(t, res, err)
}

func sent(t *testing.T, c *http.Client, at string, form url.Values) (int, string, *http.Response) {
	t.Helper()
	res, err := c.PostForm(at, form)
	return answered(t, res, err)
}

func answered(t *testing.T, res *http.Response, err error) (int, string, *http.Response) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(b), res
}

// choose posts the form of the very first page.
func choose(t *testing.T, c *http.Client, base string, fields map[string]string, file []byte) (int, string, *http.Response) {
	t.Helper()
	var body bytes.Buffer
	m := multipart.NewWriter(&body)
	for k, v := range fields {
		m.WriteField(k, v)
	}
	if file != nil {
		w, err := m.CreateFormFile("file", "areas.csv")
		if err != nil {
			t.Fatal(err)
		}
		w.Write(file)
	}
	m.Close()
	res, err := c.Post(base+"/first", m.FormDataContentType(), &body)
	return answered(t, res, err)
}

// TestFirstUse goes from an empty folder to a district with its first account,
// over HTTPS, as the README tells.
func TestFirstUse(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	cert, key, c := selfSigned(t)
	s := start(t, "/?token=", "serve", "--data", dir, "--listen", "127.0.0.1:0", "--tls-cert", cert, "--tls-key", key)
	link := firstLink.FindString(s.output())
	if !strings.HasPrefix(link, "https://") {
		t.Fatalf("no link over HTTPS: %s", s.output())
	}
	if _, err := http.Get(link); err == nil {
		t.Error("a client that does not know the certificate is served")
	}
	token := link[strings.Index(link, "token=")+len("token="):]
	if _, body, _ := got(t, c, s.base+"/?lang=en&token=wrong"); strings.Contains(body, `name="token"`) {
		t.Error("the form is shown to somebody with a wrong token")
	}
	if _, body, _ := got(t, c, s.base+"/"); strings.Contains(body, `name="token"`) {
		t.Error("the form is shown to somebody without a token")
	}
	code, body, res := got(t, c, link)
	if code != 200 || !strings.Contains(body, "230103") || res.TLS == nil || res.ProtoMajor != 2 {
		t.Fatalf("the first page: %d, HTTP/%d, %.300s", code, res.ProtoMajor, body)
	}
	if code, _, _ := choose(t, c, s.base, map[string]string{"token": "wrong", "district": "230103"}, nil); code != 403 {
		t.Errorf("a wrong token may choose: %d", code)
	}
	refusedLists(t, c, s.base, token)
	code, body, res = choose(t, c, s.base, map[string]string{"token": token, "district": "230103"}, nil)
	if code != 200 || res.Request.URL.Path != "/setup" {
		t.Fatalf("after the choice: %d %s %.300s", code, res.Request.URL, body)
	}
	setup := firstAccount(t, c, s)
	if code, _, _ := got(t, c, s.base+"/areas"); code != 200 {
		t.Errorf("the new account does not see the areas: %d", code)
	}
	if _, body, _ := got(t, c, s.base+"/account"); strings.Contains(body, "></option>") || strings.Count(body, "<option") < 2 {
		t.Error("the posts that a token can be made for have no names")
	}
	for _, old := range []string{link, s.base + setup} {
		stranger := &http.Client{Transport: c.Transport}
		if _, body, _ := got(t, stranger, old); strings.Contains(body, `name="login"`) && strings.Contains(body, `name="again"`) {
			t.Errorf("%s can be used a second time", old)
		}
	}
	if code := s.stop(); code != 0 {
		t.Errorf("serve ended with %d: %s", code, s.output())
	}
	clean(t, dir)
	later(t, dir)
}

// refusedLists uploads lists that cannot be a district.
func refusedLists(t *testing.T, c *http.Client, base, token string) {
	t.Helper()
	for name, file := range map[string][]byte{
		"a picture":       append([]byte("\x89PNG\r\n\x1a\n"), make([]byte, 1000)...),
		"duplicated code": []byte("code,name\n230000000000,甲\n230100000000,乙\n230103000000,丙\n230103001000,丁\n230103001000,戊\n"),
		"under itself":    []byte("code,name,parent_code\n230000000000,甲,\n230100000000,乙,230000000000\n230103000000,丙,230103000000\n"),
	} {
		for _, lang := range []string{"en", "zh"} {
			got(t, c, base+"/?lang="+lang)
			code, body, _ := choose(t, c, base, map[string]string{"token": token}, file)
			if code != 422 || !strings.Contains(body, `name="token"`) {
				t.Errorf("%s (%s): %d, want the form again with what is wrong", name, lang, code)
			}
		}
	}
	if code, _, _ := choose(t, c, base, map[string]string{"token": token}, nil); code != 422 {
		t.Errorf("neither district nor file: %d", code)
	}
}

// firstAccount follows the set-up link and returns it.
func firstAccount(t *testing.T, c *http.Client, s *server) string {
	t.Helper()
	m := setupLink.FindStringSubmatch(s.output())
	if m == nil {
		t.Fatalf("no set-up link was printed: %s", s.output())
	}
	form := url.Values{"code": {m[1]}, "setup": {"1"}, "login": {"first"}, "name": {"第一人"}, "password": {"correct horse battery"}, "again": {"correct horse"}}
	if code, _, _ := sent(t, c, s.base+"/setup", form); code != 422 {
		t.Errorf("two different passwords: %d", code)
	}
	form.Set("again", "correct horse battery")
	wrong := url.Values{}
	for k, v := range form {
		wrong[k] = v
	}
	wrong.Set("code", "wrong")
	if code, _, _ := sent(t, c, s.base+"/setup", wrong); code < 400 {
		t.Errorf("a wrong set-up code makes an account: %d", code)
	}
	if code, body, res := sent(t, c, s.base+"/setup", form); code != 200 || res.Request.URL.Path == "/setup" {
		t.Fatalf("the first account: %d %s %.300s", code, res.Request.URL, body)
	}
	form.Set("login", "second")
	if code, _, _ := sent(t, &http.Client{Transport: c.Transport}, s.base+"/setup", form); code < 400 {
		t.Errorf("the set-up code makes a second account: %d", code)
	}
	return m[0]
}

// later is what comes after the first day: the list again, a reset, the link
// that is not given twice.
func later(t *testing.T, dir string) {
	t.Helper()
	raw, ok := divisions.Shipped("230103")
	if !ok {
		t.Fatal("the list of the district is not shipped")
	}
	r := runCommand(t, nil, "import", "areas", write(t, "areas.csv", raw), "--data", dir)
	if r.code != 0 || !strings.Contains(r.stdout, "added 0, renamed 0") {
		t.Errorf("the same list again: exit %d, %s%s", r.code, r.stdout, r.stderr)
	}
	if r := runCommand(t, nil, "admin", "setup-link", "--data", dir); r.code != 2 {
		t.Errorf("a second set-up link: exit %d, %s%s", r.code, r.stdout, r.stderr)
	}
	if r := runCommand(t, nil, "admin", "reset", "nobody", "--data", dir); r.code != 2 {
		t.Errorf("a reset for nobody: exit %d, %s%s", r.code, r.stdout, r.stderr)
	}
	if r := runCommand(t, nil, "admin", "reset", "first", "--data", dir, "--base-url", "https://x.example"); r.code != 0 || !strings.Contains(r.stdout, "https://x.example/setup?token=") {
		t.Errorf("a reset: exit %d, %s%s", r.code, r.stdout, r.stderr)
	}
	if r := runCommand(t, nil, "admin", "keys", "print", "standing", "--data", dir, "--holder", "甲", "--place", "safe"); r.code != 0 || len(strings.TrimSpace(r.stdout)) < 40 {
		t.Errorf("escrow: exit %d, %s%s", r.code, r.stdout, r.stderr)
	}
	clean(t, dir)
	s := start(t, "http://", "serve", "--data", dir, "--listen", "127.0.0.1:0")
	if strings.Contains(s.output(), "token=") {
		t.Errorf("a link is printed although there is an account: %s", s.output())
	}
	s.stop()
}

// TestEndedWhileStarting: whoever ends a server or a demo at any instant of its
// start ends it cleanly, and the next start works.
func TestEndedWhileStarting(t *testing.T) {
	for _, after := range []time.Duration{0, 50 * time.Millisecond, 200 * time.Millisecond, 500 * time.Millisecond} {
		dir := filepath.Join(t.TempDir(), "data")
		s := start(t, "", "demo", "--data", dir, "--households", "600", "--listen", "127.0.0.1:0")
		time.Sleep(after)
		s.stop()
		if text := s.output(); strings.Contains(text, "canceled") || strings.Contains(text, "internal") {
			t.Errorf("ended after %v: %s", after, text)
		}
		again := demo(t, dir, 600)
		if code := again.stop(); code != 0 {
			t.Errorf("the start after one ended at %v: %d %s", after, code, again.output())
		}
		clean(t, dir)
	}
}

// TestImportAreas: what is wrong with a list is told with its row and column,
// in both languages, and what is right is kept.
func TestImportAreas(t *testing.T) {
	const head = "code,name,level,parent_code\n230000000000,黑龙江省,province,\n230100000000,哈尔滨市,city,230000000000\n230103000000,南岗区,county,230100000000\n230103001000,花园街道,street,230103000000\n"
	for _, c := range []struct {
		name, list string
		code       int
		says       string // in every language: the row, the column or the value
	}{
		{"good", head, 0, "4"},
		{"duplicated code", head + "230103001000,又一个街道,street,230103000000\n", 1, "6"},
		{"under itself", head + "230103002000,奋斗路街道,street,230103002000\n", 1, "6"},
		{"under its own child", strings.Replace(head, "county,230100000000", "county,230103001000", 1), 1, "4"},
		{"code that is none", head + "2301,短,street,230103000000\n", 1, "6"},
		{"two districts", head + "230104000000,道外区,county,230100000000\n", 1, ""},
		{"empty", "", 1, ""},
		{"header alone", "code,name\n", 1, ""},
		{"a workbook's zip", "PK\x03\x04" + strings.Repeat("\x00", 500), 1, ""},
		{"zeros", strings.Repeat("\x00", 1<<20), 1, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			told := map[string]bool{}
			for _, lang := range []string{"en", "zh"} {
				dir := filepath.Join(t.TempDir(), "data")
				r := runCommand(t, []string{"WANGGE_LANG=" + lang}, "import", "areas", write(t, "a.csv", []byte(c.list)), "--data", dir)
				if r.code != c.code {
					t.Errorf("%s: exit %d, want %d: %s%s", lang, r.code, c.code, r.stdout, r.stderr)
				}
				if !strings.Contains(r.stdout+r.stderr, c.says) {
					t.Errorf("%s: %q is not named: %s%s", lang, c.says, r.stdout, r.stderr)
				}
				told[r.stdout+r.stderr] = true
				if strings.Contains(r.stdout, "added") {
					clean(t, dir)
				}
			}
			if c.code != 0 && len(told) != 2 {
				t.Errorf("the same text in both languages: %v", told)
			}
		})
	}
}
