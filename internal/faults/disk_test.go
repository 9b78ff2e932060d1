package faults

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"wangge/internal/platform/clock"
)

// smallDisk mounts a disk of n MiB in memory, the server's user's.
func smallDisk(t *testing.T, mib int) string {
	t.Helper()
	dir := ownFolder(t)
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%dm", mib)); err != nil {
		t.Fatalf("a small disk cannot be mounted (this fault needs to be root): %v", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(dir, syscall.MNT_DETACH) })
	give(t, dir)
	return dir
}

// fill takes all the space that is left and returns how to give it back.
func fill(t *testing.T, dir string) (free func()) {
	t.Helper()
	path := filepath.Join(dir, "ballast")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for size := 1 << 20; size >= 4096; {
		if _, err := f.Write(make([]byte, size)); errors.Is(err, syscall.ENOSPC) {
			size /= 2
		} else if err != nil {
			t.Fatal(err)
		}
	}
	return func() {
		if err := os.Remove(path); err != nil {
			t.Error(err)
		}
	}
}

// refusedFor waits until nothing was acknowledged for a while, and returns what
// the server says meanwhile.
func refusedFor(l *load, d time.Duration) string {
	n, still := l.count(), clock.Start()
	for watch := clock.Start(); still.Elapsed() < d; <-clock.Real().After(20 * time.Millisecond) {
		if l.count() != n {
			n, still = l.count(), clock.Start()
		}
		if watch.Elapsed() > 2*time.Minute {
			l.t.Fatal("marks are acknowledged although the disk takes no writes")
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	said, most := "", 0
	for what, times := range l.refused {
		if times > most && what != "no answer" {
			said, most = what, times
		}
	}
	return said
}

// readsGoOn asks for figures, which must come although nothing can be written.
func readsGoOn(l *load) {
	l.t.Helper()
	res, err := l.client.Get(l.s.base + "/api/v1/rounds/" + l.s.round + "/coverage")
	if err != nil {
		l.t.Error(err)
		return
	}
	res.Body.Close()
	if res.StatusCode != 200 {
		l.t.Errorf("figures cannot be read meanwhile: %d", res.StatusCode)
	}
}

// TestDiskFull: the disk of the database is full for a while. Nothing is
// acknowledged, what the matter is is said, reading goes on; when there is space
// again so does writing.
func TestDiskFull(t *testing.T) {
	if onlyAll(t) {
		return
	}
	t.Run("sqlite", func(t *testing.T) {
		disk := smallDisk(t, 64)
		s := newStand(t, filepath.Join(disk, "data"), "")
		s.serve(false)
		l := startLoad(t, s)
		l.await(before, time.Minute)
		free := fill(t, disk)
		said := refusedFor(l, 2*time.Second)
		readsGoOn(l)
		free()
		at := l.began.Elapsed()
		l.await(after, time.Minute)
		l.stop()
		settle(t, s, l, line{fault: "disk full (a 64 MB disk), then space again", engine: "SQLite", service: l.service(at), remark: "meanwhile: " + said + "; reading goes on"})
		if s.starts != 1 {
			t.Errorf("the server was started %d times", s.starts)
		}
	})
	if withoutPostgres(t) {
		return
	}
	t.Run("postgres", func(t *testing.T) {
		disk := smallDisk(t, 160)
		c := newCluster(t, disk)
		s := newStand(t, t.TempDir(), c.url())
		s.serve(false)
		l := startLoad(t, s)
		l.await(before, time.Minute)
		free := fill(t, disk)
		said := refusedFor(l, 3*time.Second)
		free()
		at := l.began.Elapsed()
		remark := "meanwhile: " + said
		if c.revive() {
			remark += "; PostgreSQL had stopped and was started again by hand"
		}
		l.await(after, time.Minute)
		l.stop()
		settle(t, s, l, line{fault: "disk full (a 160 MB disk), then space again", engine: "PostgreSQL", service: l.service(at), remark: remark})
	})
}

// spoil has every write of the processes to their files fail, as a disk that the
// system has made read-only or that is broken, until the returned function is
// called. It works on the system calls of the living processes.
func spoil(t *testing.T, calls, with string, pids ...int) (mend func()) {
	t.Helper()
	args := []string{"-f", "-qq", "-o", "/dev/null", "-e", "trace=" + calls, "-e", "inject=" + calls + ":error=" + with}
	for _, pid := range pids {
		args = append(args, "-p", strconv.Itoa(pid))
	}
	cmd := exec.Command("strace", args...)
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatalf("this fault needs strace (make faults installs it): %v", err)
	}
	done := make(chan struct{})
	go func() { _ = cmd.Wait(); close(done) }()
	for watch := clock.Start(); !traced(pids[0]); <-clock.Real().After(10 * time.Millisecond) {
		if watch.Elapsed() > 10*time.Second {
			t.Fatal("the system calls of the server cannot be reached")
		}
	}
	return func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		<-done
	}
}

