package lab

import (
	"fmt"

	ledgers "meterbench/bench/ledger"
	"meterbench/network/client"
	"meterbench/network/explorer"
)

// A showcase has the ledgers of a site looked at during the run. The zero value shows none.
type showcase struct {
	on       *ledgers.Switch
	explorer *explorer.Explorer
}

// show has the ledgers of a network looked at from now on. Where they cannot be, working says so, and the run goes on.
func show(on *ledgers.Switch, open func() (*explorer.Explorer, error), working func(string)) showcase {
	if on == nil {
		return showcase{}
	}
	opened, err := open()
	if err != nil {
		working(fmt.Sprintf("the ledgers cannot be shown: %s", client.Said(err)))
		return showcase{}
	}
	on.Set(opened)
	return showcase{on, opened}
}

// close ends that, before the network goes.
func (s *showcase) close() error {
	if s.on == nil {
		return nil
	}
	s.on.Set(nil)
	s.on = nil
	return s.explorer.Close()
}

// explorer looks at the ledgers of the site's network, whose processes may take the place of each other.
func (s *fabricSite) explorer() (*explorer.Explorer, error) {
	return explorer.Held(s.record, explorer.Config{Watched: s.net.Watched})
}

// explorer looks at the ledger of the site's channel, as the first identity.
func (s *attachedSite) explorer() (*explorer.Explorer, error) {
	return explorer.Attached(s.net.Attachment, explorer.Config{Name: s.lab.attached.name, Fabric: s.net.Fabric, Used: s.net.Usage, Cuts: s.net.NewCuts()})
}
