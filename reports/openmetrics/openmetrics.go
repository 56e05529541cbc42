// Package openmetrics serves what is known of a study under way, or of a network that is held, to Prometheus and other programs
// that scrape OpenMetrics.
//
// Data flow: a Study follows the study and gets its records as they are written; a Network is asked when somebody scrapes, at most
// once a second. Metrics gathers both by the table of families and serves them in the format that is asked for: OpenMetrics or
// Prometheus's text, with latencies in classic buckets, or Prometheus's protobuf, with native ones besides.
package openmetrics

import (
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	dto "github.com/prometheus/client_model/go"
)

// Metrics are what is served. Its methods may be called by several goroutines at once.
type Metrics struct {
	handler http.Handler
	build   collector
	began   time.Time // with the program, as good as

	mu  sync.Mutex
	now *prometheus.Registry
}

// mostScrapes is how many are answered at once; further ones are told to come again.
const mostScrapes = 8

// New returns the metrics of a program with these versions, of meterbench, revision and go. There is nothing else to tell yet.
func New(versions map[string]string) *Metrics {
	m := &Metrics{began: time.Now(), build: func(to emitter) { to.gauge(buildInfo, 1, versions["meterbench"], versions["revision"], versions["go"]) }}
	m.show()
	m.handler = promhttp.HandlerFor(prometheus.GathererFunc(m.gather), promhttp.HandlerOpts{
		EnableOpenMetrics: true, MaxRequestsInFlight: mostScrapes, ErrorHandling: promhttp.ContinueOnError,
	})
	return m
}

// ServeHTTP answers a scrape.
func (m *Metrics) ServeHTTP(w http.ResponseWriter, r *http.Request) { m.handler.ServeHTTP(w, r) }

// show has these metrics served from now on, in place of others.
func (m *Metrics) show(all ...prometheus.Collector) {
	now := prometheus.NewRegistry()
	now.MustRegister(append(all, m.build)...)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.now = now
}

func (m *Metrics) gather() ([]*dto.MetricFamily, error) {
	m.mu.Lock()
	now := m.now
	m.mu.Unlock()
	return now.Gather()
}

// emitter takes values of families, with the values of their labels.
type emitter chan<- prometheus.Metric

func (to emitter) gauge(f family, value float64, labels ...string) {
	to <- prometheus.MustNewConstMetric(f.desc(), prometheus.GaugeValue, value, plainly(labels)...)
}

// counter takes what has been counted since an instant, by which who scrapes knows that it began anew.
func (to emitter) counter(f family, since time.Time, value float64, labels ...string) {
	to <- prometheus.MustNewConstMetricWithCreatedTimestamp(f.desc(), prometheus.CounterValue, value, since, plainly(labels)...)
}

// collector is a function that emits what is known at the moment. It is no part of the check that a registry does when it is made.
type collector func(emitter)

// Describe implements prometheus.Collector.
func (c collector) Describe(chan<- *prometheus.Desc) {}

// Collect implements prometheus.Collector.
func (c collector) Collect(to chan<- prometheus.Metric) { c(to) }

// seconds returns an instant as seconds since 1970, UTC.
func seconds(at time.Time) float64 { return float64(at.UnixNano()) / 1e9 }

// plain returns the value of a label, which is UTF-8.
func plain(text string) string { return strings.ToValidUTF8(text, "\uFFFD") }

func plainly(labels []string) []string {
	for i := range labels {
		labels[i] = plain(labels[i])
	}
	return labels
}
