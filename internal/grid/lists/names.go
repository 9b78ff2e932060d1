package lists

import (
	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
)

// memory is what later rows are to know of earlier ones, by some key. What a
// transaction adds stands apart until it commits, since it may be undone or run
// again.
type memory[V any] struct {
	stands map[string]V
	fresh  map[string]V
}

func newMemory[V any]() memory[V] { return memory[V]{stands: map[string]V{}, fresh: map[string]V{}} }

// start forgets what an earlier transaction added and did not commit.
func (m *memory[V]) start() { m.fresh = map[string]V{} }

func (m *memory[V]) get(key string) (V, bool) {
	if v, ok := m.fresh[key]; ok {
		return v, true
	}
	v, ok := m.stands[key]
	return v, ok
}

// wrote takes in what tx wrote; it is the last that a row does.
func (m *memory[V]) wrote(tx *db.Tx, key string, v V) {
	m.fresh[key] = v
	tx.OnCommit(func() { m.stands[key] = v })
}

// names is what is called how in which area.
type names struct{ memory[id.ID] }

func newNames() *names { return &names{newMemory[id.ID]()} }

func nameIn(area, name string) string { return area + "/" + name }

// keep takes in what is recorded.
func (n *names) keep(area, name string, v id.ID) { n.stands[nameIn(area, name)] = v }

// find returns what is called so in an area, by its code.
func (n *names) find(area, name string) (id.ID, bool) { return n.get(nameIn(area, name)) }

// free refuses a new record whose name stands in the area already.
func (n *names) free(area, name string) error {
	if _, taken := n.find(area, name); taken {
		return errs.Field(errs.E("lists.names", errs.Conflict, "lists.name_taken"), colName)
	}
	return nil
}

// added takes in what tx wrote.
func (n *names) added(tx *db.Tx, area, name string, v id.ID) { n.wrote(tx, nameIn(area, name), v) }
