package scenario

import "meterbench/internal/strictyaml"

// NodeExit is what a run does when a process of its network ends unasked.
type NodeExit string

// What a run can do. It stops where nothing is said.
const (
	NodeExitStop     NodeExit = "stop"
	NodeExitContinue NodeExit = "continue"
)

// check returns what is wrong with the value of on_node_exit.
func (e NodeExit) check() *strictyaml.Problem {
	if e == "" {
		return nil
	}
	return strictyaml.OneOf("on_node_exit", e, NodeExitStop, NodeExitContinue)
}
