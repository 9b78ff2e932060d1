package app

import (
	"context"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"wangge/internal/platform/clock"
)

// gauges are the figures of this instant. Those of the process are read at each
// scrape, those of the database at most every gaugesFor.
type gauges struct {
	a    *App
	mu   sync.Mutex
	read clock.Stopwatch
	last stored
	ok   bool // the database answered
	ever bool
}

// gaugesFor is how long figures of the database are shown again, so that many
// scrapers cost it no more than one.
const gaugesFor = 10 * time.Second

// gaugeTimeout bounds the reading of figures from the database.
const gaugeTimeout = 5 * time.Second

// stored are the figures that the database holds.
type stored struct {
	rounds   map[string]int64 // by state
	targets  map[string]int64 // of open occurrences, by class
	tasks    map[string]int64 // open: in time, late
	climbed  int64            // open tasks that a post above was told of
	outbox   map[string]int64 // due and later
	jobs     map[string]int64 // by kind, running
	called   int64            // copies of destroyed keys that are still out
	data     int64
	log      int64
	sessions int64
}

func desc(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("wangge_"+name, help, labels, nil)
}

var (
	descAnswers = desc("database_answers", "1 if the database answered the last reading of figures.")
	descBytes   = desc("database_bytes", "Bytes of the database and of its write-ahead log.", "part")
	descConns   = desc("database_readers", "Connections for reading, busy and allowed.", "state")
	descWriters = desc("database_writers", "Write transactions that run and that wait, people's before long work's.", "state")
	descQueue   = desc("queue_items", "Items that wait to share a transaction, by operation.", "op")
	descStreams = desc("streams", "Browsers that listen for live updates.")
	descOutbox  = desc("outbox_messages", "Work that is due and that waits for its time.", "state")
	descJobs    = desc("jobs", "Long work under way, by kind.", "kind")
	descRounds  = desc("rounds", "Rounds by state.", "state")
	descTargets = desc("targets", "Targets of open rounds: done, exempt, outstanding.", "class")
	descTasks   = desc("tasks", "Open tasks: in time, late.", "state")
	descClimbed = desc("tasks_climbed", "Open tasks that climbed to a post above.")
	descSession = desc("sessions", "Log-ins that are good now.")
	descCalled  = desc("key_copies_called_back", "Copies of destroyed keys whose end is not on record yet.")
)

// Describe names the figures.
func (g *gauges) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{descAnswers, descBytes, descConns, descWriters, descQueue, descStreams, descOutbox, descJobs, descRounds, descTargets, descTasks, descClimbed, descSession, descCalled} {
		ch <- d
	}
}

// Collect reads the figures.
func (g *gauges) Collect(ch chan<- prometheus.Metric) {
	send := func(d *prometheus.Desc, v int64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, float64(v), labels...)
	}
	each := func(d *prometheus.Desc, m map[string]int64) {
		for label, v := range m {
			send(d, v, label)
		}
	}
	l := g.a.DB.Load()
	each(descConns, map[string]int64{"busy": int64(l.Reading), "allowed": int64(l.Readers)})
	each(descWriters, map[string]int64{"running": int64(l.Writing), "waiting": int64(l.WaitingHot), "waiting_low": int64(l.WaitingLow)})
	for op, n := range l.Queues {
		send(descQueue, int64(n), op)
	}
	send(descStreams, int64(g.a.hub.Streams()))
	s, ok := g.stored()
	if !ok {
		send(descAnswers, 0)
		return
	}
	send(descAnswers, 1)
	each(descBytes, map[string]int64{"data": s.data, "log": s.log})
	each(descOutbox, s.outbox)
	each(descJobs, s.jobs)
	each(descRounds, s.rounds)
	each(descTargets, s.targets)
	each(descTasks, s.tasks)
	send(descClimbed, s.climbed)
	send(descSession, s.sessions)
	send(descCalled, s.called)
}

// stored returns the database's figures, from memory while they are fresh; ok
// is false where it does not answer.
func (g *gauges) stored() (stored, bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.ever && g.read.Elapsed() < gaugesFor {
		return g.last, g.ok
	}
	ctx, cancel := context.WithTimeout(context.Background(), gaugeTimeout)
	defer cancel()
	s, err := readStored(ctx, g.a.DB, g.a.District, clock.Ms(g.a.clock().Now()))
	if err != nil {
		g.a.log().Warn("the figures of /metrics were not read from the database", "error", err)
	}
	g.last, g.ok, g.ever, g.read = s, err == nil, true, clock.Start()
	return g.last, g.ok
}
