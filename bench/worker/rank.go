package worker

import (
	"fmt"
	"strconv"
)

// A Rank is the number of a process among those that a launcher started.
type Rank struct {
	Number int // from 0
	Size   int // processes that were started
}

// String says which of how many.
func (r Rank) String() string { return fmt.Sprintf("rank %d of %d", r.Number, r.Size) }

// Check returns an error where the rank is none.
func (r Rank) Check() error {
	switch {
	case r.Size < 1 || r.Size > mostWorkers:
		return fmt.Errorf("a size of %d; give the number of processes that were started, 1 to %d", r.Size, mostWorkers)
	case r.Number < 0 || r.Number >= r.Size:
		return fmt.Errorf("rank %d of %d; ranks count from 0 to %d", r.Number, r.Size, r.Size-1)
	}
	return nil
}

// mostWorkers is the most that a run takes, each with a file of its own.
const mostWorkers = 1024

// A naming is where a launcher says who a process is.
type naming struct {
	launcher   string
	rank, size string // variables of the environment
}

// SizeVariable is where an Indexed Job of Kubernetes, which says no size itself, says how many pods it has.
const SizeVariable = "METERBENCH_SIZE"

// namings returns the table of launchers, in the order in which they are asked. What mpirun starts in a batch job of Slurm inherits the
// SLURM_PROCID of the batch script, 0 for all; what srun starts with PMI has the same rank by both.
func namings() []naming {
	return []naming{
		{"mpirun", "OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"},
		{"mpiexec", "PMI_RANK", "PMI_SIZE"},
		{"srun", "SLURM_PROCID", "SLURM_NTASKS"},
		{"Indexed Job", "JOB_COMPLETION_INDEX", SizeVariable},
	}
}

// FindRank returns who this process is: by the flags where both are given, else by the first launcher that the environment tells of. A
// flag is negative where it is not given. The error says in one line what is missing, and what to do.
func FindRank(getenv func(string) string, rank, size int) (Rank, error) {
	switch {
	case rank >= 0 && size >= 0:
		r := Rank{rank, size}
		if err := r.Check(); err != nil {
			return Rank{}, fmt.Errorf("--rank and --size: %w", err)
		}
		return r, nil
	case rank >= 0:
		return Rank{}, fmt.Errorf("--rank %d without a size; give --size as well: how many processes were started", rank)
	case size >= 0:
		return Rank{}, fmt.Errorf("--size %d without a rank; give --rank as well: which of them this is, from 0", size)
	}
	for _, n := range namings() {
		number, of := getenv(n.rank), getenv(n.size)
		switch {
		case number == "" && of == "" || number == "" && n.size == SizeVariable:
			continue
		case of == "":
			return Rank{}, fmt.Errorf("%s=%q of %s comes without a size; set %s to the number of processes, or give --rank and --size",
				n.rank, number, n.launcher, n.size)
		case number == "":
			return Rank{}, fmt.Errorf("%s=%q of %s comes without a rank; start this worker by %s, or give --rank and --size",
				n.size, of, n.launcher, n.launcher)
		}
		r, err := parseRank(number, of)
		if err != nil {
			return Rank{}, fmt.Errorf("%s=%q, %s=%q of %s: %w", n.rank, number, n.size, of, n.launcher, err)
		}
		return r, nil
	}
	return Rank{}, fmt.Errorf("this worker has no rank: neither srun, mpirun, mpiexec nor an Indexed Job started it; give --rank and --size")
}

func parseRank(number, size string) (r Rank, err error) {
	if r.Number, err = strconv.Atoi(number); err != nil {
		return r, fmt.Errorf("the rank is no number")
	}
	if r.Size, err = strconv.Atoi(size); err != nil {
		return r, fmt.Errorf("the size is no number")
	}
	return r, r.Check()
}
