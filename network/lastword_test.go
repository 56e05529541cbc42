package network

import "testing"

// Go's own word on why a program ends comes before the stacks, which are the last lines.
func TestLastWord(t *testing.T) {
	const stack = "\n\ngoroutine 1 [running]:\nmain.main()\n\t/a/main.go:3 +0x1d\nexit status 2\n"
	for _, c := range []struct {
		log  string
		tail []string
		want string
	}{
		{"serving\npanic: no peer" + stack, []string{"\t/a/main.go:3 +0x1d", "exit status 2"}, "panic: no peer"},
		{"fatal error: all goroutines are asleep" + stack, []string{"exit status 2"}, "fatal error: all goroutines are asleep"},
		{"panic: first\nrecovered\npanic: \x1b[31msecond" + stack, nil, `panic: \x1b[31msecond`},
		{"one\ncannot go on\n", []string{"one", "cannot go on"}, "cannot go on"},
		{"", nil, "it logged nothing"},
	} {
		if got := lastWord(c.log, c.tail); got != c.want {
			t.Errorf("%q: got %q, want %q", c.log, got, c.want)
		}
	}
}

// Whatever a program logs, its last word is one line that can be printed.
func FuzzLastWord(f *testing.F) {
	f.Add("panic: a\x1b[2J\nb")
	f.Fuzz(func(t *testing.T, log string) {
		for _, c := range lastWord(log, nil) {
			if c < ' ' || c == 0x7f {
				t.Errorf("%q gives %q", log, lastWord(log, nil))
			}
		}
	})
}
