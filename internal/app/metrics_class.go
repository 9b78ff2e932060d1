package app

import (
	"github.com/prometheus/client_golang/prometheus"

	"wangge/internal/account"
	"wangge/internal/platform/web"
)

// watch adds how every class of requests stands, and how many wait to log in.
func (m *metrics) watch(site *web.App, accounts *account.Service) {
	m.registry.MustRegister(admission{site}, prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "wangge_login_queue", Help: "People who wait for their password to be checked.",
	}, func() float64 { return float64(accounts.Queued()) }))
}

// admission tells Prometheus how every class of requests stands.
type admission struct{ site *web.App }

var (
	classOffered = prometheus.NewDesc("wangge_class_offered_total", "Requests that came, by class.", []string{"class"}, nil)
	classRefused = prometheus.NewDesc("wangge_class_refused_total", "Requests refused for want of capacity, or whose client left while they waited, by class.", []string{"class"}, nil)
	classRunning = prometheus.NewDesc("wangge_class_running", "Requests being answered, by class.", []string{"class"}, nil)
	classWaiting = prometheus.NewDesc("wangge_class_waiting", "Requests that wait for their place, by class.", []string{"class"}, nil)
)

// Describe names the figures (prometheus.Collector).
func (admission) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{classOffered, classRefused, classRunning, classWaiting} {
		to <- d
	}
}

// Collect reads the figures (prometheus.Collector).
func (a admission) Collect(to chan<- prometheus.Metric) {
	for _, l := range a.site.Loads() {
		name := l.Class.String()
		to <- prometheus.MustNewConstMetric(classOffered, prometheus.CounterValue, float64(l.Offered), name)
		to <- prometheus.MustNewConstMetric(classRefused, prometheus.CounterValue, float64(l.Refused), name)
		to <- prometheus.MustNewConstMetric(classRunning, prometheus.GaugeValue, float64(l.Running), name)
		to <- prometheus.MustNewConstMetric(classWaiting, prometheus.GaugeValue, float64(l.Waiting), name)
	}
}
