package explorer

import (
	"context"
	"fmt"

	"meterbench/bench/ledger"
	"meterbench/internal/printable"
	"meterbench/simulators/pki"
)

// readKeys reads meters' keys as the contract pki registers them. Each proves by itself that the meter holds it.
func readKeys(channel string, wire []byte) (all []document, err error) {
	list, err := pki.UnmarshalRegistrations(wire)
	for _, r := range list {
		d := document{meters: []string{r.Meter}}
		d.Kind, d.Title = "key", "Key of meter "+r.Meter
		var f fields
		f.add("meter", r.Meter)
		f.add("owner", r.Owner)
		f.time("counts from", r.From)
		key, wrong := pki.ParseKey(r.Key)
		if wrong != nil {
			d.Wrong = printable.Line(wrong.Error())
		} else {
			f.add("algorithm", string(key.Algorithm()))
		}
		f.pem("key", r.Key)
		d.Fields = f
		d.check = func(context.Context, registry) ledger.Check {
			if wrong != nil {
				return notChecked("there is no key to check the proof by")
			}
			return checkedBy("the key itself", r.CheckProof(channel, key))
		}
		all = append(all, d)
	}
	return all, err
}

func readRotation(channel string, wire []byte) (document, error) {
	r, err := pki.UnmarshalRotation(wire)
	if err != nil {
		return document{}, err
	}
	d := document{meters: []string{r.Meter}}
	d.Kind, d.Title = "key", fmt.Sprintf("Key %d of meter %s is replaced", r.Version, r.Meter)
	var f fields
	f.add("meter", r.Meter)
	f.add("version that is replaced", r.Version)
	f.time("counts from", r.From)
	next, wrong := pki.ParseKey(r.Key)
	if wrong != nil {
		d.Wrong = printable.Line(wrong.Error())
	} else {
		f.add("algorithm", string(next.Algorithm()))
	}
	f.pem("key", r.Key)
	d.Fields = f
	d.check = func(ctx context.Context, by registry) ledger.Check {
		if wrong != nil {
			return notChecked("there is no key to check the proof by")
		}
		entry, err := by.version(ctx, r.Meter, r.Version)
		if err != nil {
			return notChecked("the key before is not known: %v", err)
		}
		before, err := pki.ParseKey([]byte(entry.Key))
		if err != nil {
			return notChecked("the key before cannot be read: %v", err)
		}
		return checkedBy(fmt.Sprintf("key %d of meter %s, and the new one", r.Version, r.Meter), r.CheckProofs(channel, before, next))
	}
	return d, nil
}

func readRevocation(_ string, wire []byte) (document, error) {
	r, err := pki.UnmarshalRevocation(wire)
	if err != nil {
		return document{}, err
	}
	d := document{meters: []string{r.Meter}}
	d.Kind, d.Title = "key", fmt.Sprintf("Key %d of meter %s is revoked", r.Version, r.Meter)
	var f fields
	f.add("meter", r.Meter)
	f.add("version", r.Version)
	f.add("reason", r.Reason.String())
	f.time("counts no more from", r.Time)
	d.Fields = f
	return d, nil
}

// publishedKey is a key as the published contract takes it, whatever it is.
func publishedKey(meter, key []byte) document {
	d := document{meters: []string{string(meter)}}
	d.Kind, d.Title = "key", "Key of meter "+name(string(meter))
	var f fields
	f.text("meter", string(meter))
	f.pem("key", key)
	d.Fields = f
	return d
}
