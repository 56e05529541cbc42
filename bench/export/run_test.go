package export

import (
	"time"

	"meterbench/bench/result"
	"meterbench/internal/proc"
)

func testRun() result.Run {
	return result.Run{
		ID: "r1", Scenario: "quickstart", Target: "reference", Seed: 7, Started: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
		Host: result.Host{Host: proc.Host{OS: "linux", Kernel: "6.1", CPU: "Example CPU", Cores: 2, Memory: 1 << 30}, Sign: 25e-6, Verify: 60e-6},
	}
}

var closed8 = result.Load{Kind: result.LoadClosed, Clients: 8}