func traced(pid int) bool {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	return err == nil && !strings.Contains(string(text), "TracerPid:\t0\n")
}

// TestDiskReadOnly: the disk under the running server takes no writes any more
// (EROFS), and, in a second run, fails to store what was written (EIO at fsync).
func TestDiskReadOnly(t *testing.T) {
	if onlyAll(t) {
		return
	}
	for _, f := range []struct{ name, calls, with string }{
		{"disk read-only under the running server (EROFS)", "pwrite64", "EROFS"},
		{"disk that fails to store (EIO at fsync)", "fsync,fdatasync", "EIO"},
	} {
		t.Run("sqlite "+f.with, func(t *testing.T) {
			s := newStand(t, t.TempDir(), "")
			s.serve(false)
			l := startLoad(t, s)
			l.await(before, time.Minute)
			cmd, _ := s.process()
			mend := spoil(t, f.calls, f.with, cmd.Process.Pid)
			said := refusedFor(l, 2*time.Second)
			readsGoOn(l)
			mend()
			at := l.began.Elapsed()
			l.await(after, time.Minute)
			l.stop()
			settle(t, s, l, line{fault: f.name, engine: "SQLite", service: l.service(at), remark: "meanwhile: " + said + "; reading goes on"})
		})
		if withoutPostgres(t) {
			continue
		}
		t.Run("postgres "+f.with, func(t *testing.T) {
			c := newCluster(t, ownFolder(t))
			s := newStand(t, t.TempDir(), c.url())
			s.serve(false)
			l := startLoad(t, s)
			l.await(before, time.Minute)
			mend := spoil(t, f.calls, f.with, append([]int{c.cmd.Process.Pid}, children(c.cmd.Process.Pid)...)...)
			said := refusedFor(l, 3*time.Second)
			mend()
			at := l.began.Elapsed()
			remark := "meanwhile: " + said
			if c.revive() {
				remark += "; PostgreSQL had stopped and was started again by hand"
			}
			l.await(after, time.Minute)
			l.stop()
			settle(t, s, l, line{fault: f.name, engine: "PostgreSQL", service: l.service(at), remark: remark})
		})
	}
}

// TestStartOnReadOnlyDisk: a server whose data folder cannot be written does not
// start, says why in one line and ends with 3.
func TestStartOnReadOnlyDisk(t *testing.T) {
	if onlyAll(t) {
		return
	}
	disk := smallDisk(t, 64)
	s := newStand(t, filepath.Join(disk, "data"), "")
	if err := syscall.Mount("", disk, "", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
		t.Fatal(err)
	}
	cmd := s.command("serve", "--listen", freeAddress(t))
	out, err := cmd.CombinedOutput()
	if cmd.ProcessState.ExitCode() != 3 || len(strings.Split(strings.TrimSpace(string(out)), "\n")) != 1 {
		t.Errorf("%v\n%s", err, out)
	}
	t.Logf("%s", out)
}
