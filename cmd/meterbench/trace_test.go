package main

import (
	"testing"

	"meterbench/simulators/meterdata"
)

// The summary of an import has words for every reason.
func TestReasonTexts(t *testing.T) {
	for _, why := range meterdata.Reasons() {
		if reasonText(why) == "" {
			t.Errorf("there is no text for %s", why)
		}
	}
}
