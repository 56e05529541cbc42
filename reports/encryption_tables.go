package reports

import (
	"fmt"
	"slices"

	"meterbench/bench/result"
)

// costTable is what each operation costs.
func (e encryption) costTable() Table {
	t := Table{ID: "encryption-costs", Title: "Costs by scheme, key size and length", Columns: []Column{
		{Key: "scheme", Title: "scheme"},
		{Key: "bits", Title: "bits", Unit: Count},
		{Key: "security_bits", Title: "security bits", Unit: Count, Rank: 1},
		{Key: "length", Title: "values", Unit: Count},
		{Key: "bound", Title: "bound", Unit: Count, CSVOnly: len(e.bounds) < 2},
		{Key: "encrypt_p50_s", Title: "encrypt", Unit: Seconds},
		{Key: "encrypt_p50_s_interval", Title: "95 % interval", Unit: Seconds, Interval: true},
		{Key: "keygen_p50_s", Title: "key generation", Unit: Seconds, Rank: 3},
		{Key: "keygen_p50_s_interval", Title: "key generation 95 % interval", Unit: Seconds, Interval: true, CSVOnly: true},
		{Key: "derive_p50_s", Title: "derive key", Unit: Seconds, Rank: 4},
		{Key: "derive_p50_s_interval", Title: "derive key 95 % interval", Unit: Seconds, Interval: true, CSVOnly: true},
		{Key: "decrypt_p50_s", Title: "decrypt", Unit: Seconds},
		{Key: "decrypt_p50_s_interval", Title: "decrypt 95 % interval", Unit: Seconds, Interval: true, CSVOnly: true},
		{Key: "ciphertext_bytes", Title: "ciphertext", Unit: Bytes},
		{Key: "on_ledger_bytes", Title: "on the ledger", Unit: Bytes, Rank: 2},
		{Key: "public_key_bytes", Title: "public key", Unit: Bytes, Rank: 5},
		{Key: "ciphertext_values", Title: "values in a ciphertext", Unit: Count, CSVOnly: true},
		{Key: "table_bytes", Title: "table", Unit: Bytes, CSVOnly: true},
		{Key: "table_s", Title: "table computed or read in", Unit: Seconds, CSVOnly: true},
		{Key: "table_from", Title: "table from", CSVOnly: true},
		{Key: "modulus_s", Title: "modulus found in", Unit: Seconds, CSVOnly: true},
	}}
	for _, c := range e.costs {
		t.Rows = append(t.Rows, []Cell{text(c.Scheme), count(c.Bits), strength(c), count(c.Length), number(float64(c.Bound)),
			number(c.Encrypt.P50), costInterval(c.Encrypt), number(c.Keygen.P50), costInterval(c.Keygen),
			number(c.Derive.P50), costInterval(c.Derive), number(c.Decrypt.P50), costInterval(c.Decrypt),
			count(c.Bytes), known(c, float64(c.OnLedger), whyTooLarge), known(c, float64(c.PublicKey), whyOld),
			count(values(c)), known(c, float64(c.TableBytes), whyNoTable), known(c, c.Table, whyNoTable), tableFrom(c), known(c, c.Modulus, whyNoModulus)})
	}
	t.Notes = []string{"Medians of single operations with nothing else running; intervals by order statistics."}
	if i := slices.IndexFunc(e.costs, single); i >= 0 {
		t.Notes = append(t.Notes, fmt.Sprintf("%s: a group of as many meters as values. Key generation, the share of a key and encryption are one meter's, of one value; decryption adds up a value of each.", e.costs[i].Scheme))
	}
	return t
}

// Why a cell is empty.
const (
	whyOld       = "not measured by the version that stored the run"
	whyNoTable   = "the scheme searches no discrete logarithm"
	whyNoModulus = "the group is a standard one"
	whyTooLarge  = "a reading cannot hold the ciphertext"
)

func strength(c result.FECost) Cell {
	if c.SecurityBits == nil {
		return Cell{Why: "no published assessment of this parameter set"}
	}
	return count(*c.SecurityBits)
}

func values(c result.FECost) int {
	if single(c) {
		return 1
	}
	return c.Length
}

// known is a number of a cost, or the reason why it is zero. Costs stored by
// older versions tell no group, nor any of these numbers.
func known(c result.FECost, v float64, zero string) Cell {
	switch {
	case v > 0:
		return number(v)
	case c.Group == "":
		return Cell{Why: whyOld}
	}
	return Cell{Why: zero}
}

// tableFrom is where a table of discrete logarithms comes from, or why that is not
// known.
func tableFrom(c result.FECost) Cell {
	switch {
	case c.TableFrom != "":
		return text(c.TableFrom)
	case c.TableBytes > 0 || c.Group == "":
		return Cell{Why: whyOld}
	}
	return Cell{Why: whyNoTable}
}

