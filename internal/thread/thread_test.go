package thread

import (
	"fmt"
	"os"
	"runtime"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// Wherever the goroutine begins, its thread is its own, and ends with it.
func TestGo(t *testing.T) {
	threads := make(chan int)
	for range 50 {
		Go(func() { threads <- unix.Gettid() })
		id := <-threads
		if id == os.Getpid() {
			t.Fatal("the main thread was taken")
		}
		for until := time.Now().Add(10 * time.Second); exists(id); runtime.Gosched() {
			if time.Now().After(until) {
				t.Fatal("the thread is still there")
			}
		}
	}
}

func TestGoBesides(t *testing.T) {
	const together = 20
	threads, stop := make(chan int), make(chan struct{})
	for range together {
		Go(func() { threads <- unix.Gettid(); <-stop })
	}
	seen := map[int]bool{os.Getpid(): true}
	for range together {
		id := <-threads
		if seen[id] {
			t.Errorf("thread %d is used twice", id)
		}
		seen[id] = true
	}
	close(stop)
}

func exists(thread int) bool {
	_, err := os.Stat(fmt.Sprintf("/proc/self/task/%d", thread))
	return err == nil
}
