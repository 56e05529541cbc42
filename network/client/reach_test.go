package client

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"strings"
	"testing"
)

func TestReach(t *testing.T) {
	own, err := newCertificate()
	if err != nil {
		t.Fatal(err)
	}
	other, err := newCertificate()
	if err != nil {
		t.Fatal(err)
	}
	pair, err := tls.X509KeyPair(own.cert, own.key)
	if err != nil {
		t.Fatal(err)
	}
	listen := func(serve func(net.Conn)) string {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { listener.Close() })
		go func() {
			for {
				conn, err := listener.Accept()
				if err != nil {
					return
				}
				go serve(conn)
			}
		}()
		return listener.Addr().String()
	}
	server := func(ask tls.ClientAuthType) string {
		clients := x509.NewCertPool()
		clients.AddCert(pair.Leaf)
		config := &tls.Config{Certificates: []tls.Certificate{pair}, ClientCAs: clients, ClientAuth: ask, NextProtos: []string{"h2"}}
		return listen(func(conn net.Conn) {
			if s := tls.Server(conn, config); s.HandshakeContext(t.Context()) == nil {
				s.Write([]byte{0})
			} else {
				conn.Close()
			}
		})
	}
	oneWay, mutual := server(tls.NoClientCert), server(tls.RequireAndVerifyClientCert)
	plain := listen(func(conn net.Conn) { conn.Write([]byte("HTTP/1.1 400 Bad Request\r\n\r\n")) })
	gone := func() string {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer listener.Close()
		return listener.Addr().String()
	}()
	for _, c := range []struct {
		name, address, server string
		tls                   TLS
		want                  string
	}{
		{"one-way", oneWay, "peer0.ptb", TLS{CA: own.cert}, ""},
		{"mutual", mutual, "peer0.ptb", TLS{CA: own.cert, Cert: own.cert, Key: own.key}, ""},
		{"no certificate of the client", mutual, "peer0.ptb", TLS{CA: own.cert}, "turns the client's TLS certificate down"},
		{"a certificate of a foreign client", mutual, "peer0.ptb", TLS{CA: own.cert, Cert: other.cert, Key: other.key}, "turns the client's TLS certificate down"},
		{"another name", oneWay, "peer9.ptb", TLS{CA: own.cert}, "does not have the name peer9.ptb, but peer0.ptb, peer0.cmi"},
		{"another authority", oneWay, "peer0.ptb", TLS{CA: other.cert}, "by another authority than the profile's tlsCACerts: for peer0.ptb, peer0.cmi, by CN=user,OU=client,O=ptb"},
		{"nobody", gone, "peer0.ptb", TLS{CA: own.cert}, "nothing listens there"},
		{"no TLS", plain, "peer0.ptb", TLS{CA: own.cert}, "does not answer by TLS"},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := Reach(t.Context(), c.address, c.server, c.tls)
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("%v, want %q", err, c.want)
			}
			if u, ok := err.(*Unreachable); c.want != "" && (!ok || u.Remedy == "" || u.Address != c.address) {
				t.Errorf("%+v", err)
			}
		})
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := Reach(ended, oneWay, "peer0.ptb", TLS{CA: own.cert}); err != context.Canceled {
		t.Errorf("interrupted: %v", err)
	}
}
