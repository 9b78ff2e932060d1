package lists

import (
	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
)

// names is what is called how in which area. What a transaction adds stands
// apart until it commits, since it may be undone or run again.
type names struct {
	stands map[string]id.ID
	fresh  map[string]id.ID
}

func newNames() *names { return &names{stands: map[string]id.ID{}, fresh: map[string]id.ID{}} }

func nameIn(area, name string) string { return area + "/" + name }

// keep takes in what is recorded.
func (n *names) keep(area, name string, v id.ID) { n.stands[nameIn(area, name)] = v }

// start forgets what an earlier transaction added and did not commit.
func (n *names) start() { n.fresh = map[string]id.ID{} }

// find returns what is called so in an area, by its code.
func (n *names) find(area, name string) (id.ID, bool) {
	if v, ok := n.fresh[nameIn(area, name)]; ok {
		return v, true
	}
	v, ok := n.stands[nameIn(area, name)]
	return v, ok
}

// free refuses a new record whose name stands in the area already.
func (n *names) free(area, name string) error {
	if _, taken := n.find(area, name); taken {
		return errs.Field(errs.E("lists.names", errs.Conflict, "lists.name_taken"), colName)
	}
	return nil
}

// added takes in what tx wrote; it is the last that a row does.
func (n *names) added(tx *db.Tx, area, name string, v id.ID) {
	n.fresh[nameIn(area, name)] = v
	tx.OnCommit(func() { n.keep(area, name, v) })
}
