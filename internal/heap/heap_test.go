package heap

import (
	"cmp"
	"slices"
	"testing"
	"time"

	cmpdiff "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// Items leave in order, whether they were pushed or in the heap from the start, and after the first one was
// replaced.
func TestHeap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		items := func(name string) (all []Item[int]) {
			for i, at := range rapid.SliceOf(rapid.IntRange(0, 20)).Draw(t, name) {
				all = append(all, Item[int]{time.Duration(at), rapid.Uint64Range(0, 3).Draw(t, "order"), i})
			}
			return all
		}
		byTime := func(a, b Item[int]) int { return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(a.Order, b.Order)) }
		initial, pushed := items("initial"), items("pushed")
		h := Heap[int](slices.Clone(initial))
		h.Init()
		for _, item := range pushed {
			h.Push(item)
		}
		want := slices.SortedFunc(slices.Values(slices.Concat(initial, pushed)), byTime)
		if len(h) > 0 && rapid.Bool().Draw(t, "replace") {
			h[0].At += 10
			h.Fix()
			want[0].At += 10
			slices.SortFunc(want, byTime)
		}
		var got []Item[int]
		for len(h) > 0 {
			got = append(got, h.Pop())
		}
		ignoreValue := cmpdiff.Transformer("due", func(i Item[int]) [2]uint64 { return [2]uint64{uint64(i.At), i.Order} })
		if diff := cmpdiff.Diff(want, got, ignoreValue); diff != "" {
			t.Errorf("items in order (-want +got):\n%s", diff)
		}
	})
}
