package reports

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Every heading of notes.txt is asked for, and there is none that is not there.
func TestNotes(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	asked := map[string]bool{}
	for _, file := range files {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, call := range regexp.MustCompile(`\b(?:notes|intro)\("([^"]+)"\)`).FindAllSubmatch(source, -1) {
			asked[string(call[1])] = true
		}
	}
	if diff := cmp.Diff(slices.Sorted(maps.Keys(noteTable())), slices.Sorted(maps.Keys(asked))); diff != "" {
		t.Errorf("headings in notes.txt (-), asked for (+):\n%s", diff)
	}
}
