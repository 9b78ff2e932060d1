package ledger

import (
	"context"
	"database/sql"
	"maps"
	"slices"
	"strings"

	"wangge/internal/grid"
	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/i18n"
	"wangge/internal/platform/id"
	"wangge/internal/platform/seal"
)

// doorText is a door in words.
type doorText struct {
	id     id.ID
	path   string
	text   string   // as "幸福 3-2-501"
	labels []string // below the compound, from the outside in
	name   string   // of the compound, or of the community where there is none
	alias  string
}

// communityLen is the length of a community's path; below it each level adds levelLen.
const (
	communityLen = 12
	levelLen     = 3
)

// doorTexts returns doors in words, by id. Doors are public structure; the
// caller has decided which ids to ask for.
func (s *Service) doorTexts(ctx context.Context, district int, doors []id.ID) (map[id.ID]doorText, error) {
	out := map[id.ID]doorText{}
	err := db.Chunks(doors, 500, func(part []id.ID) error {
		a := db.NewArgs(district)
		list, err := db.Collect(ctx, s.db.Read(), `SELECT id, path FROM place WHERE district = $1 AND id IN `+db.In(a, ints(part)), a.List(), func(r *sql.Rows) (doorText, error) {
			var d doorText
			err := r.Scan((*int64)(&d.id), &d.path)
			return d, err
		})
		if err != nil {
			return err
		}
		if err := s.name(ctx, district, list); err != nil {
			return err
		}
		for _, d := range list {
			out[d.id] = d
		}
		return nil
	})
	return out, err
}

// name fills the words of doors whose paths are known.
func (s *Service) name(ctx context.Context, district int, list []doorText) error {
	type node struct{ kind, name, alias string }
	nodes := map[string]node{}
	var paths []string
	for _, d := range list {
		for n := communityLen; n <= len(d.path); n += levelLen {
			if p := d.path[:n]; nodes[p].kind == "" {
				nodes[p] = node{kind: "?"}
				paths = append(paths, p)
			}
		}
	}
	err := db.Chunks(paths, 500, func(part []string) error {
		a := db.NewArgs(district)
		rows, err := s.db.Read().QueryContext(ctx, `SELECT path, kind, name, alias FROM place WHERE district = $1 AND path IN `+db.In(a, part), a.List()...)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var p string
			var n node
			if err := rows.Scan(&p, &n.kind, &n.name, &n.alias); err != nil {
				return err
			}
			nodes[p] = n
		}
		return rows.Err()
	})
	if err != nil {
		return err
	}
	for i := range list {
		d := &list[i]
		for n := communityLen; n <= len(d.path); n += levelLen {
			switch v := nodes[d.path[:n]]; grid.Kind(v.kind) {
			case grid.Community, grid.Compound:
				d.name, d.alias = v.name, v.alias
			case grid.Group:
				d.labels = append(d.labels, i18n.T(i18n.ZH, "ledger.door.group", v.name))
			default:
				d.labels = append(d.labels, v.name)
			}
		}
		d.text = strings.TrimSpace(d.name + " " + strings.Join(d.labels, "-"))
	}
	return nil
}

func underPath(a *db.Args, under string) string {
	if under == "" {
		return ""
	}
	return " AND d.path >= " + a.Add(under) + " AND d.path < " + a.Add(under+"~")
}

// byHash finds current persons within scope by a keyed hash of one kind.
func (s *Service) byHash(ctx context.Context, c grid.Caller, kind string, hash []byte, under string, limit int) ([]personRec, error) {
	a := db.NewArgs(c.District)
	where := `k.district = $1 AND k.hash = ` + a.Add(hash) + ` AND k.kind = ` + a.Add(kind) + ` AND p.id = k.person_id AND p.until_ms = 0 AND ` + onDoor + underPath(a, under)
	return s.personsWhere(ctx, s.db.Read(), c, grid.LedgerRead, a, "person_key k CROSS JOIN person p CROSS JOIN place d", where, " LIMIT "+a.Add(limit))
}