// schemeTable is what each scheme is at each of its sizes, and what is made
// once for all its keys.
func (e encryption) schemeTable() Table {
	t := Table{ID: "encryption-schemes", Title: "Schemes and their groups", Detail: true, Columns: []Column{
		{Key: "scheme", Title: "scheme"},
		{Key: "bits", Title: "bits", Unit: Count},
		{Key: "group", Title: "group"},
		{Key: "security_bits", Title: "security bits", Unit: Count},
		{Key: "security_source", Title: "source"},
		{Key: "table_bytes", Title: "table of logarithms", Unit: Bytes},
		{Key: "table_s", Title: "computed or read in", Unit: Seconds},
		{Key: "table_from", Title: "from"},
		{Key: "modulus_s", Title: "modulus found in", Unit: Seconds},
	}}
	for i, c := range e.costs {
		if slices.ContainsFunc(e.costs[:i], func(before result.FECost) bool { return before.Scheme == c.Scheme && before.Bits == c.Bits }) {
			continue
		}
		t.Rows = append(t.Rows, []Cell{text(c.Scheme), count(c.Bits), text(c.Group), strength(c), text(c.SecuritySource),
			known(c, float64(c.TableBytes), whyNoTable), known(c, c.Table, whyNoTable), tableFrom(c), known(c, c.Modulus, whyNoModulus)})
	}
	t.Notes = []string{"Tables of discrete logarithms are kept between runs, so that one is read where it was made before. A modulus is searched once for each authority."}
	return t
}

func costInterval(c result.Cost) Cell {
	if p := costPoint(c); p.Interval != nil {
		return Cell{Interval: p.Interval}
	}
	return Cell{Why: whyMedian}
}

// ratioTable is the data of ratioFigure.
func (e encryption) ratioTable() Table {
	t := Table{ID: "encryption-against-transaction", Title: "Encryption time against transaction time", Detail: true, Columns: []Column{
		{Key: "scheme", Title: "scheme"},
		{Key: "bits", Title: "bits", Unit: Count},
		{Key: "length", Title: "values", Unit: Count},
		{Key: "encrypt_p50_s", Title: "encrypt p50", Unit: Seconds},
		{Key: "encrypt_over_commit", Title: "encrypt / commit p50", Unit: Times},
		{Key: "encrypt_over_acknowledge", Title: "encrypt / acknowledgement p50", Unit: Times},
	}}
	if e.against == nil {
		return t
	}
	t.Notes = e.against.notes()
	ratio := func(v float64, to *float64) Cell {
		if to == nil {
			return Cell{Why: whyQuantile}
		}
		return number(v / *to)
	}
	for _, c := range e.costs {
		t.Rows = append(t.Rows, []Cell{text(c.Scheme), count(c.Bits), count(c.Length), number(c.Encrypt.P50),
			ratio(c.Encrypt.P50, e.against.commit), ratio(c.Encrypt.P50, e.against.acknowledge)})
	}
	return t
}

// insideTables are what encryption took inside the measured readings, and
// evaluation inside the measured bills.
func (e encryption) insideTables() []Table {
	readings := e.insideTable("encryption-inline", "Encryption inside the transaction", "encrypt", encrypts)
	readings.Notes = []string{"Only load levels that encrypted in the timed path. Clients that encrypt at the same time share the cores with the network."}
	if !slices.ContainsFunc(e.all, bills) {
		return []Table{readings}
	}
	return []Table{readings, e.insideTable("evaluation-inside", "Evaluation inside the bill", "evaluate", bills)}
}

func (e encryption) insideTable(id, title, what string, of func(series) bool) Table {
	t := Table{ID: id, Title: title, Detail: true, Columns: append(levelColumns(e.all),
		Column{Key: what + "_mean_s", Title: what + " mean", Unit: Seconds},
		Column{Key: "commit_mean_s", Title: "commit mean", Unit: Seconds},
		Column{Key: what + "_share", Title: "share of the commit latency", Unit: Share})}
	eachPoint(e.all, func(s series, l level, p result.Point) {
		encrypt, encrypted := encryptMean(p)
		commit, committed := phaseMean(result.PartCommit)(p)
		if of(s) && encrypted && committed && commit > 0 {
			t.Rows = append(t.Rows, append(levelCells(e.all, s, p), number(encrypt), number(commit), number(encrypt/commit)))
		}
	})
	return t
}

// preparationTable is what was made before the load.
func preparationTable(run result.Run, all []series) Table {
	t := Table{ID: "preparation", Title: "Made before the load", Detail: true, Columns: []Column{
		{Key: "series", Title: "series"},
		{Key: "ciphertexts", Title: "ciphertexts", Unit: Count},
		{Key: "encrypt_p50_s", Title: "encrypt each, p50", Unit: Seconds},
		{Key: "encrypt_p50_s_interval", Title: "95 % interval", Unit: Seconds, Interval: true},
		{Key: "total_s", Title: "all together", Unit: Seconds},
	}}
	for _, s := range all {
		p, made := run.Preparation[s.name]
		if !made {
			continue
		}
		t.Rows = append(t.Rows, []Cell{text(s.name), count(p.Ciphertexts), number(p.Encrypt.P50), costInterval(p.Encrypt), number(p.Total)})
	}
	return t
}
