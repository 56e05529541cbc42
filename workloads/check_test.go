package workloads

import (
	"errors"
	"strings"
	"testing"

	"meterbench/bench/result"
	"meterbench/simulators/reading"
)

// submitAll puts a workload's set-up and its first transactions on a ledger.
func submitAll(t testing.TB, r *Readings, transactions uint64) *chain {
	t.Helper()
	c := newChain(r.config.Channels)
	for channel := range c.states {
		all, err := r.SetUp(channel)
		if err != nil {
			t.Fatal(err)
		}
		for _, tx := range all {
			c.commit(t, tx)
		}
	}
	if _, err := r.Prepare(t.Context(), int(transactions), nil); err != nil {
		t.Fatal(err)
	}
	for seq := range transactions {
		tx, err := r.Transaction(t.Context(), seq)
		if err != nil {
			t.Fatal(err)
		}
		c.commit(t, tx)
	}
	return c
}

func TestCheck(t *testing.T) {
	const k = 20
	for name, test := range map[string]struct {
		config Config
		length int
		want   int
	}{
		"plain":                  {Config{Options: Options{kind: result.Plain}}, 4, 0},
		"inline":                 {Config{Options: Options{kind: result.Encrypted, Scheme: "ddh", Bits: 1024, Encryption: Encryption{Mode: result.EncryptInline}}}, 4, k},
		"fast":                   {Config{Options: Options{kind: result.Encrypted, Scheme: "ecddh", Bits: 256, Encryption: Encryption{Mode: result.EncryptAhead}}}, 24, k},
		"bank":                   {Config{Options: Options{kind: result.Encrypted, Scheme: "ddh", Bits: 1024, Encryption: Encryption{Mode: result.EncryptBank, Bank: 5}}}, 4, k},
		"single values":          {Config{Options: Options{kind: result.Encrypted, Scheme: "ddh", Bits: 1024, Encryption: Encryption{Mode: result.EncryptInline}}}, 1, 0},
		"single values revealed": {Config{Options: Options{kind: result.Encrypted, Scheme: "ddh", Bits: 1024, Reveal: true, Encryption: Encryption{Mode: result.EncryptInline}}}, 1, k},
		"group of one":           {Config{Options: Options{kind: result.Encrypted, Scheme: "dmcfe", Bits: 256, Length: 1, Encryption: Encryption{Mode: result.EncryptInline}}}, 1, 0},
		"group of one revealed":  {Config{Options: Options{kind: result.Encrypted, Scheme: "dmcfe", Bits: 256, Length: 1, Reveal: true, Encryption: Encryption{Mode: result.EncryptInline}}}, 1, k},
		"groups too small":       {Config{Options: Options{kind: result.Encrypted, Scheme: "dmcfe", Bits: 256, Length: 3, Encryption: Encryption{Mode: result.EncryptInline}}}, 1, 0},
		"groups":                 {Config{Options: Options{kind: result.Encrypted, Scheme: "dmcfe", Bits: 256, Length: 6, Encryption: Encryption{Mode: result.EncryptInline}}}, 1, k},
	} {
		t.Run(name, func(t *testing.T) {
			config := test.config
			config.Fleet, config.Verify, config.Channels = fleet(t, "check", 12, test.length), true, 2
			r := workload(t, config)
			c := submitAll(t, r, 24)
			r.config.Ledger, r.config.Tables = c, smallTables(t)
			got, err := r.Check(t.Context(), k)
			if err != nil || got != test.want {
				t.Errorf("%d compared, %v; want %d", got, err, test.want)
			}
			if test.want == 0 {
				return
			}
			for _, state := range c.states { // every ciphertext under the next number
				for m := range 12 {
					id := config.Fleet.ID(m)
					if raw := state[reading.Key(id, 0)]; raw != nil {
						first, second := unmarshal(t, raw), unmarshal(t, state[reading.Key(id, 1)])
						first.Payload, second.Payload = second.Payload, first.Payload
						state[reading.Key(id, 0)], state[reading.Key(id, 1)] = marshal(t, first), marshal(t, second)
					}
				}
			}
			if _, err := r.Check(t.Context(), k); err == nil || !strings.Contains(err.Error(), "of meter check-0000") {
				t.Errorf("swapped ciphertexts: error %v", err)
			}
			c.fail = errors.New("peer is gone")
			if _, err := r.Check(t.Context(), k); !errors.Is(err, c.fail) {
				t.Errorf("error %v", err)
			}
			c.fail = nil
			clear(c.states[0])
			clear(c.states[1])
			if got, err := r.Check(t.Context(), k); err != nil || got != 0 {
				t.Errorf("%d compared of none, %v", got, err)
			}
		})
	}
}

// A sum of which a part is not on the ledger is passed over.
func TestCheckOfIncompleteGroups(t *testing.T) {
	r := workload(t, Config{Options: Options{kind: result.Encrypted, Scheme: "dmcfe", Bits: 256, Length: 4, Verify: true, Encryption: Encryption{Mode: result.EncryptInline}}, Fleet: fleet(t, "g", 8, 1)})
	c := submitAll(t, r, 7) // the eighth meter has nothing
	r.config.Ledger, r.config.Tables = c, smallTables(t)
	got, err := r.Check(t.Context(), 40)
	if err != nil || got == 0 || got > 35 {
		t.Errorf("%d of 40 compared, %v", got, err)
	}
	r.config.Tables = nil
	if _, err := r.Check(t.Context(), 1); err == nil || !strings.Contains(err.Error(), "need tables") {
		t.Errorf("error %v", err)
	}
}

// A group's meters live on one channel, where its parameters are.
func TestGroupsLiveOnOneChannel(t *testing.T) {
	r := workload(t, Config{Options: Options{kind: result.Encrypted, Scheme: "dmcfe", Bits: 256, Length: 3, Encryption: Encryption{Mode: result.EncryptInline}}, Fleet: fleet(t, "g", 12, 1), Channels: 2})
	g := r.cipher.(*groups)
	channel := map[int]int{}
	taken := map[[2]int]bool{}
	for m := range 12 {
		group, member := g.place(m)
		if known, ok := channel[group]; ok && known != m%2 {
			t.Errorf("group %d lives on two channels", group)
		}
		channel[group] = m % 2
		if taken[[2]int{group, member}] || member >= 3 {
			t.Errorf("meter %d is member %d of group %d, as another is", m, member, group)
		}
		taken[[2]int{group, member}] = true
	}
	if len(channel) != 4 || len(g.publics(0)) != 2 || len(g.publics(1)) != 2 {
		t.Errorf("%d groups", len(channel))
	}
}

func unmarshal(t testing.TB, raw []byte) reading.Reading {
	t.Helper()
	r, err := reading.Unmarshal(raw)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func marshal(t testing.TB, r reading.Reading) []byte {
	t.Helper()
	raw, err := r.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	return raw
}
