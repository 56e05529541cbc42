package lab

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"meterbench/bench/result"
	"meterbench/internal/printable"
	"meterbench/internal/process"
	"meterbench/network"
	"meterbench/network/ca"
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
	hangs := make(chan network.Hang)
	s.net.WatchHealth(ctx, hangs)
	w := watching{
		died: s.net.Died(), blamed: &s.blamed, device: s.device, authorities: s.authorities, hangs: hangs, disturbed: &s.disturbed,
		incidents: s.incidents,
	}
	w.start(ctx, &s.ledger, s.batch().Timeout)
}

// watch reports what befalls the device, and what the client notices of the nodes of others, until ctx ends.
func (s *attachedSite) watch(ctx context.Context) {
	losses := make(chan client.Loss)
	s.clients[0].Watch(ctx, losses)
	w := watching{device: s.device, authorities: s.authorities, hangs: make(chan network.Hang), losses: losses, incidents: s.incidents}
	w.start(ctx, &s.ledger, s.net.Agreed.Batch.Timeout)
}

// watchAlone reports what befalls authorities without a network until ctx ends.
func (a authorities) watchAlone(ctx context.Context, incidents chan<- result.Incident) {
	w := watching{authorities: a, hangs: make(chan network.Hang), incidents: incidents}
	w.start(ctx, &ledger{}, 0)
}

// watching brings together what is noticed of the processes of a site.
type watching struct {
	died   <-chan error // nil: processes are not ours
	blamed *sync.Map    // gets the *network.ChaincodeError of a program of the user's that ended, by process
	device cappedDevice
	authorities
	hangs     chan network.Hang
	losses    <-chan client.Loss // nil: processes are ours
	disturbed *atomic.Bool       // something that harms was done on purpose, so that no block may come; nil: never
	incidents chan<- result.Incident
}

// start reports to incidents what befalls the processes, and that no block of a channel comes where none of them says why.
func (w watching) start(ctx context.Context, of *ledger, timeout time.Duration) {
	w.device.watch(ctx, w.hangs)
	ends := make(chan ca.End)
	w.authorities.watch(ctx, ends, w.hangs)
	still := make(chan result.Incident)
	for i, connected := range of.clients {
		go watchHeight(ctx, of.channels[i], connected, stillAfter+stillTimeouts*timeout, still)
	}
	go func() {
		known := 0                // nodes that have ended, hang or are not reached, each of which says why no block comes
		told := map[string]bool{} // channels that are reported
		for {
			var in result.Incident
			select {
			case <-ctx.Done():
				return
			case end := <-w.died:
				in = endOf(end, result.Process{})
				if of, ok := errors.AsType[*network.NodeEnd](end); ok && of.Own != nil {
					w.blamed.Store(in.Name, of.Own)
				}
			case end := <-w.device.ends():
				in = endOf(end, result.Process{Role: result.RoleDevice, Name: device.Name})
			case end := <-ends:
				in = endOf(end.Err, result.Process{Role: end.Role, Name: end.Name})
			case hang := <-w.hangs:
				in = hungOf(hang)
			case loss := <-w.losses:
				in = lostOf(loss)
			case in = <-still:
				if in.Until.IsZero() {
					told[in.Name] = known == 0 && (w.disturbed == nil || !w.disturbed.Load())
				}
				if !told[in.Name] {
					continue
				}
			}
			if in.Noticed != result.NoticeHeight && in.Role != result.RoleCA && in.Role != result.RoleResponder { // which keep no block from coming
				if known++; !in.Until.IsZero() {
					known -= 2
				}
			}
			select {
			case w.incidents <- in:
			case <-ctx.Done():
				return
			}
		}
	}()
}

// Explain implements study.Explainer.
func (s *fabricSite) Explain(in result.Incident) error {
	if own, ok := s.blamed.Load(in.Name); ok {
		return s.lab.locateChaincode(s.network, own.(*network.ChaincodeError))
	}
	return nil
}

// watch reports when the device hangs, if there is one.
func (d cappedDevice) watch(ctx context.Context, hangs chan<- network.Hang) {
	if d.Device != nil {
		of := network.Watched{Name: device.Name, Role: result.RoleDevice, PID: d.PID()}
		go network.WatchProcess(ctx, of, hangs)
	}
}

// endOf returns the incident of a process that has ended; by is its process where the error does not say.
func endOf(err error, by result.Process) result.Incident {
	in := result.Incident{Process: by, Kind: result.Ended, Noticed: result.NoticeExit, Since: time.Now()}
	if end, ok := errors.AsType[*network.NodeEnd](err); ok {
		in.Process, in.Since, in.By, err = result.Process{Role: end.Role, Name: end.Node}, end.At, end.By, end.Cause
	}
	in.Status, _, _ = strings.Cut(printable.Plain(err.Error()), "\n")
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

func lostOf(l client.Loss) result.Incident {
	return result.Incident{Process: l.Process, Kind: result.Unreachable, Noticed: l.Notice, Since: l.Since, Until: l.Until}
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
