package chaincode

import (
	"bytes"
	"crypto/elliptic"
	"encoding/asn1"
	"flag"
	"maps"
	"math/big"
	"math/rand/v2"
	"strings"
	"testing"

	"meterbench/internal/refusal"
	"meterbench/simulators/reading"
)

var mutations = flag.Int("mutations", 20_000, "mutated readings and bills that the contract is given")

// A message is what the contract takes once and in one form only.
type message struct {
	function string
	wire     []byte
}

// TestMutations gives the contract mutated readings and bills. It must take
// none: whatever differs from what was signed is refused, without a panic and
// without the peer being blamed, and writes nothing.
func TestMutations(t *testing.T) {
	c, s := billable(t)
	delete(s.state, reading.MeterKey("m2")) // which takes whatever is unsigned
	var honest []message
	for n := uint64(5); n < 8; n++ {
		honest = append(honest,
			message{reading.FnPut, signed(t, ciphertext(t, n), meterKey(t, 3))},
			message{reading.FnPut, signed(t, timed(plain("m4", n), n), meterKey(t, 4))},
			message{reading.FnPut, signed(t, plain("m1", n), meterKey(t, 1))},
			message{reading.FnPutBill, signedBill(t, honestBill(t, s, n-5), 8)})
	}
	for _, m := range honest {
		before := maps.Clone(s.state)
		expect(t, s.invoke(t, c, m.function, m.wire), 200, "") // it is the mutation that is refused
		s.state = before
	}
	random := rand.New(rand.NewPCG(4, 20))
	codes := map[string]int{}
	for range *mutations {
		m := honest[random.IntN(len(honest))]
		wire := mutate(random, m, honest[random.IntN(len(honest))])
		if bytes.Equal(wire, m.wire) {
			continue
		}
		r := s.invoke(t, c, m.function, wire)
		if r.GetStatus() < 400 || r.GetStatus() > 499 || len(s.writes) != 0 {
			if equalsAny(honest, m.function, wire) {
				for key := range s.writes { // an honest message after all
					delete(s.state, key)
				}
				continue
			}
			t.Fatalf("%s of %x, made from %x: status %d, %q, %d writes", m.function, wire, m.wire, r.GetStatus(), r.GetMessage(), len(s.writes))
		}
		code, _, _ := strings.Cut(r.GetMessage(), ":")
		codes[code]++
	}
	for _, code := range []refusal.Code{
		reading.CodeMalformed, reading.CodeForm, reading.CodeParameters, reading.CodeTime, reading.CodeSignature,
		reading.CodeBillMalformed, reading.CodeNotApproved, reading.CodeBillSignature, reading.CodeMeterUnknown,
	} {
		if codes[code.Name] == 0 {
			t.Errorf("no mutation was refused as %s", code)
		}
	}
	t.Logf("%d mutations, refused as %v", *mutations, codes)
}

func honestBill(t testing.TB, s *stub, from uint64) reading.Bill { return honest(t, s, from, from+2) }

func equalsAny(honest []message, function string, wire []byte) bool {
	for _, m := range honest {
		if m.function == function && bytes.Equal(m.wire, wire) {
			return true
		}
	}
	return false
}

// mutate returns a changed copy of a message. One in sixteen has nothing changed
// but the signature, to the other one that fits.
func mutate(random *rand.Rand, m, other message) []byte {
	wire := bytes.Clone(m.wire)
	if random.IntN(16) == 0 {
		return negated(m)
	}
	for range 1 + random.IntN(3) {
		at := random.IntN(len(wire))
		if random.IntN(2) == 0 { // in the front and the back, where the short fields are
			at = min(len(wire)-1, random.IntN(40))
			if random.IntN(2) == 0 {
				at = len(wire) - 1 - min(len(wire)-1, random.IntN(90))
			}
		}
		switch random.IntN(7) {
		case 0, 1, 2:
			wire[at] ^= 1 << random.IntN(8)
		case 3:
			wire[at] = byte(random.Uint32())
		case 4:
			wire[at] = [4]byte{0, 1, 0x7f, 0xff}[random.IntN(4)]
		case 5:
			if n := min(len(wire), len(other.wire)); at < n { // the end of another message
				copy(wire[at:], other.wire[len(other.wire)-(len(wire)-at)%len(other.wire):])
			}
		case 6:
			if wire = append(wire[:at], wire[min(len(wire), at+1):]...); len(wire) == 0 {
				return wire
			}
		}
	}
	return wire
}

