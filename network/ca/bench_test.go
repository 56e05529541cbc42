package ca_test

import (
	"fmt"
	"testing"
	"time"

	"meterbench/internal/proc"
	"meterbench/network/ca"
	"meterbench/simulators/pki"
)

// BenchmarkVerify is what a verifier takes for a signature, beside the signature alone.
func BenchmarkVerify(b *testing.B) {
	a, err := ca.Start(b.Context(), ca.Config{Issuer: ca.InProcess})
	if err != nil {
		b.Fatal(err)
	}
	for _, algorithm := range pki.Algorithms() {
		signer, err := pki.NewSigner(1, algorithm, "meter")
		if err != nil {
			b.Fatal(err)
		}
		c, _, err := a.Enrol(b.Context(), "meter-"+string(algorithm), signer.Private())
		if err != nil {
			b.Fatal(err)
		}
		digest := pki.Digest(algorithm, []byte("reading"))
		signature, err := signer.Sign(digest)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(string(algorithm)+"/signature", func(b *testing.B) {
			for b.Loop() {
				if err := signer.Key().Verify(digest, signature); err != nil {
					b.Fatal(err)
				}
			}
		})
		for _, check := range []ca.Check{ca.CheckNone, ca.CheckCRL, ca.CheckOCSP} {
			b.Run(string(algorithm)+"/chain, check "+string(check), func(b *testing.B) {
				v := &ca.Verifier{Roots: a.Roots(), Check: check, MaxAge: time.Hour}
				list, _, err1 := a.CRL(b.Context())
				status, _, err2 := a.Status(b.Context(), c)
				for _, err := range []error{err1, err2, v.Add(c), v.SetCRL(list), v.SetStatus(c, status)} {
					if err != nil {
						b.Fatal(err)
					}
				}
				for b.Loop() {
					if err := v.Verify(c.Meter, digest, signature, time.Time{}); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// BenchmarkOperations is what each operation takes, by time, by the processors of the authority's processes, and on the wire.
func BenchmarkOperations(b *testing.B) {
	for _, c := range []ca.Config{{Issuer: ca.InProcess}, {Issuer: ca.FabricCA}} {
		b.Run(string(c.Issuer), func(b *testing.B) {
			if c.Issuer == ca.FabricCA {
				c.Server = server(b)
			}
			a, err := ca.Start(b.Context(), c)
			if err != nil {
				b.Fatal(err)
			}
			b.Cleanup(func() { a.Close() })
			operations(b, a)
		})
	}
}

func operations(b *testing.B, a *ca.Authority) {
	key, err := pki.NewSigner(1, pki.P256, "meter")
	if err != nil {
		b.Fatal(err)
	}
	meters := 0
	enrol := func() (ca.Certificate, ca.Traffic, error) {
		meters++
		return a.Enrol(b.Context(), fmt.Sprint("meter-", meters), key.Private())
	}
	measured := func(name string, do func() (ca.Traffic, error)) {
		b.Run(name, func(b *testing.B) {
			var all ca.Traffic
			before := cpu(b, a)
			n := 0
			for b.Loop() {
				t, err := do()
				if err != nil {
					b.Fatal(err)
				}
				all, n = all.Add(t), n+1
			}
			b.ReportMetric((cpu(b, a)-before)/float64(n)*1e3, "server-ms/op")
			b.ReportMetric(float64(all.Calls)/float64(n), "calls/op")
			b.ReportMetric(float64(all.Sent)/float64(n), "sent-B/op")
			b.ReportMetric(float64(all.Received)/float64(n), "received-B/op")
		})
	}
	c, _, err := enrol()
	if err != nil {
		b.Fatal(err)
	}
	b.Logf("a certificate has %d bytes", len(c.Leaf.Raw))
	measured("enrol", func() (ca.Traffic, error) { _, t, err := enrol(); return t, err })
	measured("renew", func() (ca.Traffic, error) {
		_, t, err := a.Renew(b.Context(), ca.Identity{Certificate: c, Key: key.Private()}, key.Private())
		return t, err
	})
	measured("status", func() (ca.Traffic, error) { _, t, err := a.Status(b.Context(), c); return t, err })
	measured("crl", func() (ca.Traffic, error) { _, t, err := a.CRL(b.Context()); return t, err })
	measured("enrol and revoke", func() (ca.Traffic, error) {
		c, t, err := enrol()
		if err != nil {
			return t, err
		}
		more, err := a.Revoke(b.Context(), c.Leaf.SerialNumber, pki.Superseded)
		return t.Add(more), err
	})
}

// cpu returns the processor time of the authority's processes in seconds, of this one where there are none.
func cpu(b *testing.B, a *ca.Authority) (seconds float64) {
	b.Helper()
	nodes := a.Nodes()
	if len(nodes) == 0 {
		self, err := proc.Self()
		if err != nil {
			b.Fatal(err)
		}
		return self.CPU
	}
	for _, n := range nodes {
		used, err := proc.Process(n.PID)
		if err != nil {
			b.Fatal(err)
		}
		seconds += used.CPU
	}
	return seconds
}
