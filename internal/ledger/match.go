package ledger

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"wangge/internal/grid"
	"wangge/internal/ledger/address"
	"wangge/internal/ledger/address/nation"
	"wangge/internal/ledger/match"
	"wangge/internal/platform/audit"
	"wangge/internal/platform/clock"
	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
)

// Match is what a free-text address was found to mean.
type Match struct {
	Address     address.Address   `json:"address"`
	Certain     bool              `json:"certain" doc:"One door alone fits"`
	DoorID      id.ID             `json:"door_id,omitempty" doc:"The door, where it is certain"`
	PlaceID     id.ID             `json:"place_id,omitempty" doc:"The door, or the deepest place beyond doubt"`
	PlaceKind   grid.Kind         `json:"place_kind,omitempty"`
	Missing     string            `json:"missing,omitempty" doc:"The label of the one door that the place lacks, where the address leaves no other doubt"`
	CommunityID id.ID             `json:"community_id,omitempty" doc:"The community that all that was found lies in"`
	Reason      match.Reason      `json:"reason" doc:"Why it is as sure as it is"`
	Candidates  []match.Candidate `json:"candidates,omitempty" doc:"Doors that may be meant, the likeliest first"`
	Lies        *address.Place    `json:"lies,omitempty" doc:"Where it lies by the national list, where that is another county"`
}

// MaxAddresses is how many addresses one call of the API may bring.
const MaxAddresses = 1000

// topicAliases tells that a remembered name came or went.
const topicAliases = "place_alias"

// doorIndex keeps each district's index of doors and remembered names.
type doorIndex struct {
	places, names atomic.Int64 // versions
	mu            sync.Mutex
	kept          map[int]*keptIndex
}

type keptIndex struct {
	ix            *match.Index
	more          match.Aliases
	places, names int64
	at            clock.Stopwatch
	took          time.Duration
}

// patience is how many times as long as building the index takes an index that
// is behind may serve: while an import adds doors it is not built for each piece.
const patience = 10

// doorIndex returns the district's index of doors, built when it is first asked for
// (three seconds for 640,000 doors) and again when places changed.
func (s *Service) doorIndex(ctx context.Context, district int) (*match.Index, match.Aliases, error) {
	d := &s.doors
	places, names := d.places.Load(), d.names.Load()
	d.mu.Lock()
	defer d.mu.Unlock()
	k := d.kept[district]
	if k == nil || k.places != places && k.at.Elapsed() > patience*k.took {
		sw := clock.Start()
		b := match.NewBuilder()
		if err := openPlaces(ctx, s.db.Read(), district, b.Add); err != nil {
			return nil, nil, err
		}
		k = &keptIndex{ix: b.Index(), places: places, names: -1, at: clock.Start(), took: sw.Elapsed()}
		if d.kept == nil {
			d.kept = map[int]*keptIndex{}
		}
		d.kept[district] = k
	}
	if k.names != names {
		more, err := allAliases(ctx, s.db.Read(), district)
		if err != nil {
			return nil, nil, err
		}
		k.more, k.names = more, names
	}
	return k.ix, k.more, nil
}

// ReadAhead makes ready what matching addresses needs, so that the first who
// matches one need not wait.
func (s *Service) ReadAhead(ctx context.Context, c grid.Caller) error {
	nation.Get()
	_, _, err := s.doorIndex(ctx, c.District)
	return errs.Wrap("ledger.ReadAhead", err)
}

// MatchAddress finds the door that a free-text address means. Needs place.read;
// the caller sees only what lies in the own posts' reach. Errors: Denied.
func (s *Service) MatchAddress(ctx context.Context, c grid.Caller, text string) (Match, error) {
	list, err := s.MatchAddresses(ctx, c, []string{text})
	if err != nil {
		return Match{}, err
	}
	return list[0], nil
}

