package main

import (
	"bytes"
	"errors"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"meterbench/bench/study"
	"meterbench/network/lab"
)

// A scenario whose points are not valid keeps the next from running no more
// than one that is done; one that fails does.
func TestEach(t *testing.T) {
	failed := errors.New("disk full")
	bad := func(point string) error { return &study.NotValidError{Points: []string{point}} }
	for _, c := range []struct {
		ends []error
		ran  int
		code int
		text string
	}{
		{[]error{nil, nil}, 2, exitOK, ""},
		{[]error{bad("x at 8 clients")}, 1, exitNotValid, bad("x at 8 clients").Error()},
		{[]error{bad("x"), nil, bad("y")}, 3, exitNotValid, (&study.NotValidError{Points: []string{"0: x", "2: y"}}).Error()},
		{[]error{failed, nil}, 1, exitFailed, "disk full"},
		{[]error{bad("x"), failed, nil}, 2, exitFailed, bad("0: x").Error() + "\ndisk full"},
	} {
		runs := make([]lab.Plan, len(c.ends))
		for i := range runs {
			runs[i].Scenario.Name = strconv.Itoa(i)
		}
		ran := 0
		err := each(runs, func(lab.Plan) error { ran++; return c.ends[ran-1] })
		if code, text := verdict(t.Context(), err); ran != c.ran || code != c.code || text != c.text {
			t.Errorf("%v: %d ran, code %d, %q", c.ends, ran, code, text)
		}
	}
}

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
