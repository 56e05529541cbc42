// Package meter simulates a fleet of smart meters. Everything about a fleet follows from one seed: how much each
// household uses and when, the energy registers, the keys and the signatures.
//
// Data flow: Values returns the values that a meter measured for one of its readings, in constant time and without any
// history. Sensors encode them as a payload, plain, padded or encrypted, sign the reading that holds it and return it
// in wire form, in the load generator as in a device. Values depend on the seed, the meter's index and the metering
// interval, not on the prefix of the meter's id, so two fleets that differ in name only measure the same.
package meter

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"
	"strconv"
	"sync/atomic"
	"time"

	"meterbench/simulators/reading"
)

// MaxMeters is the greatest number of meters in a fleet.
const MaxMeters = 1_000_000

// MaxInterval is the longest metering interval.
const MaxInterval = 31 * 24 * time.Hour

// Config describes a fleet.
type Config struct {
	Seed     uint64
	Meters   int           // 1 to MaxMeters
	Prefix   string        // ids are <prefix>-<index in 6 digits>; as in reading.Reading, up to 57 bytes
	Channels []string      // that the meters sign readings for, index mod their number; none: for no channel
	Interval time.Duration // the time that one value covers: whole seconds, 1 s to MaxInterval
	Start    time.Time     // the meters start to measure then, from 1970 on; cut to whole seconds
	Length   int           // values per reading, 1 to reading.MaxValues
	// Bound is above every value, in Wh, and at least 2. If the largest household could reach it in one
	// interval, the consumption of the whole fleet is scaled down.
	Bound int64
}

func (c Config) check() error {
	switch {
	case c.Meters < 1 || c.Meters > MaxMeters:
		return fmt.Errorf("%d meters; want 1 to %d", c.Meters, MaxMeters)
	case c.Interval < time.Second || c.Interval > MaxInterval || c.Interval%time.Second != 0:
		return fmt.Errorf("metering interval of %v; want whole seconds from 1s to %v", c.Interval, MaxInterval)
	case c.Start.Unix() < 0 || c.Start.Unix() > reading.MaxTime:
		return fmt.Errorf("start at %v; want 1970 or later", c.Start)
	case c.Length < 1 || c.Length > reading.MaxValues:
		return fmt.Errorf("%d values per reading; want 1 to %d", c.Length, reading.MaxValues)
	case c.Bound < 2:
		return fmt.Errorf("bound of %d Wh; want at least 2", c.Bound)
	}
	for _, name := range c.Channels {
		if err := reading.CheckChannel(name); err != nil {
			return err
		}
	}
	if err := reading.CheckMeter(id(c.Prefix, c.Meters-1)); err != nil {
		return fmt.Errorf("prefix %q: %w", c.Prefix, err)
	}
	return nil
}

// Households use between least and most a year; small ones are more common. The range is this project's own choice.
const (
	leastYearly = 1_000_000 // Wh
	mostYearly  = 6_000_000 // Wh
)

// Purposes separate the numbers derived from the seed.
const (
	purposeSize = iota
	purposePhase
	purposeHabit
	purposeDay
	purposeInterval
)

// A Fleet is a number of simulated meters. Many goroutines may use it at once.
type Fleet struct {
	config   Config
	seconds  uint64 // metering interval
	sway     uint64 // ticks by which the noise may move the end of an interval, at most
	largest  uint64 // yearly energy of the largest household possible, in Wh
	smallest uint64 // yearly energy of the smallest
	limit    uint64
	curve    *curve
	year     uint64
	keys     []atomic.Pointer[meterKey]
}

// NewFleet checks the configuration and returns the fleet. Keys are derived on first use.
func NewFleet(config Config) (*Fleet, error) {
	if err := config.check(); err != nil {
		return nil, fmt.Errorf("fleet of meters: %w", err)
	}
	f := &Fleet{
		config: config, seconds: uint64(config.Interval / time.Second), curve: newCurve(),
		keys: make([]atomic.Pointer[meterKey], min(config.Meters, maxKeys)),
	}
	f.year = f.curve.year()
	f.sway = min(f.seconds*ticksPerSecond, ticksPerHour)
	f.largest, f.smallest = mostYearly, leastYearly
	// The most that the largest household can use in one interval.
	peak := f.wattHours(f.curve.most(f.seconds*ticksPerSecond+f.sway), mostYearly) + 1
	if bound := uint64(config.Bound); peak >= bound {
		f.largest = mostYearly * (bound - 2) / peak
		f.smallest = leastYearly * (bound - 2) / peak
	}
	// Phase and habit take up to an interval and an hour.
	start, reach := uint64(config.Start.Unix()), f.seconds+2*3600
	if start+reach < reading.MaxTime {
		f.limit = (reading.MaxTime - start - reach) / (f.seconds * uint64(config.Length))
	}
	if f.limit == 0 {
		return nil, errors.New("fleet of meters: start is too late for a single reading")
	}
	return f, nil
}

// Config returns the fleet's configuration.
func (f *Fleet) Config() Config { return f.config }

// Limit returns the number of readings that a meter can make before its time leaves the range of the wire
// form: 12 million even of a day each.
func (f *Fleet) Limit() uint64 { return f.limit }

// ID returns the id of a meter by its index, from 0.
func (f *Fleet) ID(meter int) string { return id(f.config.Prefix, meter) }

// Channel returns the name of the channel that a meter signs readings for, or "".
func (f *Fleet) Channel(meter int) string {
	if len(f.config.Channels) == 0 {
		return ""
	}
	return f.config.Channels[meter%len(f.config.Channels)]
}

func id(prefix string, meter int) string { return prefix + "-" + strconv.Itoa(MaxMeters + meter)[1:] }

