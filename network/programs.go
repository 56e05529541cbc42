package network

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"meterbench/internal/printable"
	"meterbench/internal/process"
	"meterbench/internal/regular"
	"meterbench/network/fabric"
)

// patience is how long the program of a user's own chaincode may take until it listens, and then until it answers.
const patience = 30 * time.Second

const (
	dialTimeout  = 5 * time.Second // to a chaincode that runs already
	mostRootCert = 1 << 20         // bytes
	mostOutput   = 1 << 20         // bytes of what go build says
)

const mustServe = "it must serve at the address in CHAINCODE_SERVER_ADDRESS: see docs/contracts.md"

// programsDir is the folder in a run folder for the programs that are built.
const programsDir = "chaincodes"

// A ChaincodeError says what is wrong with a user's own chaincode, in one line.
type ChaincodeError struct {
	Channel, Chaincode string // where the topology has it
	Key                string // of the chaincode, whose value is wrong: source, command, address
	Msg, Hint          string
}

// Error names the chaincode.
func (e *ChaincodeError) Error() string {
	text := fmt.Sprintf("channel %s: chaincode %s: %s", e.Channel, e.Chaincode, e.Msg)
	if e.Hint != "" {
		text += "; " + e.Hint
	}
	return text
}

// wrong returns an error about the chaincode.
func (c *contractPlan) wrong(hint, format string, args ...any) *ChaincodeError {
	key := "source"
	switch {
	case c.Command != nil:
		key = "command"
	case c.Address != "":
		key = "address"
	}
	return &ChaincodeError{Channel: c.channel, Chaincode: c.Name, Key: key, Msg: fmt.Sprintf(format, args...), Hint: hint}
}

