package account

import (
	"sync"

	"wangge/internal/platform/id"
)

// Limits of what is known in memory of who is behind a secret.
const (
	maxKnown = 20_000 // secrets; beyond that all are read again
	// knownFor bounds, in milliseconds, how long a process of several may miss
	// that another ended something, should the news of it be lost.
	knownFor = 5_000
)

// who is what a secret stands for: an account that may log in, and of a token
// its post.
type who struct {
	account id.ID
	name    string
	lang    string
	post    id.ID  // of a token
	origin  string // of a token
	expires int64  // UTC milliseconds
	seen    int64  // UTC milliseconds; last use on record, of a session
	read    int64  // UTC milliseconds; when the database said so
}

// known remembers who is behind the secrets last used, so that a request costs
// no query. Ending a session or token, locking and every other change of an
// account make it forget that account in the transaction's commit.
type known struct {
	keep  int64 // milliseconds an answer is good for; 0: until forgotten
	mu    sync.Mutex
	gen   uint64 // moves with every forgetting
	byKey map[string]*who
	of    map[id.ID][]string
}

func newKnown(keep int64) *known {
	return &known{keep: keep, byKey: map[string]*who{}, of: map[id.ID][]string{}}
}

// get returns who is behind a secret: key is its table and hash, so that a
// token is never taken for a session. Where it is not known, gen is what put needs.
func (k *known) get(key string, now int64) (w who, gen uint64, ok bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	p := k.byKey[key]
	if p == nil || p.expires <= now || k.keep > 0 && now-p.read >= k.keep {
		return who{}, k.gen, false
	}
	return *p, k.gen, true
}

// put remembers what was read since gen; not where something was forgotten
// meanwhile, since the reading may be older than that.
func (k *known) put(gen uint64, key string, w who) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if gen != k.gen {
		return
	}
	if len(k.byKey) >= maxKnown {
		k.byKey, k.of = map[string]*who{}, map[id.ID][]string{}
	}
	if k.byKey[key] == nil {
		k.of[w.account] = append(k.of[w.account], key)
	}
	k.byKey[key] = &w
}

// used notes when a secret was last put on record as used.
func (k *known) used(key string, now int64) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if p := k.byKey[key]; p != nil {
		p.seen = now
	}
}

// forget drops all secrets of an account.
func (k *known) forget(account id.ID) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.gen++
	for _, key := range k.of[account] {
		delete(k.byKey, key)
	}
	delete(k.of, account)
}

// forgetAll drops everything.
func (k *known) forgetAll() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.gen++
	k.byKey, k.of = map[string]*who{}, map[id.ID][]string{}
}
