// Package thread runs code on threads of the kernel that are used for nothing else, for what belongs to a thread and cannot,
// or should not, be taken back: the namespaces that it has entered, or that it is the parent of a child with a parent-death signal.
package thread

import (
	"runtime"

	"golang.org/x/sys/unix"
)

// Go runs f on a new goroutine and a thread of its own, which ends with it. That is never the main thread: it cannot end,
// and /proc/self would go on to show what f has made of it.
func Go(f func()) {
	go func() {
		runtime.LockOSThread()
		if unix.Gettid() != unix.Getpid() {
			f()
			return // still locked, which ends the thread
		}
		defer runtime.UnlockOSThread()
		begun := make(chan struct{})
		go func() {
			runtime.LockOSThread() // another one, as the main thread waits here
			close(begun)
			f()
		}()
		<-begun
	}()
}
