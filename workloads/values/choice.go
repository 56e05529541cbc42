package values

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"meterbench/internal/strictyaml"
)

// maxWeight is the largest weight of an option.
const maxWeight = 1_000_000

// weights are the sums of weights up to each of several options, this one included.
type weights []uint64

// draw returns the index of an option.
func (w weights) draw(r *rand.Rand) int {
	at, exact := slices.BinarySearch(w, r.Uint64N(w[len(w)-1]))
	if exact {
		at++
	}
	return at
}

// A Choice is one of some options.
type Choice struct {
	options []string
	weights weights
}

// UnmarshalNode reads [red, blue], each as often, or {red: 3, blue: 1}.
func (c *Choice) UnmarshalNode(n *strictyaml.Node) error {
	*c = Choice{}
	add := func(option string, weight int) {
		var before uint64
		if len(c.weights) > 0 {
			before = c.weights[len(c.weights)-1]
		}
		c.options, c.weights = append(c.options, option), append(c.weights, before+uint64(weight))
	}
	if n.IsList() {
		for _, item := range n.Items() {
			option, ok := item.Scalar()
			if !ok {
				return item.Errorf("", "an option of a choice is a text")
			}
			add(option, 1)
		}
	}
	for option, of := range n.Entries() {
		var weight int
		if err := of.Decode(&weight); err != nil {
			return err
		}
		if weight < 1 || weight > maxWeight {
			return of.Errorf("", "a weight must be 1 to %d, got %d", maxWeight, weight)
		}
		add(option, weight)
	}
	if len(c.options) == 0 {
		return n.Errorf("as [red, blue] or {red: 3, blue: 1}", "a choice has at least one option")
	}
	return nil
}

func (c *Choice) check(string, Defaults) *strictyaml.Problem { return nil }

func (c *Choice) bind(place string, b Binding) Maker {
	return func(to []byte, t *Turn) []byte {
		return append(to, c.options[c.weights.draw(b.stream(place, t.Seq).Rand())]...)
	}
}

func (c *Choice) most(Defaults) (n int) {
	for _, option := range c.options {
		n = max(n, len(option))
	}
	return n
}

func (c *Choice) String() string {
	if len(c.options) > 3 {
		return fmt.Sprintf("choice of %d", len(c.options))
	}
	return "choice of " + strings.Join(c.options, "|")
}
