package threshold

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode"

	"meterbench/bench/metric"
	"meterbench/bench/result"
	"meterbench/internal/strictyaml"
)

// The words with a meaning of their own.
const (
	wordAt     = "at"
	wordOf     = "of"
	wordSeries = "series"
	wordLikely = "likely"
	wordStrict = "strict"
	wordPer    = "/"
)

// form is the hint about a text that is none.
const form = "write for example commit.p99 < 2s at offered=100/s"

// Parse reads an expectation:
//
//	[likely|strict] SIDE OPERATOR SIDE [at LOAD] [likely|strict]
//	SIDE      METRIC [of SERIES] | series SERIES | NUMBER UNIT | SIDE / SIDE
//	OPERATOR  < | <= | > | >=
//	LOAD      offered=NUMBER/s | clients=NUMBER
//
// The sides of / and of the operator have like units, and one of them has a metric. The error is an *Error.
func Parse(text string) (t Threshold, err error) {
	p := &parser{words: split(text), end: len([]rune(text))}
	t.Text = text
	if e := p.threshold(&t); e != nil {
		return Threshold{}, e
	}
	return t, nil
}

// A word is a part of a text.
type word struct {
	text string
	at   int // characters before it
}

// isOperator reports whether the word is a comparison, or looks like one.
func (w word) isOperator() bool { return w.text != "" && strings.Trim(w.text, "<>=!") == "" }

// split cuts a text at spaces, and around comparisons.
func split(text string) (words []word) {
	comparison := func(r rune) bool { return r == '<' || r == '>' }
	runes := []rune(text)
	for i := 0; i < len(runes); {
		if unicode.IsSpace(runes[i]) {
			i++
			continue
		}
		from := i
		if comparison(runes[i]) {
			for i < len(runes) && (comparison(runes[i]) || runes[i] == '=') {
				i++
			}
		} else {
			for i < len(runes) && !unicode.IsSpace(runes[i]) && !comparison(runes[i]) {
				i++
			}
		}
		words = append(words, word{string(runes[from:i]), from})
	}
	return words
}

// A parser goes through the words of a text.
type parser struct {
	words []word
	end   int // the place of the text's end
}

// peek returns the next word, an empty one at the end.
func (p *parser) peek() word {
	if len(p.words) == 0 {
		return word{at: p.end}
	}
	return p.words[0]
}

func (p *parser) next() word {
	w := p.peek()
	p.words = p.words[min(1, len(p.words)):]
	return w
}

// accept takes the next word if it is this one.
func (p *parser) accept(text string) bool {
	if p.peek().text != text {
		return false
	}
	p.next()
	return true
}

func (p *parser) threshold(t *Threshold) (e *Error) {
	said := p.manner(t)
	if t.left, e = p.side(); e != nil {
		return e
	}
	opAt := p.peek()
	if t.op, e = p.operator(); e != nil {
		return e
	}
	if t.right, e = p.side(); e != nil {
		return e
	}
	if at := p.peek(); p.accept(wordAt) {
		t.loadAt = at.at
		if t.load, e = p.load(); e != nil {
			return e
		}
	}
	again := p.peek()
	if p.manner(t) && said {
		return &Error{At: again.at, Msg: again.text + " is one word too many", Hint: "say likely or strict once"}
	}
	if rest := p.peek(); rest.text != "" {
		e := &Error{At: rest.at, Msg: fmt.Sprintf("unexpected %q", rest.text), Hint: form}
		if rest.isOperator() {
			e.Hint = "an expectation has one comparison: write two"
		}
		return e
	}
	if !t.left.measured() {
		if !t.right.measured() {
			return &Error{At: opAt.at, Msg: "two numbers are compared", Hint: "name a metric: " + form}
		}
		t.left, t.right, t.op = t.right, t.left, t.op.turned()
	}
	if !alike(t.left.unit(), t.right.unit()) {
		return unlike(t.left.text(), t.left.unit(), t.right.text(), t.right.unit(), !t.right.measured(), t.right.over.at)
	}
	return t.checkLimit()
}

