package heartbeat

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

// waitsEvery is how long before a gap waiting may have been that is taken for part of it.
const waitsEvery = 250 * time.Millisecond

// waits are how long the threads of this process have waited for a processor, as the kernel counts it.
type waits struct {
	at     time.Time
	thread map[string]time.Duration // by id; nil where the kernel does not say
}

const tasks = "/proc/self/task"

func newWaits() *waits { return &waits{time.Now(), readWaits()} }

func readWaits() map[string]time.Duration {
	folder, err := os.Open(tasks)
	if err != nil {
		return nil
	}
	defer folder.Close()
	ids, err := folder.Readdirnames(-1)
	if err != nil {
		return nil
	}
	all := make(map[string]time.Duration, len(ids))
	for _, id := range ids {
		line, err := os.ReadFile(filepath.Join(tasks, id, "schedstat"))
		if os.IsNotExist(err) && len(all) > 0 {
			continue // it has ended meanwhile
		}
		waited, ok := parseWait(line)
		if err != nil || !ok {
			return nil
		}
		all[id] = waited
	}
	return all
}

// since returns for how long all threads together have waited since it was called last. known is false where the kernel does
// not say.
func (w *waits) since() (waited time.Duration, known bool) {
	now := waits{time.Now(), readWaits()}
	for id, t := range now.thread {
		waited += t - w.thread[id] // of one that is new, all
	}
	known = now.thread != nil && w.thread != nil
	*w = now
	return waited, known
}

// parseWait returns the second figure of a thread's schedstat, in nanoseconds.
func parseWait(line []byte) (waited time.Duration, ok bool) {
	fields := bytes.Fields(line)
	if len(fields) < 2 {
		return 0, false
	}
	ns, err := strconv.ParseInt(string(fields[1]), 10, 64)
	return time.Duration(ns), err == nil
}
