package lab

import (
	"errors"

	"meterbench/bench/study"
)

// Interleave turns A with n repetitions and B with n into A B A B ..., each a run of its own, so that
// drift of the machine meets both alike.
func Interleave(plans []Plan) []Plan {
	var order []Plan
	for round := 0; ; round++ {
		before := len(order)
		for _, p := range plans {
			if round < p.Scenario.Repeat {
				p.Scenario.Repeat = 1
				order = append(order, p)
			}
		}
		if len(order) == before {
			return order
		}
	}
}

// Each runs plans one after the other until one fails. Points that are not valid do not keep later plans
// from running: the error names them in the end.
func Each(plans []Plan, run func(Plan) error) error {
	var found error
	all := &study.NotValidError{}
	for _, p := range plans {
		err := run(p)
		notValid, ok := err.(*study.NotValidError) // and nothing else is wrong
		switch {
		case ok:
			for _, point := range notValid.Points {
				if len(plans) > 1 {
					point = p.Scenario.Name + ": " + point
				}
				all.Points = append(all.Points, point)
			}
			found = all
		case err != nil && found == nil:
			return err
		case err != nil:
			return errors.Join(found, err)
		}
	}
	return found
}
