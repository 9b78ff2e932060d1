package web

import (
	"crypto/tls"
	"log/slog"
	"os"
	"sync"
	"time"

	"wangge/internal/platform/clock"
	"wangge/internal/platform/errs"
)

// certEvery is how often the certificate's files are looked at: a new one
// counts at most this much after it was put there.
const certEvery = 10 * time.Second

// certFiles is a certificate that is read again when its files change, so that
// a renewal needs no restart. A pair that does not fit (one file is new already,
// the other not yet) leaves the last good one in use.
type certFiles struct {
	cert, key string
	clk       clock.Clock
	mu        sync.Mutex
	pair      *tls.Certificate
	stamp     [2]fileStamp
	looked    time.Time
}

// fileStamp tells one content of a file from another.
type fileStamp struct {
	at   time.Time
	size int64
}

// loadCert reads the certificate; Unavailable "web.error.tls" where it cannot.
func loadCert(cert, key string, clk clock.Clock) (*certFiles, error) {
	c := &certFiles{cert: cert, key: key, clk: clk}
	stamp, err := c.stamps()
	if err == nil {
		err = c.load(stamp)
	}
	if err != nil {
		return nil, &errs.Error{Op: "web.Listen", Kind: errs.Unavailable, Key: "web.error.tls", Err: err}
	}
	return c, nil
}

// load reads the pair as of stamp. The caller holds mu, or is alone.
func (c *certFiles) load(stamp [2]fileStamp) error {
	pair, err := tls.LoadX509KeyPair(c.cert, c.key)
	if err != nil {
		return err
	}
	c.pair, c.stamp, c.looked = &pair, stamp, c.clk.Now()
	return nil
}

func (c *certFiles) stamps() (out [2]fileStamp, err error) {
	for i, name := range []string{c.cert, c.key} {
		info, err := os.Stat(name)
		if err != nil {
			return out, err
		}
		out[i] = fileStamp{info.ModTime(), info.Size()}
	}
	return out, nil
}

// current is the certificate for a new connection (tls.Config.GetCertificate).
func (c *certFiles) current(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now := c.clk.Now(); now.Sub(c.looked) >= certEvery || now.Before(c.looked) {
		c.looked = now
		stamp, err := c.stamps()
		if err == nil && stamp != c.stamp {
			err = c.load(stamp)
		}
		if err != nil {
			slog.Warn("the new certificate is not used; the one read before goes on", "error", err)
		}
	}
	return c.pair, nil
}
