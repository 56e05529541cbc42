package result

import (
	"slices"
	"strings"

	"meterbench/bench/stats"
	"meterbench/internal/proc"
)

// Schema is the version of the files that this package writes. Keys are only ever added within a version.
const Schema = 1

// Summary is summary.json: the contract for scripts. All values are in SI base units: seconds, bytes, cores,
// transactions per second.
type Summary struct {
	Schema     int          `json:"schema"`
	Scenario   string       `json:"scenario"`
	Run        string       `json:"run"`
	Target     string       `json:"target"`   // fabric | reference
	Complete   bool         `json:"complete"` // false: interrupted or failed, the figures cover what was done
	Warnings   []string     `json:"warnings"` // Notices in words, set when a summary is read or written
	Notices    []Warning    `json:"notices,omitempty"`
	NotSeen    []Aspect     `json:"not_seen,omitempty"` // what the network, run by others, did not tell
	LeftOut    []LeftOut    `json:"left_out,omitempty"` // of the scenario, as the network is run by others
	Points     []Point      `json:"points"`
	Saturation []Saturation `json:"saturation"`
	FE         []FECost     `json:"fe"`
	// Uncertainty states that of the headline figures; nil in runs of older versions.
	Uncertainty []Budget `json:"uncertainty,omitempty"`
	Audit       *Audit   `json:"audit,omitempty"`
	// Incidents are the processes that ended unasked, hung or were not reached during the run, in the order in which that was noticed.
	Incidents []Incident `json:"incidents,omitempty"`
	Claims    []Claim    `json:"claims,omitempty"`
	// Integrity and Feasibility are what a study of published claims found beside its points; nil in other runs.
	Integrity   *Integrity   `json:"integrity,omitempty"`
	Feasibility *Feasibility `json:"feasibility,omitempty"`
	// Distances are the round trips between the sites of the run's networks; nil where none are apart.
	Distances []Distance `json:"distances,omitempty"`
	// Lifecycle is the fleet that the scenario describes, nil where it describes none.
	Lifecycle *Lifecycle `json:"lifecycle,omitempty"`
	// Thresholds are what became of what the scenario expects, nil where it expects nothing and in runs of older versions.
	Thresholds []Threshold `json:"thresholds,omitempty"`
}

