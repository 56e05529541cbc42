package worker

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"meterbench/bench"
)

// listens returns a coordinator that ends with the test.
func listens(t *testing.T, c Config) *Coordinator {
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
	cfg := ServeConfig{Address: o.Addr(), Rank: rank, Credentials: keys().worker, Version: "v1", Patience: noticed, beat: testBeat}
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

// mistaken reports whether an error is in what a user wrote.
func mistaken(err error) bool {
	_, is := errors.AsType[InputError](err)
	return is
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
		"of a long version":  {Rank{2, 3}, strings.Repeat("v2\n", 100_000), false, "v2\\n…, and the coordinator is v1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := listens(t, Config{Size: 3, First: 1})
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
				if !mistaken(err) || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "\n") || len(err.Error()) > 2*mostName {
					t.Errorf("%s: %#v, want %q", who, err, tt.want)
				}
			}
		})
	}
}

// A rank without a size is refused by the worker itself, and by the coordinator where a worker says it even so.
func TestRankWithoutSize(t *testing.T) {
	t.Parallel()
	o := listens(t, Config{Size: 2})
	if err := within(t, serve(t, o, Rank{1, 0}, nil)); !mistaken(err) || !strings.Contains(err.Error(), "a size of 0") {
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
	if err := o.Gather(t.Context(), func(int, int) {}); !mistaken(err) || !strings.Contains(err.Error(), "has rank 1 without a size") {
		t.Error(err)
	}
}

// Who comes late is not waited for for ever.
func TestGather(t *testing.T) {
	t.Parallel()
	t.Run("too few", func(t *testing.T) {
		t.Parallel()
		o := listens(t, Config{Size: 4, First: 1, Patience: 300 * time.Millisecond})
		serve(t, o, Rank{2, 4}, nil)
		err := o.Gather(t.Context(), func(int, int) {})
		if err == nil || !strings.Contains(err.Error(), "1 of 3 workers are there, fewer than 3: worker 1: it did not join within 300ms of the first one; worker 3:") ||
			!strings.Contains(err.Error(), "with min=1 the run would go on") {
			t.Error(err)
		}
	})
	t.Run("enough", func(t *testing.T) {
		t.Parallel()
		o := listens(t, Config{Size: 3, Min: 1, Patience: 300 * time.Millisecond})
		serve(t, o, Rank{2, 3}, nil)
		var told []int
		if err := o.Gather(t.Context(), func(joined, _ int) { told = append(told, joined) }); err != nil || told[len(told)-1] != 1 {
			t.Error(err, told)
		}
		err := within(t, serve(t, o, Rank{1, 3}, nil))
		if err == nil || mistaken(err) || !strings.Contains(err.Error(), "without which the run goes on: it did not join") {
			t.Error(err)
		}
	})
	t.Run("one that comes back", func(t *testing.T) { // as a pod that is started again
		t.Parallel()
		o := listens(t, Config{Size: 3, Min: 2})
		gathered := make(chan error, 1)
		go func() { gathered <- o.Gather(t.Context(), func(int, int) {}) }()
		stream, conn := join(t, o.Addr())
		if err := stream.Send(&report{Hello: greeting(Rank{1, 3}, "v1")}); err != nil {
			t.Fatal(err)
		}
		if answer, err := stream.Recv(); err != nil || !answer.Welcome {
			t.Fatal(answer, err)
		}
		conn.Close()
		for lost := false; !lost; time.Sleep(10 * time.Millisecond) {
			o.mu.Lock()
			lost = o.members[1].lost() != nil
			o.mu.Unlock()
		}
		err := within(t, serve(t, o, Rank{1, 3}, nil))
		if !errors.Is(err, errRefused) || mistaken(err) || !strings.Contains(err.Error(), "none comes back within a run") {
			t.Error(err)
		}
		serve(t, o, Rank{0, 3}, nil)
		serve(t, o, Rank{2, 3}, nil)
		if err := within(t, gathered); err != nil {
			t.Error(err)
		}
	})
	t.Run("one that did not start", func(t *testing.T) {
		t.Parallel()
		o := listens(t, Config{Size: 2})
		o.Ended(1, errors.New("it ended: exit status 2"))
		err := o.Gather(t.Context(), func(int, int) {})
		if err == nil || !strings.Contains(err.Error(), "worker 1: it ended: exit status 2") {
			t.Error(err)
		}
	})
	t.Run("a person", func(t *testing.T) {
		t.Parallel()
		o := listens(t, Config{Size: 2})
		ctx, cancel := context.WithTimeoutCause(t.Context(), 100*time.Millisecond, errors.New("a person"))
		defer cancel()
		if err := o.Gather(ctx, func(int, int) {}); err == nil || err.Error() != "a person" {
			t.Error(err)
		}
	})
}

// listening returns the address of who answers every connection in some way, until the test ends.
func listening(t *testing.T, answer func(net.Conn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				answer(conn)
				conn.Close()
			}()
		}
	}()
	return l.Addr().String()
}

// says answers with a text.
func says(text string) func(net.Conn) {
	return func(conn net.Conn) {
		io.WriteString(conn, text)
		io.Copy(io.Discard, conn) // so that the connection ends with what was said
	}
}

