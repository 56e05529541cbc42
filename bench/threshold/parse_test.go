package threshold_test

import (
	"errors"
	"strings"
	"testing"

	"meterbench/bench/threshold"
)

func TestParse(t *testing.T) {
	for _, text := range []string{
		"commit.p99 < 2s at offered=100/s",
		"commit.p99<2s at offered=100/s",
		"throughput >= 400/s at clients=128",
		"throughput >= 400 tx/s",
		"answered > 1e3 /s",
		"valid.share >= 0.99",
		"valid.share >= 99 %",
		"client.cpu_per_commit < 10 sig",
		"series encrypted / series plain >= 0.5",
		"2s > commit.p99 of plain",
		"likely commit.p99.9 of plain/batch=2s,10 <= 500ms",
		"commit.p50 <= 500us strict",
		"strict commit.mean of at < commit.mean of series at clients=1",
		"stored / 1kB < 5",
		"wire < 1.5 kB",
		"valid.share < 1", "dropped.share <= 0", "valid.share / answered.share > 3", "valid.share >= 1",
	} {
		t.Run(text, func(t *testing.T) {
			got, err := threshold.Parse(text)
			if err != nil || got.Text != text || got.Strict != strings.Contains(text, "strict") {
				t.Errorf("%+v, %v", got, err)
			}
		})
	}
}

