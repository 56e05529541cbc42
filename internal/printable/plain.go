package printable

import (
	"regexp"
	"strconv"
	"strings"
)

// foreign has a row for each way in which gRPC and Go's packages context and net put what happened, with what we write for it: in the
// order in which they are looked for, as what one leaves another may find.
var foreign = []struct {
	text  *regexp.Regexp
	plain func(found []string) string
}{
	// In quotes of its own, which may have been cut off.
	{regexp.MustCompile(`connection error: desc = "((?:[^"\\]|\\.)*)(?:"|$)`), func(found []string) string { return unquoted(found[1]) }},
	{regexp.MustCompile(`rpc error: code = (\w+) desc = ?(?:$|([;\n]))`), func(found []string) string { return inWords(found[1]) + found[2] }},
	{regexp.MustCompile(`rpc error: code = \w+ desc = `), nothing},
	{regexp.MustCompile(`received context error while waiting for new LB policy update: `), nothing},
	{regexp.MustCompile(`(?:transport: )?[Ee]rror while dialing: `), nothing},
	{regexp.MustCompile(`dial (?:tcp|unix)[46]? (\S+): connect: connection refused`), func(found []string) string { return found[1] + " refuses the connection" }},
	{regexp.MustCompile(`dial (?:tcp|unix)[46]?:? `), nothing},
	{regexp.MustCompile(`error reading from server: (?:EOF|read (?:tcp|unix)[46]? \S+: read: connection reset by peer)`),
		func([]string) string { return "the other side ended the connection" }},
	{regexp.MustCompile(`stream terminated by RST_STREAM with error code: (\w+)`),
		func(found []string) string { return "the other side ended the call (" + found[1] + ")" }},
	{regexp.MustCompile(`grpc: the client connection is closing`), func([]string) string { return "the connection is being closed" }},
	{regexp.MustCompile(`context deadline exceeded|i/o timeout`), func([]string) string { return "no answer in time" }},
	{regexp.MustCompile(`context canceled`), func([]string) string { return "interrupted" }},
	{regexp.MustCompile(`no answer in time(?:, latest balancer error: |: no answer in time)`), func([]string) string { return "no answer in time: " }},
	{regexp.MustCompile(`no answer in time: (?:$|([;\n]))`), func(found []string) string { return "no answer in time" + found[1] }},
}

// Plain returns a message in which what gRPC, contexts and connections said in their own words is said in plain English: for people,
// where an error is printed or stored. What it is about, as addresses, stays.
func Plain(text string) string {
	for _, f := range foreign {
		if f.text.MatchString(text) {
			text = f.text.ReplaceAllStringFunc(text, func(found string) string { return f.plain(f.text.FindStringSubmatch(found)) })
		}
	}
	return text
}

func nothing([]string) string { return "" }

// unquoted returns what was quoted as Go quotes it, without its quotes.
func unquoted(text string) string {
	if plain, err := strconv.Unquote(`"` + text + `"`); err == nil {
		return plain
	}
	return text
}

// inWords writes the name of a gRPC code, such as DeadlineExceeded, as words.
func inWords(code string) string {
	return strings.ToLower(regexp.MustCompile(`([a-z])([A-Z])`).ReplaceAllString(code, "$1 $2"))
}
