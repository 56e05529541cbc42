package workloads

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"math/big"
	"syscall"
	"testing"
	"time"

	"meterbench/bench/result"
)

// BenchmarkTransaction shows what a transaction costs the client before it is
// submitted, as CPU time of the process, garbage collection included. Rounds
// of transactions and of bare P-256 signatures alternate, so that their ratio,
// signatures/op, stands on a busy machine too.
func BenchmarkTransaction(b *testing.B) {
	f := fleet(b, "plain", 100, 24)
	key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), big.NewInt(12345).FillBytes(make([]byte, 32)))
	if err != nil {
		b.Fatal(err)
	}
	digest := make([]byte, 32)
	for _, config := range []Config{
		{Options: Options{kind: result.Plain}, Fleet: f},
		{Options: Options{kind: result.Padded, Scheme: "ddh", Bits: 2048}, Fleet: f},
		{Options: Options{kind: result.Encrypted, Scheme: "ddh", Bits: 2048, Encryption: Encryption{Mode: result.EncryptBank, Bank: 4}}, Fleet: f},
	} {
		r := workload(b, config)
		if _, err := r.Prepare(b.Context(), 0, nil); err != nil {
			b.Fatal(err)
		}
		b.Run(string(config.kind), func(b *testing.B) {
			var transactions, signatures time.Duration
			const round = 200
			for done := 0; done < b.N; done += round {
				start := cpu(b)
				for i := range round {
					if _, err := r.Transaction(b.Context(), uint64(done+i)); err != nil {
						b.Fatal(err)
					}
				}
				middle := cpu(b)
				for range round {
					if _, err := key.Sign(nil, digest, crypto.SHA256); err != nil {
						b.Fatal(err)
					}
				}
				transactions, signatures = transactions+middle-start, signatures+cpu(b)-middle
			}
			rounded := float64((b.N + round - 1) / round * round)
			b.ReportMetric(0, "ns/op") // of both together: says nothing
			b.ReportMetric(float64(transactions.Nanoseconds())/rounded, "cpu-ns/op")
			b.ReportMetric(float64(transactions)/float64(signatures), "signatures/op")
		})
	}
}

// cpu returns the CPU time that the process has used.
func cpu(b *testing.B) time.Duration {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}
