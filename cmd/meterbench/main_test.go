package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"meterbench/bench/worker/launch"
	"meterbench/internal/race"
	"meterbench/network"
	"meterbench/network/ca"
	"meterbench/network/chaincode"
	"meterbench/network/standard"
	"meterbench/simulators/device"
)

// The test program is also meterbench, under that name, and all that a network
// starts it as.
func TestMain(m *testing.M) {
	if code, handled := launch.Dispatch(os.Args); handled {
		os.Exit(code)
	}
	if code, handled := network.Dispatch(os.Args, chaincode.Serve); handled {
		os.Exit(code)
	}
	if code, handled := device.Dispatch(os.Args); handled {
		os.Exit(code)
	}
	if code, handled := standard.Dispatch(os.Args); handled {
		os.Exit(code)
	}
	if code, handled := ca.Dispatch(os.Args); handled {
		os.Exit(code)
	}
	if filepath.Base(os.Args[0]) != "meterbench" { // the tests themselves: under nohup their runs would ignore SIGHUP
		signal.Notify(make(chan os.Signal, 1), syscall.SIGHUP)
	}
	testscript.Main(m, map[string]func(){"meterbench": main})
}

// The scripts add to the commands of testscript:
//
//	try COMMAND ARGUMENTS...  run it and add it to the file transcript, with
//	                          its standard output, standard error and exit code
//	corrupt                   damage the cached peer
//	made DIR KEY=VALUE...     make folders of runs, as makeRuns says
//
// What varies stands in the transcript as $WORK, KEY, TIME and SHA256, and is the work folder,
// the key of a build in the cache, how long that and a run's set-up take with the processors here, and checksums. With
// the environment variable UPDATE_SCRIPTS=1 the transcripts are written anew.
//
// The cache of daemons is empty, and the Go toolchain that would fill it makes
// programs that end at once.
func TestScripts(t *testing.T) {
	if race.Enabled {
		t.Skip("what runs at the same time runs in other tests, too")
	}
	testscript.Run(t, testscript.Params{
		Dir: filepath.Join("testdata", "script"),
		Setup: func(env *testscript.Env) error {
			self, err := exec.LookPath("meterbench")
			if err != nil {
				return err
			}
			tools := filepath.Join(env.WorkDir, "tools")
			env.Setenv("METERBENCH", self)
			env.Setenv("PATH", tools+":"+env.Getenv("PATH"))
			env.Setenv("XDG_CACHE_HOME", filepath.Join(env.WorkDir, "cache"))
			if err := os.Mkdir(tools, 0o755); err != nil {
				return err
			}
			return os.WriteFile(filepath.Join(tools, "go"), []byte(toolchain), 0o755)
		},
		UpdateScripts: os.Getenv("UPDATE_SCRIPTS") == "1",
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"try":     try,
			"corrupt": corrupt,
			"made":    makeRuns,
		},
		RequireUniqueNames: true,
	})
}

// toolchain answers to go build ... -o DIR tool.
const toolchain = `#!/bin/sh
if [ "$1" = mod ]; then
	mkdir -p "${0%/*}/fabric/core/peer"
	echo 'return "", errors.Errorf("no non-loopback, IPv4 interface detected")' > "${0%/*}/fabric/core/peer/config.go"
	version=$(sed -n 's|.*github.com/hyperledger/fabric \(v[^ ]*\) .*|\1|p' go.mod)
	echo '{"Version": "'"$version"'", "Dir": "'"${0%/*}"'/fabric"}'
	exit
fi
while [ "$1" != -o ]; do shift; done
for program in peer orderer; do
	printf '#!/bin/sh\necho I end at once >&2\nexit 3\n' > "$2$program"
	chmod 755 "$2$program"
done
`

var (
	cacheKey  = regexp.MustCompile(`(fabric-v[0-9.]+-)[0-9a-f]{12}`)
	buildTime = regexp.MustCompile(`(KEY: about )([0-9]+[ms])+`)
	builtTime = regexp.MustCompile(`(built Fabric v[0-9.]+ in )[0-9]+ s`)
	runTime   = regexp.MustCompile(`about [0-9:]+ (\(.* of load in [0-9]+ levels?, set-up )[0-9:]+`)
	sha256    = regexp.MustCompile(`[0-9a-f]{64}`)
)

func try(ts *testscript.TestScript, _ bool, args []string) {
	code := 0
	if err := ts.Exec(args[0], args[1:]...); err != nil {
		exit, ok := errors.AsType[*exec.ExitError](err)
		if !ok {
			ts.Fatalf("%s: %v", args[0], err)
		}
		code = exit.ExitCode()
	}
	var text bytes.Buffer
	for i, arg := range args {
		if strings.ContainsAny(arg, " []{}*?$") {
			args[i] = "'" + arg + "'"
		}
	}
	fmt.Fprintf(&text, "$ %s\n", strings.Join(args, " "))
	text.WriteString(ts.ReadFile("stdout"))
	text.WriteString(ts.ReadFile("stderr"))
	fmt.Fprintf(&text, "exit %d\n\n", code)
	transcript, err := os.OpenFile(ts.MkAbs("transcript"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	ts.Check(err)
	plain := strings.ReplaceAll(text.String(), ts.Getenv("WORK"), "$WORK")
	plain = cacheKey.ReplaceAllString(plain, "${1}KEY")
	plain = buildTime.ReplaceAllString(plain, "${1}TIME")
	plain = builtTime.ReplaceAllString(plain, "${1}TIME")
	plain = runTime.ReplaceAllString(plain, "about TIME ${1}TIME")
	plain = sha256.ReplaceAllString(plain, "SHA256")
	_, err = transcript.WriteString(plain)
	ts.Check(errors.Join(err, transcript.Close()))
}

// corrupt changes a daemon in the cache.
func corrupt(ts *testscript.TestScript, _ bool, _ []string) {
	found, err := filepath.Glob(ts.MkAbs("cache/meterbench/fabric-*/bin/peer"))
	ts.Check(err)
	if len(found) != 1 {
		ts.Fatalf("cached peers: %q", found)
	}
	ts.Check(os.WriteFile(found[0], []byte("not what was built"), 0o755))
}
