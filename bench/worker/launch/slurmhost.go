package launch

import (
	"context"
	"net"
	"os"
	"strings"

	"meterbench/bench/worker"
)

// listenForNodes listens at the address of this machine from which it reaches the nodes of the cluster, at a free port.
func listenForNodes(ctx context.Context) (string, error) {
	host, err := hostForNodes(ctx)
	if err != nil {
		return "", err
	}
	return net.JoinHostPort(host, "0"), nil
}

// hostForNodes returns the address of this machine from which it reaches the nodes.
func hostForNodes(ctx context.Context) (string, error) {
	nodes, err := addresses(ctx, os.Getenv("SBATCH_PARTITION"))
	if err == nil && len(nodes) == 0 { // there is no such partition, as sbatch will say
		nodes, err = addresses(ctx, "")
	}
	if err != nil {
		return "", err
	}
	for _, node := range nodes {
		// Nothing is sent: the kernel chooses by which of its addresses it would be.
		var d net.Dialer
		conn, err := d.DialContext(ctx, "udp", net.JoinHostPort(node, "9"))
		if err != nil {
			continue
		}
		defer conn.Close()
		host, _, err := net.SplitHostPort(conn.LocalAddr().String())
		return host, err
	}
	return "", worker.InputErrorf("find the address by which nodes reach this machine: Slurm names no node whose address is known here; " +
		"add listen=HOST:PORT to --workers")
}

// addresses returns those of the nodes of a partition, or without a name of all.
func addresses(ctx context.Context, partition string) ([]string, error) {
	args := []string{"--noheader", "--Node", "--format=%o"}
	if partition != "" {
		args = append(args, "--partition="+partition)
	}
	said, err := slurm(ctx, nil, "sinfo", args...)
	return strings.Fields(said), err
}
