package network

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"

	"meterbench/network/client"
)

// A forwarder has other programs reach nodes at sites by ports on this machine's loopback, as if they stood at the same site.
type forwarder struct {
	listeners []net.Listener
	life      context.Context
	stop      context.CancelFunc
	running   sync.WaitGroup
}

func newForwarder() *forwarder {
	f := &forwarder{}
	f.life, f.stop = context.WithCancel(context.Background())
	return f
}

// forward takes connections at an address on loopback and makes each one to an address at a site.
func (f *forwarder) forward(node, at, to string, dial client.Dialer) error {
	listener, err := net.Listen("tcp", at)
	if err != nil {
		return portError{node, at}
	}
	f.listeners = append(f.listeners, listener)
	f.running.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil { // closed
				return
			}
			f.running.Go(func() { f.carry(conn, to, dial) })
		}
	})
	return nil
}

// forward makes all nodes reachable at their addresses on loopback, before they start: so that nobody else takes the ports.
func (n *Network) forward(p *plan, nodes []nodePlan) error {
	n.forwarder = newForwarder()
	for _, node := range nodes {
		for _, at := range []string{node.Address, node.Admin, node.Operations} {
			if at == "" {
				continue
			}
			if err := n.forwarder.forward(node.Name, at, node.inner(at), p.dialer(node.Name)); err != nil {
				return err
			}
		}
	}
	return nil
}

// carry copies both directions of a connection until both have ended, or the forwarder has.
func (f *forwarder) carry(conn net.Conn, to string, dial client.Dialer) {
	defer conn.Close()
	inside, err := dial(f.life, to)
	if err != nil { // who has called sees the end
		return
	}
	defer inside.Close()
	defer context.AfterFunc(f.life, func() {
		conn.Close()
		inside.Close()
	})()
	var copying sync.WaitGroup
	for _, way := range [][2]net.Conn{{conn, inside}, {inside, conn}} {
		copying.Go(func() {
			_, _ = io.Copy(way[1], way[0]) // as above
			if half, ok := way[1].(*net.TCPConn); ok {
				_ = half.CloseWrite() // it may have gone
			}
		})
	}
	copying.Wait()
}

// close ends all connections.
func (f *forwarder) close() (err error) {
	if f == nil {
		return nil
	}
	f.stop()
	for _, l := range f.listeners {
		err = errors.Join(err, l.Close())
	}
	f.running.Wait()
	return err
}
