package webtest

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// Phone is a browser of its own with a profile that outlives it, as a phone's
// does: it can be killed and opened again.
type Phone struct {
	t       testing.TB
	profile string
	cancel  []context.CancelFunc
	proc    *os.Process
	ctx     context.Context
}

// NewPhone returns a phone that is switched off. When the test ends it is killed
// and its profile removed.
func NewPhone(t testing.TB) *Phone {
	t.Helper()
	dir, err := os.MkdirTemp("", "wangge-phone-")
	if err != nil {
		t.Fatal(err)
	}
	p := &Phone{t: t, profile: dir}
	t.Cleanup(func() {
		p.Kill()
		os.RemoveAll(dir)
	})
	return p
}

// On opens the phone's browser and returns its tab.
func (p *Phone) On() context.Context {
	p.t.Helper()
	path, err := findBrowser()
	if err != nil {
		p.t.Fatal(err)
	}
	alloc, stopAlloc := chromedp.NewExecAllocator(context.Background(), append(options(path), chromedp.UserDataDir(p.profile),
		chromedp.ModifyCmdFunc(func(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }))...)
	ctx, stop := chromedp.NewContext(alloc)
	if err := chromedp.Do(ctx, Size(390, 844)); err != nil {
		p.t.Fatalf("webtest: the phone does not start: %v", err)
	}
	timed, stopTime := context.WithTimeout(ctx, 3*limit)
	p.ctx = ctx
	p.proc = chromedp.FromContext(ctx).Browser.Process()
	p.cancel = []context.CancelFunc{stopTime, stop, stopAlloc}
	return timed
}

// Off closes the browser as its user does: what it keeps for later, as cookies,
// is written.
func (p *Phone) Off() {
	p.t.Helper()
	if p.proc == nil {
		return
	}
	if err := chromedp.Cancel(p.ctx); err != nil {
		p.t.Logf("webtest: off: %v", err)
	}
	p.Kill()
}

// Kill ends the browser and all its processes at once (SIGKILL): nothing is
// written that was not on the disk.
func (p *Phone) Kill() {
	if p.proc == nil {
		return
	}
	if err := syscall.Kill(-p.proc.Pid, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
		p.t.Logf("webtest: kill: %v", err)
	}
	for _, f := range p.cancel {
		f()
	}
	time.Sleep(300 * time.Millisecond) // the profile's lock goes with the processes
	os.Remove(p.profile + "/SingletonLock")
	p.proc, p.cancel = nil, nil
}
