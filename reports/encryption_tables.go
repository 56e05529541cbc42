package reports

import (
	"fmt"
	"slices"

	"meterbench/bench/result"
	"meterbench/internal/group"
)

// costTable lists the cost of each operation.
func (e encryption) costTable() Table {
	// timed are the fields of an operation; only the main one shows its interval, programs read the others'.
	timed := func(key, title string, rank int, main bool, of func(result.FECost) result.Cost) []field[result.FECost] {
		around := Column{Key: key + "_p50_s_interval", Title: title + " 95 % interval", Unit: Seconds, Interval: true, CSVOnly: !main}
		if main {
			around.Title = "95 % interval"
		}
		return []field[result.FECost]{
			{Column{Key: key + "_p50_s", Title: title, Unit: Seconds, Rank: rank}, func(c result.FECost) Cell { return number(of(c).P50) }},
			{around, func(c result.FECost) Cell { return costInterval(of(c)) }},
		}
	}
	t := Table{ID: "encryption-costs", Title: "Costs by scheme, key size and length", Notes: notes("encryption-costs")}
	if i := slices.IndexFunc(e.costs, single); i >= 0 {
		t.Notes = append(t.Notes, e.costs[i].Scheme+": a group of as many meters as values. Key generation, key derivation and encryption "+
			"are those of one meter and one value; decryption adds up one value of each meter.")
	}
	return tabulate(t, e.costs, slices.Concat([]field[result.FECost]{
		schemeField, bitsField,
		{Column{Key: "security_bits", Title: "security bits", Unit: Count, Rank: 1}, strength},
		lengthField,
		{Column{Key: "bound", Title: "bound", Unit: Count, CSVOnly: len(e.bounds) < 2}, func(c result.FECost) Cell { return number(float64(c.Bound)) }},
	},
		timed("encrypt", "encrypt", 0, true, func(c result.FECost) result.Cost { return c.Encrypt }),
		timed("keygen", "key generation", 3, false, func(c result.FECost) result.Cost { return c.Keygen }),
		timed("derive", "derive key", 4, false, func(c result.FECost) result.Cost { return c.Derive }),
		timed("decrypt", "decrypt", 0, false, func(c result.FECost) result.Cost { return c.Decrypt }),
		[]field[result.FECost]{
			{Column{Key: "ciphertext_bytes", Title: "ciphertext", Unit: Bytes}, func(c result.FECost) Cell { return count(c.Bytes) }},
			{Column{Key: "on_ledger_bytes", Title: "on the ledger", Unit: Bytes, Rank: 2}, func(c result.FECost) Cell { return costCell(c, c.OnLedger, whyTooLarge) }},
			{Column{Key: "public_key_bytes", Title: "public key", Unit: Bytes, Rank: 5}, func(c result.FECost) Cell { return costCell(c, c.PublicKey, whyOld) }},
			{Column{Key: "ciphertext_values", Title: "values in a ciphertext", Unit: Count, CSVOnly: true}, func(c result.FECost) Cell { return count(values(c)) }},
			{Column{Key: "table_bytes", Title: "table", Unit: Bytes, CSVOnly: true}, tableBytes},
			{Column{Key: "table_s", Title: "table computed or read in", Unit: Seconds, CSVOnly: true}, tableTime},
			{Column{Key: "table_from", Title: "table from", CSVOnly: true}, tableFrom},
			{Column{Key: "modulus_s", Title: "modulus found in", Unit: Seconds, CSVOnly: true}, modulusTime},
		}))
}

// schemeTable describes each scheme at each of its sizes, and what is computed once for all keys.
func (e encryption) schemeTable() Table {
	var sizes []result.FECost
	for _, group := range group.By(e.costs, func(c result.FECost) string { return fmt.Sprint(c.Scheme, " ", c.Bits) }) {
		sizes = append(sizes, group[0])
	}
	t := Table{ID: "encryption-schemes", Title: "Schemes and their groups", Detail: true, Notes: notes("encryption-schemes")}
	return tabulate(t, sizes, []field[result.FECost]{
		schemeField, bitsField,
		{Column{Key: "group", Title: "group"}, func(c result.FECost) Cell { return text(c.Group) }},
		{Column{Key: "security_bits", Title: "security bits", Unit: Count}, strength},
		{Column{Key: "security_source", Title: "source"}, func(c result.FECost) Cell { return text(c.SecuritySource) }},
		{Column{Key: "table_bytes", Title: "table of logarithms", Unit: Bytes}, tableBytes},
		{Column{Key: "table_s", Title: "computed or read in", Unit: Seconds}, tableTime},
		{Column{Key: "table_from", Title: "from"}, tableFrom},
		{Column{Key: "modulus_s", Title: "modulus found in", Unit: Seconds}, modulusTime},
	})
}

// The columns that say which parameter set a row is about.
var (
	schemeField = field[result.FECost]{Column{Key: "scheme", Title: "scheme"}, func(c result.FECost) Cell { return text(c.Scheme) }}
	bitsField   = field[result.FECost]{Column{Key: "bits", Title: "bits", Unit: Count}, func(c result.FECost) Cell { return count(c.Bits) }}
	lengthField = field[result.FECost]{Column{Key: "length", Title: "values", Unit: Count}, func(c result.FECost) Cell { return count(c.Length) }}
)

