package chaincode

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"testing"

	"github.com/hyperledger/fabric-chaincode-go/v2/shim"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"

	"meterbench/simulators/pki"
)

// changing has the wire form of a registration of m9, a rotation and a revocation of m1 in the world of newKeyWorld, by function.
func changing(t testing.TB, w *keyWorld) map[string][]byte {
	fresh := newSigner(t, pki.P256, "fresh")
	return map[string][]byte{
		pki.FnRegister: keys(t, registers(t, "m9", operator, at(1), fresh)),
		pki.FnRotate:   rotates(t, "m1", 1, at(30), w.signers["m1"][0], fresh),
		pki.FnRevoke:   revokes(t, "m1", 1, pki.KeyCompromise, at(7)),
	}
}

// Every bit of a registration and of a rotation counts, be it for the form or by a signature: changed, it is refused and changes nothing.
func TestMutatedKeys(t *testing.T) {
	for _, function := range []string{pki.FnRegister, pki.FnRotate} { // a revocation carries no signature but the sender's
		w := newKeyWorld(t)
		wire := changing(t, w)[function]
		for i := range wire {
			mutated := bytes.Clone(wire)
			mutated[i] ^= 1 << (i % 8)
			r := w.call(t, function, mutated)
			if r.GetStatus() < 400 || r.GetStatus() > 499 || len(w.writes) != 0 {
				t.Errorf("%s with byte %d changed: %d, %q, %d states written", function, i, r.GetStatus(), r.GetMessage(), len(w.writes))
			}
		}
		w.accepts(t, function, wire)
	}
}

// FuzzChangeKeys holds the contract to its promise on any bytes: what it accepts is what the owner sent, and all else is refused and writes nothing.
func FuzzChangeKeys(f *testing.F) {
	w := newKeyWorld(f)
	good := changing(f, w)
	functions := []string{pki.FnRegister, pki.FnRotate, pki.FnRevoke}
	for i, function := range functions {
		f.Add(uint8(i), good[function])
		f.Add(uint8(i), good[function][:20])
	}
	f.Fuzz(func(t *testing.T, which uint8, b []byte) {
		function := functions[int(which)%len(functions)]
		r := w.call(t, function, b)
		if r.GetStatus() != shim.OK {
			if r.GetStatus() < 400 || r.GetStatus() > 499 || len(w.writes)+len(w.restricted) != 0 {
				t.Fatalf("status %d (%s) with %d states written", r.GetStatus(), r.GetMessage(), len(w.writes))
			}
			return
		}
		w = newKeyWorld(t)
		if function == pki.FnRevoke {
			return // any well-formed one of the current key is the owner's will
		}
		if text := []byte("base64:" + base64.StdEncoding.EncodeToString(good[function])); !bytes.Equal(b, good[function]) && !bytes.Equal(b, text) {
			t.Fatalf("accepted %x", b)
		}
	})
}

// FuzzVerify holds that of all arguments only those that say what a meter's key signed are taken.
func FuzzVerify(f *testing.F) {
	w := newKeyWorld(f)
	known := map[string]bool{}
	for _, signer := range []struct {
		meter string
		key   *pki.Signer
	}{{"m1", w.signers["m1"][0]}, {"m2", w.signers["m2"][1]}, {"m3", w.signers["m3"][0]}} {
		for _, when := range []string{"", unix(at(2)), unix(at(15))} {
			args := asked(f, signer.meter, signer.key, "reading", when)
			f.Add(args[0], args[1], args[2], args[3])
			known[fmt.Sprintf("%s %s %s", args[0], bytes.ToLower(args[1]), args[2])] = true
		}
	}
	f.Fuzz(func(t *testing.T, meter, digest, signature, when []byte) {
		r := w.call(t, pki.FnVerify, meter, digest, signature, when)
		accepted := r.GetStatus() == shim.OK
		if !accepted && (r.GetStatus() < 400 || r.GetStatus() > 499) || len(w.writes) != 0 {
			t.Fatalf("status %d (%s), %d states written", r.GetStatus(), r.GetMessage(), len(w.writes))
		}
		if accepted && !known[fmt.Sprintf("%s %s %s", meter, bytes.ToLower(digest), signature)] {
			t.Fatalf("accepted %s, %s, %s", meter, digest, signature)
		}
	})
}

