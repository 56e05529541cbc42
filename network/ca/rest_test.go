package ca

import (
	"context"
	"crypto/ecdsa"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"meterbench/internal/lows"
	"meterbench/network/fabric"
)

// fakeServer serves over TLS on loopback and returns a client that trusts it, and one that trusts another authority.
func fakeServer(t *testing.T, timeout time.Duration, handler http.HandlerFunc) (trusts, doubts *restClient, server *httptest.Server) {
	t.Helper()
	authority, err := fabric.NewCA("test", "tls.test")
	if err != nil {
		t.Fatal(err)
	}
	other, err := fabric.NewCA("test", "tls.test")
	if err != nil {
		t.Fatal(err)
	}
	serving, err := authority.TLS("ca")
	if err != nil {
		t.Fatal(err)
	}
	pair, err := tls.X509KeyPair(serving.Cert, serving.Key)
	if err != nil {
		t.Fatal(err)
	}
	server = httptest.NewUnstartedServer(handler)
	server.TLS = &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}
	server.Config.ErrorLog = nil
	server.StartTLS()
	t.Cleanup(server.Close)
	address := server.Listener.Addr().String()
	return &restClient{caller: newCaller("ca", address, authority.PEM, timeout)}, &restClient{caller: newCaller("ca", address, other.PEM, timeout)}, server
}

func TestParseAnswer(t *testing.T) {
	for name, test := range map[string]struct {
		status int
		text   string
		want   error
	}{
		"good":           {200, `{"result":{"Secret":"x"},"errors":[],"messages":[],"success":true}`, nil},
		"created":        {201, `{"result":{"Secret":"x"},"success":true}`, nil},
		"refused":        {401, `{"result":"","errors":[{"code":20,"message":"Authentication failure"}],"success":false}`, &Error{Refused, 20, "Authentication failure", nil}},
		"error at 200":   {200, `{"result":{},"errors":[{"code":0,"message":"no"}],"success":true}`, &Error{Refused, 0, "no", nil}},
		"no words":       {500, `{"result":{},"errors":[],"success":false}`, &Error{Refused, 500, "Internal Server Error", nil}},
		"no success":     {200, `{"result":{"Secret":"x"}}`, &Error{Refused, 200, "OK", nil}},
		"control":        {403, `{"errors":[{"code":71,"message":"a\u001b[31m\nb"}]}`, &Error{Refused, 71, `a\x1b[31m\nb`, nil}},
		"long":           {403, `{"errors":[{"code":71,"message":"` + strings.Repeat("x", 1000) + `"}]}`, &Error{Refused, 71, strings.Repeat("x", mostWords), nil}},
		"no JSON":        {502, `<html>`, &Error{Kind: Malformed}},
		"nothing":        {200, ``, &Error{Kind: Malformed}},
		"other result":   {200, `{"result":[1],"success":true}`, &Error{Kind: Malformed}},
		"no result":      {200, `{"success":true}`, &Error{Kind: Malformed}},
		"wrong type":     {200, `{"result":{"Secret":5},"success":true}`, &Error{Kind: Malformed}},
		"something else": {200, `[]`, &Error{Kind: Malformed}},
	} {
		t.Run(name, func(t *testing.T) {
			var got struct{ Secret string }
			err := parseAnswer(test.status, []byte(test.text), &got)
			want, refused := test.want.(*Error)
			switch {
			case !refused:
				if err != nil || got.Secret != "x" {
					t.Errorf("%q, %v", got.Secret, err)
				}
			case want.Kind == Malformed:
				kind(t, err, Malformed)
			default:
				if diff := cmp.Diff(test.want, err); diff != "" {
					t.Error(diff)
				}
			}
		})
	}
}

// A server that is not there, is late, is another one, breaks off or says too much.
func TestFailures(t *testing.T) {
	answer := `{"result":{"Secret":"x"},"success":true}`
	call := func(ctx context.Context, c *restClient) error {
		_, err := c.call(ctx, http.MethodGet, "/", "", nil, 1000, new(json.RawMessage))
		return err
	}
	t.Run("well", func(t *testing.T) {
		trusts, doubts, server := fakeServer(t, time.Minute, func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, answer) })
		kind(t, call(t.Context(), trusts), "")
		kind(t, call(t.Context(), doubts), Untrusted)
		server.Close()
		trusts.client.CloseIdleConnections()
		kind(t, call(t.Context(), trusts), Down)
	})
	t.Run("late", func(t *testing.T) {
		gone := make(chan struct{})
		trusts, _, _ := fakeServer(t, 50*time.Millisecond, func(w http.ResponseWriter, r *http.Request) { <-gone })
		defer close(gone)
		kind(t, call(t.Context(), trusts), Late)
		ctx, cancel := context.WithCancelCause(t.Context())
		stop := errors.New("stop")
		cancel(stop)
		if err := call(ctx, trusts); !errors.Is(err, stop) {
			t.Errorf("%v, want %v", err, stop)
		}
	})
	t.Run("late amid the answer", func(t *testing.T) {
		gone := make(chan struct{})
		trusts, _, _ := fakeServer(t, 50*time.Millisecond, func(w http.ResponseWriter, r *http.Request) {
			io.WriteString(w, answer[:10])
			w.(http.Flusher).Flush()
			<-gone
		})
		defer close(gone)
		kind(t, call(t.Context(), trusts), Late)
	})
	t.Run("silent from the start", func(t *testing.T) {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer listener.Close() // accepts nobody
		authority, err := fabric.NewCA("test", "tls.test")
		if err != nil {
			t.Fatal(err)
		}
		kind(t, call(t.Context(), &restClient{caller: newCaller("ca", listener.Addr().String(), authority.PEM, 50*time.Millisecond)}), Late)
	})
	t.Run("breaks off", func(t *testing.T) {
		trusts, _, _ := fakeServer(t, time.Minute, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			io.WriteString(w, answer)
		})
		kind(t, call(t.Context(), trusts), Down)
	})
	t.Run("too much", func(t *testing.T) {
		trusts, _, _ := fakeServer(t, time.Minute, func(w http.ResponseWriter, _ *http.Request) { w.Write(make([]byte, 1001)) })
		kind(t, call(t.Context(), trusts), Malformed)
	})
}

