package printable

import "regexp"

// formula matches what a spreadsheet takes for the beginning of a formula: at the beginning of a cell, and behind what may
// separate cells where the reader sets that. The last four are the full-width forms of the first four.
var formula = regexp.MustCompile(`(^|[;,|"'])([=+\-@\x{ff1d}\x{ff0b}\x{ff0d}\x{ff20}])`)

// number matches what is read as a number, which is no formula.
var number = regexp.MustCompile(`^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$`)

// Cell returns a text as a cell that no spreadsheet evaluates, as OWASP advises against CSV injection: control characters are
// escaped, and an apostrophe stands before what would begin a formula. A number stays as it is.
func Cell(text string) string {
	if number.MatchString(text) {
		return text
	}
	return formula.ReplaceAllString(Line(text), "$1'$2")
}
