package workloads

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"meterbench/bench/result"
)

func TestPrepareReportsAndStops(t *testing.T) {
	config := Config{Options: Options{kind: result.Encrypted, Scheme: "ddh", Bits: 1024, Encryption: Encryption{Mode: result.EncryptBank, Bank: 40}}, Fleet: fleet(t, "a", 3, 1)}
	r := workload(t, config)
	var calls []int
	preparation, err := r.Prepare(t.Context(), 0, func(done, total int) {
		if total != 40 {
			t.Errorf("total %d", total)
		}
		calls = append(calls, done)
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(calls) != 40 || !slices.IsSorted(calls) || calls[39] != 40 {
		t.Errorf("progress %v", calls)
	}
	cost := preparation.Encrypt
	equal(t, "samples", cost.N, 40)
	if cost.P50 <= 0 || preparation.Total < cost.P50 {
		t.Errorf("one ciphertext took %g s, all of them %g s", cost.P50, preparation.Total)
	}
	if cost.Low == nil || *cost.Low > cost.P50 || *cost.High < cost.P50 {
		t.Errorf("the median %g s is not in its interval", cost.P50)
	}

	ctx, stop := context.WithCancelCause(t.Context())
	reason := errors.New("a reason")
	r = workload(t, config)
	_, err = r.Prepare(ctx, 0, func(done, total int) {
		if done == 3 {
			stop(reason)
		}
	})
	if !errors.Is(err, reason) || r.ready != nil {
		t.Errorf("error %v with %d ciphertexts ready", err, len(r.ready))
	}

	// A meter of a group encrypts each of its readings once.
	group := workload(t, Config{Options: Options{kind: result.Encrypted, Scheme: "dmcfe", Bits: 256, Length: 2, Encryption: Encryption{Mode: result.EncryptAhead}}, Fleet: fleet(t, "g", 2, 1)})
	if _, _, err := group.sensors.Payload(1, 1, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := group.Prepare(t.Context(), 4, nil); err == nil || !strings.Contains(err.Error(), "reading 1 of meter g-000001: fe: encrypt: label 1 is used") {
		t.Errorf("error %v", err)
	}
	if _, err := group.Transaction(t.Context(), 0); err == nil {
		t.Error("a transaction without ciphertexts")
	}

	config.Encryption.Mode = result.EncryptAhead
	for n, want := range map[int]string{0: "use an open load, or a bank", 1 << 30: "do not fit"} {
		if _, err := workload(t, config).Prepare(t.Context(), n, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("n %d: error %v; want %q", n, err, want)
		}
	}
}
