package result_test

import (
	"fmt"
	"time"

	"meterbench/bench/result"
)

// The parts of a latency follow from the instants of a record.
func ExampleRecord_Span() {
	const ms = time.Millisecond
	r := result.Record{
		Intended: 1000 * ms, Started: 1001 * ms, Prepared: 1003 * ms,
		Endorsed: 1010 * ms, Submitted: 1014 * ms, Committed: 1090 * ms,
		Outcome: result.Valid,
	}
	for _, part := range result.Parts() {
		if d, ok := r.Span(part); ok {
			fmt.Println(part, d)
		}
	}
	// Output:
	// commit 90ms
	// lag 1ms
	// prepare 2ms
	// endorse 7ms
	// submit 4ms
	// order_commit 76ms
	// acknowledge 11ms
}

// The ledger must hold what the client recorded as valid, once, and nothing else.
func ExampleAudit_Problem() {
	fmt.Println(result.Audit{Expected: 9, Found: 9, Stored: 9}.Problem() == "")
	fmt.Println(result.Audit{Expected: 9, Found: 8, Missing: 1, Stored: 8}.Problem() == "")
	// Output:
	// true
	// false
}