// build makes ready what serves the users' own chaincodes: it builds each source once, and finds the programs of commands.
func (p *plan) build(ctx context.Context, progress io.Writer) error {
	built := map[string]string{} // programs by source
	for _, channel := range p.channels {
		for _, contract := range channel.contracts {
			var err error
			switch {
			case contract.Source != "":
				source := contract.File(contract.Source)
				if built[source] == "" {
					fmt.Fprintf(progress, "building chaincode %s from %s\n", contract.Name, source)
					built[source], err = contract.build(ctx, source, filepath.Join(p.dir, programsDir, strconv.Itoa(len(built))))
				}
				contract.program = built[source]
			case contract.Command != nil:
				if contract.program, err = contract.Program(); err != nil {
					err = contract.wrong("", "there is no program %s", contract.program)
				}
			case contract.Address != "":
				err = contract.find(ctx)
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// find makes sure that a chaincode which the user runs is there.
func (c *contractPlan) find(ctx context.Context) error {
	conn, err := (&net.Dialer{Timeout: dialTimeout}).DialContext(ctx, "tcp", c.Address)
	if err != nil {
		return c.wrong("start it before, with CHAINCODE_ID="+c.pkg.ID, "nothing listens at %s", c.Address)
	}
	conn.Close() // it was only asked whether it listens
	if c.RootCert == "" {
		return nil
	}
	if c.rootCert, err = regular.Read(c.File(c.RootCert), mostRootCert); err != nil {
		return c.wrong("", "root_cert: %v", err)
	}
	return nil
}

// build builds the program of a folder, and changes nothing in it. It returns the program's file.
func (c *contractPlan) build(ctx context.Context, source, to string) (string, error) {
	if err := os.MkdirAll(to, 0o700); err != nil {
		return "", fmt.Errorf("make folder for chaincodes: %w", err)
	}
	tool, err := exec.LookPath("go")
	if err != nil {
		return "", c.wrong("install Go, or give the command that serves it", "cannot be built: there is no program go in PATH")
	}
	build, err := process.Start(process.Spec{
		// The program has the name of its module, and is the only one; a trailing slash refuses packages that are none.
		Name: "go build of chaincode " + c.Name, Path: tool, Args: []string{"build", "-buildvcs=false", "-o", to + "/", "."},
		Env: append(os.Environ(), "PWD="+source, "GOFLAGS="+readonlyFlags(os.Getenv("GOFLAGS"))), Dir: source, LogPath: to + ".log",
	})
	if err != nil {
		return "", err
	}
	select {
	case <-build.Done():
	case <-ctx.Done():
		build.Stop(stopGrace)
		return "", context.Cause(ctx)
	}
	if end, ok := errors.AsType[*process.ExitError](build.Err()); ok && end.Code != 0 {
		output := string(process.End(to+".log", mostOutput))
		return "", c.wrong("mend it: go build in "+source+" shows all", "does not build: %s", firstMistake(output, end.Status))
	}
	programs, err := os.ReadDir(to)
	if err != nil || len(programs) != 1 {
		return "", c.wrong("", "does not build: go build made %d programs of %s: %v", len(programs), source, err)
	}
	return filepath.Join(to, programs[0].Name()), nil
}

// readonlyFlags leaves out of GOFLAGS what would have a build change the module's files.
func readonlyFlags(flags string) string {
	return strings.Join(slices.DeleteFunc(strings.Fields(flags), func(f string) bool { return strings.TrimLeft(f, "-") == "mod=mod" }), " ")
}

// firstMistake returns the first line of what go build says that is no heading.
func firstMistake(output, otherwise string) string {
	mistake := ""
	for line := range strings.Lines(output) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") || strings.HasPrefix(line, "go: downloading ") {
			continue
		}
		if mistake += line; !strings.HasSuffix(mistake, ":") { // which announces the next line
			break
		}
		mistake += " "
	}
	if mistake = strings.TrimRight(mistake, ": "); mistake != "" {
		return printable.Line(shortened(mistake))
	}
	return otherwise
}

// shortened returns a line of a length that can be read.
func shortened(line string) string {
	if len(line) > 500 {
		return line[:500] + " …"
	}
	return line
}

// spec is how the process of a chaincode is started: this program, or the user's own.
func (s *servicePlan) spec(executable string) process.Spec {
	c := s.contract
	if !c.Own() {
		return process.Spec{Path: executable, Argv0: chaincodeArgv0, Env: s.env(), Dir: s.dir}
	}
	spec := process.Spec{Path: c.program, Env: append(os.Environ(), s.ownEnv()...), Dir: s.dir}
	if c.Command != nil {
		spec.Args, spec.Dir = c.Command[1:], c.Dir
	}
	return spec
}

// ownEnv tells a user's own program what to serve, where and as whom, in the words of fabric-samples, of Fabric's contract
// API for Go, and of its shim for Node.
func (s *servicePlan) ownEnv() []string {
	id, address, encrypted := s.contract.pkg.ID, s.address.String(), strconv.FormatBool(!s.contract.Plaintext)
	env := []string{
		"CHAINCODE_ID=" + id, "CHAINCODE_SERVER_ADDRESS=" + address, "CHAINCODE_TLS_DISABLED=" + strconv.FormatBool(s.contract.Plaintext),
		"CORE_CHAINCODE_ID_NAME=" + id, "CORE_PEER_TLS_ENABLED=" + encrypted, "CORE_PEER_LOCALMSPID=" + s.peer.MSP,
		"CORE_CHAINCODE_ID=" + id, "CORE_CHAINCODE_ADDRESS=" + address,
	}
	if s.contract.Plaintext {
		return env
	}
	files := fabric.TLSFiles(s.dir)
	return append(env,
		"CHAINCODE_TLS_KEY="+files.Key, "CHAINCODE_TLS_CERT="+files.Cert, "CHAINCODE_CLIENT_CA_CERT="+files.CA,
		"CORE_TLS_CLIENT_KEY_FILE="+files.Key, "CORE_TLS_CLIENT_CERT_FILE="+files.Cert, "CORE_PEER_TLS_ROOTCERT_FILE="+files.CA,
		"CORE_CHAINCODE_TLS_KEY_FILE="+files.Key, "CORE_CHAINCODE_TLS_CERT_FILE="+files.Cert, "CORE_CHAINCODE_TLS_CLIENT_CACERT_FILE="+files.CA,
	)
}

// service says where a peer finds the chaincode.
func (s *servicePlan) service(org *fabric.Organisation) fabric.Service {
	c := s.contract
	service := fabric.Service{Label: c.pkg.Label, Address: s.address, Name: s.name}
	switch {
	case c.Plaintext:
	case c.Address != "":
		service.Name, service.CA = s.address.Host, c.rootCert
	default:
		service.Client, service.CA = s.peer.TLS, org.TLSCA.PEM
	}
	return service
}

// served waits until the program of a user's own chaincode listens, and makes sure that it serves as its peer expects.
func (s *servicePlan) served(ctx context.Context) error {
	c := s.contract
	ctx, cancel := context.WithTimeout(ctx, c.patience)
	defer cancel()
	for {
		conn, err := s.dial.Dial(ctx, s.address.String())
		if err == nil {
			conn.Close() // it was only asked whether it listens
			break
		}
		select {
		case <-ctx.Done():
			if !errors.Is(context.Cause(ctx), context.DeadlineExceeded) {
				return context.Cause(ctx)
			}
			return c.wrong(mustServe, "does not listen at %s after %v", s.address, s.contract.patience)
		case <-time.After(20 * time.Millisecond):
		}
	}
	// Whoever it is: it is only looked whether it has TLS, and the peer verifies.
	err := handshake(ctx, s.dial, s.address.String(), &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS12})
	_, refused := errors.AsType[tls.RecordHeaderError](err)
	switch encrypted := err == nil || !refused; {
	case !c.Plaintext && !encrypted:
		const hint = "have it take its key and certificate from the environment, as docs/contracts.md says, or give plaintext: true"
		return c.wrong(hint, "serves without TLS")
	case c.Plaintext && err == nil:
		return c.wrong("leave plaintext out", "serves with TLS")
	}
	return nil
}

// ended returns the error of a program that ended, with a hint what to do.
func (c *contractPlan) ended(end *process.ExitError, hint string) *ChaincodeError {
	return c.wrong(hint, "ended (%s): %s", end.Status, lastWord(string(process.End(end.LogPath, mostSearched)), end.Tail))
}

// fatal matches the line by which a Go program says why it ends, before the stacks of its goroutines.
var fatal = regexp.MustCompile(`(?m)^(?:panic|fatal error): .*$`)

// lastWord returns the line of a log that says why its program ended: Go's own, or else the last one.
func lastWord(log string, tail []string) string {
	if all := fatal.FindAllString(log, -1); all != nil {
		return printable.Line(shortened(all[len(all)-1]))
	}
	if len(tail) == 0 {
		return "it logged nothing"
	}
	return tail[len(tail)-1]
}

// answerOwn waits until a user's own chaincode answers through one peer's gateway.
func (b *bringUp) answerOwn(ctx context.Context, channel *channelPlan, contract *contractPlan, peer *peerPlan) error {
	late := fmt.Errorf("not after %v", contract.patience)
	bounded, cancel := context.WithTimeoutCause(ctx, contract.patience, late)
	defer cancel()
	err := b.admins[peer.organisation].Answers(bounded, peer.conn, channel.Name, contract.Name, contract.endorsers)
	if errors.Is(err, late) {
		return contract.wrong("it must serve as "+contract.pkg.ID+", its CHAINCODE_ID", "does not answer: %v", err)
	}
	return err
}
