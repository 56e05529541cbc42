package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"meterbench/network/fabric/daemons"
	"meterbench/network/lab"
)

func versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the versions of meterbench, Fabric and the libraries that shape a result",
		Args:  arguments(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			v := lab.Versions()
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
