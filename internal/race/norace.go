//go:build !race

// Package race says whether the race detector looks on. Tests whose subject is a figure, as how often an interval holds the
// truth, leave out or shorten under it what takes it minutes and shows it nothing new. Others, of which it sees much, are short
// tests only under it, as they take seconds.
package race

// Enabled is true in a program that was built with -race.
const Enabled = false
