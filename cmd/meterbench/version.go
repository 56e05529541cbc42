package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"meterbench/network/fabric/daemons"
)

// versions names the versions of what shapes a result.
func versions() map[string]string {
	v := map[string]string{"meterbench": "unknown", "go": runtime.Version()}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return v
	}
	v["meterbench"] = info.Main.Version
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			v["revision"] = s.Value
		}
		if s.Key == "vcs.modified" && s.Value == "true" {
			v["modified"] = "true"
		}
	}
	for _, dep := range info.Deps {
		switch dep.Path {
		case "github.com/hyperledger/fabric-gateway":
			v["fabric-gateway"] = dep.Version
		case "github.com/fentec-project/gofe":
			v["gofe"] = dep.Version
		}
	}
	return v
}

func versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the versions of meterbench, Fabric and the libraries that shape a result",
		Args:  arguments(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			v := versions()
			v["fabric"] = daemons.Version
			for _, name := range []string{"meterbench", "revision", "go", "fabric", "fabric-gateway", "gofe"} {
				if v[name] != "" {
					fmt.Fprintf(cmd.OutOrStdout(), "%-15s %s\n", name, v[name])
				}
			}
			return nil
		},
	}
}
