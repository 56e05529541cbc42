package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"meterbench/bench/live"
	"meterbench/bench/result"
	"meterbench/internal/race"
)

// A started is a run of the program with a page.
type started struct {
	cmd *exec.Cmd
	url string
	log *strings.Builder
	dir string
}

// startLive starts the program in a folder and returns when it has said where its page is.
func startLive(t *testing.T, dir string, args ...string) *started {
	t.Helper()
	program, err := exec.LookPath("meterbench")
	if err != nil {
		t.Fatal(err)
	}
	s := &started{cmd: exec.CommandContext(t.Context(), program, args...), log: new(strings.Builder), dir: dir}
	s.cmd.Dir = dir
	s.cmd.Env = append(os.Environ(), "XDG_CACHE_HOME="+dir)
	out, err := s.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	s.cmd.Stdout = s.cmd.Stderr // one stream
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	found := make(chan string, 1)
	go func() {
		defer close(found)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			fmt.Fprintln(s.log, lines.Text())
			if m := liveURL.FindStringSubmatch(lines.Text()); m != nil {
				found <- m[1]
			}
		}
	}()
	if s.url = <-found; s.url == "" {
		t.Fatalf("it does not say where the page is: %v\n%s", s.cmd.Wait(), s.log)
	}
	return s
}

var liveURL = regexp.MustCompile(`^live page: (http://127\.0\.0\.1:[0-9]+/)$`)

// waitRun returns the stored run after the program has ended with an exit code.
func (s *started) waitRun(t *testing.T, code int) *result.Folder {
	t.Helper()
	_ = s.cmd.Wait() // the exit code says it
	if got := s.cmd.ProcessState.ExitCode(); got != code {
		t.Fatalf("exit code %d, want %d\n%s", got, code, s.log)
	}
	runs, err := filepath.Glob(filepath.Join(s.dir, "out", "*", "*"))
	if err != nil || len(runs) != 1 {
		t.Fatalf("%q, %v\n%s", runs, err, s.log)
	}
	stored, err := result.Open(runs[0])
	if err != nil {
		t.Fatal(err)
	}
	return stored
}

// ledgerScenario writes a scenario on the reference ledger into a folder.
func ledgerScenario(t *testing.T, dir, load string) string {
	t.Helper()
	file := filepath.Join(dir, "watched.yaml")
	text := "name: watched\ntarget: {kind: reference, endorse: {servers: 1, service: {kind: constant, mean: 10ms}}}\nworkload: {kind: plain}\nload: " + load + "\n"
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return file
}

// events reads the stream of a page until its end, and calls each with every message.
func events(t *testing.T, url string, each func(kind, data string)) {
	t.Helper()
	answer, err := http.Get(url + "events")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	kind, lines := "", bufio.NewReader(answer.Body)
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			return
		}
		line = strings.TrimSuffix(line, "\n")
		if value, ok := strings.CutPrefix(line, "event: "); ok {
			kind = value
		}
		if value, ok := strings.CutPrefix(line, "data: "); ok {
			each(kind, value)
		}
	}
}

// unmarshal reads JSON.
func unmarshal(t *testing.T, text string, to any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), to); err != nil {
		t.Errorf("%v in %.200s", err, text)
	}
}

