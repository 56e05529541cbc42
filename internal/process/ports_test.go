package process

import (
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"testing"
)

func TestPortsFrom(t *testing.T) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	taken := l.Addr().(*net.TCPAddr).Port
	want := fmt.Sprintf("port %d (process %d, ", taken, os.Getpid())
	if _, err := PortsFrom(taken, 1); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("a taken port: %v; want %q", err, want)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if ports, err := PortsFrom(taken, 1); err != nil || len(ports) != 1 || ports[0] != taken {
		t.Errorf("a free port: %v, %v", ports, err)
	}
	for _, tt := range []struct{ first, n int }{{0, 1}, {-1, 3}, {65536, 1}, {65530, 10}} {
		t.Run(strconv.Itoa(tt.first), func(t *testing.T) {
			if ports, err := PortsFrom(tt.first, tt.n); err == nil {
				t.Errorf("ports %v", ports)
			}
		})
	}
}