// A worker says in one line why it cannot join, and soon.
func TestCannotJoin(t *testing.T) {
	t.Parallel()
	strangers, err := newStranger()
	if err != nil {
		t.Fatal(err)
	}
	o := listens(t, Config{Size: 2})
	old, secure := httptest.NewTLSServer(http.NotFoundHandler()), httptest.NewUnstartedServer(http.NotFoundHandler())
	secure.EnableHTTP2 = true
	secure.StartTLS()
	defer old.Close()
	defer secure.Close()
	for _, server := range []*httptest.Server{old, secure} {
		server.Config.ErrorLog = log.New(io.Discard, "", 0)
	}
	at := func(address string) func(*ServeConfig) { return func(c *ServeConfig) { c.Address = address } }
	const strange = "something else than a coordinator listens"
	for name, tt := range map[string]struct {
		change func(*ServeConfig)
		want   string
	}{
		"credentials of another run": {func(c *ServeConfig) { c.Credentials = strangers }, "has other credentials than this worker"},
		"the coordinator's":          {func(c *ServeConfig) { c.Credentials = keys().coordinator }, "a worker needs those of workers"},
		"nobody listens":             {func(c *ServeConfig) { c.Address, c.Patience = "127.0.0.1:1", 200*time.Millisecond }, "has not answered for 200ms"},
		"no port":                    {at("localhost"), "give HOST:PORT"},
		"of HTTP":                    {at(listening(t, says("HTTP/1.1 400 Bad Request\r\n\r\n"))), strange + " (tls: first record does not look like a TLS handshake)"},
		"of SSH":                     {at(listening(t, says("SSH-2.0-OpenSSH_9.2p1\r\n"))), strange},
		"of HTTPS 1.1":               {at(old.Listener.Addr().String()), strange + " (remote error: tls: no application protocol)"},
		"of HTTPS":                   {at(secure.Listener.Addr().String()), strange + " (tls: failed to verify certificate"},
		"who hangs up":               {at(listening(t, func(net.Conn) {})), "something listens and hangs up"},
		"who says nothing":           {at(listening(t, says(""))), "something listens and has said nothing for 4s"},
	} {
		t.Run(name, func(t *testing.T) {
			began := time.Now()
			err := within(t, serve(t, o, Rank{1, 2}, tt.change))
			if !mistaken(err) || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("%v, want %q", err, tt.want)
			}
			if took, most := time.Since(began), 2*greeted*testBeat; took > most {
				t.Errorf("it took %v, more than %v", took, most)
			}
		})
	}
	if len(o.members)+len(o.misfits) > 0 {
		t.Errorf("%v joined, %v were refused", o.members, o.misfits)
	}
}

// A worker that is to end does so at once, though what listens says nothing.
func TestInterruptedBeforeJoining(t *testing.T) {
	t.Parallel()
	connected := make(chan struct{}, 2) // the first one is that of reach
	address := listening(t, func(conn net.Conn) {
		connected <- struct{}{}
		io.Copy(io.Discard, conn)
	})
	ctx, cancel := context.WithCancelCause(t.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- Serve(ctx, ServeConfig{Address: address, Rank: Rank{0, 1}, Credentials: keys().worker, Version: "v1"})
	}()
	<-connected
	<-connected
	began := time.Now()
	cancel(errors.New("a person"))
	if err := within(t, ended); err == nil || err.Error() != "a person" || time.Since(began) > 5*time.Second {
		t.Errorf("after %v: %v", time.Since(began), err)
	}
}

// Many workers join at once.
func TestManyJoin(t *testing.T) {
	const many = 100
	o := listens(t, Config{Size: many})
	var all []<-chan error
	began := time.Now()
	for rank := range many {
		all = append(all, serve(t, o, Rank{rank, many}, nil))
	}
	if err := o.Gather(t.Context(), func(int, int) {}); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d workers have joined within %v", many, time.Since(began))
	if err := o.Close(); err != nil {
		t.Error(err)
	}
	for _, ended := range all {
		if err := within(t, ended); err != nil {
			t.Error(err)
		}
	}
}

// An address at which nobody can listen is a mistake of the user's.
func TestCannotListen(t *testing.T) {
	t.Parallel()
	taken := listens(t, Config{Size: 1})
	for address, want := range map[string]string{
		taken.Addr():  "at which workers join, is in use; give another port",
		"192.0.2.1:0": "at which workers join, is no address of this machine",
	} {
		o, err := Listen(Config{Address: address, Credentials: keys().coordinator, Size: 1, Version: "v1"})
		if err == nil {
			o.Close()
		}
		if !mistaken(err) || !strings.Contains(err.Error(), address+", "+want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	if _, err := Listen(Config{Address: "127.0.0.1:0", Credentials: keys().worker, Size: 1, Version: "v1"}); !mistaken(err) {
		t.Error(err)
	}
}

// Who is refused is told why, though the coordinator gives up at once.
func TestRefusedIsTold(t *testing.T) {
	t.Parallel()
	for range 50 {
		o := listens(t, Config{Size: 2})
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
	o := listens(t, Config{Size: 2})
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
	o := listens(t, Config{Size: 2})
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