// What the page is told of a run while it goes on is what is stored of it afterwards.
func TestLiveRun(t *testing.T) {
	if testing.Short() && !race.Enabled {
		t.Skip("it takes seconds")
	}
	t.Parallel()
	dir := t.TempDir()
	s := startLive(t, dir, "run", ledgerScenario(t, dir, "{kind: closed, clients: [2, 4], hold: 3s}"), "--live")
	kinds := map[string]int{}
	var state live.State
	var points []live.Point
	var seconds []live.Second // of the last level
	var totals live.Totals
	var end live.End
	polled := false
	events(t, s.url, func(kind, data string) {
		kinds[kind]++
		switch live.MessageKind(kind) {
		case live.KindState:
			unmarshal(t, data, &state)
		case live.KindSecond:
			var p live.Passed
			unmarshal(t, data, &p)
			if p.Replaces {
				seconds = seconds[:len(seconds)-1]
			}
			seconds, totals = append(seconds, p.Second), p.Totals
			if !polled {
				polled = true
				answer, err := http.Get(s.url + "api/state")
				if err != nil {
					t.Fatal(err)
				}
				defer answer.Body.Close()
				var now live.State
				if err := json.NewDecoder(answer.Body).Decode(&now); err != nil || now.Level == nil || len(now.Level.Seconds) == 0 || now.Run.Scenario != "watched" {
					t.Errorf("%v: the state is %+v", err, now)
				}
			}
		case live.KindLevel:
			seconds = nil
		case live.KindPoint:
			var p live.Point
			unmarshal(t, data, &p)
			points = append(points, p)
		case live.KindEnd:
			unmarshal(t, data, &end)
		}
	})
	stored := s.waitRun(t, exitOK)
	if kinds["state"] != 1 || kinds["level"] == 0 || kinds["end"] != 1 || len(seconds) < 3 || state.Run.ID != filepath.Base(stored.Dir) {
		t.Errorf("messages %v of run %s, stored %s", kinds, state.Run.ID, stored.Dir)
	}
	if want, _ := filepath.Rel(dir, filepath.Join(stored.Dir, "report.html")); end.Report != want || end.Failed != "" {
		t.Errorf("the end is %+v, the report %s", end, want)
	}
	for _, p := range stored.Summary.Points {
		told := live.Point{}
		for _, one := range points { // the last one of a level counts
			if one.Load == p.Load && one.Series == p.Series && one.Repetition == p.Repetition {
				told = one
			}
		}
		if told.Succeeded != p.Succeeded() || told.Rate != p.Throughput || told.Scheduled != p.Scheduled {
			t.Errorf("%v: told %+v, stored %v/s, %d of %d", p.Load, told, p.Throughput, p.Succeeded(), p.Scheduled)
		}
	}
	// The seconds of the last level add up to what has ended in it, and that has what was measured.
	sum, before := 0.0, 0.0
	for _, second := range seconds {
		sum, before = sum+second.Valid*(second.At-before), second.At
	}
	last := stored.Summary.Points[len(stored.Summary.Points)-1]
	if valid := totals.Ended[result.Valid.String()]; math.Abs(sum-float64(valid)) > 2 || valid < last.Succeeded() || totals.Scheduled < last.Scheduled {
		t.Errorf("seconds have %.1f valid, the level %+v, the point %d of %d", sum, totals, last.Succeeded(), last.Scheduled)
	}
	if answer, err := http.Get(s.url); err == nil {
		answer.Body.Close()
		t.Error("the page is still there after the run")
	}
}

// Who is on this machine ends a run from the page, as an interruption does.
func TestLiveStop(t *testing.T) {
	if testing.Short() && !race.Enabled {
		t.Skip("it takes seconds")
	}
	t.Parallel()
	dir := t.TempDir()
	s := startLive(t, dir, "run", ledgerScenario(t, dir, "{kind: closed, clients: [2, 4, 8], hold: 20s}"), "--live", "--set", "warmup=500ms")
	token := regexp.MustCompile(`name="token" content="([^"]+)"`).FindStringSubmatch(fetch(t, s.url))
	if token == nil {
		t.Fatal("the page has no token")
	}
	seconds := 0
	var end live.End
	events(t, s.url, func(kind, data string) {
		switch live.MessageKind(kind) {
		case live.KindSecond:
			if seconds++; seconds != 4 {
				return
			}
			r, err := http.NewRequestWithContext(t.Context(), "POST", s.url+"api/stop", strings.NewReader(`{"what":"run"}`))
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Origin", strings.TrimSuffix(s.url, "/"))
			r.Header.Set("X-Meterbench-Token", token[1])
			answer, err := http.DefaultClient.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			answer.Body.Close()
			if answer.StatusCode != http.StatusAccepted {
				t.Errorf("stop: %s", answer.Status)
			}
		case live.KindEnd:
			unmarshal(t, data, &end)
		}
	})
	stored := s.waitRun(t, exitInterrupted)
	if stored.Summary.Complete || end.Failed == "" || !strings.Contains(s.log.String(), "on request") {
		t.Errorf("complete %t, end %+v\n%s", stored.Summary.Complete, end, s.log)
	}
}

