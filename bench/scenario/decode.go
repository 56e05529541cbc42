package scenario

import (
	"time"

	"meterbench/internal/strictyaml"
)

// UnmarshalNode reads batch settings: one that is given is above 0, since 0
// means the topology's.
func (b *Batch) UnmarshalNode(n *strictyaml.Node) error {
	type plain Batch
	if err := n.Decode((*plain)(b)); err != nil {
		return err
	}
	return refuse(n, given{"timeout", b.Timeout <= 0}, given{"messages", b.Messages == 0})
}

type given struct {
	key string
	bad bool
}

func refuse(n *strictyaml.Node, settings ...given) error {
	for _, s := range settings {
		if value := n.Get(s.key); value != nil && s.bad {
			text, _ := value.Scalar()
			return value.Errorf("leave it out to keep the topology's", "must be above 0, got %s", text)
		}
	}
	return nil
}

// UnmarshalNode reads a workload with its defaults, see Parse.
func (w *Workload) UnmarshalNode(n *strictyaml.Node) error {
	type plain Workload
	*w = Workload{Length: 1, Bound: 10_000, Meters: 100, Interval: 15 * time.Minute, Verify: true}
	if err := n.Decode((*plain)(w)); err != nil {
		return err
	}
	if weight := n.Get("weight"); weight != nil && w.Weight < 1 {
		return weight.Errorf("", "must be 1 to %d, got %d", maxWeight, w.Weight)
	}
	if w.Kind == "billing" {
		if n.Get("form") == nil {
			w.Form = "encrypted"
		}
		if n.Get("readings") == nil {
			w.Readings = defaultReadings
		}
	}
	if !w.keyed() {
		return nil
	}
	scheme, bits := w.Scheme, w.Bits
	if n.Get("scheme") == nil {
		scheme = "ddh"
	}
	w.adopt(scheme)
	if n.Get("bits") != nil {
		w.Bits = bits
	}
	if w.Kind == "encrypted" && n.Get("encryption") == nil {
		w.Encryption.Mode = "inline"
	}
	return nil
}

// UnmarshalNode reads inline, ahead, or {bank: K}.
func (e *Encryption) UnmarshalNode(n *strictyaml.Node) error {
	if mode, ok := n.Scalar(); ok {
		switch mode {
		case "inline", "ahead":
			e.Mode = mode
			return nil
		case "bank":
			return n.Errorf("write {bank: 500}", "how many ciphertexts the bank holds is missing")
		}
		return n.Errorf(strictyaml.Hint(mode, []string{"inline", "ahead", "{bank: K}"}), "unknown encryption %q", mode)
	}
	var bank struct {
		Bank int `yaml:"bank"`
	}
	if err := n.Decode(&bank); err != nil {
		return err
	}
	*e = Encryption{Mode: "bank", Bank: bank.Bank}
	return nil
}

// UnmarshalNode reads a load with its defaults, see Parse.
func (l *Load) UnmarshalNode(n *strictyaml.Node) error {
	type plain Load
	*l = Load{Wait: "commit"}
	if err := n.Decode((*plain)(l)); err != nil {
		return err
	}
	if l.Kind != "open" {
		return nil
	}
	if n.Get("slots") == nil {
		l.Slots = 2000
	}
	if n.Get("arrivals") == nil {
		l.Arrivals.Kind = "constant"
	}
	l.settle()
	return nil
}
