package page

import (
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"meterbench/internal/race"
)

// brief is a patience that ends within a test.
var brief = patience{header: 500 * time.Millisecond, idle: 500 * time.Millisecond, answer: 500 * time.Millisecond, report: 500 * time.Millisecond, write: 500 * time.Millisecond}

// deaf connects a client that has next to no room for what it does not read.
func deaf(t *testing.T, s *Server) net.Conn {
	t.Helper()
	small := net.Dialer{Control: func(_, _ string, raw syscall.RawConn) (err error) {
		failed := raw.Control(func(fd uintptr) { err = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUF, 4<<10) })
		if failed != nil {
			return failed
		}
		return err
	}}
	conn, err := small.Dial("tcp", s.host())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

// Clients that send requests and never read what is answered are dropped after the time for it, each of them. Until then they take no
// more memory than what the kernel keeps for them and a goroutine or two, however much they ask for.
func TestNeverReading(t *testing.T) {
	if testing.Short() && !race.Enabled {
		t.Skip("it takes seconds")
	}
	const clients = 20 // fewer than streams
	dir := stored(t)
	if err := os.Truncate(filepath.Join(dir, reportFile), 64<<20); err != nil {
		t.Fatal(err)
	}
	feed := newStudy("unread")
	for _, c := range []struct {
		path string
		mode Mode
		many int // requests of each client at most: beyond what is answered in time
	}{
		{"/", ModeRun, 50_000}, {"/api/about", ModeRun, 50_000}, {"/api/state", ModeRun, 50_000}, {"/none", ModeRun, 50_000}, {"/api/ledger/ch/blocks", ModeRun, 50_000},
		{"/report/report.html", ModeFolder, 1}, {"/events", ModeRun, 1},
	} {
		t.Run(strings.ReplaceAll(c.path, "/", "_"), func(t *testing.T) {
			config := Config{Mode: c.mode, Ledger: new(chain), Failed: func(err error) { t.Errorf("the server failed: %v", err) }}
			if c.mode == ModeFolder {
				config.Folder = dir
			}
			s, err := serveWith(t.Context(), config, brief)
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			s.Watch(feed, nil)
			leaks(t, func() {
				runtime.GC()
				before, goroutines := heapInUse(), runtime.NumGoroutine()
				text := []byte("GET " + c.path + " HTTP/1.1\r\nHost: " + s.host() + "\r\n\r\n")
				began := time.Now()
				var asking sync.WaitGroup
				for range clients {
					conn := deaf(t, s)
					defer conn.Close()
					asking.Go(func() {
						conn.SetDeadline(time.Now().Add(20 * time.Second))
						for range c.many {
							if _, err := conn.Write(text); err != nil {
								return
							}
						}
					})
				}
				over := make(chan bool)
				go func() {
					asking.Wait()
					close(over)
				}()
				most, mostGoroutines, served := uint64(0), 0, 0
				eventually(t, "all are dropped", func() bool {
					if c.path == "/events" {
						feed.Step(strings.Repeat("x", 64<<10))
					}
					most, mostGoroutines = max(most, heapInUse()), max(mostGoroutines, runtime.NumGoroutine())
					now := running("net/http.(*conn).serve(")
					served = max(served, now)
					select {
					case <-over: // which of those that ask on and on says that they were dropped
						return now == 0 && (c.many > 1 || served == clients)
					default:
						return false
					}
				})
				if most > before+64<<20 || mostGoroutines > goroutines+3*clients+10 {
					t.Errorf("from %d MB and %d goroutines to %d MB and %d", before>>20, goroutines, most>>20, mostGoroutines)
				}
				t.Logf("dropped after %v, %d to %d MB, %d to %d goroutines", time.Since(began), before>>20, most>>20, goroutines, mostGoroutines)
			})
			if w := s.ask("GET", "/api/about", ""); w.Code != 200 {
				t.Errorf("afterwards: %d", w.Code)
			}
		})
	}
}

func heapInUse() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapInuse
}

// The kernel keeps little of what a client sends, or does not read: without a limit it is up to ten megabytes.
func TestBuffers(t *testing.T) {
	at, err := resolve(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	listener, err := at.listen()
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	client, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	conn, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	raw, err := conn.(*net.TCPConn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	err = raw.Control(func(fd uintptr) {
		for option, most := range map[int]int{unix.SO_RCVBUF: 2 * mostReceived, unix.SO_SNDBUF: 2 * mostUnread} {
			if got, err := unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, option); err != nil || got > most {
				t.Errorf("option %d: %d bytes, %v, want at most %d", option, got, err, most)
			}
		}
	})
	if err != nil {
		t.Error(err)
	}
}
