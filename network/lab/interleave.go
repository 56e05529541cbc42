package lab

// Interleave turns A with n repetitions and B with n into A B A B ..., each a run of its
// own, so that drift of the machine meets both alike.
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
