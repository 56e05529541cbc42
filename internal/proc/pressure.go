package proc

import (
	"time"

	"github.com/prometheus/procfs"
)

// Pressure is how long processes of the host waited for a disk since boot, in seconds, as the kernel counts it
// (Documentation/accounting/psi.rst).
type Pressure struct {
	Some float64 `json:"some"` // at least one of them
	Full float64 `json:"full"` // all that had anything to do
}

// diskPressure returns false where the kernel does not count it.
func diskPressure() (Pressure, bool) {
	procs, err := procfs.NewDefaultFS()
	if err != nil {
		return Pressure{}, false
	}
	stats, err := procs.PSIStatsForResource("io")
	if err != nil || stats.Some == nil || stats.Full == nil {
		return Pressure{}, false
	}
	seconds := func(l *procfs.PSILine) float64 { return (time.Duration(l.Total) * time.Microsecond).Seconds() }
	return Pressure{Some: seconds(stats.Some), Full: seconds(stats.Full)}, true
}

// DiskPressure returns the shares of the time between the first and the last snapshot from one instant to another, both
// included, in which processes of the host waited for a disk; nil where that is not known.
func (s Series) DiskPressure(from, to time.Time) *Pressure {
	within := s.within(from, to)
	if len(within) < 2 {
		return nil
	}
	first, last := within[0], within[len(within)-1]
	span := last.At.Sub(first.At).Seconds()
	if first.Disk == nil || last.Disk == nil || span <= 0 {
		return nil
	}
	share := func(from, to float64) float64 { return min(1, max(0, (to-from)/span)) }
	return &Pressure{Some: share(first.Disk.Some, last.Disk.Some), Full: share(first.Disk.Full, last.Disk.Full)}
}
