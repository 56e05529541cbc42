package worker

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"meterbench/bench"
)

// listen returns a coordinator that ends with the test.
func listen(t *testing.T, c Config) *Coordinator {
	t.Helper()
	c.Address, c.Version, c.beat = "127.0.0.1:0", "v1", testBeat
	if c.Credentials == (Credentials{}) {
		c.Credentials = keys().coordinator
	}
	o, err := Listen(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { o.Close() })
	return o
}

// serve serves a coordinator until the test ends, and returns what ends that.
func serve(t *testing.T, o *Coordinator, rank Rank, change func(*ServeConfig)) <-chan error {
	cfg := ServeConfig{Address: o.Addr(), Rank: rank, Credentials: keys().worker, Version: "v1", Patience: 2 * time.Second, beat: testBeat}
	if change != nil {
		change(&cfg)
	}
	ended := make(chan error, 1)
	go func() { ended <- Serve(t.Context(), cfg) }()
	return ended
}

func within(t *testing.T, ended <-chan error) error {
	t.Helper()
	select {
	case err := <-ended:
		return err
	case <-time.After(noticed):
		t.Fatal("the worker has not ended")
		return nil
	}
}

// Whoever is not wanted is told why, and so is the coordinator, in one line.
func TestRefused(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		rank    Rank
		version string
		first   bool // another one of rank 1 is there
		want    string
	}{
		"two of a rank":      {Rank{1, 3}, "v1", true, "has rank 1, as that on "},
		"of another size":    {Rank{1, 4}, "v1", false, "is one of 4 processes, and the coordinator expects 3"},
		"the coordinator's":  {Rank{0, 3}, "v1", false, "has rank 0, which is the coordinator's: workers have ranks 1 to 2"},
		"of another version": {Rank{2, 3}, "v2", false, "is meterbench v2, and the coordinator is v1: use one program for both"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := listen(t, Config{Size: 3, First: 1})
			if tt.first {
				serve(t, o, Rank{1, 3}, nil)
				for joined := 0; joined == 0; time.Sleep(10 * time.Millisecond) {
					o.mu.Lock()
					joined = len(o.members)
					o.mu.Unlock()
				}
			}
			ended := serve(t, o, tt.rank, func(cfg *ServeConfig) { cfg.Version = tt.version })
			gathered := o.Gather(t.Context(), func(int, int) {})
			for who, err := range map[string]error{"worker": within(t, ended), "coordinator": gathered} {
				if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "\n") {
					t.Errorf("%s: %v, want %q", who, err, tt.want)
				}
			}
		})
	}
}

// A rank without a size is refused by the worker itself, and by the coordinator where a worker says it even so.
func TestRankWithoutSize(t *testing.T) {
	t.Parallel()
	o := listen(t, Config{Size: 2})
	if err := within(t, serve(t, o, Rank{1, 0}, nil)); err == nil || !strings.Contains(err.Error(), "a size of 0") {
		t.Error(err)
	}
	stream, _ := join(t, o.Addr())
	if err := stream.Send(&report{Hello: greeting(Rank{1, 0}, "v1")}); err != nil {
		t.Fatal(err)
	}
	answer, err := stream.Recv()
	if err != nil || !strings.Contains(answer.Refused, "has rank 1 without a size") {
		t.Error(answer, err)
	}
	if err := o.Gather(t.Context(), func(int, int) {}); err == nil || !strings.Contains(err.Error(), "has rank 1 without a size") {
		t.Error(err)
	}
}

