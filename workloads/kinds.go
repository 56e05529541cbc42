package workloads

import (
	"context"
	"iter"
	"reflect"
	"slices"
	"strconv"
	"time"

	"meterbench/bench"
	"meterbench/bench/arrival"
	"meterbench/bench/result"
	"meterbench/bench/scenario"
	"meterbench/internal/strictyaml"
	"meterbench/simulators/fe"
	"meterbench/simulators/gateway"
	"meterbench/simulators/meter"
	"meterbench/simulators/pki"
	"meterbench/simulators/reading"
)

// Kind is a row of the table of workload kinds.
type Kind struct {
	scenario.WorkloadKind
	Contract func(scenario.Workload) string // that its transactions call; empty: none
	// Most returns how many transactions a workload can make, or why it can make none. It makes no keys, so
	// that everything is refused before a network is brought up for it.
	Most func(Spec) (uint64, error)
	// New makes a workload, with its keys.
	New func(context.Context, Spec) (Workload, error)
}

// forms are the forms of readings that can be billed.
func forms() []result.Workload {
	return []result.Workload{result.Plain, result.Padded, result.Encrypted}
}

// Kinds returns the table of workload kinds.
func Kinds() []Kind {
	options := func(kind result.Workload) scenario.WorkloadKind {
		return scenario.WorkloadKind{Name: string(kind), Text: reflect.TypeFor[optionsText](), Decode: decodeOptions}
	}
	readings := func(scenario.Workload) string { return reading.ContractName }
	return []Kind{
		{options(result.Plain), readings, most, maker(NewReadings)},
		{options(result.Padded), readings, most, maker(NewReadings)},
		{options(result.Encrypted), readings, most, maker(NewReadings)},
		{options(result.Billing), readings, most, maker(NewBilling)},
		{scenario.WorkloadKind{Name: string(result.Invoke), Text: reflect.TypeFor[invocationText](), Decode: decodeInvocation},
			func(w scenario.Workload) string { return w.Options.(Invocation).Contract }, endless, newInvoke},
		{scenario.WorkloadKind{Name: string(result.PKI), Text: reflect.TypeFor[pkiText](), Decode: decodePKI},
			func(w scenario.Workload) string { return w.Options.(PKI).Contract }, mostKeys, newKeys},
		{scenario.WorkloadKind{Name: string(result.CA), Text: reflect.TypeFor[certificationText](), Decode: decodeCertification},
			func(scenario.Workload) string { return "" }, mostCertificates, newCertificates},
	}
}

// KindOf returns the row of a workload that was read.
func KindOf(w scenario.Workload) Kind {
	all := Kinds()
	return all[slices.IndexFunc(all, func(k Kind) bool { return k.Name == w.Kind })]
}

// Factors returns the table of factors over the options of workloads, in the order in which names of series carry them.
func Factors() []scenario.FactorKind {
	word := func(s string) string { return s }
	return []scenario.FactorKind{
		scenario.OptionFactor("form", func(form result.Workload) string { return string(form) },
			scenario.OneOf(forms()...), func(o Options) bool { return o.kind == result.Billing }, Options.reform),
		scenario.OptionFactor("scheme", word, scenario.OneOf(fe.Names()...), Options.keyed, Options.rescheme),
		scenario.OptionFactor("bits", strconv.Itoa, Schemes().CheckVaried,
			func(o Options) bool { return o.keyed() && len(fe.Name(o.Scheme).Sizes()) != 1 },
			func(o Options, bits int) Options {
				o.Bits = bits
				return o
			}),
		scenario.OptionFactor("length", strconv.Itoa,
			func(path string, n int) *strictyaml.Problem {
				return strictyaml.Between(path, n, 1, scenario.MaxLength)
			},
			func(Options) bool { return true },
			func(o Options, length int) Options {
				o.Length = length
				return o
			}),
		scenario.OptionFactor("encryption", Encryption.label, func(path string, e Encryption) *strictyaml.Problem { return e.check(path) },
			func(o Options) bool { return o.kind == result.Encrypted },
			func(o Options, e Encryption) Options {
				o.Encryption = e
				return o
			}),
		operationFactor(),
		scenario.OptionFactor("algorithm", func(a pki.Algorithm) string { return string(a) }, scenario.OneOf(pki.Algorithms()...),
			func(o PKI) bool { return !o.published() },
			func(o PKI, algorithm pki.Algorithm) PKI {
				o.Algorithm = algorithm
				return o
			}),
		issuerFactor(),
		keysFactor(),
		sizeFactor(),
	}
}

// Schemes returns the table of schemes as scenarios take it.
func Schemes() scenario.Schemes {
	var all scenario.Schemes
	for _, s := range fe.Schemes() {
		all = append(all, scenario.Scheme{Name: string(s.Name), Sizes: s.Name.Sizes(), Cost: func(bits, length int) scenario.Cost {
			return scenario.Cost(s.Cost(bits, length))
		}})
	}
	return all
}