// MatchAddresses finds the doors of many addresses, in their order.
func (s *Service) MatchAddresses(ctx context.Context, c grid.Caller, texts []string) ([]Match, error) {
	const op = "ledger.MatchAddresses"
	if err := c.Require(op, grid.PlaceRead); err != nil {
		return nil, err
	}
	ix, more, err := s.doorIndex(ctx, c.District)
	if err != nil {
		return nil, errs.Wrap(op, err)
	}
	out := make([]Match, len(texts))
	paths := make([]string, len(texts))
	err = parallel(len(texts), func(lo, hi int) error {
		for i := lo; i < hi; i++ {
			a := address.Parse(texts[i])
			r := ix.Match(a, more)
			out[i] = Match{Address: a, Certain: r.Certain(), DoorID: r.DoorID, PlaceID: r.PlaceID, PlaceKind: r.Kind, Missing: r.Missing, CommunityID: r.Community, Reason: r.Reason, Candidates: r.Candidates}
			paths[i] = r.Path
			if r.Reason == match.Elsewhere {
				if place, ok := a.Place(); ok {
					out[i].Lies = &place
				}
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, errs.Wrap(op, s.withinReach(ctx, c, out, paths))
}

// withinReach takes out of the matches what the caller's posts do not reach.
func (s *Service) withinReach(ctx context.Context, c grid.Caller, list []Match, paths []string) error {
	var doors []id.ID
	reached := func(path string) bool { return path != "" && c.CanPlace(grid.PlaceRead, path) }
	for i := range list {
		for _, k := range list[i].Candidates {
			if !reached(k.Path) {
				doors = append(doors, k.DoorID)
			}
		}
	}
	if len(doors) == 0 {
		for i := range list {
			list[i].keep(paths[i] == "" || reached(paths[i]), func(match.Candidate) bool { return true })
		}
		return nil
	}
	seen, err := doorsInScope(ctx, s.db.Read(), c, grid.PlaceRead, doors)
	if err != nil {
		return err
	}
	for i := range list {
		list[i].keep(paths[i] == "" || reached(paths[i]) || seen[list[i].DoorID], func(k match.Candidate) bool { return reached(k.Path) || seen[k.DoorID] })
	}
	return nil
}

// keep leaves the place and the candidates that may be shown.
func (m *Match) keep(place bool, may func(match.Candidate) bool) {
	var left []match.Candidate
	for _, k := range m.Candidates {
		if may(k) {
			left = append(left, k)
		}
	}
	hidden := !place || len(left) < len(m.Candidates)
	m.Candidates = left
	if !place {
		m.Certain, m.DoorID, m.PlaceID, m.PlaceKind, m.Missing, m.CommunityID = false, id.Zero, id.Zero, "", "", id.Zero
	}
	if hidden && len(left) == 0 {
		m.Reason = match.OutOfArea
	}
}

// InWords writes the candidates' doors as pages show them. MatchAddresses leaves
// that out: of a long list few are looked at.
func (s *Service) InWords(ctx context.Context, c grid.Caller, list []Match) error {
	var doors []id.ID
	for i := range list {
		for _, k := range list[i].Candidates {
			doors = append(doors, k.DoorID)
		}
	}
	texts, err := s.doorTexts(ctx, c.District, doors)
	for i := range list {
		for j := range list[i].Candidates {
			k := &list[i].Candidates[j]
			k.Text = texts[k.DoorID].text
		}
	}
	return errs.Wrap("ledger.InWords", err)
}

// ChooseDoor says which door an address means. What the address calls the
// compound is remembered as a name of the door's compound, unless places of the
// district bear it: then name is empty and nothing is remembered. Needs
// ledger.read over the door. Errors: Denied, NotFound.
func (s *Service) ChooseDoor(ctx context.Context, c grid.Caller, text string, door id.ID) (name string, err error) {
	const op = "ledger.ChooseDoor"
	if err := c.Require(op, grid.LedgerRead); err != nil {
		return "", err
	}
	seen, err := doorsInScope(ctx, s.db.Read(), c, grid.LedgerRead, []id.ID{door})
	if err != nil {
		return "", errs.Wrap(op, err)
	}
	if !seen[door] {
		return "", errs.E(op, errs.NotFound, "error.not_found")
	}
	ix, _, err := s.doorIndex(ctx, c.District)
	if err != nil {
		return "", errs.Wrap(op, err)
	}
	key, name, ok := ix.Name(address.Parse(text))
	parent, err := parentOf(ctx, s.db.Read(), c.District, door)
	if err != nil {
		return "", errs.Wrap(op, err)
	}
	place := ix.Compound(parent)
	if !ok || place == id.Zero {
		return "", nil
	}
	a := PlaceAlias{ID: id.New(), PlaceID: place, Name: name, AccountID: c.AccountID, MadeMs: s.nowMs(), key: key, postID: c.PostFor(grid.LedgerRead)}
	return name, s.db.Write(ctx, op, func(tx *db.Tx) error {
		fresh, err := insertAlias(ctx, tx, c.District, a)
		if err != nil || !fresh {
			return err
		}
		return s.aliasChanged(ctx, tx, c, a.postID, "alias.add", place)
	})
}

// Aliases lists the remembered names of a compound or group. Needs place.read
// over it.
func (s *Service) Aliases(ctx context.Context, c grid.Caller, place id.ID) ([]PlaceAlias, error) {
	const op = "ledger.Aliases"
	path, err := s.placePath(ctx, c, place)
	if err != nil {
		return nil, err
	}
	if err := c.RequirePlace(op, grid.PlaceRead, path); err != nil {
		return nil, err
	}
	list, err := aliasesOf(ctx, s.db.Read(), c.District, place)
	if err != nil || s.names == nil || len(list) == 0 {
		return list, errs.Wrap(op, err)
	}
	accounts := make([]id.ID, len(list))
	for i, a := range list {
		accounts[i] = a.AccountID
	}
	names, err := s.names(ctx, accounts)
	for i := range list {
		list[i].Author = names[list[i].AccountID]
	}
	return list, errs.Wrap(op, err)
}

// ForgetAlias takes a remembered name off a compound or group; one that is gone
// already is no error. Needs place.write over it. Errors: Denied, NotFound.
func (s *Service) ForgetAlias(ctx context.Context, c grid.Caller, place, alias id.ID) error {
	const op = "ledger.ForgetAlias"
	path, err := s.placePath(ctx, c, place)
	if err != nil {
		return err
	}
	if err := c.RequirePlace(op, grid.PlaceWrite, path); err != nil {
		return err
	}
	return s.db.Write(ctx, op, func(tx *db.Tx) error {
		found, err := deleteAlias(ctx, tx, c.District, place, alias)
		if err != nil || !found {
			return err
		}
		return s.aliasChanged(ctx, tx, c, c.PostFor(grid.PlaceWrite), "alias.remove", place)
	})
}

// aliasChanged tells every process and the audit.
func (s *Service) aliasChanged(ctx context.Context, tx *db.Tx, c grid.Caller, post id.ID, action string, place id.ID) error {
	tx.OnCommit(func() { s.doors.names.Add(1) })
	tx.Notify(topicAliases)
	return s.audit.Append(ctx, tx, audit.Entry{Account: c.AccountID, Post: post, Action: action, Object: "place", ObjectID: place})
}
