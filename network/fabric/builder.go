package fabric

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

const (
	builderDir     = "meterbench-builder"
	connectionsDir = "connections"
	labelFile      = "label"

	stepDetect  = "detect"
	stepBuild   = "build"
	stepRelease = "release"
)

// Builder acts as the external chaincode builder that a peer runs at install if the program was
// started under one of the builder's names, given by the whole argument list. Main calls it before
// anything else and, if handled, exits with the code. The steps and their arguments are those of
// Fabric's external builder interface.
func Builder(args []string) (code int, handled bool) {
	if !IsBuilder(args) {
		return 0, false
	}
	home := filepath.Dir(filepath.Dir(args[0]))
	var err error
	switch step := filepath.Base(args[0]); {
	case step == stepDetect && len(args) == 3:
		err = detect(args[2])
	case step == stepBuild && len(args) == 4:
		err = build(args[1], args[3])
	case step == stepRelease && len(args) == 3:
		err = release(home, args[1], args[2])
	default:
		err = fmt.Errorf("unexpected call %q", args)
	}
	if err != nil {
		// The peer copies what a builder says on stderr to its log.
		fmt.Fprintf(os.Stderr, "external builder: %s: %v\n", filepath.Base(args[0]), err)
		return 1, true
	}
	return 0, true
}

// IsBuilder reports whether the program was started under one of the builder's names.
func IsBuilder(args []string) bool {
	if len(args) == 0 {
		return false
	}
	bin := filepath.Dir(args[0])
	return filepath.Base(bin) == "bin" && filepath.Base(filepath.Dir(bin)) == builderDir
}

func detect(metadata string) error {
	data, err := os.ReadFile(filepath.Join(metadata, "metadata.json"))
	if err != nil {
		return err
	}
	var m struct{ Type string }
	if err := json.Unmarshal(data, &m); err != nil {
		return err
	}
	if m.Type != packageType {
		return fmt.Errorf("package type %q is not %q", m.Type, packageType)
	}
	return nil
}

func build(source, out string) error {
	label, err := os.ReadFile(filepath.Join(source, labelFile))
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(out, labelFile), label, secret)
}

func release(home, buildDir, out string) error {
	label, err := os.ReadFile(filepath.Join(buildDir, labelFile))
	if err != nil {
		return err
	}
	// The label comes out of a package: it names a file here, never a path.
	name := string(label)
	if name == "" || strings.ContainsAny(name, `/\`) || strings.HasPrefix(name, ".") {
		return fmt.Errorf("label %q is not a label", name)
	}
	data, err := os.ReadFile(filepath.Join(home, connectionsDir, name+".json"))
	if errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("no service is known for label %s", name)
	}
	if err != nil {
		return err
	}
	return Write(filepath.Join(out, "chaincode", "server", "connection.json"), data, secret)
}
