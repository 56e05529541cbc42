package main

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"meterbench/network/lab"
	"meterbench/simulators/reading"
)

func readingCommand() *cobra.Command {
	return group("reading", "Make signed readings for other tools", readingMakeCommand())
}

// maxMade bounds the readings of one call: each takes a signature.
const maxMade = 1_000_000

func readingMakeCommand() *cobra.Command {
	var c lab.MakerConfig
	var seed uint64
	var count int
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "make [TOPOLOGY|DIR]",
		Short: "Make readings that the contract of a network takes, signed by its meters",
		Long: `Make the next readings of simulated meters for the network that is up under TOPOLOGY or in the
folder DIR, register the meters there where they are not, and print each reading as one line of text:
the argument of the contract's function PutReading, for any tool.

With --scenario and no network the readings are those of the scenario's meters from the first one on,
and --json begins with the transactions that register them.`,
		Example: `  meterbench reading make minimal
  meterbench reading make minimal --count 1000 --set workload.meters=10
  meterbench reading make --scenario quickstart --json`,
		Args: arguments(0, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if count < 1 || count > maxMade {
				return lab.InputErrorf("--count must be 1 to %d, got %d", maxMade, count)
			}
			if cmd.Flags().Changed("seed") {
				c.Sets = append(c.Sets, fmt.Sprintf("seed=%d", seed))
			}
			if len(args) > 0 || c.Scenario == "" {
				var err error
				if c.Held, err = oneHeld(args...); err != nil {
					return err
				}
			}
			maker, err := lab.NewMaker(cmd.Context(), c)
			if err != nil {
				return err
			}
			print := printArgument
			if asJSON {
				print = printJSON
				for _, made := range maker.SetUp() {
					if err := print(cmd.OutOrStdout(), made); err != nil {
						return err
					}
				}
			}
			for made, err := range maker.Readings(cmd.Context(), count) {
				if err == nil {
					err = print(cmd.OutOrStdout(), made)
				}
				if err != nil {
					return err
				}
			}
			return nil
		},
	}
	flags := cmd.Flags()
	flags.IntVar(&count, "count", 1, "make so many readings")
	flags.Uint64Var(&seed, "seed", 1, "of the meters: their keys and what they measure")
	flags.StringVar(&c.Scenario, "scenario", "", "make the readings of this `scenario`, a shipped name or a file; without it four plain values of one meter")
	flags.StringVar(&c.Series, "series", "", "make those of the scenario's series of this `name` instead of the first")
	flags.StringArrayVar(&c.Sets, "set", nil, "override a key of the scenario, `key=value`; may be repeated")
	flags.BoolVar(&asJSON, "json", false, "print one JSON object per reading: channel, contract, function, arguments and what they mean")
	return cmd
}

func printArgument(out io.Writer, made lab.MadeReading) error {
	_, err := fmt.Fprintln(out, reading.Text(made.Args[0]))
	return err
}

// madeJSON is a transaction as tools read it.
type madeJSON struct {
	Channel  string       `json:"channel,omitempty"`
	Contract string       `json:"contract"`
	Function string       `json:"function"`
	Args     []string     `json:"args"`
	Reading  *readingJSON `json:"reading,omitempty"`
}

// readingJSON is a reading in words.
type readingJSON struct {
	Kind      string    `json:"kind"`
	Meter     string    `json:"meter"`
	Number    uint64    `json:"number"`
	Time      time.Time `json:"time"`
	Interval  float64   `json:"interval_s,omitempty"`
	Wh        []int64   `json:"wh,omitempty"` // unless encrypted
	Register  uint64    `json:"register_wh,omitempty"`
	Payload   string    `json:"payload_hex"`
	Signature string    `json:"signature_hex"`
}

func printJSON(out io.Writer, made lab.MadeReading) error {
	j := madeJSON{Channel: made.Channel, Contract: made.Contract, Function: made.Function}
	for _, arg := range made.Args {
		j.Args = append(j.Args, reading.Text(arg))
	}
	if r := made.Reading; r != nil {
		j.Reading = &readingJSON{
			Kind: r.Kind.String(), Meter: r.Meter, Number: r.Number, Time: r.Time,
			Payload: hex.EncodeToString(r.Payload), Signature: hex.EncodeToString(r.Signature),
		}
		if v, err := r.Values(); err == nil {
			j.Reading.Interval, j.Reading.Wh, j.Reading.Register = v.Interval.Seconds(), v.Wh, v.Register
		}
	}
	return json.NewEncoder(out).Encode(j)
}