// The page says of a run that was interrupted what the terminal says, and has what was measured until then.
func TestLiveInterrupted(t *testing.T) {
	if testing.Short() && !race.Enabled {
		t.Skip("it takes seconds")
	}
	t.Parallel()
	dir := t.TempDir()
	s := startLive(t, dir, "run", ledgerScenario(t, dir, "{kind: closed, clients: [2, 4], hold: 20s}"), "--live", "--set", "warmup=500ms")
	go func() {
		awaitSeconds(s.url, 1, 3)
		_ = s.cmd.Process.Signal(syscall.SIGINT)
	}()
	studies := watchStudies(t, s.url)
	stored := s.waitRun(t, exitInterrupted)
	if len(studies) != 1 || studies[0].End == nil || studies[0].End.Failed != "interrupted" || !strings.Contains(s.log.String(), "meterbench: interrupted\n") {
		t.Fatalf("%+v\n%s", studies, s.log)
	}
	studies[0].agrees(t, stored.Dir)
}

// fetch returns what is at a URL.
func fetch(t *testing.T, url string) string {
	t.Helper()
	answer, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	var text strings.Builder
	if _, err := bufio.NewReader(answer.Body).WriteTo(&text); err != nil {
		t.Fatal(err)
	}
	return text.String()
}

// What a run left that did not finish, or failed, is shown, and said to be no more than that.
func TestViewOfHalfARun(t *testing.T) {
	t.Parallel()
	for failure, want := range map[string]string{"": "the run did not finish", "peer0 ended": "the run failed: peer0 ended; "} {
		dir := t.TempDir()
		text := fmt.Sprintf(`{"schema": 1, "scenario": "quickstart", "failure": %q}`, failure)
		if err := os.WriteFile(filepath.Join(dir, "run.json"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		v := startLive(t, dir, "view", dir)
		if got := fetch(t, v.url+"api/about"); !strings.Contains(got, `"report":""`) {
			t.Error(got)
		}
		if err := v.cmd.Process.Signal(syscall.SIGINT); err != nil {
			t.Fatal(err)
		}
		if err := v.cmd.Wait(); err != nil || !strings.Contains(v.log.String(), want) || strings.Contains(v.log.String(), "draws") {
			t.Errorf("%v\n%s", err, v.log)
		}
	}
}

// A finished run is shown from its folder alone until Ctrl-C, which is how that succeeds.
func TestView(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := startLive(t, dir, "run", ledgerScenario(t, dir, "{kind: closed, clients: [2], hold: 1s}"), "--live=0")
	stored := s.waitRun(t, exitOK)
	v := startLive(t, dir, "view", stored.Dir)
	if got := fetch(t, v.url+"report/report.html"); !strings.Contains(got, "watched") {
		t.Errorf("the report is %.200q", got)
	}
	if got := fetch(t, v.url+"api/about"); !strings.Contains(got, `"mode":"folder","title":"watched"`) || !strings.Contains(got, `"report":"report.html"`) {
		t.Error(got)
	}
	if got := fetch(t, v.url+"report/summary.json"); !strings.Contains(got, "error") {
		t.Errorf("%.200q", got)
	}
	if err := v.cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	if err := v.cmd.Wait(); err != nil {
		t.Errorf("%v\n%s", err, v.log)
	}
}
