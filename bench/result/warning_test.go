package result

import (
	"strings"
	"testing"
)

func TestWarningNamesFewPlaces(t *testing.T) {
	for places, want := range map[string]string{
		"":                  "full",
		"a":                 "a: full",
		"a b c d e f g":     "a, b, c, d, e, f, g: full",
		"a b c d e f g h i": "a, b, c, d, e, f and 3 more: full",
	} {
		if got := (Warning{Code: HostFull, Where: strings.Fields(places), Text: "full"}).String(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
