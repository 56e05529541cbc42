package explorer

import (
	"context"
	"encoding/hex"
	"fmt"

	"meterbench/bench/ledger"
	"meterbench/simulators/fe/codec"
	"meterbench/simulators/reading"
)

// readReading reads a reading, whose values are shown unless they are encrypted.
func readReading(channel string, wire []byte) (document, error) {
	r, err := reading.Unmarshal(wire)
	if err != nil {
		return document{}, err
	}
	d := document{meters: []string{r.Meter}}
	d.Kind, d.Title = "reading", fmt.Sprintf("Reading %d of meter %s", r.Number, r.Meter)
	var f fields
	f.add("meter", r.Meter)
	f.add("number", r.Number)
	f.time("time", r.Time)
	f.add("form", r.Kind.String())
	if r.Channel != channel {
		f.add("channel", r.Channel)
	}
	f.add("payload", len(r.Payload), "bytes")
	if r.Kind == reading.Encrypted {
		if h, err := codec.ReadHeader(r.Payload); err != nil {
			d.Wrong = err.Error()
		} else {
			f.ciphertext(h)
			if err := codec.Check(r.Payload); err != nil {
				d.Wrong = err.Error()
			}
		}
	} else if v, err := r.Values(); err != nil {
		d.Wrong = err.Error()
	} else {
		f.add("register", v.Register, "Wh")
		f.add("interval", v.Interval.Seconds(), "s")
		f.add("values", v.Wh, "Wh")
	}
	d.Fields = f
	d.check = func(ctx context.Context, by registry) ledger.Check {
		return by.signedByMeter(ctx, r.Meter, r.Verify)
	}
	return d, nil
}

// ciphertext adds what the header of a ciphertext says.
func (f *fields) ciphertext(h codec.Header) {
	f.add("scheme", string(h.Scheme))
	f.add("size", h.Bits, "bits")
	if h.Scheme.Single() {
		f.add("group", h.Length, "meters")
	} else {
		f.add("length", h.Length, "values")
	}
}

func readBill(_ string, wire []byte) (document, error) {
	b, err := reading.UnmarshalBill(wire)
	if err != nil {
		return document{}, err
	}
	d := document{meters: []string{b.Meter}}
	d.Kind, d.Title = "bill", fmt.Sprintf("Bill of meter %s, readings %d to %d", b.Meter, b.From, b.To-1)
	var f fields
	f.add("meter", b.Meter)
	f.add("gateway", b.Gateway)
	f.add("first reading", b.From)
	f.add("last reading", b.To-1)
	f.hash("function", b.Function)
	f.add("result", b.Result, "Wh × weights")
	f.hash("hash of the readings", b.Readings)
	d.Fields = f
	d.check = func(ctx context.Context, by registry) ledger.Check {
		return by.signedByGateway(ctx, b.Gateway, b.Verify)
	}
	return d, nil
}

// readRegistrations reads meters as the contract readings registers them.
func readRegistrations(_ string, wire []byte) (all []document, err error) {
	list, err := reading.UnmarshalRegistrations(wire)
	for _, r := range list {
		d := document{meters: []string{r.Meter}}
		d.Kind, d.Title = "registration", "Registration of meter "+r.Meter
		var f fields
		f.add("meter", r.Meter)
		f.add("key", hex.EncodeToString(r.Key))
		f.add("signatures are verified", r.Verify)
		f.text("gateway", r.Gateway)
		f.hash("parameters", r.Parameters)
		f.time("begin", r.Begin)
		if r.Span > 0 {
			f.add("span of a reading", r.Span.Seconds(), "s")
		}
		d.Fields = f
		all = append(all, d)
	}
	return all, err
}

func readGateway(_ string, wire []byte) (document, error) {
	g, err := reading.UnmarshalGateway(wire)
	if err != nil {
		return document{}, err
	}
	var f fields
	f.add("gateway", g.ID)
	f.add("key", hex.EncodeToString(g.Key))
	return document{Document: ledger.Document{Kind: "gateway", Title: "Registration of gateway " + g.ID, Fields: f}}, nil
}

func readParameters(_ string, wire []byte) (document, error) {
	p, err := codec.ReadPublic(wire)
	if err != nil {
		return document{}, err
	}
	var f fields
	f.hash("id", reading.ParametersID(wire))
	f.ciphertext(p.Header)
	f.add("bound", p.Bound)
	f.add("public key", len(p.Key), "bytes")
	return document{Document: ledger.Document{Kind: "parameters", Title: fmt.Sprintf("Parameters of %s, %d bits", p.Scheme, p.Bits), Fields: f}}, nil
}

func readFunction(_ string, wire []byte) (document, error) {
	of, err := reading.UnmarshalFunction(wire)
	if err != nil {
		return document{}, err
	}
	var f fields
	f.hash("hash", reading.HashFunction(wire))
	f.add("tariff", of.Tariff)
	f.time("valid from", of.From)
	f.add("bound", of.Bound)
	f.add("weights", of.Weights)
	f.hash("parameters", of.Parameters)
	return document{Document: ledger.Document{Kind: "function", Title: "Approved function of tariff " + of.Tariff, Fields: f}}, nil
}
