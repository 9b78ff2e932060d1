package ledger

import (
	"strings"

	"wangge/internal/grid"
	"wangge/internal/platform/db"
)

// News between processes: somebody came or went; the records of a community,
// whose path follows, changed.
const (
	topicPeople  = "ledger.people"
	topicRecords = "ledger.records:"
)

// follow drops what is counted when another process changed it; it ends when the
// database closes.
func (s *Service) follow(news <-chan string) {
	for topic := range news {
		if topic == topicPeople || topic == db.Everything {
			s.people.forget()
		}
		if topic == db.Everything {
			s.facets.forgetAll()
		}
		if topic == grid.TopicPlaces || topic == db.Everything {
			s.doors.places.Add(1)
		}
		if topic == topicAliases || topic == db.Everything {
			s.doors.names.Add(1)
		}
		if path, ok := strings.CutPrefix(topic, topicRecords); ok {
			s.facets.forget(path)
		}
	}
}

// recordsChanged has every process count anew how complete the records of the
// communities are that the caller works in.
func (s *Service) recordsChanged(tx *db.Tx, c grid.Caller) {
	for _, g := range c.Grants {
		if len(g.Path) >= communityLen {
			path := g.Path[:communityLen]
			tx.OnCommit(func() { s.facets.forget(path) })
			tx.Notify(topicRecords + path)
		}
	}
}