// End returns the end of the last interval of a meter's reading: the fleet's start, plus the meter's phase of
// less than an interval, plus number+1 times the time that a reading covers.
func (f *Fleet) End(meter int, number uint64) time.Time {
	intervals := (number + 1) * uint64(f.config.Length)
	return time.Unix(int64(f.begin(meter)+intervals*f.seconds), 0).UTC()
}

// Registration returns a meter's registration with its key and schedule. The caller fills in the rest.
func (f *Fleet) Registration(meter int) (reading.Registration, error) {
	key, err := f.PublicKey(meter)
	if err != nil {
		return reading.Registration{}, err
	}
	return reading.Registration{
		Meter: f.ID(meter), Key: key,
		Begin: time.Unix(int64(f.begin(meter)), 0).UTC(), Span: f.config.Interval * time.Duration(f.config.Length),
	}, nil
}

// begin returns the time at which a meter starts to measure, in Unix seconds.
func (f *Fleet) begin(meter int) uint64 {
	return uint64(f.config.Start.Unix()) + f.derive(purposePhase, meter)%f.seconds
}

// Values returns the values that a meter measured for the reading of that number, below Limit. The register
// is the sum of the meter's values in this reading and all before it.
func (f *Fleet) Values(meter int, number uint64) reading.Values {
	h := f.household(meter)
	length := uint64(f.config.Length)
	values := reading.Values{Interval: f.config.Interval, Wh: make([]int64, length)}
	previous := h.register(number * length)
	for i := range length {
		next := h.register(number*length + i + 1)
		values.Wh[i] = int64(next - previous)
		previous = next
	}
	values.Register = previous - h.register(0)
	return values
}

// A household holds the characteristics of a meter's consumption.
type household struct {
	*Fleet
	begin  uint64 // in ticks, moved ahead by the household's habit of up to an hour
	yearly uint64 // energy of an average year in Wh
	days   uint64 // source of its noise from day to day
	noise  uint64 // source of its noise from interval to interval
}

func (f *Fleet) household(meter int) household {
	u := f.derive(purposeSize, meter) >> 32
	skewed := u * u >> 32 // the square of an even spread, in 1/2^32
	return household{
		Fleet:  f,
		begin:  f.begin(meter)*ticksPerSecond + f.derive(purposeHabit, meter)%ticksPerHour,
		yearly: f.smallest + (f.largest-f.smallest)*skewed>>32,
		days:   f.derive(purposeDay, meter),
		noise:  f.derive(purposeInterval, meter),
	}
}

// register returns the household's energy from 1970 to the end of its k-th interval, in whole Wh. The noise
// moves the ends of intervals, by up to an interval and an hour at most, on a curve that never falls. So
// every value is at least 0, the energies add up with any noise, and no history is needed.
func (h *household) register(k uint64) uint64 {
	sway, _ := bits.Mul64(hash(h.noise, k), h.sway)
	units := h.curve.energy(h.begin+k*h.seconds*ticksPerSecond+sway, h.days)
	return h.wattHours(units, h.yearly)
}

// wattHours converts units of a household's curve to Wh.
func (f *Fleet) wattHours(units, yearly uint64) uint64 {
	high, low := bits.Mul64(units, yearly)
	wh, _ := bits.Div64(high, low, f.year)
	return wh
}

// derive returns a number for a purpose and a meter from the fleet's seed.
func (f *Fleet) derive(purpose uint64, meter int) uint64 {
	return hash(hash(f.config.Seed, purpose), uint64(meter))
}

// maxKeys is the greatest number of keys kept at once.
const maxKeys = 1 << 14

type meterKey struct {
	meter   int
	private *ecdsa.PrivateKey
}

// key returns a meter's private key. Keys are derived on first use; the last one is kept in each slot. A meter's slot
// is its index modulo their number, so a fleet that fits never evicts and a larger one stays bounded.
func (f *Fleet) key(meter int) (*ecdsa.PrivateKey, error) {
	slot := &f.keys[meter%len(f.keys)]
	if k := slot.Load(); k != nil && k.meter == meter {
		return k.private, nil
	}
	private, err := DeriveKey(f.config.Seed, fmt.Sprintf("meterbench meter key %d", meter))
	if err != nil {
		return nil, fmt.Errorf("derive the key of meter %d: %w", meter, err)
	}
	slot.Store(&meterKey{meter, private})
	return private, nil
}

// DeriveKey derives a private key on P-256 from a seed: HKDF-SHA-256 (RFC 5869) of the seed, with the purpose
// and an attempt as info. It attempts again if a result is outside 1 to n-1, with a chance of 2^-32.
func DeriveKey(seed uint64, purpose string) (private *ecdsa.PrivateKey, err error) {
	secret := binary.BigEndian.AppendUint64(nil, seed)
	var raw []byte
	for attempt := range 8 {
		if raw, err = hkdf.Key(sha256.New, secret, nil, fmt.Sprintf("%s %d", purpose, attempt), 32); err != nil {
			return nil, err
		}
		if private, err = ecdsa.ParseRawPrivateKey(elliptic.P256(), raw); err == nil {
			return private, nil
		}
	}
	return nil, err
}

// PublicKey returns a meter's P-256 public key, SEC 1 compressed, 33 bytes.
func (f *Fleet) PublicKey(meter int) ([]byte, error) {
	private, err := f.key(meter)
	if err != nil {
		return nil, err
	}
	return reading.Compress(&private.PublicKey)
}

// Sign signs a reading as the meter of that index. The same reading gets the same signature.
func (f *Fleet) Sign(meter int, r *reading.Reading) error {
	private, err := f.key(meter)
	if err != nil {
		return err
	}
	return r.Sign(private)
}