// Point holds the measurements at one load level under one set of conditions.
type Point struct {
	Series     string `json:"series"`
	Repetition int    `json:"repetition"` // from 1
	Valid      bool   `json:"valid"`      // the instrument did its part, and something succeeded; false: see Reasons
	// Failed says that nothing succeeded: no transaction scheduled in the window was committed as valid, or answered where
	// nothing is to be committed.
	Failed     bool       `json:"failed,omitempty"`
	Reasons    []string   `json:"reasons"`
	Warnings   []string   `json:"warnings"`          // Notices in words, set when a summary is read or written
	Notices    []Warning  `json:"notices,omitempty"` // what to know before quoting the figures, for example that the host was full
	Factors    []Factor   `json:"factors,omitempty"` // that the scenario varied, as in the name of the series
	Conditions Conditions `json:"conditions"`
	Load       Load       `json:"load"`
	Phase      *LoadPhase `json:"phase,omitempty"`  // set where the point is one of several loads that ran together
	Window     float64    `json:"window_s"`         // length of the measured window, warm-up cut off
	Throughput float64    `json:"throughput_per_s"` // valid commits seen in the window / its length
	// Answered is the rate of answers seen in the window, where nothing is to be committed or of the queries of a mix.
	Answered  float64           `json:"answered_per_s,omitempty"`
	Scheduled uint64            `json:"scheduled"` // intended within the window
	Outcomes  map[string]uint64 `json:"outcomes"`  // of the transactions intended within the window; sums to Scheduled
	// Latency by the names of Part and, where the nodes reported every block, of BlockPart, over the window's
	// transactions whose outcome is valid, or answered where nothing is committed; PartAnswer is over those answered.
	Latency map[string]stats.Quantiles `json:"latency_s"`
	// Sites are the same transactions by the site of their client, or else of the gateway that took them, in the order of the
	// topology; nil where the target has no sites, and in runs of older versions.
	Sites []SitePoint `json:"sites,omitempty"`
	// LatencyAll describes the latency of all that was scheduled in the window, LatencyByOutcome that of the
	// transactions of each outcome to their end. Both are nil in runs of older versions, as what follows.
	LatencyAll       *AllLatency                `json:"latency_all_s,omitempty"`
	LatencyByOutcome map[string]stats.Quantiles `json:"latency_by_outcome_s,omitempty"`
	// Satisfaction holds the latency to an objective, nil where the scenario has none.
	Satisfaction *Satisfaction `json:"satisfaction,omitempty"`
	// CommitAtPeers is when each peer committed, nil where the nodes do not report it of every block.
	CommitAtPeers *CommitAtPeers `json:"commit_at_peers_s,omitempty"`

	// Disruptions are the incidents that fell into the level or lasted during it; nil where there were none.
	Disruptions []Disruption `json:"disruptions,omitempty"`

	// Events are what was done to the network on purpose during the level, in the order in which that began; nil where nothing
	// was. A point with events is counted to no saturation. Recoveries are how the level came back from those that harm.
	Events     []Event    `json:"events,omitempty"`
	Recoveries []Recovery `json:"recoveries,omitempty"`

	// InDoubt are the transactions intended in the window whose end the client did not see, as the audit decided them; nil
	// where there are none.
	InDoubt *InDoubt `json:"in_doubt,omitempty"`

	// Conflicts compares the MVCC conflicts with the birthday estimate, nil where the transactions choose from no space of
	// keys, or none conflicted.
	Conflicts *Conflicts `json:"conflicts,omitempty"`

	Intervals   map[string]stats.Interval `json:"intervals"` // by key of this point, for example throughput_per_s
	ScheduleLag stats.Quantiles           `json:"schedule_lag_s"`
	CPU         map[string]float64        `json:"cpu_cores"`       // mean over the window by process, see Processes
	Roles       map[string]Role           `json:"roles,omitempty"` // of the processes in CPU
	// Elsewhere is the CPU of nodes on other machines than the client's, as their metrics tell.
	Elsewhere map[string]float64 `json:"cpu_elsewhere_cores,omitempty"`
	// Strangers are the processes outside of the run that used most CPU from the begin of the first window of the level to
	// the end of the last, the busiest first; empty where none used any to speak of, and in runs of older versions.
	Strangers []proc.Stranger    `json:"other_processes,omitempty"`
	RSS       map[string]float64 `json:"rss_bytes"`      // largest seen in the window, by node and client
	BytesMean float64            `json:"envelope_bytes"` // mean size of the envelopes sent to the orderer
	Blocks    uint64             `json:"blocks"`         // distinct blocks that the window's commits came in
	// ClientCPU is the client's CPU time per valid commit over the window, in seconds; ClientCPUInSignatures
	// is the same over the time of one P-256 signature on this machine. Both 0 where nothing committed, in
	// a mix with queries, and in a phase, whose share of the client is not known.
	ClientCPU             float64 `json:"client_cpu_per_commit_s"`
	ClientCPUInSignatures float64 `json:"client_cpu_per_commit_signatures"`
	Sign                  float64 `json:"p256_sign_s"` // that signature's time over the session, see Yardstick; in older runs right before the level
	// Pace is the mean CPU time of one P-256 signature while the load ran, within the window, by the clock of the thread that
	// made it: beside nodes at full load it takes longer than Sign. By it levels at which the machine itself was slower can be
	// told from those at which the nodes had more to do. 0 in runs of older versions.
	Pace float64 `json:"pace_s,omitempty"`
	// Costs are what a transaction took. They are nil in a phase, and in runs of older versions.
	Costs *Costs `json:"costs,omitempty"`
	// BlockCut counts the blocks that were cut within the window by the reason for it, and BlockTimes says by
	// peer what became of them. Both are nil where the nodes do not report it.
	BlockCut   *BlockCut             `json:"block_cut,omitempty"`
	BlockTimes map[string]BlockTimes `json:"block_times_s,omitempty"`
	// Leaders are the orderers that led the channels at the end of the level; nil where they do not report it, and in runs
	// of older versions.
	Leaders []Leader `json:"leaders,omitempty"`
	// BlockSources are the orderers from which peers pulled blocks at the begin of the level; nil where their logs did not say.
	BlockSources []BlockSource `json:"block_sources,omitempty"`
	// Expected is the commit latency as computed from the distances between sites; nil where there are none.
	Expected *Expected `json:"expected,omitempty"`
	// Limit kept throughput from being higher; LimitedBy is the same in words, set when a summary is read or
	// written, and LimitedBecause is the evidence.
	Limit          Limit  `json:"limit,omitzero"`
	LimitedBy      string `json:"limited_by,omitempty"`
	LimitedBecause string `json:"limited_because,omitempty"`
	// Threads is how many cores the busiest thread of a process used, second by second the busiest of them, by the
	// processes that used at least half a core. DiskWait is the share of samples, some four a second, in which
	// a thread of a process waited for the disk, by the processes that did. DiskPressure are the shares of the window in
	// which processes of the host did, nil where the kernel does not count it. All are missing in runs of older versions.
	Threads      map[string]float64 `json:"busiest_thread_cores,omitempty"`
	DiskWait     map[string]float64 `json:"disk_wait_share,omitempty"`
	DiskPressure *proc.Pressure     `json:"disk_pressure_share,omitempty"`
	// Throttled says of every process with a CPU cap how often the kernel held it back within the window. Nil
	// where nothing is capped.
	Throttled map[string]proc.Throttle `json:"throttled,omitempty"`
	GC        *GC                      `json:"gc,omitempty"` // what garbage collection did to the client; nil in runs of older versions
	// ClientGap says when the load generator did not run; nil in runs of older versions.
	ClientGap *ClientGap `json:"client_gap_s,omitempty"`
	// Workers are those that made the load together, in the order of their ranks; nil where the client is one process.
	Workers []WorkerPoint `json:"workers,omitempty"`
	// ClientPriority is that of the load generator during the level; empty in runs of older versions.
	ClientPriority proc.Priority `json:"client_priority,omitempty"`
	// Little compares both sides of Little's law; nil under a load that changes by itself, where the level was
	// interrupted, and in runs of older versions.
	Little *Little `json:"little,omitempty"`
	// IdleProbe says how the target was found idle again before the level; nil where nothing could have been left behind.
	IdleProbe *IdleProbe `json:"idle_probe,omitempty"`
	// Steady says whether the window was in a steady state. It is empty under a load that changes by itself,
	// as a ramp does, and in runs of older versions.
	Steady stats.State `json:"steady,omitempty"`
	// SteadyDetail is what that rests on; nil where the window was not judged.
	SteadyDetail *SteadyDetail `json:"steady_detail,omitempty"`
}

