package web

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"testing"
	"time"

	"wangge/internal/platform/clock"
)

// pemPair makes a certificate with a serial number, and its key.
func pemPair(t *testing.T, serial int64, clk clock.Clock) (cert, key []byte) {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(serial), NotBefore: clk.Now(), NotAfter: clk.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, &k.PublicKey, k)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: raw})
}

// TestCertificateIsReadAgain: a renewed certificate counts without a restart,
// half of one does not, and neither does one that is gone.
func TestCertificateIsReadAgain(t *testing.T) {
	clk := clock.NewManual(time.Date(2022, 10, 10, 0, 0, 0, 0, time.UTC))
	dir := t.TempDir()
	certFile, keyFile := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	put := func(name string, content []byte) {
		t.Helper()
		if err := os.WriteFile(name, content, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(name, clk.Now(), clk.Now()); err != nil {
			t.Fatal(err)
		}
	}
	cert1, key1 := pemPair(t, 1, clk)
	cert2, key2 := pemPair(t, 2, clk)
	put(certFile, cert1)
	put(keyFile, key1)
	c, err := loadCert(certFile, keyFile, clk)
	if err != nil {
		t.Fatal(err)
	}
	want := func(when string, serial int64) {
		t.Helper()
		pair, err := c.current(nil)
		if err != nil {
			t.Fatal(err)
		}
		leaf, err := x509.ParseCertificate(pair.Certificate[0])
		if err != nil || leaf.SerialNumber.Int64() != serial {
			t.Errorf("%s: certificate %v is used, want %d (%v)", when, leaf.SerialNumber, serial, err)
		}
	}
	want("at the start", 1)
	clk.Advance(certEvery)
	put(certFile, cert2)
	want("while only one file is new", 1)
	put(keyFile, key2)
	want("before it is looked at again", 1)
	clk.Advance(certEvery)
	want("after that", 2)
	if err := os.Remove(keyFile); err != nil {
		t.Fatal(err)
	}
	clk.Advance(certEvery)
	want("while a file is gone", 2)
	put(keyFile, []byte("no key"))
	clk.Advance(certEvery)
	want("while a file is no key", 2)
}