// negated returns a message with (r, n-s) in place of its signature (r, s).
func negated(m message) []byte {
	other := func(signature []byte) []byte {
		var pair struct{ R, S *big.Int }
		if _, err := asn1.Unmarshal(signature, &pair); err != nil {
			return nil
		}
		pair.S.Sub(elliptic.P256().Params().N, pair.S)
		b, _ := asn1.Marshal(pair)
		return b
	}
	if m.function == reading.FnPutBill {
		b, _ := reading.UnmarshalBill(m.wire)
		b.Signature = other(b.Signature)
		wire, _ := b.Marshal()
		return wire
	}
	r, _ := reading.Unmarshal(m.wire)
	r.Signature = other(r.Signature)
	wire, _ := r.Marshal()
	return wire
}

// TestOtherSignature holds that the signature that fits as well is refused as
// one that does not verify.
func TestOtherSignature(t *testing.T) {
	c, s := billable(t)
	for _, m := range []struct {
		message
		code refusal.Code
	}{
		{message{reading.FnPut, signed(t, plain("m1", 5), meterKey(t, 1))}, reading.CodeSignature},
		{message{reading.FnPutBill, signedBill(t, honestBill(t, s, 0), 8)}, reading.CodeBillSignature},
	} {
		expect(t, s.invoke(t, c, m.function, negated(m.message)), 403, m.code.Name)
		expect(t, s.invoke(t, c, m.function, m.wire), 200, "")
	}
}

// FuzzPutBill holds the contract to its promise on any bytes: a stored bill is
// signed by its meter's gateway and belongs to an approved function and to the
// readings on the ledger.
func FuzzPutBill(f *testing.F) {
	c, s := billable(f)
	good := signedBill(f, honest(f, s, 1, 4), 8)
	f.Add(good)
	f.Add(good[:40])
	f.Add(signedBill(f, honest(f, s, 0, 1), 9))
	f.Fuzz(func(t *testing.T, b []byte) {
		r := s.invoke(t, c, reading.FnPutBill, b)
		if r.GetStatus() != 200 {
			if r.GetStatus() < 400 || r.GetStatus() > 499 || len(s.writes) != 0 {
				t.Fatalf("status %d (%s) with %d writes", r.GetStatus(), r.GetMessage(), len(s.writes))
			}
			return
		}
		bill, err := reading.UnmarshalBill(b)
		if err != nil {
			t.Fatalf("stored what is no bill: %v", err)
		}
		key := reading.BillKey(bill.Meter, bill.From, bill.To, bill.Function)
		billedKey := reading.BilledKey(bill.Meter, bill.Function)
		if bill.Verify(&meterKey(t, 8).PublicKey) != nil || len(s.writes) != 2 || !bytes.Equal(s.writes[key], b) || len(s.writes[billedKey]) != 16 {
			t.Fatalf("stored a bill of meter %s, readings %d to %d, under %d keys", bill.Meter, bill.From, bill.To, len(s.writes))
		}
		delete(s.state, key)
		delete(s.state, billedKey) // the next one starts from the same state
	})
}

// FuzzOperator gives the operator's functions any bytes: they are refused or
// stored, and the contract stays well.
func FuzzOperator(f *testing.F) {
	c, s := deployed(f)
	function, _ := tariff(f, "sealed", true)
	f.Add(uint8(0), reading.MarshalList([][]byte{publicKey1024(f)}))
	f.Add(uint8(1), functions(f, function))
	f.Add(uint8(2), gateway(f, "gw3", 7))
	f.Add(uint8(3), batch(f, encrypting(f, "m6", 6)))
	names := []string{reading.FnSetParameters, reading.FnApprove, reading.FnRegisterGateway, reading.FnRegister}
	f.Fuzz(func(t *testing.T, which uint8, b []byte) {
		before := maps.Clone(s.state)
		r := s.invoke(t, c, names[int(which)%len(names)], b)
		s.state = before
		if status := r.GetStatus(); status != 200 && (status < 400 || status > 499) {
			t.Fatalf("status %d (%s)", status, r.GetMessage())
		}
		if r.GetStatus() != 200 && len(s.writes) != 0 {
			t.Fatalf("refused (%s) with %d writes", r.GetMessage(), len(s.writes))
		}
	})
}
