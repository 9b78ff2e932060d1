package app

import (
	"crypto/subtle"
	"net"
	"net/http"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/web"
)

// metrics are what /metrics shows: figures by route and operation, never by
// person, place or account. docs/operations.md lists every name.
type metrics struct {
	registry *prometheus.Registry
	requests *prometheus.HistogramVec
	batches  *prometheus.HistogramVec
	commits  prometheus.Histogram
	writes   *prometheus.HistogramVec
	repeated prometheus.Counter
}

func newMetrics(a *App) *metrics {
	seconds := []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 10}
	m := &metrics{registry: prometheus.NewRegistry()}
	m.requests = prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "wangge_request_seconds",
		Help: "Time to answer a request, by route, class and status.", Buckets: seconds}, []string{"route", "class", "status"})
	m.batches = prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "wangge_batch_items",
		Help: "Items that shared a transaction, by operation.", Buckets: []float64{1, 2, 5, 10, 20, 50, 100, 200, 500, 1000}}, []string{"op"})
	m.commits = prometheus.NewHistogram(prometheus.HistogramOpts{Name: "wangge_commit_seconds",
		Help: "Time of COMMIT alone: on SQLite the disk.", Buckets: seconds})
	m.writes = prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "wangge_write_seconds",
		Help: "Time of a write from the call to its end, waiting and repeating included, by outcome.", Buckets: seconds}, []string{"outcome"})
	m.repeated = prometheus.NewCounter(prometheus.CounterOpts{Name: "wangge_write_repeated_total", Help: "Transactions that lost a race and ran again."})
	build := prometheus.NewGauge(prometheus.GaugeOpts{Name: "wangge_build_info", Help: "1, with version, engine and district.",
		ConstLabels: prometheus.Labels{"version": Version, "engine": string(a.DB.Engine()), "district": strconv.Itoa(a.District), "go": runtime.Version()}})
	build.Set(1)
	m.registry.MustRegister(m.requests, m.batches, m.commits, m.writes, m.repeated, build, &gauges{a: a},
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	a.DB.Observe(db.Observer{
		Committed: func(took time.Duration) { m.commits.Observe(took.Seconds()) },
		Written:   m.written,
		Repeated:  m.repeated.Inc,
		Batched:   func(op string, items int) { m.batches.WithLabelValues(op).Observe(float64(items)) },
	})
	return m
}

// observe is told of each finished request.
func (m *metrics) observe(route string, class web.Class, status int, took time.Duration) {
	if route == "" {
		route = "none"
	}
	m.requests.WithLabelValues(route, class.String(), strconv.Itoa(status)).Observe(took.Seconds())
}

// written is told of each write. What was refused for its content is no fault
// of the database.
func (m *metrics) written(took time.Duration, err error) {
	outcome := "ok"
	switch {
	case err == nil:
	case errs.Is(err, errs.Unavailable) || errs.Is(err, errs.Internal):
		outcome = "failed"
	default:
		outcome = "refused"
	}
	m.writes.WithLabelValues(outcome).Observe(took.Seconds())
}

// handler serves the figures.
func (m *metrics) handler(token string) http.Handler {
	return guardMetrics(promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{ErrorHandling: promhttp.ContinueOnError}), token)
}

// guardMetrics lets through who asks from this very machine and who brings the
// bearer token of the settings. A request that a proxy passed on is not from
// this machine, whatever its address says.
func guardMetrics(next http.Handler, token string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		given, bearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		known := bearer && token != "" && subtle.ConstantTimeCompare([]byte(given), []byte(token)) == 1
		if !known && !fromHere(r) {
			http.Error(w, "metrics are for this machine, or with the bearer token of the setting metrics-token", http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// fromHere reports whether a request comes from this machine without a proxy.
func fromHere(r *http.Request) bool {
	for _, h := range []string{"Forwarded", "X-Forwarded-For", "X-Real-Ip", "Via"} {
		if r.Header.Get(h) != "" {
			return false
		}
	}
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	return err == nil && net.ParseIP(host).IsLoopback()
}
