package chaincode

import (
	"fmt"
	"maps"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"meterbench/simulators/reading"
)

// Ranges hold exactly the readings that were added, in the shortest form, and know every overlap; their wire form is the
// same again.
func TestBilled(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var b billed
		taken := map[uint64]bool{}
		for range rapid.IntRange(0, 30).Draw(t, "bills") {
			from := rapid.Uint64Range(0, 40).Draw(t, "from")
			to := from + rapid.Uint64Range(1, 6).Draw(t, "length")
			overlaps, first := false, uint64(0)
			for n := from; n < to && !overlaps; n++ {
				overlaps, first = taken[n], n
			}
			got, found := b.overlap(from, to)
			if found != overlaps || found && got.from != first {
				t.Fatalf("%v and %d to %d: overlap %v, %t; want %d, %t", b, from, to, got, found, first, overlaps)
			}
			if overlaps {
				continue
			}
			before := fmt.Sprint(b)
			next := b.with(from, to)
			if fmt.Sprint(b) != before {
				t.Fatalf("adding to %s changed it to %v", before, b)
			}
			b = next
			for n := from; n < to; n++ {
				taken[n] = true
			}
		}
		held := map[uint64]bool{}
		for i, r := range b {
			if r.from >= r.to || i > 0 && r.from <= b[i-1].to {
				t.Fatalf("%v are not ranges apart in order", b)
			}
			for n := r.from; n < r.to; n++ {
				held[n] = true
			}
		}
		if d := cmp.Diff(taken, held); d != "" {
			t.Fatal(d)
		}
		again, err := parseBilled(b.marshal())
		if err != nil || fmt.Sprint(again) != fmt.Sprint(b) {
			t.Fatalf("%v came back as %v, %v", b, again, err)
		}
	})
	if got := (billed{{5, math.MaxUint64}}).with(2, 5); fmt.Sprint(got) != fmt.Sprint(billed{{2, math.MaxUint64}}) {
		t.Errorf("at the end of all numbers: %v", got)
	}
	if _, err := parseBilled(make([]byte, 17)); err == nil {
		t.Error("17 bytes were parsed")
	}
}

// No reading is billed twice by a function: of all bills over readings 0 to 4 those are taken that share none with one
// before, in whatever order they come.
func TestOverlappingBills(t *testing.T) {
	type span struct{ From, To uint64 }
	for _, c := range []struct {
		name  string
		first span
		codes map[span]string // of the second bill; others are taken
	}{
		{"in the middle", span{2, 4}, map[span]string{
			{0, 3}: "BILL_OVERLAP", {0, 4}: "BILL_OVERLAP", {0, 5}: "BILL_OVERLAP", {1, 3}: "BILL_OVERLAP", {1, 4}: "BILL_OVERLAP", {1, 5}: "BILL_OVERLAP",
			{2, 3}: "BILL_OVERLAP", {2, 4}: "BILL_DUPLICATE", {2, 5}: "BILL_OVERLAP", {3, 4}: "BILL_OVERLAP", {3, 5}: "BILL_OVERLAP",
		}},
		{"the last", span{4, 5}, map[span]string{
			{0, 5}: "BILL_OVERLAP", {1, 5}: "BILL_OVERLAP", {2, 5}: "BILL_OVERLAP", {3, 5}: "BILL_OVERLAP", {4, 5}: "BILL_DUPLICATE",
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			contract, s := billable(t)
			expect(t, s.invoke(t, contract, reading.FnPutBill, signedBill(t, honest(t, s, c.first.From, c.first.To), 8)), 200, "")
			for from := range uint64(5) {
				for to := from + 1; to <= 5; to++ {
					state := maps.Clone(s.state)
					r := s.invoke(t, contract, reading.FnPutBill, signedBill(t, honest(t, s, from, to), 8))
					if code, refused := c.codes[span{from, to}]; refused {
						expect(t, r, 409, code+": ")
					} else {
						expect(t, r, 200, "")
					}
					s.state = state
				}
			}
		})
	}
}

// Neighbouring bills are taken in any order and leave one range behind; bills of another function or meter do not count.
func TestNeighbouringBills(t *testing.T) {
	c, s := billable(t)
	other, another := tariff(t, "other", true)
	expect(t, s.invoke(t, c, reading.FnApprove, functions(t, other)), 200, "")
	for _, from := range []uint64{4, 0, 2, 3, 1} {
		expect(t, s.invoke(t, c, reading.FnPutBill, signedBill(t, honest(t, s, from, from+1), 8)), 200, "")
	}
	_, sealed := tariff(t, "sealed", true)
	if d := cmp.Diff((billed{{0, 5}}).marshal(), s.state[reading.BilledKey("m3", sealed)]); d != "" {
		t.Error(d)
	}
	again := honest(t, s, 1, 4)
	expect(t, s.invoke(t, c, reading.FnPutBill, signedBill(t, again, 8)), 409, "BILL_OVERLAP: ")
	again.Function = another
	expect(t, s.invoke(t, c, reading.FnPutBill, signedBill(t, again, 8)), 200, "")
}

// What is kept of a meter and a function is bounded: bills that leave ever more gaps are refused, those that fill one are not.
func TestScatteredBills(t *testing.T) {
	c, s := billable(t)
	var wires [][]byte
	for n := uint64(5); n < 2*maxBilled+3; n++ {
		wires = append(wires, signed(t, ciphertext(t, n), meterKey(t, 3)))
	}
	expect(t, s.invoke(t, c, reading.FnPutList, reading.MarshalList(wires)), 200, "")
	bill := func(n uint64) []byte { return signedBill(t, honest(t, s, n, n+1), 8) }
	for i := range uint64(maxBilled) {
		expect(t, s.invoke(t, c, reading.FnPutBill, bill(2*i)), 200, "")
	}
	expect(t, s.invoke(t, c, reading.FnPutBill, bill(2*maxBilled)), 409, "BILL_SCATTERED: ")
	expect(t, s.invoke(t, c, reading.FnPutBill, bill(1)), 200, "")
	expect(t, s.invoke(t, c, reading.FnPutBill, bill(2*maxBilled)), 200, "")
}
