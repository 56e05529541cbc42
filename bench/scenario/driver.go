package scenario

import (
	"meterbench/bench/result"
	"meterbench/internal/strictyaml"
)

// checkDriver makes sure that there is the driver, and a network for it.
func (l Load) checkDriver(at string, target *Target) *strictyaml.Problem {
	switch {
	case l.Driver == "":
		return nil
	case target != nil && !target.Others:
		return strictyaml.Problemf("leave it out, or give a topology in place of the target", at+"client",
			"takes transactions to a network; this scenario's target is a %s", target.Called)
	}
	return strictyaml.OneOf(at+"client", l.Driver, result.Drivers()...)
}