// Why a cell is empty.
const (
	whyOld       = "not measured by the version that stored the run"
	whyNoTable   = "the scheme needs no discrete logarithm"
	whyNoModulus = "the group is a standard one"
	whyTooLarge  = "the ciphertext is too large for a reading"
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

// costCell is a number of a cost, or the reason why it is zero. Costs stored by older versions name no group and
// have none of these numbers.
func costCell[T int | int64 | float64](c result.FECost, v T, zero string) Cell {
	switch {
	case v > 0:
		return number(float64(v))
	case c.Group == "":
		return Cell{Why: whyOld}
	}
	return Cell{Why: zero}
}

func tableBytes(c result.FECost) Cell  { return costCell(c, c.TableBytes, whyNoTable) }
func tableTime(c result.FECost) Cell   { return costCell(c, c.Table, whyNoTable) }
func modulusTime(c result.FECost) Cell { return costCell(c, c.Modulus, whyNoModulus) }

// tableFrom names the source of a table of discrete logarithms, or why that is not known.
func tableFrom(c result.FECost) Cell {
	switch {
	case c.TableFrom != "":
		return text(c.TableFrom)
	case c.TableBytes > 0 || c.Group == "":
		return Cell{Why: whyOld}
	}
	return Cell{Why: whyNoTable}
}

func costInterval(c result.Cost) Cell { return interval(CostPoint(c).Interval, whyMedian) }

// ratioTable is the data of ratioFigure.
func (e encryption) ratioTable() Table {
	t := Table{ID: "encryption-against-transaction", Title: "Encryption time against transaction time", Detail: true}
	var costs []result.FECost
	if len(e.against.latencies) > 0 {
		costs, t.Notes = e.costs, e.against.notes()
	}
	over := func(part result.Part) func(result.FECost) Cell {
		return func(c result.FECost) Cell {
			for _, l := range e.against.latencies {
				if l.part == part {
					return number(c.Encrypt.P50 / l.value)
				}
			}
			return Cell{Why: whyQuantile}
		}
	}
	return tabulate(t, costs, []field[result.FECost]{
		schemeField, bitsField, lengthField,
		{Column{Key: "encrypt_p50_s", Title: "encrypt p50", Unit: Seconds}, func(c result.FECost) Cell { return number(c.Encrypt.P50) }},
		{Column{Key: "encrypt_over_commit", Title: "encrypt / commit p50", Unit: Times}, over(result.PartCommit)},
		{Column{Key: "encrypt_over_acknowledge", Title: "encrypt / acknowledgement p50", Unit: Times}, over(result.PartAcknowledge)},
	})
}

// insideTables show the time that encryption took inside the measured readings, and evaluation inside the measured
// bills.
func (e encryption) insideTables() []Table {
	readings := e.insideTable("encryption-inline", "Encryption inside the transaction", "encrypt", encrypts)
	readings.Notes = notes("encryption-inline")
	if !slices.ContainsFunc(e.all, bills) {
		return []Table{readings}
	}
	return []Table{readings, e.insideTable("evaluation-inside", "Evaluation inside the bill", "evaluate", bills)}
}

func (e encryption) insideTable(id, title, what string, of func(series) bool) Table {
	rows := rowsWhere(e.all, func(r pointRow) bool { _, ok := workShare(r.Point); return ok && of(r.of) })
	fields := append(levelFields(e.all), field[pointRow]{
		Column{Key: what + "_mean_s", Title: what + " mean", Unit: Seconds}, func(r pointRow) Cell { return optional(encryptMean(r.Point)) }})
	for _, whole := range wholes(e.all) {
		fields = append(fields, field[pointRow]{Column{Key: whole.String() + "_mean_s", Title: whole.String() + " mean", Unit: Seconds},
			func(r pointRow) Cell { return optional(meanOf(whole)(r.Point)) }})
	}
	return tabulate(Table{ID: id, Title: title, Detail: true}, rows, append(fields, field[pointRow]{
		Column{Key: what + "_share", Title: "share of the " + headlinesOf(e.all), Unit: Share}, func(r pointRow) Cell { return optional(workShare(r.Point)) }}))
}

// preparationTable lists what was encrypted before the load.
func preparationTable(run result.Run, all []series) Table {
	prepared := slices.DeleteFunc(slices.Clone(all), func(s series) bool { _, ok := run.Preparation[s.name]; return !ok })
	of := func(cell func(result.Preparation) Cell) func(series) Cell {
		return func(s series) Cell { return cell(run.Preparation[s.name]) }
	}
	return tabulate(Table{ID: "preparation", Title: "Prepared before the load", Detail: true}, prepared, []field[series]{
		{Column{Key: "series", Title: "series"}, func(s series) Cell { return text(s.name) }},
		{Column{Key: "ciphertexts", Title: "ciphertexts", Unit: Count}, of(func(p result.Preparation) Cell { return count(p.Ciphertexts) })},
		{Column{Key: "encrypt_p50_s", Title: "encrypt each, p50", Unit: Seconds}, of(func(p result.Preparation) Cell { return number(p.Encrypt.P50) })},
		{Column{Key: "encrypt_p50_s_interval", Title: "95 % interval", Unit: Seconds, Interval: true},
			of(func(p result.Preparation) Cell { return costInterval(p.Encrypt) })},
		{Column{Key: "total_s", Title: "total", Unit: Seconds}, of(func(p result.Preparation) Cell { return number(p.Total) })},
	})
}