// NamesUnder gives those of some names that current residents below a path bear,
// found by their keyed hashes. The caller needs no right over them: it is for refusing
// words that name people, and tells nothing else of anybody.
func (s *Service) NamesUnder(ctx context.Context, c grid.Caller, path string, names []string) (out []string, err error) {
	of := map[string]string{}
	for _, register := range s.registers() {
		for _, n := range names {
			if h := s.keys.Hash(register, keyName, seal.NormName(n)); h != nil {
				of[string(h)] = n
			}
		}
	}
	err = db.Chunks(slices.Sorted(maps.Keys(of)), 500, func(part []string) error {
		a := db.NewArgs(c.District)
		in := make([]string, len(part))
		for i, h := range part {
			in[i] = a.Add([]byte(h))
		}
		query := `SELECT DISTINCT k.hash FROM person_key k CROSS JOIN person p CROSS JOIN place d WHERE k.district = $1 AND k.hash IN (` + strings.Join(in, ", ") + `) AND k.kind = ` + a.Add(keyName) +
			` AND p.district = $1 AND d.district = $1 AND p.id = k.person_id AND p.until_ms = 0 AND ` + onDoor + underPath(a, path)
		found, err := db.Collect(ctx, s.db.Read(), query, a.List(), func(r *sql.Rows) (h []byte, err error) { return h, r.Scan(&h) })
		for _, h := range found {
			out = append(out, of[string(h)])
		}
		return err
	})
	return out, errs.Wrap("ledger.NamesUnder", err)
}

// eachPerson opens the current persons within scope, in walking order, up to
// limit. It reports whether there were more.
func (s *Service) eachPerson(ctx context.Context, c grid.Caller, under string, limit int) ([]personRec, bool, error) {
	a := db.NewArgs(c.District)
	recs, err := s.personsWhere(ctx, s.db.Read(), c, grid.LedgerRead, a, fromDoors, onDoor+" AND p.until_ms = 0"+underPath(a, under), " LIMIT "+a.Add(limit+1))
	if len(recs) > limit {
		return recs[:limit], true, err
	}
	return recs, false, err
}

// eachHousehold opens the current households within scope, up to limit.
func (s *Service) eachHousehold(ctx context.Context, c grid.Caller, under string, limit int) ([]Household, error) {
	a := db.NewArgs(c.District)
	query := householdSelect + ` FROM place d CROSS JOIN household h WHERE h.district = $1 AND d.district = $1 AND d.id = h.door_id AND h.until_ms = 0` +
		underPath(a, under) + ` AND ` + c.Scope(grid.LedgerRead, a, doorCols) + ` LIMIT ` + a.Add(limit)
	return db.Collect(ctx, s.db.Read(), query, a.List(), func(r *sql.Rows) (Household, error) { return s.scanHousehold(r) })
}

// seenDoors returns which of the doors lie where a post of the caller shows one
// of the fields of what the ledger holds there.
func (s *Service) seenDoors(ctx context.Context, c grid.Caller, doors []id.ID, fields ...grid.Field) (map[id.ID]bool, error) {
	out := make(map[id.ID]bool, len(doors))
	sub := seeing(c, fields...)
	if c.IsSystem() || len(sub.Grants) == len(c.Grants) || len(sub.Grants) == 0 { // all or none: the caller read these doors
		for _, d := range doors {
			out[d] = c.IsSystem() || len(sub.Grants) > 0
		}
		return out, nil
	}
	err := db.Chunks(doors, 500, func(part []id.ID) error {
		a := db.NewArgs(c.District)
		query := `SELECT d.id FROM place d WHERE d.district = $1 AND d.id IN ` + db.In(a, ints(part)) + ` AND ` + sub.Scope(grid.LedgerRead, a, doorCols)
		ids, err := db.Collect(ctx, s.db.Read(), query, a.List(), func(r *sql.Rows) (id.ID, error) {
			var v int64
			err := r.Scan(&v)
			return id.ID(v), err
		})
		for _, v := range ids {
			out[v] = true
		}
		return err
	})
	return out, err
}

// readable keeps those of persons that the caller may read.
func (s *Service) readable(ctx context.Context, c grid.Caller, persons []id.ID) ([]id.ID, error) {
	var out []id.ID
	err := db.Chunks(persons, 500, func(part []id.ID) error {
		a := db.NewArgs(c.District)
		query := `SELECT p.id FROM person p CROSS JOIN place d WHERE p.district = $1 AND d.district = $1 AND ` + onDoor + ` AND p.id IN ` +
			db.In(a, ints(part)) + ` AND ` + c.Scope(grid.LedgerRead, a, doorCols)
		ids, err := db.Collect(ctx, s.db.Read(), query, a.List(), func(r *sql.Rows) (id.ID, error) {
			var v int64
			err := r.Scan(&v)
			return id.ID(v), err
		})
		out = append(out, ids...)
		return err
	})
	return out, err
}

// placePath returns the path of a place the caller may read.
func (s *Service) placePath(ctx context.Context, c grid.Caller, place id.ID) (string, error) {
	a := db.NewArgs(c.District)
	var path string
	err := s.db.Read().QueryRowContext(ctx, `SELECT d.path FROM place d WHERE d.district = $1 AND d.id = `+a.Add(int64(place))+
		` AND `+c.Scope(grid.PlaceRead, a, doorCols), a.List()...).Scan(&path)
	return path, notFound(err)
}
