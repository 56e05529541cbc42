package network

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"meterbench/network/fabric"
)

// chaincodeArgv0 is the name under which the program serves a chaincode.
const chaincodeArgv0 = "meterbench-chaincode"

// Dispatch does what a network has started this program for, if it has: serve a chaincode, or act
// as the external builder of a peer. args is the whole argument list. The main of a program that
// calls Start, and the TestMain of a test that does, calls Dispatch before anything else and exits
// with the code if it was handled. serve runs a chaincode, set by its environment, until the
// context ends.
func Dispatch(args []string, serve func(ctx context.Context, getenv func(string) string) error) (code int, handled bool) {
	if code, handled := fabric.Builder(args); handled {
		return code, true
	}
	if len(args) == 0 || args[0] != chaincodeArgv0 {
		return 0, false
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	if err := serve(ctx, os.Getenv); err != nil {
		fmt.Fprintf(os.Stderr, "chaincode: %v\n", err)
		return 1, true
	}
	return 0, true
}

// refuseChild keeps a program whose main has forgotten to call Dispatch from starting networks
// without end.
func refuseChild(args []string) error {
	if len(args) > 0 && (args[0] == chaincodeArgv0 || fabric.IsBuilder(args)) {
		return errors.New("this program is a network's own child; its main must call network.Dispatch first")
	}
	return nil
}