// checkLimit makes sure that a number is a limit that figures can be on both sides of. None is negative, as its own check says.
func (t *Threshold) checkLimit() *Error {
	if t.right.measured() {
		return nil
	}
	limit, at := t.right.over.number, t.right.over.at
	if t.right.under != nil {
		limit /= t.right.under.number
	}
	share := t.left.under == nil && t.left.over.unit == metric.Share
	switch {
	case share && limit > 1 && limit <= 100 && t.right.under == nil && t.right.over.unit == ratio:
		return &Error{At: at, Msg: fmt.Sprintf("%s is a share, which is never above 1, got %s", t.left.text(), t.right.text()),
			Hint: fmt.Sprintf("write %s %%", t.right.text())}
	case share && limit > 1:
		return &Error{At: at, Msg: fmt.Sprintf("%s is a share, which is never above 100 %%, got %s", t.left.text(), t.right.text()),
			Hint: "write for example 0.99 or 99 %"}
	case share && limit == 1 && t.op == greater:
		return &Error{At: at, Msg: t.left.text() + " is a share, which is never above 100 %", Hint: "write >= in place of >"}
	case limit == 0 && t.op == less:
		return &Error{At: at, Msg: "no figure is below 0", Hint: "write <= in place of <, or give a larger limit"}
	case share && limit == 1 && t.op == lessEqual:
		return &Error{At: at, Msg: t.left.text() + " is a share, which is always up to 100 %", Hint: "write < in place of <=, or give a smaller limit"}
	case limit == 0 && t.op == greaterEqual:
		return &Error{At: at, Msg: "every figure is 0 or more", Hint: "write > in place of >=, or give a larger limit"}
	}
	return nil
}

// manner takes the word that says how the threshold is decided, and reports whether it is there.
func (p *parser) manner(t *Threshold) bool {
	switch p.peek().text {
	case wordStrict:
		t.Strict = true
	case wordLikely:
		t.Strict = false
	default:
		return false
	}
	p.next()
	return true
}

func (p *parser) operator() (operator, *Error) {
	w := p.next()
	switch op := operator(w.text); op {
	case less, lessEqual, greater, greaterEqual:
		return op, nil
	}
	e := &Error{At: w.at, Msg: fmt.Sprintf("want a comparison, got %q", w.text), Hint: "known are <, <=, >, >="}
	if w.text == "" {
		e.Msg, e.Hint = "nothing is compared", form
	}
	return "", e
}

func (p *parser) side() (s side, e *Error) {
	if s.over, e = p.operand(); e != nil {
		return s, e
	}
	if !p.accept(wordPer) {
		return s, nil
	}
	under, e := p.operand()
	if e != nil {
		return s, e
	}
	if again := p.peek(); again.text == wordPer {
		return s, &Error{At: again.at, Msg: "a ratio has two sides", Hint: "leave one out"}
	}
	if !alike(s.over.unit, under.unit) {
		return s, unlike(s.over.text, s.over.unit, under.text, under.unit, under.metric == nil, under.at)
	}
	if under.metric == nil && under.number == 0 {
		return s, &Error{At: under.at, Msg: "nothing can be divided by " + under.text, Hint: "give a number above 0"}
	}
	s.under = &under
	return s, nil
}

func (p *parser) operand() (o operand, e *Error) {
	w := p.next()
	o = operand{text: w.text, at: w.at}
	switch {
	case w.text == "" || w.isOperator():
		return o, &Error{At: w.at, Msg: "a metric or a number is missing", Hint: form}
	case w.text == wordSeries:
		throughput, _ := metric.Named(metric.Throughput)
		o.metric = &throughput
		e = p.series(&o, w)
	case startsNumber(w.text):
		return p.number(o)
	default:
		if o.metric, e = named(w); e == nil && p.peek().text == wordOf {
			e = p.series(&o, p.next())
		}
	}
	if e != nil {
		return o, e
	}
	o.unit = o.metric.Unit
	return o, nil
}

