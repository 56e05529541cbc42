package network

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"meterbench/bench/result"
	"meterbench/bench/topology"
	"meterbench/internal/tmpfs"
)

// act returns the node of that name for something to be done to it, which unlock ends: one at a time, and none once the
// network is closed.
func (n *Network) act(name string) (c *child, unlock func(), err error) {
	n.mu.Lock()
	switch i := n.child(name); {
	case i < 0:
		err = fmt.Errorf("network %s has no node %s", n.Topology.Name, name)
	case n.over:
		err = fmt.Errorf("%s: the network is closed", name)
	default:
		return n.children[i], n.mu.Unlock, nil
	}
	n.mu.Unlock()
	return nil, nil, err
}

// child returns the index of a node, or -1. The caller holds the lock.
func (n *Network) child(name string) int {
	return slices.IndexFunc(n.children, func(c *child) bool { return c.Name == name })
}

// Kill ends a node as SIGKILL does, and returns once it is gone. Its ports, its folder and the chaincodes beside it stay.
func (n *Network) Kill(node string) error {
	c, unlock, err := n.act(node)
	if err != nil {
		return err
	}
	defer unlock()
	c.harmed(result.EventKill, true) // first, so that nobody takes its end for another
	if !c.current().Kill() {
		c.harmed(result.EventKill, false)
		return fmt.Errorf("%s does not run", node)
	}
	c.harmed(result.EventStop, false)
	return nil
}

// Stop has a node stand still, as SIGSTOP does: its connections stay, and it answers nothing.
func (n *Network) Stop(node string) error {
	c, unlock, err := n.act(node)
	if err != nil {
		return err
	}
	defer unlock()
	c.harmed(result.EventStop, true)
	if !c.current().Suspend() {
		c.harmed(result.EventStop, false)
		return fmt.Errorf("%s does not run", node)
	}
	return nil
}

// Continue has a node that was stopped go on.
func (n *Network) Continue(node string) error {
	c, unlock, err := n.act(node)
	if err != nil {
		return err
	}
	defer unlock()
	return c.resume()
}

func (c *child) resume() error {
	if !c.suffers(result.EventStop) {
		return fmt.Errorf("%s was not stopped", c.Name)
	}
	if !c.current().Resume() {
		return fmt.Errorf("%s does not run", c.Name)
	}
	c.harmed(result.EventStop, false)
	return nil
}

// Restart starts a node that does not run, with its addresses, folder, cap and site, and returns once its process is there.
// One that was stopped goes on, and one that runs is killed first.
func (n *Network) Restart(node string) error {
	c, unlock, err := n.act(node)
	if err != nil {
		return err
	}
	defer unlock()
	if c.runs() && c.suffers(result.EventStop) {
		return c.resume()
	}
	c.harmed(result.EventKill, true)
	c.current().Kill() // it may have ended
	c.harmed(result.EventStop, false)
	if _, err := n.run(c); err != nil {
		return err
	}
	c.harmed(result.EventKill, false)
	return nil
}

// Slow leaves a node of Config.Slowed so many processors, at least 0.01; 0 gives back what its cap leaves it.
func (n *Network) Slow(node string, cpus float64) error {
	c, unlock, err := n.act(node)
	if err != nil {
		return err
	}
	defer unlock()
	if c.group == nil || c.group.Cap().CPUs == 0 {
		return fmt.Errorf("%s has no control group by which to slow it", node)
	}
	slowed := cpus > 0
	if !slowed {
		cpus = c.cap.CPUs
	}
	if err := c.group.Limit(cpus); err != nil {
		return fmt.Errorf("%s: %w", node, err)
	}
	c.harmed(result.EventSlow, slowed)
	return nil
}

// Fill leaves the data of a node of Config.Filled no room, and returns how many bytes they take: what the node writes next it
// cannot, like on a disk that is full.
func (n *Network) Fill(node string) (used uint64, err error) {
	c, unlock, err := n.act(node)
	if err != nil {
		return 0, err
	}
	defer unlock()
	if c.room == nil {
		return 0, fmt.Errorf("%s has no file system of its own to fill", node)
	}
	c.harmed(result.EventFill, true)
	if used, err = c.room.Fill(); err != nil {
		c.harmed(result.EventFill, false)
		return 0, fmt.Errorf("%s: %w", node, err)
	}
	return used, nil
}

// Free gives a node that was filled its room back.
func (n *Network) Free(node string) error {
	c, unlock, err := n.act(node)
	if err != nil {
		return err
	}
	defer unlock()
	if c.room == nil {
		return fmt.Errorf("%s has no file system of its own to fill", node)
	}
	if err := c.room.Free(); err != nil {
		return fmt.Errorf("%s: %w", node, err)
	}
	c.harmed(result.EventFill, false)
	return nil
}

// Heal takes back what Stop, Slow and Fill have done to a node, and returns which of them it took back. One that ended because it
// was full starts again.
func (n *Network) Heal(node string) (healed []result.EventKind, err error) {
	c, unlock, err := n.act(node)
	if err != nil {
		return nil, err
	}
	unlock()
	for _, of := range []struct {
		kind result.EventKind
		back func() error
	}{
		{result.EventStop, func() error { return n.Continue(node) }},
		{result.EventSlow, func() error { return n.Slow(node, 0) }},
		{result.EventFill, func() error {
			if err := n.Free(node); err != nil || !c.fallen() {
				return err
			}
			return n.Restart(node)
		}},
	} {
		if !c.suffers(of.kind) {
			continue
		}
		if err := of.back(); err != nil {
			return healed, err
		}
		healed = append(healed, of.kind)
	}
	return healed, nil
}

// leaderTimeout bounds the question who leads.
const leaderTimeout = 2 * time.Second

// Leader asks the orderers that run who leads a channel. It is an error where none says so.
func (n *Network) Leader(ctx context.Context, channel string) (orderer string, err error) {
	dialect, err := n.dialect()
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(ctx, leaderTimeout)
	defer cancel()
	var q inquiry
	leaders := n.askLeaders(ctx, &q, dialect, func(name string) bool {
		return slices.ContainsFunc(n.all(), func(c *child) bool { return c.Name == name && c.runs() && !c.suffers(result.EventStop) })
	})
	err = q.wait()
	i := slices.IndexFunc(leaders, func(l result.Leader) bool { return l.Channel == channel })
	switch {
	case i < 0:
		return "", fmt.Errorf("network %s has no channel %s", n.Topology.Name, channel)
	case leaders[i].Orderer != "":
		return leaders[i].Orderer, nil
	case err != nil:
		return "", fmt.Errorf("no orderer leads channel %s: %s", channel, strings.ReplaceAll(err.Error(), "\n", "; "))
	}
	return "", fmt.Errorf("no orderer leads channel %s", channel)
}

// CheckSlow makes sure that this machine and this user can slow nodes down. It starts nothing.
func CheckSlow() error {
	group, err := newGroup("check", topology.Cap{CPUs: 1})
	if err == nil {
		err = group.Close()
	}
	if err != nil {
		return fmt.Errorf("slow a node down: %w", err)
	}
	return nil
}

// CheckFill makes sure that this machine and this user can fill the disks of nodes. It starts nothing.
func CheckFill() error { return tmpfs.Check() }

// checkActs makes sure of what a Config says will be done to nodes.
func checkActs(cfg Config) (err error) {
	if cfg.Slowed != nil {
		err = CheckSlow()
	}
	if cfg.Filled != nil {
		err = errors.Join(err, CheckFill())
	}
	return err
}