// Spec describes a workload to make.
type Spec struct {
	Workload scenario.Workload
	Seed     uint64    // of meters, readings and keys
	Start    time.Time // when the meters begin to measure
	Prefix   string    // of its meters' ids: no other workload of the run has it
	First    uint64    // sequence number of its first transaction
	Series   string    // or the part of a mix, the same on every network: no other workload of the run has it
	Session  uint64    // of the run: those of one workload differ
	Trace    *arrival.Trace
	Rows     int      // of the trace that a load level follows; the next begins with the first again
	Channels []string // names of those over which meters are spread, index mod their number: at least one
	Device   Device   // makes readings and bills; nil: the load generator does
	Tables   *fe.Tables
	Duty     Duty // of this process, where others make parts of the load
	// Equipment is that of the workload in another process, which has set it up; nil: this one makes its keys, and sets it up.
	Equipment *Equipment
	// Owners are the MSP ids of those who use the contract for set-up, by channel: only they may own keys. nil: there is no
	// contract.
	Owners []string
	// CA returns the certification authority beside the ledger that has an issuer; nil: there is none.
	CA func(result.Issuer) CA
	// Query asks the workload's contract on a channel and changes nothing; nil where there is none.
	Query func(ctx context.Context, channel int, function string, args ...[]byte) ([]byte, error)
}

// A Workload makes the transactions of a series, or of a part of a mix.
type Workload interface {
	bench.Workload
	// SetUp returns the transactions that must be on the ledger of a channel before any other, each committed
	// before one of another function.
	SetUp(channel int) ([]bench.Transaction, error)
	// Prepare makes ciphertexts before the load, for the planned number of transactions where all are made ahead.
	Prepare(ctx context.Context, planned int, progress func(done, total int)) (result.Preparation, error)
	// Preload yields what is put on the ledger of a channel after SetUp and Prepare, in any order.
	Preload(ctx context.Context, channel int) iter.Seq2[bench.Transaction, error]
}

// NeedsCA returns the issuer whose certificates a workload is about; false where it is about none.
func NeedsCA(w scenario.Workload) (result.Issuer, bool) {
	o, ok := w.Options.(Certification)
	return o.Issuer, ok
}

// owner returns who owns keys on a channel.
func (s Spec) owner(channel int) string {
	if s.Owners == nil {
		return "SimulatedMSP"
	}
	return s.Owners[channel]
}

// A Prober is a Workload that can ask whether its contract takes its transactions.
type Prober interface {
	// Probe is called once all that the workload needs is on the ledger. try has a peer run a transaction, which changes
	// nothing there.
	Probe(ctx context.Context, try func(context.Context, bench.Transaction) error) error
}

// A Caller is a Workload that calls functions by the names that a user gave.
type Caller interface {
	// Calls returns one call of each place at which a function is named.
	Calls() []Call
}

// A Call is that of a function of the workload's contract.
type Call struct {
	At       string // where it is named, below the workload
	Function string
	Args     [][]byte
}

// A Metered is a Workload of meters, of which its contract counts what they have stored.
type Metered interface {
	Checked
	Reporter
	// Preloaded returns how many items of those that its contract counts Preload stores.
	Preloaded() uint64
	// Meters returns the fleet whose items its contract counts.
	Meters() *meter.Fleet
}

// config returns the configuration of readings or bills that a workload sends.
func (s Spec) config() (Config, error) {
	o := s.Workload.Options.(Options)
	fleet, err := meter.NewFleet(meter.Config{
		Seed: s.Seed, Meters: s.Workload.Meters, Prefix: s.Prefix, Interval: o.Interval, Start: s.Start, Length: o.values(), Bound: o.Bound,
		Channels: s.Channels,
	})
	c := Config{
		Options: o, Fleet: fleet, First: s.First, Channels: len(s.Channels), Device: s.Device, Ledger: contractLedger{s}, Tables: s.Tables,
		Duty: s.Duty, Equipment: s.Equipment,
	}
	if s.Trace != nil {
		c.Source = newTraceSource(s.Trace, s.Rows, o.Interval)
	}
	return c, err
}

func most(s Spec) (uint64, error) {
	c, err := s.config()
	if err == nil {
		err = c.Validate()
	}
	if err != nil {
		return 0, err
	}
	return c.Most(), nil
}

// maker returns what makes a workload of a Spec, of what makes it of a Config.
func maker[W Workload](open func(context.Context, Config) (W, error)) func(context.Context, Spec) (Workload, error) {
	return func(ctx context.Context, s Spec) (Workload, error) {
		c, err := s.config()
		if err != nil {
			return nil, err
		}
		return open(ctx, c)
	}
}

// Preload implements Workload: nothing is on the ledger before.
func (r *Readings) Preload(context.Context, int) iter.Seq2[bench.Transaction, error] {
	return func(func(bench.Transaction, error) bool) {}
}

// Preloaded implements Workload.
func (r *Readings) Preloaded() uint64 { return 0 }

// Meters implements Workload.
func (r *Readings) Meters() *meter.Fleet { return r.config.Fleet }

// A Device plays sensors and gateways in a process of its own, which can be held to what they have of
// processor and memory. None of an authority's secrets goes there.
type Device interface {
	OpenSensors(ctx context.Context, fleet meter.Config, sensors meter.SensorsConfig) (meter.Maker, error)
	OpenGateway(ctx context.Context, config gateway.Config) (gateway.Biller, error)
}
