package lab

import (
	"context"
	"errors"
	"strings"
	"time"

	"meterbench/bench/result"
	"meterbench/internal/process"
	"meterbench/network"
	"meterbench/network/client"
	"meterbench/simulators/device"
)

// The times after which a channel whose height does not move, though transactions wait for a block, is reported: at least
// stillAfter, and stillTimeouts batch timeouts. It is looked at every stillPeriod.
const (
	stillAfter    = 10 * time.Second
	stillTimeouts = 5
	stillPeriod   = 500 * time.Millisecond
)

// Incidents implements study.Site.
func (s *fabricSite) Incidents() <-chan result.Incident { return s.incidents }

// watch reports what befalls the processes of the site until ctx ends.
func (s *fabricSite) watch(ctx context.Context) {
	s.incidents = make(chan result.Incident)
	hangs := make(chan network.Hang)
	s.net.WatchHealth(ctx, hangs)
	s.device.watch(ctx, hangs)
	still := make(chan result.Incident)
	timeout := s.batch().Timeout
	for i, connected := range s.clients {
		go watchHeight(ctx, s.channels[i], connected, stillAfter+stillTimeouts*timeout, still)
	}
	go func() {
		known := 0                // nodes that have ended or hang, each of which says why no block comes
		told := map[string]bool{} // channels that are reported
		for {
			var in result.Incident
			select {
			case <-ctx.Done():
				return
			case end := <-s.net.Died():
				in = endOf(end, result.Process{})
				known++
			case end := <-s.device.ends():
				in = endOf(end, result.Process{Role: result.RoleDevice, Name: device.Name})
			case hang := <-hangs:
				in = hungOf(hang)
				if known++; !hang.Until.IsZero() {
					known -= 2
				}
			case in = <-still:
				if in.Until.IsZero() {
					told[in.Name] = known == 0
				}
				if !told[in.Name] {
					continue
				}
			}
			select {
			case s.incidents <- in:
			case <-ctx.Done():
				return
			}
		}
	}()
}

// watch reports when the device hangs, if there is one.
func (d cappedDevice) watch(ctx context.Context, hangs chan<- network.Hang) {
	if d.Device != nil {
		of := network.Watched{Name: device.Name, Role: result.RoleDevice, PID: d.PID()}
		go network.WatchProcess(ctx, of, hangs)
	}
}

// watchDevice reports what befalls the device until ctx ends: of the network's own processes nothing is seen.
func (s *attachedSite) watchDevice(ctx context.Context) {
	hangs := make(chan network.Hang)
	s.device.watch(ctx, hangs)
	go func() {
		for {
			var in result.Incident
			select {
			case <-ctx.Done():
				return
			case end := <-s.device.ends():
				in = endOf(end, result.Process{Role: result.RoleDevice, Name: device.Name})
			case hang := <-hangs:
				in = hungOf(hang)
			}
			select {
			case s.incidents <- in:
			case <-ctx.Done():
				return
			}
		}
	}()
}

// endOf returns the incident of a process that has ended; by is its process where the error does not say.
func endOf(err error, by result.Process) result.Incident {
	in := result.Incident{Process: by, Kind: result.Ended, Noticed: result.NoticeExit, Since: time.Now()}
	if end, ok := errors.AsType[*network.NodeEnd](err); ok {
		in.Process, in.Since, err = result.Process{Role: end.Role, Name: end.Node}, end.At, end.Cause
	}
	in.Status, _, _ = strings.Cut(err.Error(), "\n")
	in.Status = strings.TrimLeft(strings.TrimPrefix(in.Status, in.Name+" ended"), ",: ")
	if exit, ok := errors.AsType[*process.ExitError](err); ok {
		in.Log, in.Tail = exit.LogPath, exit.Tail
		if _, plain := err.(*process.ExitError); plain { // else there is more to say than how it ended
			in.Status = exit.Status
		}
	}
	return in
}

func hungOf(h network.Hang) result.Incident {
	return result.Incident{
		Process: result.Process{Role: h.Role, Name: h.Node}, Kind: result.Hung, Noticed: h.Notice, Since: h.Since, Until: h.Until,
	}
}

// watchHeight reports when no block of a channel comes for so long though transactions wait for one, and when one comes again.
func watchHeight(ctx context.Context, channel string, of *client.Client, after time.Duration, still chan<- result.Incident) {
	ticker := time.NewTicker(stillPeriod)
	defer ticker.Stop()
	h := height{after: after}
	for last := time.Now(); ; {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		now := time.Now()
		if since, until, changed := h.look(now, min(now.Sub(last), 2*stillPeriod), of.NextBlock(), of.Pending() > 0); changed {
			in := result.Incident{Process: result.Process{Name: channel}, Kind: result.Hung, Noticed: result.NoticeHeight, Since: since, Until: until}
			select {
			case still <- in:
			case <-ctx.Done():
				return
			}
		}
		last = now
	}
}

// height is what is known of the height of a channel.
type height struct {
	after time.Duration

	blocks uint64
	moved  time.Time     // when a block came last, or transactions began to wait
	rested time.Duration // since then, of our own running time
	told   bool
}

// look takes what is seen after a tick. Where the height has not moved for too long, or moves again, it returns since when it
// had not, and in the latter case until when.
func (h *height) look(now time.Time, tick time.Duration, blocks uint64, waiting bool) (since, until time.Time, changed bool) {
	if blocks != h.blocks || !waiting {
		since, changed = h.moved, h.told
		h.blocks, h.moved, h.rested, h.told = blocks, now, 0, false
		return since, now, changed
	}
	h.rested += tick
	if h.rested < h.after || h.told {
		return since, until, false
	}
	h.told = true
	return h.moved, until, true
}
