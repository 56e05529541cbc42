package study

import "meterbench/internal/proc"

// clientNice is the nice value of the load generator during a level, where it is permitted to have it. It uses a small
// part of the machine, but all of its clients at once when a block comes, and what they wait for a processor is lag.
const clientNice = -10

// prioritised runs a level with the load generator ahead of what else is on the machine, the nodes included, which have
// been started before. It takes nothing from them but the order.
func prioritised(level func()) {
	if restore, err := proc.Prioritise(clientNice); err == nil {
		defer restore() // as permitted as before
	}
	level()
}
