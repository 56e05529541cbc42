package main

import (
	"bytes"
	"testing"
	"testing/synctest"
	"time"
)

// Where the output is no terminal, the status comes every five seconds, as
// lines, and not right after another line.
func TestPlainProgress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		p := newProgress(&out)
		p.Step("begin")
		for range 11 {
			time.Sleep(time.Second)
			p.Working("at work")
		}
		p.Step("end")
		p.close()
		want := "[0:00] begin\n  at work\n  at work\n[0:11] end\n"
		if out.String() != want {
			t.Errorf("got\n%swant\n%s", out.String(), want)
		}
	})
}

// On a terminal one line is rewritten, cut to the width, and gone at the end.
func TestTerminalProgress(t *testing.T) {
	var out bytes.Buffer
	p := &progress{out: &out, terminal: true, width: 12, began: time.Now()}
	p.Working("1 of 2")
	p.Working("2 of 2 – and more than fits")
	p.Step("end")
	p.close()
	const erase = "\r\x1b[K"
	want := "  1 of 2" + erase + "  2 of 2 – " + erase + "[0:00] end\n"
	if out.String() != want {
		t.Errorf("got %q, want %q", out.String(), want)
	}
}

func TestClock(t *testing.T) {
	for d, want := range map[time.Duration]string{
		-time.Second: "0:00", 0: "0:00", 59600 * time.Millisecond: "1:00", 61 * time.Second: "1:01", 2 * time.Hour: "2:00:00 h",
	} {
		if got := clock(d); got != want {
			t.Errorf("%v: got %s, want %s", d, got, want)
		}
	}
}
