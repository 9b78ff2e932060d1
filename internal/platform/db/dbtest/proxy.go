package dbtest

import (
	"bytes"
	"io"
	"net"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// Proxy stands between a program and PostgreSQL, on a TCP port of this machine,
// and does to connections what networks do.
type Proxy struct {
	ln      net.Listener
	network string // of the server
	address string

	mu       sync.Mutex
	pairs    map[*pair]struct{}
	atCommit func(answer bool) bool
	refuse   atomic.Bool
}

// pair is a connection through the proxy.
type pair struct {
	client, server net.Conn
	frozen         chan struct{} // closed: nothing passes any more
	once           sync.Once
}

// NewProxy returns a proxy in front of the server of a PostgreSQL URL, and the URL
// that leads through it.
func NewProxy(t testing.TB, through string) (*Proxy, string) {
	t.Helper()
	u, err := url.Parse(through)
	if err != nil {
		t.Fatal(err)
	}
	p := &Proxy{network: "tcp", address: u.Host, pairs: map[*pair]struct{}{}}
	q := u.Query()
	if dir := q.Get("host"); strings.HasPrefix(dir, "/") {
		p.network, p.address = "unix", dir+"/.s.PGSQL.5432"
	}
	if p.ln, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		p.ln.Close()
		p.Cut()
	})
	go p.accept()
	q.Del("host")
	q.Set("sslmode", "disable")
	u.Host, u.RawQuery = "127.0.0.1:"+strconv.Itoa(p.ln.Addr().(*net.TCPAddr).Port), q.Encode()
	return p, u.String()
}

// BothHosts returns the URL that names the hosts of both.
func BothHosts(t testing.TB, first, second string) string {
	t.Helper()
	a, err := url.Parse(first)
	if err != nil {
		t.Fatal(err)
	}
	b, err := url.Parse(second)
	if err != nil {
		t.Fatal(err)
	}
	a.Host += "," + b.Host
	return a.String()
}

func (p *Proxy) accept() {
	for {
		client, err := p.ln.Accept()
		if err != nil {
			return
		}
		if p.refuse.Load() {
			client.Close()
			continue
		}
		server, err := net.Dial(p.network, p.address)
		if err != nil {
			client.Close()
			continue
		}
		c := &pair{client: client, server: server, frozen: make(chan struct{})}
		p.mu.Lock()
		p.pairs[c] = struct{}{}
		p.mu.Unlock()
		go p.forward(c, server, client, false)
		go p.forward(c, client, server, true)
	}
}

// Refuse says whether new connections are closed at once.
func (p *Proxy) Refuse(on bool) { p.refuse.Store(on) }

// AtCommit has fn asked whenever a client's COMMIT passes, and again when the
// server's answer to it does (answer). Where it says true, the connection is cut
// and what was to pass is lost.
func (p *Proxy) AtCommit(fn func(answer bool) bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.atCommit = fn
}

// Cut closes every connection.
func (p *Proxy) Cut() {
	for _, c := range p.all() {
		p.drop(c)
	}
}

// Freeze lets nothing pass on the connections there are, without closing them:
// their peers have vanished. New connections pass.
func (p *Proxy) Freeze() {
	for _, c := range p.all() {
		c.once.Do(func() { close(c.frozen) })
	}
}

func (p *Proxy) all() (list []*pair) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.pairs {
		list = append(list, c)
	}
	return list
}

func (p *Proxy) drop(c *pair) {
	p.mu.Lock()
	delete(p.pairs, c)
	p.mu.Unlock()
	c.client.Close()
	c.server.Close()
}

// commitText is a COMMIT as the simple protocol carries it.
var commitText = []byte("Q\x00\x00\x00\x0bCOMMIT\x00")

// commitDone is the server's answer to it.
var commitDone = []byte("C\x00\x00\x00\x0bCOMMIT\x00")

// forward passes bytes on, up to a cut.
func (p *Proxy) forward(c *pair, to io.Writer, from io.Reader, fromServer bool) {
	buf := make([]byte, 64<<10)
	mark := commitText
	if fromServer {
		mark = commitDone
	}
	for {
		n, err := from.Read(buf)
		select {
		case <-c.frozen:
			return // the connection stays open and silent
		default:
		}
		if n > 0 && bytes.Contains(buf[:n], mark) && p.cutsAt(fromServer) {
			p.drop(c)
			return
		}
		if n > 0 {
			_, werr := to.Write(buf[:n])
			if err == nil {
				err = werr
			}
		}
		if err != nil {
			p.drop(c)
			return
		}
	}
}

func (p *Proxy) cutsAt(answer bool) bool {
	p.mu.Lock()
	fn := p.atCommit
	p.mu.Unlock()
	return fn != nil && fn(answer)
}