// FuzzParseEntry holds that a state that is read is written as it was.
func FuzzParseEntry(f *testing.F) {
	w := newKeyWorld(f)
	for _, meter := range []string{"m1", "m2", "m3"} {
		f.Add(w.state[entryKey(meter)])
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		e, err := parseEntry(b)
		if err != nil {
			return
		}
		if again := e.marshal(); !bytes.Equal(again, b) {
			t.Errorf("written as %x", again)
		}
	})
}

// FuzzCheckSignature holds that the published shape survives whatever it has stored as a key.
func FuzzCheckSignature(f *testing.F) {
	signer := newSigner(f, pki.P256, "published")
	signature, err := signer.Sign(pki.Digest(pki.P256, []byte("42")))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(signer.Public()), "42", base64.StdEncoding.EncodeToString(signature))
	f.Fuzz(func(t *testing.T, key, text, signature string) {
		s, c := newStub(operator), Blockmeter{}
		expect(t, s.invoke(t, c, pki.FnRegisterMeter, []byte("1"), []byte(key)), 200, "")
		r := s.invoke(t, c, pki.FnCheckSignature, []byte("1"), []byte(text), []byte(signature))
		if r.GetStatus() != shim.OK && (r.GetStatus() < 400 || r.GetStatus() > 499) {
			t.Fatalf("status %d, %s", r.GetStatus(), r.GetMessage())
		}
	})
}

// BenchmarkRegister is the time that a batch of keys takes in the contract, and the size of the call and of the states per key.
func BenchmarkRegister(b *testing.B) {
	for _, algorithm := range pki.Algorithms() {
		for _, n := range []int{1, pki.MaxBatch} {
			b.Run(fmt.Sprintf("%s/keys=%d", algorithm, n), func(b *testing.B) {
				var list []pki.Registration
				for i := range n {
					list = append(list, registers(b, fmt.Sprintf("meter-%07d", i), operator, at(1), newSigner(b, algorithm, fmt.Sprint(i))))
				}
				wire := keys(b, list...)
				var s *stub
				for b.Loop() {
					s = newStub(operator)
					if r := s.invoke(b, &PKI{Operator: operator}, pki.FnRegister, wire); r.GetStatus() != shim.OK {
						b.Fatal(r.GetMessage())
					}
				}
				state := 0
				for key, value := range s.state {
					state += len(key) + len(value) + len(s.policies[key])
				}
				b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*n), "us/key")
				b.ReportMetric(float64(len(wire))/float64(n), "argument-B/key")
				b.ReportMetric(float64(state)/float64(n), "state-B/key")
			})
		}
	}
}

// BenchmarkVerify is the time of one verification in the contract, beside that of the signature alone.
func BenchmarkVerify(b *testing.B) {
	w := newKeyWorld(b)
	for algorithm, meter := range map[pki.Algorithm]string{pki.P256: "m1", pki.Ed25519ph: "m3"} {
		signer := w.signers[meter][0]
		args := asked(b, meter, signer, "reading", unix(at(2)))
		b.Run(string(algorithm)+"/contract", func(b *testing.B) {
			var r *peer.Response
			for b.Loop() {
				r = w.call(b, pki.FnVerify, args...)
			}
			expect(b, r, 200, "")
		})
		digest := pki.Digest(algorithm, []byte("reading"))
		signature, err := signer.Sign(digest)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(string(algorithm)+"/signature", func(b *testing.B) {
			key := signer.Key()
			for b.Loop() {
				if err := key.Verify(digest, signature); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