// Disturbed reports whether something was done to the network on purpose during the level.
func (p *Point) Disturbed() bool { return len(p.Events) > 0 }

// Base returns the name of the series without the factors' levels behind it.
func (p *Point) Base() string {
	base := p.Series
	for _, f := range slices.Backward(p.Factors) {
		base = strings.TrimSuffix(base, "/"+f.String())
	}
	return base
}

// LoadPhase is the place of a load in a level of several. Times are in seconds.
type LoadPhase struct {
	Group string  `json:"group"`   // the series that the phases make up; points of one repetition ran together
	Start float64 `json:"start_s"` // from the start of the level, from which all instants count
	From  float64 `json:"from_s"`  // likewise: where the measured window begins
	Hold  float64 `json:"hold_s"`  // from Start on, warm-up included
	// Rates are the valid commits, or where nothing is to be committed the answers, per second over the measured window, in consecutive spans of Bin seconds. A
	// rest shorter than a span is left out.
	Bin   float64   `json:"bin_s"`
	Rates []float64 `json:"rates_per_s"`
}

// IdleProbe is a transaction on its own, sent before a level until it takes no longer than on an idle target. Times are in
// seconds.
type IdleProbe struct {
	Idle    float64 `json:"idle_s"`    // on an idle target at most: the fastest of the session and one batch timeout
	Latency float64 `json:"latency_s"` // of the last one, 0 where it failed
	Waited  float64 `json:"waited_s"`  // since the first one was sent; 0 where none could be
	Back    bool    `json:"back"`      // at the idle latency
}

// GC counts what the garbage collector did to the client over a whole load level, warm-up included. Times are in
// seconds.
type GC struct {
	Cycles     int     `json:"cycles"`
	PauseTotal float64 `json:"pause_total_s"`
	PauseMax   float64 `json:"pause_max_s"` // over the last 256 cycles
}

