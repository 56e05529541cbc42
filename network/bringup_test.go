package network

import (
	"crypto/tls"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"meterbench/bench/topology"
	"meterbench/network/fabric"
)

// No orderer joins a channel before all of them listen: it would dial those that do not in vain, and wait.
func TestOrderersJoinOnceAllListen(t *testing.T) {
	org, err := fabric.NewOrganisation(topology.Ordering, topology.MSP(topology.Ordering))
	if err != nil {
		t.Fatal(err)
	}
	first := freeRange(t, 2)
	ports := []int{first, first + 1}
	b := &bringUp{plan: &plan{channels: []*channelPlan{{Channel: topology.Channel{Name: "metrology"}, genesis: []byte("block")}}}}
	client, err := fabric.AdminClient(org.TLSCA.PEM, org.AdminTLS, nil)
	if err != nil {
		t.Fatal(err)
	}
	b.ordering = map[string]*http.Client{org.MSP: client}
	var listening, joined atomic.Int32
	serve := func(port int) {
		server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodPost {
				joined.Add(1)
				if n := listening.Load(); n != 2 {
					t.Errorf("an orderer joins while %d listen", n)
				}
				w.WriteHeader(http.StatusCreated)
			}
		}))
		credential, err := org.TLSCA.TLS("orderer")
		if err != nil {
			t.Error(err)
			return
		}
		pair, err := tls.X509KeyPair(credential.Cert, credential.Key)
		if err != nil {
			t.Error(err)
			return
		}
		server.TLS = &tls.Config{Certificates: []tls.Certificate{pair}}
		server.Listener.Close() // in place of it comes the one of that port
		listening.Add(1)        // before anybody can know
		if server.Listener, err = net.Listen("tcp", fabric.Endpoint{Host: loopback, Port: port}.String()); err != nil {
			t.Error(err)
			return
		}
		server.StartTLS()
		t.Cleanup(server.Close)
	}
	for _, port := range ports {
		b.plan.orderers = append(b.plan.orderers, &fabric.Orderer{Name: "orderer", MSP: org.MSP, Admin: fabric.Endpoint{Host: loopback, Port: port}})
	}
	serve(ports[0])
	late := make(chan struct{})
	go func() {
		defer close(late)
		time.Sleep(100 * time.Millisecond)
		serve(ports[1])
	}()
	err = b.run(t.Context())
	<-late
	if err != nil || joined.Load() != 2 {
		t.Errorf("%d orderers joined, %v", joined.Load(), err)
	}
}
