package bottleneck

import (
	"fmt"
	"strings"

	"meterbench/internal/printable"
	"meterbench/internal/proc"
)

// strangers names the processes outside of the run that kept the host busy, empty where none is known.
func strangers(all []proc.Stranger) string {
	var named []string
	for _, s := range all {
		named = append(named, fmt.Sprintf("%s (pid %d) %.2f", printable.Line(s.Name), s.PID, s.Cores))
	}
	if named == nil {
		return ""
	}
	return "; outside of the run most by " + strings.Join(named, ", ")
}

// Crowd returns the figures of a full host: what is used, and by whom most.
func (e *Evidence) Crowd() string { return e.usage() + strangers(e.Point.Strangers) }
