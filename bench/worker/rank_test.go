package worker

import (
	"strings"
	"testing"
)

func TestFindRank(t *testing.T) {
	for name, tt := range map[string]struct {
		env        string // NAME=VALUE, by spaces
		rank, size int
		want       Rank
		err        string
	}{
		"srun":                  {"SLURM_PROCID=2 SLURM_NTASKS=4", -1, -1, Rank{2, 4}, ""},
		"mpirun":                {"OMPI_COMM_WORLD_RANK=0 OMPI_COMM_WORLD_SIZE=3", -1, -1, Rank{0, 3}, ""},
		"mpiexec":               {"PMI_RANK=1 PMI_SIZE=2", -1, -1, Rank{1, 2}, ""},
		"an Indexed Job":        {"JOB_COMPLETION_INDEX=3 METERBENCH_SIZE=5", -1, -1, Rank{3, 5}, ""},
		"mpirun in a batch job": {"SLURM_PROCID=0 SLURM_NTASKS=4 OMPI_COMM_WORLD_RANK=3 OMPI_COMM_WORLD_SIZE=4", -1, -1, Rank{3, 4}, ""},
		"flags win":             {"SLURM_PROCID=2 SLURM_NTASKS=4", 1, 3, Rank{1, 3}, ""},
		"a size left over":      {"METERBENCH_SIZE=5 PMI_RANK=1 PMI_SIZE=2", -1, -1, Rank{1, 2}, ""},
		"nobody":                {"METERBENCH_SIZE=5", -1, -1, Rank{}, "this worker has no rank"},
		"rank alone":            {"SLURM_PROCID=2", -1, -1, Rank{}, `SLURM_PROCID="2" of srun comes without a size; set SLURM_NTASKS`},
		"index alone":           {"JOB_COMPLETION_INDEX=2", -1, -1, Rank{}, "set METERBENCH_SIZE to the number of processes"},
		"size alone":            {"PMI_SIZE=2", -1, -1, Rank{}, "comes without a rank"},
		"no number":             {"PMI_SIZE=2 PMI_RANK=one", -1, -1, Rank{}, `PMI_RANK="one", PMI_SIZE="2" of mpiexec: the rank is no number`},
		"no size":               {"PMI_SIZE=two PMI_RANK=1", -1, -1, Rank{}, "the size is no number"},
		"beyond":                {"PMI_SIZE=2 PMI_RANK=2", -1, -1, Rank{}, "rank 2 of 2; ranks count from 0 to 1"},
		"below":                 {"PMI_SIZE=2 PMI_RANK=-1", -1, -1, Rank{}, "ranks count from 0"},
		"huge":                  {"PMI_SIZE=99999999 PMI_RANK=1", -1, -1, Rank{}, "a size of 99999999"},
		"flag without size":     {"SLURM_PROCID=2 SLURM_NTASKS=4", 1, -1, Rank{}, "--rank 1 without a size"},
		"flag without rank":     {"", -1, 4, Rank{}, "--size 4 without a rank"},
		"flags beyond":          {"", 4, 4, Rank{}, "--rank and --size: rank 4 of 4"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := FindRank(environment(tt.env), tt.rank, tt.size)
			if (err == nil) != (tt.err == "") || err != nil && (!strings.Contains(err.Error(), tt.err) || strings.Contains(err.Error(), "\n")) {
				t.Errorf("error %v, want %q", err, tt.err)
			}
			if got != tt.want {
				t.Errorf("%v, want %v", got, tt.want)
			}
		})
	}
}

func environment(text string) func(string) string {
	return func(name string) string {
		for _, pair := range strings.Fields(text) {
			if n, v, _ := strings.Cut(pair, "="); n == name {
				return v
			}
		}
		return ""
	}
}

// Whatever the environment says, a rank is one of its size, or there is an error of one line.
func FuzzFindRank(f *testing.F) {
	f.Add("2", "4", "", "", "", "")
	f.Add("0", "4", "3", "4", "", "7")
	f.Add("", "", "", "", "9223372036854775808", "0x10")
	f.Fuzz(func(t *testing.T, slurm, slurmSize, mpi, mpiSize, job, jobSize string) {
		env := map[string]string{
			"SLURM_PROCID": slurm, "SLURM_NTASKS": slurmSize, "OMPI_COMM_WORLD_RANK": mpi, "OMPI_COMM_WORLD_SIZE": mpiSize,
			"JOB_COMPLETION_INDEX": job, SizeVariable: jobSize,
		}
		r, err := FindRank(func(name string) string { return env[name] }, -1, -1)
		if err != nil {
			if strings.ContainsAny(err.Error(), "\n\r\x1b") || r != (Rank{}) && r.Check() == nil {
				t.Errorf("%q, %v", err, r)
			}
			return
		}
		if err := r.Check(); err != nil {
			t.Errorf("%v: %v", r, err)
		}
	})
}