// BlockCut is a number of blocks by the reason for which they were cut.
type BlockCut struct {
	Count   uint64 `json:"count"`
	Bytes   uint64 `json:"bytes"`
	Timer   uint64 `json:"timer"`
	Config  uint64 `json:"config,omitempty"`
	Unknown uint64 `json:"unknown,omitempty"` // not reported
	// TimerOrBytes counts those of which the orderers leave open whether the timer or their size cut them, as with BFT.
	TimerOrBytes uint64 `json:"timer_or_bytes,omitempty"`
}

// Add counts a block that was cut for the reason.
func (c *BlockCut) Add(reason CutReason) {
	switch reason {
	case CutCount:
		c.Count++
	case CutBytes:
		c.Bytes++
	case CutTimer:
		c.Timer++
	case CutConfig:
		c.Config++
	case CutTimerOrBytes:
		c.TimerOrBytes++
	default:
		c.Unknown++
	}
}

// Total returns the number of blocks.
func (c BlockCut) Total() uint64 {
	return c.Count + c.Bytes + c.Timer + c.Config + c.Unknown + c.TimerOrBytes
}

// BlockTimes are means per block at one peer, in seconds, over the blocks that it committed within the
// window. Versions, Store and State come from whole milliseconds that the peer rounds down: they are too
// small by half a millisecond on average, and Commit, which comprises them, is not.
type BlockTimes struct {
	Blocks uint64 `json:"blocks"`
	// Busy is the share of the window, 0 to 1, in which it validated or committed a block: of its busiest
	// channel, because it takes those of a channel one by one and channels side by side.
	Busy     float64 `json:"busy"`
	Validate float64 `json:"validate"`
	Commit   float64 `json:"commit"`
	Versions float64 `json:"versions"`
	Store    float64 `json:"store"`
	State    float64 `json:"state"`
}

// Saturation says where the throughput of a series stops growing.
type Saturation struct {
	Series     string  `json:"series"`
	Reached    bool    `json:"reached"` // false: at least Throughput, at Clients
	Clients    int     `json:"clients,omitempty"`
	Offered    float64 `json:"offered_per_s,omitempty"`
	Throughput float64 `json:"throughput_per_s"`
	// Answers says that Throughput, and what follows from it, count answers: nothing is to be committed.
	Answers bool    `json:"answers,omitempty"`
	Low     float64 `json:"low"`
	High    float64 `json:"high"`
	N       int     `json:"n,omitempty"` // values that Low and High rest on; 0 in runs of older versions
	// OfferedLow and OfferedHigh are the interval of Offered over repeated searches, 0 where there is none. What a
	// search finds, the highest load kept up with in the long run or that meets the Objective, lies between loads that
	// were measured; Throughput is then that at this load.
	OfferedLow  float64 `json:"offered_low_per_s,omitempty"`
	OfferedHigh float64 `json:"offered_high_per_s,omitempty"`
	// SmallestOverload is the smallest overload, as a share of the load, that the steps of an open load's search
	// could tell from none nine times in ten. 0 where there is none, and in runs of older versions.
	SmallestOverload float64 `json:"smallest_overload,omitempty"`
	// Spread is the coefficient of variation (sample standard deviation over mean) of what repeated searches
	// found: the offered loads of an open search, the throughputs at the clients that a closed one found.
	// SpreadNormalised is that of each finding times the time of one P-256 signature taken right before it,
	// so that the machine's own pace drops out. It is 0 where that makes the spread no smaller: then it is not the
	// machine's pace that differs, or what was timed scatters itself. Both are 0 where fewer than two were made.
	Spread           float64 `json:"spread,omitempty"`
	SpreadNormalised float64 `json:"spread_normalised,omitempty"`
	Repetitions      int     `json:"repetitions,omitempty"` // searches that Spread is over
	// Plateau is the throughput that no more clients raise: the median of the levels on the plateau of a closed load. It
	// is the highest of the series of an open load, of a search, and where no plateau was found.
	Plateau float64 `json:"plateau_per_s"`
	// PlateauLow and PlateauHigh are its 95 % interval, 0 where no plateau was found. ClientsLow and ClientsHigh are that
	// of the fewest clients, of those up to the most measured, that reach 95 % of it. All are 0 where nothing is known of
	// the noise. Gain is nil where the levels do not span two doublings beyond the knee.
	PlateauLow  float64 `json:"plateau_low_per_s,omitempty"`
	PlateauHigh float64 `json:"plateau_high_per_s,omitempty"`
	ClientsLow  int     `json:"clients_low,omitempty"`
	ClientsHigh int     `json:"clients_high,omitempty"`
	Gain        *Gain   `json:"gain,omitempty"`
	Method      string  `json:"method"`
	// Objective is the latency that a search held the levels to, nil where there was none and in runs of older versions.
	Objective *Objective `json:"objective,omitempty"`
	// Limit, LimitedBy and LimitedBecause are those of a Point at that load, or of the next higher one where
	// nothing limited that yet.
	Limit          Limit  `json:"limit,omitzero"`
	LimitedBy      string `json:"limited_by,omitempty"`
	LimitedBecause string `json:"limited_because,omitempty"`
	// USL is the scalability law of a closed-loop series. Where it is nil, USLReason says why it does not
	// apply; both are empty for an open load.
	USL       *USL   `json:"usl,omitempty"`
	USLReason string `json:"usl_reason,omitempty"`
}

