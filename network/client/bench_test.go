package client

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"meterbench/bench"
	"meterbench/bench/result"
)

// fakeEnv makes the test binary serve a fake peer instead of running tests:
// the benchmarks need it in a process of its own, so that the CPU time of this
// one is the client's alone.
const fakeEnv = "METERBENCH_TEST_FAKE_PEER"

// handshake is what the fake peer's process prints once it listens.
type handshake struct {
	Address   string
	Cert, Key []byte
}

// ServeFakePeer serves a fake peer until the process that asked for it in the
// environment is gone. It returns false when nobody did.
func ServeFakePeer() bool {
	if os.Getenv(fakeEnv) == "" {
		return false
	}
	c, err := newCertificate()
	if err != nil {
		panic(err)
	}
	f := newFakePeer()
	f.trusting, f.batch, f.timeout = true, 100, 50*time.Millisecond
	address, _, err := f.serve(c)
	if err != nil {
		panic(err)
	}
	if err := json.NewEncoder(os.Stdout).Encode(handshake{Address: address, Cert: c.cert, Key: c.key}); err != nil {
		panic(err)
	}
	io.Copy(io.Discard, os.Stdin) // ends with the parent
	return true
}

func remoteClient(b *testing.B) *Client {
	b.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), fakeEnv+"=1")
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		stdin.Close()
		cmd.Wait() // its work is done
	})
	line, err := bufio.NewReader(stdout).ReadBytes('\n')
	if err != nil {
		b.Fatal(err)
	}
	var h handshake
	if err := json.Unmarshal(line, &h); err != nil {
		b.Fatal(err)
	}
	client, err := Dial(b.Context(), configFor(h.Address, certificate{cert: h.Cert, key: h.Key}))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { client.Close() })
	return client
}

func cpuTime(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// signTime returns the CPU time of one P-256 signature on this machine now.
func signTime(b *testing.B, s *signer) time.Duration {
	const n = 2000
	message := make([]byte, 32)
	start := cpuTime(b)
	for range n {
		if _, err := s.signDigest(message); err != nil {
			b.Fatal(err)
		}
	}
	return (cpuTime(b) - start) / n
}

// BenchmarkSubmit runs closed loops of several sizes against a peer in another
// process and reports the client's CPU time per committed transaction, also in
// P-256 signatures. Two of these are the client's own, three with a commit-status
// call; a meter's comes on top.
func BenchmarkSubmit(b *testing.B) {
	for _, of := range result.Drivers() {
		for _, clients := range []int{1, 8, 128} {
			b.Run(fmt.Sprintf("driver=%s/clients=%d", of, clients), func(b *testing.B) { benchmarkSubmit(b, of, clients) })
		}
	}
}

func benchmarkSubmit(b *testing.B, of result.Driver, clients int) {
	client := remoteClient(b)
	signature := signTime(b, client.peers[0].signer)
	reading := bytes.Repeat([]byte{7}, 340) // as large as a reading of 24 values, signature included
	var left atomic.Int64
	left.Store(int64(b.N))
	b.ReportAllocs()
	b.ResetTimer()
	runtime.GC()
	cpu := cpuTime(b)
	var group sync.WaitGroup
	for range clients {
		group.Go(func() {
			for left.Add(-1) >= 0 {
				if _, err := client.Submit(b.Context(), bench.Transaction{Function: "PutReading", Args: [][]byte{reading}, Driver: of}); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	group.Wait()
	perTransaction := float64(cpuTime(b)-cpu) / float64(b.N)
	b.ReportMetric(perTransaction, "cpu-ns/op")
	b.ReportMetric(perTransaction/float64(signature), "signatures/op")
}

// BenchmarkSign is one P-256 signature, the unit in which the client's cost is
// judged.
func BenchmarkSign(b *testing.B) {
	c, err := newCertificate()
	if err != nil {
		b.Fatal(err)
	}
	s, err := newSigner(Identity{MSP: "PtbMSP", CertPEM: c.cert, KeyPEM: c.key})
	if err != nil {
		b.Fatal(err)
	}
	message := make([]byte, 4096)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.sign(message); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkPropose is a proposal with its signature.
func BenchmarkPropose(b *testing.B) {
	c, err := newCertificate()
	if err != nil {
		b.Fatal(err)
	}
	s, err := newSigner(Identity{MSP: "PtbMSP", CertPEM: c.cert, KeyPEM: c.key})
	if err != nil {
		b.Fatal(err)
	}
	args := [][]byte{make([]byte, 340)}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.propose(call{channel: "metrology", chaincode: "readings", function: "PutReading", args: args}); err != nil {
			b.Fatal(err)
		}
	}
}
