package main

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// anotherVersion copies this program, so that it is another build by what it says of itself.
func anotherVersion(t *testing.T) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	program, err := os.ReadFile(self)
	if err != nil {
		t.Fatal(err)
	}
	id := []byte(buildID())
	if len(id) == 0 {
		t.Skip("this program has no build id")
	}
	other := bytes.Repeat([]byte("x"), len(id))
	file := filepath.Join(t.TempDir(), "meterbench")
	if err := os.WriteFile(file, bytes.ReplaceAll(program, id, other), 0o700); err != nil {
		t.Fatal(err)
	}
	return file
}

// Who does not fit is refused as bad input, and told why on both sides. A worker that does goes home.
func TestWorkersMisfit(t *testing.T) {
	credentials := filepath.Join(t.TempDir(), "workers.pem")
	if p, code := command(t, t.TempDir(), "worker", "--new-credentials", credentials); code != exitOK {
		t.Fatalf("exit code %d\n%s", code, &p.stderr)
	}
	t.Setenv("METERBENCH_CREDENTIALS_FILE", credentials)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		program string
		workers int // of which one does not fit
		args    []string
		want    string
	}{
		"two of a rank":      {self, 2, []string{"--rank", "1", "--size", "3"}, "has rank 1, as that on "},
		"of another size":    {self, 1, []string{"--rank", "2", "--size", "4"}, "is one of 4 processes, and the coordinator expects 3: start both with one number"},
		"the coordinator's":  {self, 1, []string{"--rank", "0", "--size", "3"}, "has rank 0, which is the coordinator's: workers have ranks 1 to 2"},
		"of another version": {anotherVersion(t), 1, []string{"--rank", "2", "--size", "3"}, ": use one program for both"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			temp, out, address := t.TempDir(), t.TempDir(), unusedAddress(t)
			run := start(t, temp, "run", sharedFile(t, "1s"), "--workers", "join:3,listen="+address, "--out", out)
			var workers []*program
			for range tt.workers {
				workers = append(workers, startCommand(t, &exec.Cmd{
					Path: tt.program, Args: append([]string{"meterbench", "worker", "--join", address}, tt.args...), Env: append(os.Environ(), "TMPDIR="+temp),
				}))
			}
			home := 0
			for _, p := range append(workers, run) {
				code := p.exit(t)
				if p != run && code == exitOK {
					home++
					continue
				}
				if said := lastLine(p.stderr.String()); code != exitUsage || !strings.HasPrefix(said, "meterbench: ") || !strings.Contains(said, tt.want) {
					t.Errorf("%s: exit code %d, want %q\n%s", p.cmd.Args, code, tt.want, &p.stderr)
				}
			}
			if home != tt.workers-1 {
				t.Errorf("%d of %d workers went home", home, tt.workers)
			}
			if left, err := os.ReadDir(out); err != nil || len(left) > 0 {
				t.Errorf("left behind: %v, %v", left, err)
			}
		})
	}
}

// A worker that comes to something else than its coordinator says so, and a coordinator that waits for it goes on waiting.
func TestWorkersElsewhere(t *testing.T) {
	dir := t.TempDir()
	files := map[string]string{}
	for _, name := range []string{"ours", "others"} {
		files[name] = filepath.Join(dir, name)
		if p, code := command(t, dir, "worker", "--new-credentials", files[name]); code != exitOK {
			t.Fatalf("exit code %d\n%s", code, &p.stderr)
		}
	}
	web := httptest.NewServer(http.NotFoundHandler())
	defer web.Close()
	address := unusedAddress(t)
	run := start(t, dir, "run", sharedFile(t, "1s"), "--workers", "join:2,listen="+address+",credentials="+files["ours"], "--out", t.TempDir())
	run.says(t, &run.stderr, "wait for 1 worker,")
	for name, tt := range map[string]struct{ address, credentials, wait, want string }{
		"credentials of another run": {address, files["others"], "1m", "has other credentials than this worker"},
		"the web":                    {web.Listener.Addr().String(), files["ours"], "1m", "something else than a coordinator listens"},
		"nobody":                     {"127.0.0.1:1", files["ours"], "300ms", "has not answered for 300ms"},
	} {
		t.Run(name, func(t *testing.T) {
			p, code := command(t, dir, "worker", "--join", tt.address, "--rank", "1", "--size", "2", "--credentials", tt.credentials, "--wait", tt.wait)
			if code != exitUsage || !strings.Contains(lastLine(p.stderr.String()), tt.want) {
				t.Errorf("exit code %d, want %q\n%s", code, tt.want, &p.stderr)
			}
		})
	}
	p, code := command(t, dir, "run", sharedFile(t, "1s"), "--workers", "local:2,listen="+address, "--out", t.TempDir())
	if want := address + ", at which workers join, is in use"; code != exitUsage || !strings.Contains(lastLine(p.stderr.String()), want) {
		t.Errorf("exit code %d, want %q\n%s", code, want, &p.stderr)
	}
	run.signal(t, syscall.SIGTERM)
	if code := run.exit(t); code != exitInterrupted {
		t.Errorf("exit code %d\n%s", code, &run.stderr)
	}
}

// What was written badly is said in one line, also where it has several.
func TestWorkersMisspeltInLines(t *testing.T) {
	for name, args := range map[string][]string{
		"address":  {"worker", "--join", "a\nb:7100", "--rank", "0", "--size", "1"},
		"launcher": {"run", sharedFile(t, "1s"), "--workers", "local:2\nx"},
		"file":     {"run", sharedFile(t, "1s"), "--workers", "local:2,credentials=\x1b[2J\n"},
	} {
		p, code := command(t, t.TempDir(), args...)
		if said := p.stderr.String(); code != exitUsage || strings.Count(said, "\n") != 1 || strings.Contains(said, "\x1b") {
			t.Errorf("%s: exit code %d, %q", name, code, said)
		}
	}
}