// Objective is a latency that a quantile of the commit latencies must not exceed.
type Objective struct {
	Quantile float64 `json:"quantile"` // 0 to 1
	Latency  float64 `json:"latency_s"`
}

// Load returns the load at which the series saturates.
func (s *Saturation) Load() Load {
	if s.Offered > 0 {
		return Load{Kind: LoadOpen, Offered: s.Offered}
	}
	return Load{Kind: LoadClosed, Clients: s.Clients}
}

// FECost is the cost of one functional-encryption parameter set on this machine with no other load. What the steps are
// for a scheme without an authority is documented where it is measured; its Length is the size of the group of meters.
type FECost struct {
	Scheme         string `json:"scheme"`
	Bits           int    `json:"bits"`
	SecurityBits   *int   `json:"security_bits"` // nil where not assessed
	SecuritySource string `json:"security_source,omitempty"`
	Group          string `json:"group,omitempty"` // what its elements are, for people
	Length         int    `json:"length"`
	// Values is the number of values in one ciphertext: Length of them, or 1 where each of a group of Length
	// meters encrypts its own.
	Values  int   `json:"ciphertext_values,omitempty"`
	Bound   int64 `json:"bound"`
	Keygen  Cost  `json:"keygen_s"`
	Derive  Cost  `json:"derive_s"`
	Encrypt Cost  `json:"encrypt_s"`
	Decrypt Cost  `json:"decrypt_s"`
	Bytes   int   `json:"ciphertext_bytes"`
	// OnLedger is the size in bytes of a reading with that ciphertext and the meter's signature, 0 where the
	// ciphertext is larger than one may hold.
	OnLedger  int `json:"on_ledger_bytes,omitempty"`
	PublicKey int `json:"public_key_bytes,omitempty"` // in the form in which sensors and the ledger get it
	// TableBytes is the memory of the table of discrete logarithms, and Table the seconds that TableFrom
	// took: to compute the table or to read it from the cache, once for all parameter sets of a group. They
	// are 0 where the scheme needs none. TableFrom is TableComputed or TableRead, empty there and in results
	// of older versions, where it is unknown.
	TableBytes int64   `json:"table_bytes,omitempty"`
	Table      float64 `json:"table_s,omitempty"`
	TableFrom  string  `json:"table_from,omitempty"`
	// Modulus is the seconds that the search for the authority's modulus took, once for all parameter sets of
	// a size, 0 where the group is a standard one.
	Modulus float64 `json:"modulus_s,omitempty"`
}

// Where tables of discrete logarithms come from.
const (
	TableComputed = "computed"
	TableRead     = "cache"
)

// Cost is a repeated timing, in seconds: its median and the 95 % interval of the median by order statistics
// (nil where there are fewer than six).
type Cost struct {
	P50  float64  `json:"p50"`
	Low  *float64 `json:"low"`
	High *float64 `json:"high"`
	N    int      `json:"n"`
	// Samples are the timings themselves, in the order in which they were taken, where they are kept.
	Samples []float64 `json:"samples,omitempty"`
}
