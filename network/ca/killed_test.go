package ca_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"testing"
	"time"

	"meterbench/internal/proc"
	"meterbench/network/ca"
)

// holdVariable makes the test program hold an authority of the server that it names.
const holdVariable = "METERBENCH_TEST_HOLD_CA"

// hold starts an authority, prints its processes and waits.
func hold(server string) int {
	a, err := ca.Start(context.Background(), ca.Config{Issuer: ca.FabricCA, Server: server})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	for _, n := range a.Nodes() {
		fmt.Println(n.PID)
	}
	select {}
}

// An authority whose process is killed goes with it, and its folder with the keys.
func TestKilled(t *testing.T) {
	program := server(t)
	temp := t.TempDir()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Env, cmd.Stderr = append(os.Environ(), holdVariable+"="+program, "TMPDIR="+temp), t.Output()
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	defer cmd.Wait()
	defer cmd.Process.Kill()
	pids, lines := []int{}, bufio.NewScanner(out)
	for len(pids) < 2 && lines.Scan() {
		pid, err := strconv.Atoi(lines.Text())
		if err != nil {
			t.Fatal(err)
		}
		pids = append(pids, pid)
	}
	if len(pids) < 2 {
		t.Fatal("it did not start")
	}
	only(t, temp)
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	for until := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		left, err := os.ReadDir(temp)
		if err != nil {
			t.Fatal(err)
		}
		for _, pid := range pids {
			if _, err := proc.Process(pid); !errors.Is(err, proc.ErrEnded) {
				left = append(left, nil)
			}
		}
		if len(left) == 0 {
			return
		}
		if time.Now().After(until) {
			t.Fatalf("left are %v, and perhaps processes", left)
		}
	}
}
