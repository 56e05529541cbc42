package comparison

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"time"

	"meterbench/bench/compare"
	"meterbench/bench/metric"
	"meterbench/bench/result"
	"meterbench/bench/stats"
)

// Schema is the version of the JSON form. Keys are only ever added to it.
const Schema = 1

// JSON writes the comparison for scripts, in base units. Every key is always there, of runs as of benchmark files: what is no
// number, time or load is null, and what has no name an empty text.
func JSON(w io.Writer, c *compare.Comparison) error {
	doc := document{
		Schema: Schema, Verdict: Verdict(c), Gated: map[compare.Verdict]int{}, Alpha: c.Alpha, Minimum: c.Minimum, Paired: c.Paired,
		Base: sources(c.Base), Head: sources(c.Head), Unlike: []unlike{}, Rows: []row{}, Warnings: notices(c.Warnings),
	}
	for _, v := range compare.Verdicts() {
		doc.Gated[v] = c.Count(v)
	}
	for _, u := range c.Unlike {
		doc.Unlike = append(doc.Unlike, unlike{u.Series, u.Key, u.Base, u.Head, u.Told})
	}
	for _, r := range c.Rows {
		doc.Rows = append(doc.Rows, rowOf(r))
	}
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(doc); err != nil {
		return fmt.Errorf("writing the comparison as JSON: %w", err)
	}
	return nil
}

type document struct {
	Schema   int                     `json:"schema"`
	Verdict  compare.Verdict         `json:"verdict"`
	Gated    map[compare.Verdict]int `json:"gated"`
	Alpha    float64                 `json:"alpha"`
	Minimum  float64                 `json:"minimum_effect"`
	Paired   bool                    `json:"paired"`
	Base     []source                `json:"base"`
	Head     []source                `json:"head"`
	Unlike   []unlike                `json:"unlike"`
	Rows     []row                   `json:"rows"`
	Warnings []notice                `json:"warnings"`
}

type source struct {
	Path       string      `json:"path"`
	Run        string      `json:"run"`
	Scenario   string      `json:"scenario"`
	Started    *time.Time  `json:"started"`
	Complete   bool        `json:"complete"`
	Sign       *float64    `json:"p256_sign_s"`
	Failed     int         `json:"failed"`
	Invalid    int         `json:"invalid"`
	Disturbed  int         `json:"disturbed"`
	Conditions []condition `json:"conditions"`
}

type condition struct {
	Series string      `json:"series"`
	Key    compare.Key `json:"key"`
	Value  string      `json:"value"`
}

type unlike struct {
	Series string      `json:"series"`
	Key    compare.Key `json:"key"`
	Base   []string    `json:"base"`
	Head   []string    `json:"head"`
	Told   bool        `json:"may_differ"`
}

type row struct {
	Series     string          `json:"series"`
	Load       *load           `json:"load"`
	Metric     string          `json:"metric"`
	Unit       metric.Unit     `json:"unit"`
	Better     metric.Better   `json:"better"`
	Gated      bool            `json:"gated"`
	Verdict    compare.Verdict `json:"verdict"`
	Base       sample          `json:"base"`
	Head       sample          `json:"head"`
	Paired     bool            `json:"paired"`
	EqualPace  bool            `json:"equal_pace"`
	Difference *float64        `json:"difference"`
	Interval   *interval       `json:"interval"`
	P          *float64        `json:"p"`
	Adjusted   *float64        `json:"p_adjusted"`
	Smallest   *float64        `json:"smallest_difference"`
	Warnings   []notice        `json:"warnings"`
}

type load struct {
	Kind    result.LoadKind `json:"kind"`
	Clients *int            `json:"clients"`
	Offered *float64        `json:"offered_per_s"`
	Think   float64         `json:"think_s"`
	Slots   int             `json:"slots"`
}

type sample struct {
	Values  []*float64 `json:"values"`
	Paces   []*float64 `json:"paces_s"` // null where it is not known
	Median  *float64   `json:"median"`
	Missing int        `json:"missing"`
}

type interval struct {
	Low    *float64 `json:"low"`
	High   *float64 `json:"high"`
	N      int      `json:"n"`
	Method string   `json:"method"`
}

type notice struct {
	Code stats.Code `json:"code"`
	Text string     `json:"text"`
}

func rowOf(r compare.Row) row {
	j := row{
		Series: r.Series, Metric: r.Metric.Name, Unit: r.Metric.Unit, Better: r.Metric.Better, Gated: r.Gated, Verdict: r.Verdict,
		Base: sampleOf(r.Base), Head: sampleOf(r.Head), Paired: r.Paired, EqualPace: r.EqualPace, Difference: finite(r.Difference),
		P: finite(r.P), Adjusted: finite(r.Adjusted), Smallest: finite(r.Smallest), Warnings: notices(r.Warnings),
	}
	if l := r.Load; l != (result.Load{}) {
		if j.Load = (&load{Kind: l.Kind, Think: l.Think, Slots: l.Slots}); l.Kind == result.LoadOpen {
			j.Load.Offered = finite(l.Offered)
		} else {
			j.Load.Clients = &l.Clients
		}
	}
	if i := r.Interval; i != nil {
		j.Interval = &interval{finite(i.Low), finite(i.High), i.N, i.Method}
	}
	return j
}

func sampleOf(s compare.Sample) sample {
	j := sample{Values: []*float64{}, Paces: []*float64{}, Median: finite(s.Median), Missing: s.Missing}
	for _, v := range s.Values {
		j.Values = append(j.Values, finite(v))
	}
	for _, p := range s.Paces {
		var known *float64
		if p > 0 {
			known = finite(p)
		}
		j.Paces = append(j.Paces, known)
	}
	return j
}

func sources(all []compare.Source) []source {
	list := []source{}
	for _, s := range all {
		j := source{Path: s.Path, Run: s.Run, Scenario: s.Scenario, Complete: s.Complete, Failed: s.Failed, Invalid: s.Invalid, Disturbed: s.Disturbed,
			Conditions: []condition{}}
		if !s.Started.IsZero() {
			j.Started = &s.Started
		}
		if s.Sign > 0 {
			j.Sign = &s.Sign
		}
		for _, c := range s.Conditions {
			j.Conditions = append(j.Conditions, condition{c.Series, c.Key, c.Value})
		}
		list = append(list, j)
	}
	return list
}

func notices(all []stats.Warning) []notice {
	list := []notice{}
	for _, w := range all {
		list = append(list, notice{w.Code, w.Text})
	}
	return list
}

// finite is a number that JSON can hold, else nil.
func finite(v float64) *float64 {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return nil
	}
	return &v
}