// Who comes late is not waited for for ever.
func TestGather(t *testing.T) {
	t.Parallel()
	t.Run("too few", func(t *testing.T) {
		t.Parallel()
		o := listen(t, Config{Size: 4, First: 1, Patience: 300 * time.Millisecond})
		serve(t, o, Rank{2, 4}, nil)
		err := o.Gather(t.Context(), func(int, int) {})
		if err == nil || !strings.Contains(err.Error(), "1 of 3 workers are there, fewer than 3: worker 1: it did not join within 300ms of the first one; worker 3:") ||
			!strings.Contains(err.Error(), "with min=1 the run would go on") {
			t.Error(err)
		}
	})
	t.Run("enough", func(t *testing.T) {
		t.Parallel()
		o := listen(t, Config{Size: 3, Min: 1, Patience: 300 * time.Millisecond})
		serve(t, o, Rank{2, 3}, nil)
		var told []int
		if err := o.Gather(t.Context(), func(joined, _ int) { told = append(told, joined) }); err != nil || told[len(told)-1] != 1 {
			t.Error(err, told)
		}
		if err := within(t, serve(t, o, Rank{1, 3}, nil)); err == nil || !strings.Contains(err.Error(), "without which the run goes on: it did not join") {
			t.Error(err)
		}
	})
	t.Run("one that did not start", func(t *testing.T) {
		t.Parallel()
		o := listen(t, Config{Size: 2})
		o.Ended(1, errors.New("it ended: exit status 2"))
		err := o.Gather(t.Context(), func(int, int) {})
		if err == nil || !strings.Contains(err.Error(), "worker 1: it ended: exit status 2") {
			t.Error(err)
		}
	})
	t.Run("a person", func(t *testing.T) {
		t.Parallel()
		o := listen(t, Config{Size: 2})
		ctx, cancel := context.WithTimeoutCause(t.Context(), 100*time.Millisecond, errors.New("a person"))
		defer cancel()
		if err := o.Gather(ctx, func(int, int) {}); err == nil || err.Error() != "a person" {
			t.Error(err)
		}
	})
}

// A worker says in one line why it cannot join.
func TestCannotJoin(t *testing.T) {
	t.Parallel()
	_, others, _, err := NewCredentials()
	if err != nil {
		t.Fatal(err)
	}
	strangers, err := ParseCredentials(others)
	if err != nil {
		t.Fatal(err)
	}
	o := listen(t, Config{Size: 2})
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := silent.Addr().String()
	silent.Close()
	plain, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer plain.Close()
	go func() {
		for {
			conn, err := plain.Accept()
			if err != nil {
				return
			}
			io.WriteString(conn, "HTTP/1.1 400 Bad Request\r\n\r\n")
			conn.Close()
		}
	}()
	for name, tt := range map[string]struct {
		change func(*ServeConfig)
		want   string
	}{
		"credentials of another run": {func(c *ServeConfig) { c.Credentials = strangers }, "has other credentials than this worker"},
		"the coordinator's":          {func(c *ServeConfig) { c.Credentials = keys().coordinator }, "a worker needs those of workers"},
		"nobody listens":             {func(c *ServeConfig) { c.Address, c.Patience = address, 200*time.Millisecond }, "has not answered for 200ms"},
		"no port":                    {func(c *ServeConfig) { c.Address = "localhost" }, "give HOST:PORT"},
		"something else listens":     {func(c *ServeConfig) { c.Address = plain.Addr().String() }, "something else than a coordinator listens"},
	} {
		t.Run(name, func(t *testing.T) {
			err := within(t, serve(t, o, Rank{1, 2}, tt.change))
			if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("%v, want %q", err, tt.want)
			}
		})
	}
	if len(o.members)+len(o.misfits) > 0 {
		t.Errorf("%v joined, %v were refused", o.members, o.misfits)
	}
}

// Who is refused is told why, though the coordinator gives up at once.
func TestRefusedIsTold(t *testing.T) {
	t.Parallel()
	for range 50 {
		o := listen(t, Config{Size: 2})
		told := serve(t, o, Rank{1, 3}, func(*ServeConfig) {})
		if err := o.Gather(t.Context(), func(int, int) {}); err == nil {
			t.Fatal("nobody was refused")
		}
		if err := o.Close(); err != nil {
			t.Fatal(err)
		}
		if err := within(t, told); !errors.Is(err, errRefused) {
			t.Errorf("it was told %v", err)
		}
	}
}

