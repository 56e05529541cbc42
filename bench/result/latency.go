package result

import (
	"bufio"
	"cmp"
	"fmt"
	"os"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// A latencyLog writes latency.hlog: an HdrHistogram interval log (format 1.3, V2 compressed histograms of
// nanoseconds) as the tools of hdrhistogram.org read it. Each load level is one interval, from the start to
// the end of its window in wall-clock time; each part is one tag, <level>/<part>.
type latencyLog struct {
	path string
	file *os.File
	buf  *bufio.Writer
	log  *hdrhistogram.HistogramLogWriter
}

func createLatencyLog(path string, run Run) (*latencyLog, error) {
	f, err := os.Create(path)
	if err != nil {
		return nil, unwritable(path, err)
	}
	buf := bufio.NewWriter(f)
	l := &latencyLog{path: path, file: f, buf: buf, log: hdrhistogram.NewHistogramLogWriter(buf)}
	// Errors of buf stick and come out at Flush.
	l.log.OutputComment("[Latencies in nanoseconds by load level and part]")
	l.log.OutputLogFormatVersion()
	l.log.OutputStartTime(run.Started.UnixMilli())
	l.log.OutputLegend()
	return l, l.flush()
}

// write appends the parts of a level that was opened at the given time.
func (l *latencyLog) write(key LevelKey, opened time.Time, w *Window) error {
	for _, p := range Parts() {
		h, ok := w.Latency(p)
		if !ok {
			continue
		}
		h.SetTag(escapeName(key.String()+"/"+p.String(), ',')) // <level>/<part>
		h.SetStartTimeMs(opened.Add(w.From).UnixMilli())
		h.SetEndTimeMs(opened.Add(w.To).UnixMilli())
		if err := l.log.OutputIntervalHistogram(h); err != nil {
			return fmt.Errorf("%s: %s: %w", l.path, h.Tag(), err)
		}
	}
	return l.flush()
}

func (l *latencyLog) flush() error { return unwritable(l.path, l.buf.Flush()) }

func (l *latencyLog) close() error {
	return unwritable(l.path, cmp.Or(l.buf.Flush(), l.file.Sync(), l.file.Close()))
}