// Each error points at the word that is wrong, marked by a caret in the second line.
func TestParseErrors(t *testing.T) {
	for _, tt := range []struct{ text, caret, want string }{
		{"", "^", "a metric or a number is missing; write for example commit.p99 < 2s at offered=100/s"},
		{"commit.p99",
			"          ^", "nothing is compared; write for example commit.p99 < 2s at offered=100/s"},
		{"comit.p99 < 2s",
			"^", `there is no metric "comit.p99"; did you mean commit.p99?`},
		{"speed < 2s",
			"^", `there is no metric "speed"; docs/scenario.md lists them all`},
		{"commit.p99 = 2s",
			"           ^", `want a comparison, got "="; known are <, <=, >, >=`},
		{"commit.p99 <> 2s",
			"           ^", `want a comparison, got "<>"; known are <, <=, >, >=`},
		{"commit.p99 <",
			"            ^", "a metric or a number is missing; write for example commit.p99 < 2s at offered=100/s"},
		{"commit.p99 < < 2s",
			"             ^", "a metric or a number is missing; write for example commit.p99 < 2s at offered=100/s"},
		{"commit.p99 < 2 hours",
			"               ^", `there is no unit "hours"; known are s, ms, us, /s, tx/s, %, sig, B, kB, MB`},
		{"commit.p99 < 2min",
			"              ^", `there is no unit "min"; known are s, ms, us, /s, tx/s, %, sig, B, kB, MB`},
		{"commit.p99 < 1e999s",
			"             ^", `"1e999s" is not a number; write for example 2s or 0.99`},
		{"commit.p99 < 0x1s",
			"              ^", `there is no unit "x1s"; known are s, ms, us, /s, tx/s, %, sig, B, kB, MB`},
		{"commit.p99 < +",
			"             ^", `"+" is not a number; write for example 2s or 0.99`},
		{"commit.p99 < 10 sig",
			"             ^", "commit.p99 (s) and 10 sig (sig) have unlike units; give the number in s, ms, us"},
		{"2 < commit.p99",
			"^", "commit.p99 (s) and 2 (no unit) have unlike units; give the number in s, ms, us"},
		{"valid.share > 3 kB",
			"              ^", "valid.share (no unit) and 3 kB (B) have unlike units; give the number without a unit, or in %"},
		{"commit.p99 < throughput",
			"             ^", "commit.p99 (s) and throughput (tx/s) have unlike units; compare like with like"},
		{"commit.p99 / throughput of plain < 1",
			"             ^", "commit.p99 (s) and throughput of plain (tx/s) have unlike units; compare like with like"},
		{"series a / series b > 3/s",
			"                      ^", "series a / series b (no unit) and 3/s (tx/s) have unlike units; give the number without a unit, or in %"},
		{"commit.p99 < -2s",
			"             ^", "-2s is negative, and no figure ever is; give a number from 0 on"},
		{"throughput > -1e3 tx/s",
			"             ^", "-1e3 is negative, and no figure ever is; give a number from 0 on"},
		{"valid.share >= 99",
			"               ^", "valid.share is a share, which is never above 1, got 99; write 99 %"},
		{"1.5 < valid.share",
			"^", "valid.share is a share, which is never above 1, got 1.5; write 1.5 %"},
		{"valid.share >= 101 %",
			"               ^", "valid.share is a share, which is never above 100 %, got 101 %; write for example 0.99 or 99 %"},
		{"dropped.share < 9999",
			"                ^", "dropped.share is a share, which is never above 100 %, got 9999; write for example 0.99 or 99 %"},
		{"valid.share > 100 %",
			"              ^", "valid.share is a share, which is never above 100 %; write >= in place of >"},
		{"dropped.share < 0",
			"                ^", "no figure is below 0; write <= in place of <, or give a larger limit"},
		{"0 s <= commit.p99",
			"^", "every figure is 0 or more; write > in place of >=, or give a larger limit"},
		{"valid.share <= 100 %",
			"               ^", "valid.share is a share, which is always up to 100 %; write < in place of <=, or give a smaller limit"},
		{"wire < 1e305MB",
			"       ^", "no figure comes near 1e305MB; write for example 2s or 0.99"},
		{"commit.p99 / commit.p50 < 1e300 / 1e-300",
			"                          ^", "no figure comes near 1e300; write for example 2s or 0.99"},
		{"throughput / 1e-320/s > 1",
			"             ^", "no figure comes near 1e-320/s; write for example 2s or 0.99"},
		{"commit.p99 / 0 s < 2",
			"             ^", "nothing can be divided by 0 s; give a number above 0"},
		{"throughput > 5/s / 0/s",
			"                   ^", "nothing can be divided by 0/s; give a number above 0"},
		{"1s < 2s",
			"   ^", "two numbers are compared; name a metric: write for example commit.p99 < 2s at offered=100/s"},
		{"1s < commit.p99 < 2s",
			"                ^", `unexpected "<"; an expectation has one comparison: write two`},
		{"commit.p99 < 2s of plain",
			"                ^", `unexpected "of"; write for example commit.p99 < 2s at offered=100/s`},
		{"commit.p99 < 2 of plain",
			"               ^", `there is no unit "of"; known are s, ms, us, /s, tx/s, %, sig, B, kB, MB`},
		{"commit.p99 < 2s at",
			"                  ^", `want a load, got ""; write at offered=100/s or at clients=8`},
		{"commit.p99 < 2s at offered=100",
			"                   ^", `want a load, got "offered=100"; write at offered=100/s or at clients=8`},
		{"commit.p99 < 2s at clients=0",
			"                   ^", `want a load, got "clients=0"; write at offered=100/s or at clients=8`},
		{"commit.p99 < 2s at offered=NaN/s",
			"                   ^", `want a load, got "offered=NaN/s"; write at offered=100/s or at clients=8`},
		{"likely commit.p99 < 2s strict",
			"                       ^", "strict is one word too many; say likely or strict once"},
		{"commit.p99 of < 2s",
			"              ^", `the name of a series is missing after "of"; write for example of plain`},
		{"series < 2/s",
			"       ^", `the name of a series is missing after "series"; write for example series plain`},
		{"series a / series b / series c > 1",
			"                    ^", "a ratio has two sides; leave one out"},
		{"größe > 1 at",
			"^", `there is no metric "größe"; docs/scenario.md lists them all`},
	} {
		t.Run(tt.text, func(t *testing.T) {
			_, err := threshold.Parse(tt.text)
			e, ok := errors.AsType[*threshold.Error](err)
			if !ok || e.Error() != tt.want || e.At != strings.Index(tt.caret, "^") {
				t.Errorf("got  %v\nwant %s at %d", err, tt.want, strings.Index(tt.caret, "^"))
				if ok {
					t.Logf("\n%s\n%s^", tt.text, strings.Repeat(" ", e.At))
				}
			}
		})
	}
}

// FuzzParse checks that whatever is written is read or refused with a place within it, and that what was read can be checked and
// judged.
func FuzzParse(f *testing.F) {
	for _, text := range []string{
		"commit.p99 < 2s at offered=100/s", "strict series a / series b >= 0.5", "throughput of a <= 10 tx/s at clients=8 likely", "1 % < valid.share", "/ / /", "<=>=", ".e", "ä<ö",
	} {
		f.Add(text)
	}
	all := []threshold.Series{planned("a", closed(8)), planned("b/x=1", closed(8)), planned("b/x=2"), planned("c")}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := threshold.Parse(text)
		for range 2 {
			e, is := errors.AsType[*threshold.Error](err)
			if err != nil && (!is || e.Msg == "" || e.At < 0 || e.At > len([]rune(text))) {
				t.Fatalf("%q: %#v", text, err)
			}
			if err != nil {
				return
			}
			err = got.Check(all)
		}
		if len(got.Judge(all, summary(point("a", closed(8), 100)))) == 0 {
			t.Errorf("%q passes the check and is not judged", text)
		}
	})
}
