package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"golang.org/x/sys/unix"

	"meterbench/bench/live"
	"meterbench/internal/race"
)

// A page that cannot be reached any more, as its listening socket is gone, is said once; the run goes on, and so do the streams that are
// open.
func TestPageIsLost(t *testing.T) {
	if testing.Short() && !race.Enabled {
		t.Skip("it takes seconds")
	}
	t.Parallel()
	dir := t.TempDir()
	s := startLive(t, dir, "run", ledgerScenario(t, dir, "{kind: closed, clients: [2], hold: 5s}"), "--live", "--set", "warmup=500ms")
	seconds, ended := 0, false
	events(t, s.url, func(kind, _ string) {
		switch live.MessageKind(kind) {
		case live.KindSecond:
			if seconds++; seconds == 2 {
				deafen(t, s.cmd.Process.Pid, s.url)
			}
		case live.KindEnd:
			ended = true
		}
	})
	stored := s.waitRun(t, exitOK)
	if !stored.Summary.Complete || !ended || seconds < 3 {
		t.Errorf("complete %t; the stream had %d seconds, and the end: %t", stored.Summary.Complete, seconds, ended)
	}
	const said = "live page: nobody can open it any more: accept4: invalid argument; all else goes on\n"
	if log := s.log.String(); strings.Count(log, said) != 1 || strings.Count(log, "live page: ") != 2 {
		t.Errorf("want once %q in\n%s", said, log)
	}
}

// deafen ends the socket at which a process serves a URL.
func deafen(t *testing.T, pid int, url string) {
	t.Helper()
	process, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(process)
	files, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		var number int
		if _, err := fmt.Sscan(file.Name(), &number); err != nil {
			t.Fatal(err)
		}
		own, err := unix.PidfdGetfd(process, number, 0)
		if err == unix.EPERM {
			t.Skip("files of another process cannot be taken here")
		}
		if err != nil { // it is closed by now
			continue
		}
		listens, _ := unix.GetsockoptInt(own, unix.SOL_SOCKET, unix.SO_ACCEPTCONN)
		at, _ := unix.Getsockname(own)
		if in, ok := at.(*unix.SockaddrInet4); ok && listens == 1 && strings.HasSuffix(url, fmt.Sprintf(":%d/", in.Port)) {
			err = unix.Shutdown(own, unix.SHUT_RDWR)
			unix.Close(own)
			if err != nil {
				t.Fatal(err)
			}
			return
		}
		unix.Close(own)
	}
	t.Fatal("it listens nowhere")
}

// A browser that is killed while it shows a run leaves nothing behind in it: the run ends well, and the streams have ended before.
func TestBrowserIsKilled(t *testing.T) {
	if testing.Short() && !race.Enabled {
		t.Skip("it takes seconds")
	}
	dir, chromium := t.TempDir(), browser(t)
	s := startLive(t, dir, "run", ledgerScenario(t, dir, "{kind: closed, clients: [2], hold: 12s}"), "--live", "--set", "warmup=500ms")
	before := connections(t, s.cmd.Process.Pid)
	page := openTab(t, chromium, s.url)
	page.wait(`document.querySelector(".tile.main .value")?.textContent.match(/\d/)`, 30*time.Second)
	if open := connections(t, s.cmd.Process.Pid); open <= before {
		t.Fatalf("%d sockets with the page open, %d before", open, before)
	}
	if err := chromedp.FromContext(chromium).Browser.Process().Kill(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "its connections are closed", func() bool { return connections(t, s.cmd.Process.Pid) == before })
	if got := fetch(t, s.url+"api/state"); !strings.Contains(got, `"level"`) || strings.Contains(got, `"end":{`) {
		t.Errorf("the run has ended before: %.300s", got)
	}
	stored := s.waitRun(t, exitOK)
	if !stored.Summary.Complete || strings.Count(s.log.String(), "live page: ") != 1 {
		t.Errorf("complete %t\n%s", stored.Summary.Complete, s.log)
	}
}

// connections counts the sockets of a process.
func connections(t *testing.T, pid int) (n int) {
	t.Helper()
	files, err := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", pid))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if to, err := os.Readlink(file); err == nil && strings.HasPrefix(to, "socket:") {
			n++
		}
	}
	return n
}
