package page

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strings"
	"testing"
)

// What cannot be served at is refused with what is wrong and what to do, and nothing is served.
func TestAddresses(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for _, c := range []struct{ name, address, token, want string }{
		{"in use", taken.Addr().String(), "", "is in use; give another port"},
		{"in use, the port alone", strings.TrimPrefix(taken.Addr().String(), "127.0.0.1"), "", "is in use; give another port"},
		{"not ours", "192.0.2.1:0", token, "is no address of this machine (192.0.2.1); give one that is"},
		{"a name that is none", "no such host:80", "", `has the host "no such host", which cannot be resolved; give an address of this machine by number, such as 127.0.0.1:80`},
		{"a name without a port", "localhost", "", "is no address with a port; write HOST:PORT"},
		{"an address without a port", "127.0.0.1", "", "is no address with a port; write HOST:PORT"},
		{"an address of IPv6 without brackets", "::1:80", "", "is no address with a port; write HOST:PORT"},
		{"a port too large", "127.0.0.1:65536", "", `has the port "65536", and ports are numbers from 0, for any that is free, to 65535; write`},
		{"a port too large, alone", "70000", "", `has the port "70000"`},
		{"a port below", "127.0.0.1:-1", "", `has the port "-1"`},
		{"a named port", "127.0.0.1:http", "", `has the port "http"`},
		{"an empty port", "127.0.0.1:", "", `has the port ""`},
		{"a URL", "http://127.0.0.1:80/", "", "is no address with a port"},
		{"elsewhere without a token", "0.0.0.0:0", "", ErrNoToken.Error()},
		{"elsewhere by IPv6 without a token", "[::]:0", "", ErrNoToken.Error()},
		{"elsewhere without a host", "192.0.2.1:0", "", ErrNoToken.Error()},
		{"a short token", "", "short", ErrShortToken.Error()},
		{"a long token", "", strings.Repeat("x", MostToken+1), ErrShortToken.Error()},
		{"a token with a space", "", "correct horse battery", ErrShortToken.Error()},
		{"a token with a line end", "", token + "\n", ErrShortToken.Error()},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, err := Serve(t.Context(), Config{Mode: ModeRun, Address: c.address, Token: c.token})
			if err == nil {
				s.Close()
				t.Fatal("it is served")
			}
			if !strings.HasPrefix(err.Error(), c.want) || strings.Contains(err.Error(), "\n") || strings.Contains(err.Error(), token) {
				t.Errorf("%q, want %q", err, c.want)
			}
			wrong, ok := errors.AsType[*AddressError](err)
			if is := errors.Is(err, ErrNoToken) || errors.Is(err, ErrShortToken); ok == is || ok && wrong.Address != c.address {
				t.Errorf("%#v", err)
			}
		})
	}
}

// The page is reached at its URL, however the address was written.
func TestServedAt(t *testing.T) {
	for _, c := range []struct{ address, prefix string }{
		{"", "http://127.0.0.1:"}, {"0", "http://127.0.0.1:"}, {":0", "http://127.0.0.1:"}, {"127.0.0.1:0", "http://127.0.0.1:"},
		{"[::1]:0", "http://[::1]:"}, {"localhost:0", "http://localhost:"}, {"LOCALHOST:0", "http://localhost:"}, {"127.0.0.2:0", "http://127.0.0.2:"},
		{"0.0.0.0:0", "http://"}, {"[::]:0", "http://"},
	} {
		t.Run(c.address, func(t *testing.T) {
			s := serve(t, Config{Mode: ModeRun, Address: c.address, Token: token}, nil)
			if !strings.HasPrefix(s.URL(), c.prefix) || strings.Contains(s.URL(), "0.0.0.0") || strings.Contains(s.URL(), "[::]") {
				t.Errorf("at %s", s.URL())
			}
			r, err := http.NewRequestWithContext(t.Context(), "GET", s.URL(), nil)
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Authorization", "Bearer "+token)
			answer, err := http.DefaultClient.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			answer.Body.Close()
			if answer.StatusCode != 200 {
				t.Error(answer.Status)
			}
		})
	}
}

// A page that has ended answers no more, and ends again without harm.
func TestClose(t *testing.T) {
	s, err := Serve(context.Background(), Config{Mode: ModeRun})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(s.Close(), s.Close()); err != nil {
		t.Error(err)
	}
	if c, err := net.Dial("tcp", s.host()); err == nil {
		c.Close()
		t.Error("it still listens")
	}
}

// What goes wrong in the server is told in a line, and not all the time.
func TestComplaints(t *testing.T) {
	var told []string
	c := &complaints{tell: func(err error) { told = append(told, err.Error()) }}
	for range 10 {
		if _, err := c.Write([]byte("http: Accept error: too many open files; retrying in 1s\nand more")); err != nil {
			t.Error(err)
		}
	}
	if len(told) != 1 || told[0] != "Accept error: too many open files; retrying in 1s" {
		t.Errorf("%q", told)
	}
}