// Whoever has no certificate of the run gets nowhere, nor does an older TLS.
func TestOnlyOurTLS(t *testing.T) {
	t.Parallel()
	o := listen(t, Config{Size: 2})
	secured, err := keys().worker.client()
	if err != nil {
		t.Fatal(err)
	}
	strange, err := newStranger()
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*tls.Config){
		"no certificate":            func(c *tls.Config) { c.Certificates = nil },
		"TLS 1.2":                   func(c *tls.Config) { c.MinVersion, c.MaxVersion = tls.VersionTLS12, tls.VersionTLS12 },
		"of another authority":      func(c *tls.Config) { c.Certificates = []tls.Certificate{*strange.worker} },
		"the coordinator's, turned": func(c *tls.Config) { c.Certificates = []tls.Certificate{*keys().coordinator.coordinator} },
	} {
		t.Run(name, func(t *testing.T) {
			cfg := secured.Clone()
			cfg.NextProtos = []string{"h2"}
			change(cfg)
			conn, err := tls.Dial("tcp", o.Addr(), cfg)
			if err == nil { // with TLS 1.3 the client learns later that it is refused
				defer conn.Close()
				conn.SetDeadline(time.Now().Add(10 * time.Second))
				_, err = conn.Read(make([]byte, 100))
			}
			if err == nil || strings.Contains(err.Error(), "i/o timeout") || errors.Is(err, io.EOF) {
				t.Errorf("got %v", err)
			}
		})
	}
	t.Run("ours", func(t *testing.T) {
		cfg := secured.Clone()
		cfg.NextProtos = []string{"h2"}
		conn, err := tls.Dial("tcp", o.Addr(), cfg)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if state := conn.ConnectionState(); state.Version != tls.VersionTLS13 {
			t.Errorf("version %x", state.Version)
		}
		if n, err := conn.Read(make([]byte, 100)); n == 0 { // the server's settings
			t.Error(err)
		}
	})
}

// newStranger returns the credentials of a worker of another run.
func newStranger() (Credentials, error) {
	_, worker, _, err := NewCredentials()
	if err != nil {
		return Credentials{}, err
	}
	return ParseCredentials(worker)
}

// What is no TLS, no message, too long a message, or not what a worker may say ends that connection, and others go on.
func TestGarbage(t *testing.T) {
	t.Parallel()
	o := listen(t, Config{Size: 2})
	good := serve(t, o, Rank{0, 2}, nil)
	conn, err := net.Dial("tcp", o.Addr())
	if err != nil {
		t.Fatal(err)
	}
	conn.Write(bytes.Repeat([]byte("GET / HTTP/1.1\r\n"), 1000))
	conn.SetDeadline(time.Now().Add(10 * time.Second))
	if _, err := io.Copy(io.Discard, conn); err != nil && strings.Contains(err.Error(), "i/o timeout") {
		t.Error("what is no TLS is listened to")
	}
	conn.Close()
	for name, all := range map[string][]*report{
		"no hello":        {{Working: "hard"}},
		"too long":        {{Hello: greeting(Rank{1, 2}, strings.Repeat("v", mostMessage+1))}},
		"hello twice":     {{Hello: greeting(Rank{1, 2}, "v1")}, {Hello: greeting(Rank{1, 2}, "v1")}},
		"done of nothing": {{Hello: greeting(Rank{1, 2}, "v1")}, {Done: &done{}}, {Done: &done{}}},
		"a ledger":        {{Hello: greeting(Rank{1, 2}, "v1")}, {Entries: make([]bench.Entry, 1)}},
	} {
		t.Run(name, func(t *testing.T) {
			stream, conn := join(t, o.Addr())
			for _, r := range all {
				stream.Send(r) // it may have ended
			}
			ended := make(chan error, 1)
			go func() {
				for {
					if _, err := stream.Recv(); err != nil {
						ended <- err
						return
					}
				}
			}()
			within(t, ended)
			conn.Close()
			o.mu.Lock()
			delete(o.members, 1)
			o.mu.Unlock()
		})
	}
	if err := o.Close(); err != nil {
		t.Error(err)
	}
	if err := within(t, good); err != nil {
		t.Errorf("the other worker: %v", err)
	}
}
