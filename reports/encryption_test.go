package reports

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"meterbench/bench/result"
)

// fiveSchemes are made-up costs of every scheme, at the sizes that it has.
func fiveSchemes(lengths []int, bounds []int64) []result.FECost {
	var costs []result.FECost
	strengths := map[int]int{256: 128, 1024: 80, 2048: 112, 3072: 128}
	for i, scheme := range []string{"ddh", "damgard", "ecddh", "paillier", "dmcfe"} {
		sizes := []int{3072, 2048, 1024}
		if scheme == "ecddh" || scheme == "dmcfe" {
			sizes = []int{256}
		}
		for _, bits := range sizes {
			strength := strengths[bits]
			for _, length := range lengths {
				for _, bound := range bounds {
					c := result.FECost{
						Scheme: scheme, Bits: bits, Length: length, Values: length, Bound: bound, SecurityBits: &strength, Group: "group", SecuritySource: "source",
						Encrypt: result.Cost{P50: float64(bits*length*(i+1)) * 1e-6, N: 6}, Decrypt: result.Cost{P50: float64(bound) * 1e-6, N: 6},
						Bytes: bits * length / 8, OnLedger: bits*length/8 + 108, PublicKey: 100, TableBytes: 1 << 23, Table: 2, TableFrom: result.TableRead,
					}
					switch scheme {
					case "dmcfe":
						c.Values, c.SecurityBits = 1, nil
					case "paillier":
						c.TableBytes, c.Table, c.TableFrom, c.Modulus = 0, 0, "", 9
					}
					costs = append(costs, c)
				}
			}
		}
	}
	return costs
}

func series5(f Figure) []string {
	var all []string
	for _, s := range f.Series {
		var xs []float64
		for _, p := range s.Points {
			xs = append(xs, p.X)
		}
		all = append(all, fmt.Sprint(s.Name, " hue ", s.Hue, " variant ", s.Variant, " ", xs))
	}
	return all
}

func TestCostFiguresOfFiveSchemes(t *testing.T) {
	r := FE(fiveSchemes([]int{96, 1, 24}, []int64{10000, 100}))
	day := []string{
		"ddh, 24 values hue 0 variant 0 [1024 2048 3072]",
		"damgard, 24 values hue 1 variant 0 [1024 2048 3072]",
		"ecddh, 24 values hue 2 variant 0 [256]",
		"paillier, 24 values hue 3 variant 0 [1024 2048 3072]",
		"dmcfe, 1 value of each of 24 hue 4 variant 0 [256]",
	}
	// One size of each: the smallest with 112 bits of security, or the largest.
	along := func(xs string) []string {
		return []string{"ddh, 2048 bits hue 0 variant 0 " + xs, "damgard, 2048 bits hue 1 variant 0 " + xs, "ecddh, 256 bits hue 2 variant 0 " + xs,
			"paillier, 2048 bits hue 3 variant 0 " + xs, "dmcfe, 256 bits hue 4 variant 0 " + xs}
	}
	for _, want := range []struct {
		id    string
		lines []string
	}{
		{"encryption-time", day}, {"decryption-time", day}, {"ciphertext-size", day},
		{"encryption-time-length", along("[1 24 96]")}, {"ciphertext-size-length", along("[1 24 96]")},
		{"decryption-time-bound", along("[100 10000]")},
	} {
		f := figure(t, r, want.id)
		if got := series5(f); !slices.Equal(got, want.lines) {
			t.Errorf("%s draws\n%s\nwant\n%s", want.id, strings.Join(got, "\n"), strings.Join(want.lines, "\n"))
		}
		if !f.X.Log || !f.Y.Log {
			t.Errorf("%s is not logarithmic both ways", want.id)
		}
		notes := strings.Join(f.Notes, " ")
		for _, part := range []string{"256 bits on a curve", "dmcfe encrypts single values"} {
			if !strings.Contains(notes, part) {
				t.Errorf("%s does not say %q: %s", want.id, part, notes)
			}
		}
	}
	if n := len(r.Figures()); n != 6 {
		t.Errorf("%d figures", n)
	}
}

// Few lines show every length; what is not measured has no figure.
func TestCostFiguresOfOneScheme(t *testing.T) {
	costs := slices.DeleteFunc(fiveSchemes([]int{1, 24}, []int64{100}), func(c result.FECost) bool { return c.Scheme != "paillier" })
	r := FE(costs)
	want := []string{"paillier, 1 value hue 0 variant 0 [1024 2048 3072]", "paillier, 24 values hue 0 variant 1 [1024 2048 3072]"}
	f := figure(t, r, "encryption-time")
	if got := series5(f); !slices.Equal(got, want) || len(f.Notes) != 0 {
		t.Errorf("drawn are %q with notes %q", got, f.Notes)
	}
	for _, f := range r.Figures() {
		if f.ID == "decryption-time-bound" {
			t.Error("one bound has a figure by bound")
		}
	}
}

func TestCostTables(t *testing.T) {
	r := FE(fiveSchemes([]int{1, 24}, []int64{100, 10000}))
	costs, schemes := r.Tables()[0], r.Tables()[1]
	if costs.ID != "encryption-costs" || len(costs.Rows) != 11*4 {
		t.Fatalf("%s of %d rows", costs.ID, len(costs.Rows))
	}
	if schemes.ID != "encryption-schemes" || len(schemes.Rows) != 11 {
		t.Fatalf("%s of %d rows", schemes.ID, len(schemes.Rows))
	}
	at := func(table Table, row int, key string) Cell {
		t.Helper()
		i := slices.IndexFunc(table.Columns, func(c Column) bool { return c.Key == key })
		if i < 0 {
			t.Fatalf("no column %s in %s", key, table.ID)
		}
		return table.Rows[row][i]
	}
	last := len(costs.Rows) - 1 // dmcfe of 24 meters
	for key, want := range map[string]float64{"bits": 256, "length": 24, "ciphertext_values": 1, "on_ledger_bytes": 876, "public_key_bytes": 100, "table_s": 2} {
		same(t, key+" of "+at(costs, last, "scheme").Text, number(want), at(costs, last, key))
	}
	same(t, "a strength that nobody assessed", Cell{Why: "no published assessment of this parameter set"}, at(costs, last, "security_bits"))
	if i := slices.IndexFunc(costs.Columns, func(c Column) bool { return c.Key == "bound" }); costs.Columns[i].CSVOnly {
		t.Error("several bounds are not told apart")
	}
	const paillier = 7
	same(t, "scheme", text("paillier"), at(schemes, paillier, "scheme"))
	same(t, "size of no table", Cell{Why: whyNoTable}, at(schemes, paillier, "table_bytes"))
	same(t, "where no table comes from", Cell{Why: whyNoTable}, at(schemes, paillier, "table_from"))
	same(t, "where the table of dmcfe comes from", text(result.TableRead), at(costs, last, "table_from"))
	same(t, "the search for a modulus", number(9), at(schemes, paillier, "modulus_s"))
}
