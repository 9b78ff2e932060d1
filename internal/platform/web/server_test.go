package web_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"wangge/internal/platform/clock"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/web"
)

func certificate(t *testing.T) (cert, key string) {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	now := clock.Real().Now()
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: now.Add(-time.Hour), NotAfter: now.Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, &k.PublicKey, k)
	if err != nil {
		t.Fatal(err)
	}
	kb, _ := x509.MarshalECPrivateKey(k)
	dir := t.TempDir()
	cert, key = filepath.Join(dir, "c.pem"), filepath.Join(dir, "k.pem")
	os.WriteFile(cert, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600)
	os.WriteFile(key, pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: kb}), 0o600)
	return cert, key
}

// A request that runs when the server is told to stop is answered, and an open
// stream ends by itself.
func TestShutdownFinishesRequests(t *testing.T) {
	cert, key := certificate(t)
	ln, err := web.Listen("127.0.0.1:0", cert, key)
	if err != nil {
		t.Fatal(err)
	}
	hub := web.NewHub(clock.Real(), 5)
	a := newApp(t, nil)
	started, finish := make(chan struct{}), make(chan struct{})
	a.Handle("GET /slow", func(w http.ResponseWriter, _ *http.Request) error {
		close(started)
		<-finish
		_, err := io.WriteString(w, "done")
		return err
	}, web.Public())
	a.Handle("GET /live", hub.Handler(nil), web.Stream(), web.Public())
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- web.ServeOn(ctx, ln, a, slog.New(slog.DiscardHandler), hub.Close, func() { close(finish) })
	}()

	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, ForceAttemptHTTP2: true}}
	base := "https://" + ln.Addr().String()
	stream, err := client.Get(base + "/live?topic=a")
	if err != nil {
		t.Fatal(err)
	}
	if stream.ProtoMajor != 2 {
		t.Errorf("spoken: %s", stream.Proto)
	}
	body := make(chan string, 1)
	go func() {
		res, err := client.Get(base + "/slow")
		if err != nil {
			body <- err.Error()
			return
		}
		b, _ := io.ReadAll(res.Body)
		body <- string(b)
	}()
	<-started
	stop()
	if got := <-body; got != "done" {
		t.Errorf("running request: %s", got)
	}
	if _, err := io.ReadAll(stream.Body); err != nil {
		t.Errorf("stream: %v", err)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestListenSaysWhatIsWrong(t *testing.T) {
	ln, err := web.Listen("127.0.0.1:0", "", "")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	if _, err := web.Listen(ln.Addr().String(), "", ""); !errs.Is(err, errs.Unavailable) {
		t.Errorf("taken address: %v", err)
	}
	if _, err := web.Listen("127.0.0.1:0", "/none.pem", "/none.key"); !errs.Is(err, errs.Unavailable) {
		t.Errorf("missing certificate: %v", err)
	}
}
