package printable_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"meterbench/internal/printable"
)

func TestPlain(t *testing.T) {
	const refused = `connection error: desc = "transport: Error while dialing: dial tcp 127.0.0.1:43087: connect: connection refused"`
	rpc := func(code codes.Code, text string) string { return status.Error(code, text).Error() }
	for _, c := range []struct{ name, text, want string }{
		{"ours", "peer0 ended: signal: killed; log: logs/peer0.log", "peer0 ended: signal: killed; log: logs/peer0.log"},
		{"interrupted", fmt.Sprintf("the run ended early (%v): the rest", context.Canceled), "the run ended early (interrupted): the rest"},
		{"late", "read the ledger: " + context.DeadlineExceeded.Error(), "read the ledger: no answer in time"},
		{"a call", "endorse through peer0.ptb: " + rpc(codes.Aborted, "failed to endorse"), "endorse through peer0.ptb: failed to endorse"},
		{"late call", rpc(codes.DeadlineExceeded, "context deadline exceeded"), "no answer in time"},
		{"call without a text", "submit: " + rpc(codes.ResourceExhausted, ""), "submit: resource exhausted"},
		{"two without a text", rpc(codes.Unavailable, "") + "\n" + rpc(codes.NotFound, "") + "; later", "unavailable\nnot found; later"},
		{"refused", rpc(codes.Unavailable, refused), "127.0.0.1:43087 refuses the connection"},
		{"a call within a call", "submit: " + rpc(codes.Unavailable, "no orderers: orderer0 (OrdererMSP): "+rpc(codes.Unavailable, refused)),
			"submit: no orderers: orderer0 (OrdererMSP): 127.0.0.1:43087 refuses the connection"},
		{"cut off", rpc(codes.Unavailable, refused[:70]), "127"},
		{"never connected", rpc(codes.DeadlineExceeded, "context deadline exceeded, latest balancer error: "+refused),
			"no answer in time: 127.0.0.1:43087 refuses the connection"},
		{"no connection yet", rpc(codes.DeadlineExceeded, "received context error while waiting for new LB policy update: context deadline exceeded"),
			"no answer in time"},
		{"slow to connect", "dial tcp 10.0.0.1:7051: i/o timeout", "10.0.0.1:7051: no answer in time"},
		{"no such name", "dial tcp: lookup nobody.invalid on 10.0.0.2:53: no such host", "lookup nobody.invalid on 10.0.0.2:53: no such host"},
		{"quotes within quotes", rpc(codes.Unavailable, `connection error: desc = "transport: authentication handshake failed: tls: no \"CN\" in \\x"; later`),
			`transport: authentication handshake failed: tls: no "CN" in \x; later`},
		{"broken", rpc(codes.Unavailable, "error reading from server: EOF"), "the other side ended the connection"},
		{"reset", rpc(codes.Unavailable, "error reading from server: read tcp 127.0.0.1:1->127.0.0.1:2: read: connection reset by peer"), "the other side ended the connection"},
		{"call ended", "submit: " + rpc(codes.Canceled, "stream terminated by RST_STREAM with error code: CANCEL"), "submit: the other side ended the call (CANCEL)"},
		{"closed", rpc(codes.Canceled, "grpc: the client connection is closing"), "the connection is being closed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := printable.Plain(c.text); got != c.want {
				t.Errorf("got  %q\nwant %q", got, c.want)
			}
		})
	}
}

func FuzzPlain(f *testing.F) {
	f.Add("plain\nlines; and more", "rpc error: code = Unknown desc = ")
	f.Add(`connection error: desc = "a\\\"b`, "context canceled")
	f.Fuzz(func(t *testing.T, ours, theirs string) {
		for _, text := range []string{ours, theirs, ours + ": " + theirs, ours + "\n" + theirs} {
			plain := printable.Plain(text)
			for _, words := range []string{"context canceled", "context deadline exceeded"} {
				if strings.Contains(plain, words) && strings.Contains(text, words) {
					t.Errorf("%q became %q", text, plain)
				}
			}
			if len(plain) > 2*len(text)+40 {
				t.Errorf("%d bytes became %d", len(text), len(plain))
			}
		}
	})
}
