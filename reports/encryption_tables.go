package reports

import "meterbench/bench/result"

// costTable is what each operation costs.
func (e encryption) costTable() Table {
	t := Table{ID: "encryption-costs", Title: "Costs by scheme, key size and length", Columns: []Column{
		{Key: "scheme", Title: "scheme"},
		{Key: "bits", Title: "bits", Unit: Count},
		{Key: "security_bits", Title: "security bits", Unit: Count, Rank: 1},
		{Key: "length", Title: "values", Unit: Count},
		{Key: "bound", Title: "bound", Unit: Count, CSVOnly: true},
		{Key: "encrypt_p50_s", Title: "encrypt", Unit: Seconds},
		{Key: "encrypt_p50_s_interval", Title: "95 % interval", Unit: Seconds, Interval: true},
		{Key: "keygen_p50_s", Title: "key generation", Unit: Seconds, Rank: 2},
		{Key: "keygen_p50_s_interval", Title: "key generation 95 % interval", Unit: Seconds, Interval: true, CSVOnly: true},
		{Key: "derive_p50_s", Title: "derive key", Unit: Seconds, Rank: 3},
		{Key: "derive_p50_s_interval", Title: "derive key 95 % interval", Unit: Seconds, Interval: true, CSVOnly: true},
		{Key: "decrypt_p50_s", Title: "decrypt", Unit: Seconds},
		{Key: "decrypt_p50_s_interval", Title: "decrypt 95 % interval", Unit: Seconds, Interval: true, CSVOnly: true},
		{Key: "ciphertext_bytes", Title: "ciphertext", Unit: Bytes},
	}}
	for _, c := range e.costs {
		security := Cell{Why: "no published assessment of this parameter set"}
		if c.SecurityBits != nil {
			security = count(*c.SecurityBits)
		}
		t.Rows = append(t.Rows, []Cell{text(c.Scheme), count(c.Bits), security, count(c.Length), number(float64(c.Bound)),
			number(c.Encrypt.P50), costInterval(c.Encrypt), number(c.Keygen.P50), costInterval(c.Keygen),
			number(c.Derive.P50), costInterval(c.Derive), number(c.Decrypt.P50), costInterval(c.Decrypt), count(c.Bytes)})
	}
	t.Notes = []string{"Medians of single operations with nothing else running; intervals by order statistics."}
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

// inlineTable is what encryption took inside the measured transactions.
func (e encryption) inlineTable() Table {
	t := Table{ID: "encryption-inline", Title: "Encryption inside the transaction", Detail: true, Columns: append(levelColumns(e.all),
		Column{Key: "encrypt_mean_s", Title: "encrypt mean", Unit: Seconds},
		Column{Key: "commit_mean_s", Title: "commit mean", Unit: Seconds},
		Column{Key: "encrypt_share", Title: "share of the commit latency", Unit: Share})}
	eachPoint(e.all, func(s series, l level, p result.Point) {
		encrypt, encrypted := encryptMean(p)
		commit, committed := phaseMean(result.PhaseCommit)(p)
		if encrypted && committed && commit > 0 {
			t.Rows = append(t.Rows, append(levelCells(e.all, s, p), number(encrypt), number(commit), number(encrypt/commit)))
		}
	})
	t.Notes = []string{"Only load levels that encrypted in the timed path. Clients that encrypt at the same time share the cores with the network."}
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
