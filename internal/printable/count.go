package printable

import (
	"fmt"
	"strings"
)

// Count writes a number of things, as 1 worker or 2 workers. A thing that ends in s, as series, is its own plural.
func Count[N int | int64 | uint64](n N, thing string) string {
	if n == 1 || strings.HasSuffix(thing, "s") {
		return fmt.Sprintf("%d %s", n, thing)
	}
	return fmt.Sprintf("%d %ss", n, thing)
}
