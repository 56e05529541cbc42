package launch

import (
	"context"
	"fmt"
	"os"

	"meterbench/internal/printable"
)

// nothing is what a launcher has under way that starts nothing.
type nothing struct{}

func (nothing) stop(bool) error { return nil }

// startJoin says how workers join, which others start.
func startJoin(_ context.Context, c *Crew) (started, error) {
	c.step(fmt.Sprintf("wait for %s, ranks 1 to %d of %d: meterbench worker --join %s", printable.Count(c.cfg.Workers(), "worker"),
		c.cfg.Size-1, c.cfg.Size, c.join))
	return nothing{}, nil
}

func hostName(context.Context) (string, error) { return os.Hostname() }
