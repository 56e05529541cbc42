package launch

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"meterbench/internal/process"
)

func loopback(context.Context) (string, error) { return "127.0.0.1:0", nil }

func loopbackHost(context.Context) (string, error) { return "127.0.0.1", nil }

// processes are workers on this machine.
type processes struct {
	crew     *Crew
	all      []*process.Process // by rank
	watching sync.WaitGroup
}

// grace is how long a worker that was sent home may take.
const grace = 5 * time.Second

// startLocal starts the workers as processes that cannot outlive this one.
func startLocal(_ context.Context, c *Crew) (started, error) {
	if err := c.folder(os.TempDir(), "meterbench-workers"); err != nil {
		return nil, err
	}
	env := c.environment(func(string) bool { return false })
	l := &processes{crew: c}
	for rank := range c.cfg.Size {
		p, err := process.Start(process.Spec{
			Name: fmt.Sprintf("worker %d", rank), Path: c.cfg.Executable, Argv0: "meterbench", Env: env,
			Args:    []string{"worker", "--join", c.join, "--rank", strconv.Itoa(rank), "--size", strconv.Itoa(c.cfg.Size)},
			LogPath: filepath.Join(c.dir, fmt.Sprintf("worker-%d.log", rank)),
		})
		if err != nil {
			return l, err
		}
		l.all = append(l.all, p)
		l.watching.Go(func() {
			<-p.Done()
			if err := p.Err(); err != nil {
				c.Ended(rank, ended(err))
			}
		})
	}
	return l, nil
}

// ended says in one line why a process ended.
func ended(err error) error {
	exit, ok := errors.AsType[*process.ExitError](err)
	if !ok {
		return err
	}
	if why := last(exit.Tail); why != "" {
		return fmt.Errorf("it ended: %s: %s", exit.Status, why)
	}
	return fmt.Errorf("it ended: %s", exit.Status)
}

// last returns why a worker ended, as the last line of what it wrote says, empty where that is none of an error.
func last(lines []string) string {
	if len(lines) == 0 {
		return ""
	}
	why, ok := strings.CutPrefix(lines[len(lines)-1], "meterbench: ")
	if !ok {
		return ""
	}
	return why
}

func (l *processes) stop(bool) error {
	var leaving sync.WaitGroup
	for rank, p := range l.all {
		leaving.Go(func() {
			if !slices.Contains(l.crew.lost, rank) { // who is lost was not sent home
				select {
				case <-p.Done():
					return
				case <-time.After(grace):
				}
			}
			p.Stop(grace)
		})
	}
	leaving.Wait()
	l.watching.Wait()
	return nil
}