// What the server answers instead of a certificate is not taken for one.
func TestReceived(t *testing.T) {
	w := newWorld(t, Config{})
	stranger := newWorld(t, Config{})
	key := w.signer.Private()
	for name, test := range map[string]struct {
		der  []byte
		want Kind
	}{
		"good":             {w.meter.Leaf.Raw, ""},
		"another's":        {certify(t, w.issuer, newSigner(t, "p256", "x").Private().Public(), nil).Leaf.Raw, Foreign},
		"another name":     {w.enrol(t, "meter-2", w.signer).Leaf.Raw, Foreign},
		"another issuer's": {certify(t, stranger.issuer, key.Public(), nil).Leaf.Raw, Forged},
		"nonsense":         {[]byte("x"), Malformed},
		"too long":         {make([]byte, mostCertificate+1), Malformed},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := w.received(test.der, meterName, key.Public())
			kind(t, err, test.want)
		})
	}
}

// The bytes of all calls are those of the connection, which is kept, and the first call has the handshake's.
func TestTrafficIsCounted(t *testing.T) {
	var sent, received atomic.Uint64
	trusts, _, _ := fakeServer(t, time.Minute, func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		fmt.Fprintf(w, `{"result":{"Secret":%q},"success":true}`, strings.Repeat("x", 500))
	})
	transport := trusts.client.Transport.(*http.Transport)
	dial, dials := transport.DialContext, 0
	transport.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dial(ctx, network, address)
		dials++
		if c, ok := conn.(*countedConn); ok {
			c.Conn = &tallied{c.Conn, &sent, &received}
		}
		return conn, err
	}
	var all Traffic
	var each []Traffic
	for range 3 {
		traffic, err := trusts.call(t.Context(), http.MethodPost, "/register", "token", []byte(strings.Repeat("y", 300)), mostAnswer, new(json.RawMessage))
		if err != nil {
			t.Fatal(err)
		}
		all, each = all.Add(traffic), append(each, traffic)
	}
	if want := (Traffic{3, sent.Load(), received.Load()}); all != want || dials != 1 {
		t.Errorf("%+v over %d connections, want %+v over one", all, dials, want)
	}
	if each[0].Sent < each[1].Sent+200 || each[1].Sent < 300 || each[1].Received < 500 || each[1].Sent != each[2].Sent {
		t.Errorf("calls took %+v", each)
	}
}

// tallied counts beside what it is compared with.
type tallied struct {
	net.Conn
	sent, received *atomic.Uint64
}

func (c *tallied) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.received.Add(uint64(n))
	return n, err
}

func (c *tallied) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	c.sent.Add(uint64(n))
	return n, err
}

// A token has the certificate and a signature over all that is sent; keys that fabric-ca takes no calls by are refused here.
func TestToken(t *testing.T) {
	w := newWorld(t, Config{})
	by := Identity{w.meter, w.signer.Private()}
	text, err := token(by, "POST", "/api/v1/revoke", []byte(`{"serial":"1"}`))
	if err != nil {
		t.Fatal(err)
	}
	certificate, signature, ok := strings.Cut(text, ".")
	decode := func(s string) []byte {
		b, err := base64.StdEncoding.DecodeString(s)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	block, _ := pem.Decode(decode(certificate))
	if !ok || block == nil || string(block.Bytes) != string(w.meter.Leaf.Raw) {
		t.Fatalf("token %q has no certificate", text)
	}
	signed := "POST." + base64.StdEncoding.EncodeToString([]byte("/api/v1/revoke")) + "." + base64.StdEncoding.EncodeToString([]byte(`{"serial":"1"}`)) + "." + certificate
	digest := sha256.Sum256([]byte(signed))
	leaf, err := x509.ParseCertificate(block.Bytes)
	if err != nil || !lows.Verify(leaf.PublicKey.(*ecdsa.PublicKey), digest[:], decode(signature)) {
		t.Errorf("the token's signature does not fit: %v", err)
	}
	ed := newSigner(t, "ed25519ph", "x")
	_, err = token(Identity{w.enrol(t, "meter-2", ed), ed.Private()}, "POST", "/", nil)
	kind(t, err, Unsupported)
}