// named returns the metric of a name.
func named(w word) (*metric.Metric, *Error) {
	if m, ok := metric.Named(w.text); ok {
		return &m, nil
	}
	return nil, &Error{At: w.at, Msg: fmt.Sprintf("there is no metric %q", w.text), Hint: nearest(w.text, func(metric.Metric) bool { return true })}
}

// nearest is a hint at the metric that was meant, among those that serve.
func nearest(name string, serves func(metric.Metric) bool) string {
	var names []string
	for _, m := range metric.All() {
		if serves(m) {
			names = append(names, m.Name)
		}
	}
	hint := strictyaml.Hint(name, names)
	if strings.HasPrefix(hint, "known are") { // too many to read
		return "docs/scenario.md lists them all"
	}
	return hint
}

// series takes the name of a series after the word of or series.
func (p *parser) series(o *operand, after word) *Error {
	name := p.next()
	if name.text == "" || name.isOperator() {
		return &Error{At: name.at, Msg: fmt.Sprintf("the name of a series is missing after %q", after.text), Hint: "write for example " + after.text + " plain"}
	}
	o.series, o.nameAt = name.text, name.at
	if o.text += " " + name.text; after.text == wordOf {
		o.text = o.metric.Name + " of " + name.text
	}
	return nil
}

var numeral = regexp.MustCompile(`^[-+]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]+)?`)

// startsNumber reports whether a word is meant as a number.
func startsNumber(text string) bool { return strings.ContainsRune("0123456789+-.", rune(text[0])) }

// number takes the rest of a number: its unit, behind the digits or the next word.
func (p *parser) number(o operand) (operand, *Error) {
	digits := numeral.FindString(o.text)
	value, err := strconv.ParseFloat(digits, 64)
	if err != nil {
		return o, &Error{At: o.at, Msg: fmt.Sprintf("%q is not a number", o.text), Hint: "write for example 2s or 0.99"}
	}
	if value < 0 {
		return o, &Error{At: o.at, Msg: fmt.Sprintf("%s is negative, and no figure ever is", o.text), Hint: "give a number from 0 on"}
	}
	name, at := o.text[len(digits):], o.at+len(digits)
	if next := p.peek(); name == "" && next.text != "" && next.text != wordPer && next.text != wordAt && next.text != wordLikely &&
		next.text != wordStrict && !next.isOperator() {
		name, at = next.text, next.at
		p.next()
		o.text += " " + name
	}
	o.number, o.unit = value, ratio
	if name == "" {
		return o.inReach()
	}
	u, known := findUnit(name)
	if !known {
		var names []string
		for _, u := range units {
			names = append(names, u.name)
		}
		return o, &Error{At: at, Msg: fmt.Sprintf("there is no unit %q", name), Hint: "known are " + strings.Join(names, ", ")}
	}
	o.number, o.unit = value*u.factor, u.of
	return o.inReach()
}

// largest bounds numbers, and one over it those above 0, so that ratios of them are numbers.
const largest = 1e100

// inReach refuses a number that no figure comes near.
func (o operand) inReach() (operand, *Error) {
	if o.number > largest || o.number > 0 && o.number < 1/largest {
		return o, &Error{At: o.at, Msg: "no figure comes near " + o.text, Hint: "write for example 2s or 0.99"}
	}
	return o, nil
}

// load takes a load: offered=100/s or clients=8.
func (p *parser) load() (*result.Load, *Error) {
	w := p.next()
	load, ok := result.ParseLoad(w.text)
	if !ok {
		return nil, &Error{At: w.at, Msg: fmt.Sprintf("want a load, got %q", w.text), Hint: "write at offered=100/s or at clients=8"}
	}
	return &load, nil
}
