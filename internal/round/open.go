package round

import (
	"context"
	"slices"

	"wangge/internal/grid"
	"wangge/internal/platform/audit"
	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
	"wangge/internal/platform/seal"
)

// chunk is how many targets one transaction of an opening writes.
const chunk = 2000

// Approve opens a submitted round: its list is frozen in the background, in
// pieces; until it is complete the round is opening.
func (s *Service) Approve(ctx context.Context, c grid.Caller, round id.ID) error {
	if err := s.approve(ctx, c, round); err != nil {
		return err
	}
	s.Background("round.open", func(ctx context.Context) {
		if err := s.RunOpening(ctx, c.District, round); err != nil {
			s.Log.ErrorContext(ctx, "opening of a round was cut short; it is resumed at the next start", "round", round, "error", err)
		}
	})
	return nil
}

// ApproveNow is Approve that returns when the round is open.
func (s *Service) ApproveNow(ctx context.Context, c grid.Caller, round id.ID) error {
	if err := s.approve(ctx, c, round); err != nil {
		return err
	}
	return s.RunOpening(ctx, c.District, round)
}

func (s *Service) approve(ctx context.Context, c grid.Caller, round id.ID) error {
	const op = "round.Approve"
	r, err := selectRound(ctx, s.DB.Read(), c.District, round)
	if err != nil {
		return err
	}
	post, err := mayApprove(c, r)
	if err != nil {
		return err
	}
	if r.State != Submitted {
		return errs.E(op, errs.Conflict, "round.state_changed")
	}
	if err := s.deadlineGiven(ctx, c, r); err != nil {
		return err
	}
	sel, err := s.resolve(ctx, s.DB.Read(), r)
	if err != nil {
		return err
	}
	n, err := sel.count(ctx, s.DB.Read())
	if err != nil {
		return err
	}
	if n == 0 {
		return errs.E(op, errs.Invalid, "round.no_targets")
	}
	now := s.now()
	return s.DB.Write(ctx, op, func(tx *db.Tx) error {
		r.OccurrenceID, r.NextMs = id.New(), r.Recurrence.next(now, now)
		if r.NextMs != 0 { // it ends when the next one opens
			r.DueMs = min(r.DueMs, r.NextMs)
		}
		if err := setApproved(ctx, tx, r, c.AccountID, post, now); err != nil {
			return err
		}
		job := id.New()
		if err := insertJob(ctx, tx, c.District, job, round, n, c.AccountID, now); err != nil {
			return err
		}
		first := Occurrence{ID: r.OccurrenceID, N: 1, State: Opening, JobID: job, PlannedMs: now, OpenedMs: now, DueMs: r.DueMs}
		if err := insertOccurrence(ctx, tx, c.District, round, first); err != nil {
			return err
		}
		if err := s.plan(ctx, tx, r); err != nil {
			return err
		}
		return s.Audit.Append(ctx, tx, audit.Entry{Account: c.AccountID, Post: post, Action: "round.approve", Object: "round", ObjectID: round})
	})
}

// ResumeOpenings goes on with openings that a stop or a kill cut short.
func (s *Service) ResumeOpenings(ctx context.Context, district int) error {
	list, err := selectRounds(ctx, s.DB.Read(), district, " AND r.state = 'opening'", db.NewArgs(district))
	if err != nil {
		return err
	}
	for _, r := range list {
		if err := s.RunOpening(ctx, district, r.ID); err != nil {
			return err
		}
	}
	return s.resumeTurns(ctx, district)
}

// RunOpening writes the rest of an opening round's list and opens it. It may be
// called again after it was cut short, at any point; two calls at once are one,
// also of two processes.
func (s *Service) RunOpening(ctx context.Context, district int, round id.ID) error {
	_, err := s.Alone(ctx, "round.open:"+round.String(), func(ctx context.Context) error {
		r, err := selectRound(ctx, s.DB.Read(), district, round)
		if err != nil || r.State == Open {
			return err
		}
		if r.State != Opening {
			return errs.E("round.Opening", errs.Conflict, "round.state_changed")
		}
		if err := s.writeList(ctx, r); err != nil {
			return err
		}
		return s.DB.Write(ctx, "round.Opening", func(tx *db.Tx) error { return setOpened(ctx, tx, r, s.now()) })
	})
	return err
}

// writeList writes what is missing of the list of an occurrence that is opening.
func (s *Service) writeList(ctx context.Context, r Round) error {
	sel, err := s.resolve(ctx, s.DB.Read(), r)
	if err != nil {
		return err
	}
	occs, err := s.exemptSources(ctx, r)
	if err != nil {
		return err
	}
	path, object, err := lastSpot(ctx, s.DB.Read(), sel)
	if err != nil {
		return err
	}
	for {
		list, err := sel.page(ctx, s.DB.Read(), path, object, chunk)
		if err != nil {
			return err
		}
		if len(list) == 0 {
			return nil
		}
		if err := s.openChunk(ctx, r, list, occs); err != nil {
			return err
		}
		if path == "" || len(list) < chunk { // the first and the last
			if err := s.DB.Analyze(ctx, "target", "counter", "answer_count", "mark"); err != nil {
				return err
			}
		}
		path, object = list[len(list)-1].path, list[len(list)-1].object
	}
}

// exemptSources returns the occurrences in which a door may stand exempt still.
func (s *Service) exemptSources(ctx context.Context, r Round) ([]id.ID, error) {
	if r.TargetKind != Doors {
		return nil, nil
	}
	list, err := recentOccurrences(ctx, s.DB.Read(), r.district, r.OccurrenceID, s.now()-exemptLookback)
	return idsOf(list), err
}

// openChunk puts objects on the list, in walking order, with their counters.
func (s *Service) openChunk(ctx context.Context, r Round, list []spot, occs []id.ID) error {
	return s.DB.WriteLow(ctx, "round.Opening", func(tx *db.Tx) error {
		targets, err := s.newTargets(ctx, tx, r, list, 0, "")
		if err != nil || len(targets) == 0 {
			return err
		}
		exempt, err := standingExempts(ctx, tx, r.district, occs, targets, s.now())
		if err != nil {
			return err
		}
		var marks []*markRow
		counters := map[counterKey]counterDelta{}
		for i := range targets {
			t := &targets[i]
			if x, ok := exempt[t.ObjectID]; ok {
				m, err := s.ownMark(r, t.ObjectID, x.reason, x.reason, Carried, id.Zero, id.Zero)
				if err != nil {
					return err
				}
				m.validUntilMs = x.until
				*t = nextTarget(*t, m).next
				marks = append(marks, m)
			}
			k := counterKey{t.OccurrenceID, t.LeafID, t.GridID}
			d := counters[k]
			d.add(t.State, 1)
			counters[k] = d
		}
		if err := insertTargets(ctx, tx, r.district, targets); err != nil {
			return err
		}
		if err := insertMarks(ctx, tx, r.district, marks); err != nil {
			return err
		}
		if err := moveCounters(ctx, tx, r.district, counters); err != nil {
			return err
		}
		if _, _, err := bumpVersion(ctx, tx, r.district, r.OccurrenceID); err != nil {
			return err
		}
		tx.Notify(topic(r.ID))
		return advanceJob(ctx, tx, r.district, r.JobID, len(targets))
	})
}

// newTargets makes targets of the objects that are not on the list yet, with
// line numbers that go on where each building's list ends.
func (s *Service) newTargets(ctx context.Context, tx *db.Tx, r Round, list []spot, joinedMs int64, why string) ([]Target, error) {
	objects := make([]id.ID, len(list))
	leaves := make([]id.ID, len(list))
	for i, v := range list {
		objects[i], leaves[i] = v.object, v.leaf
	}
	there, err := present(ctx, tx, r.district, r.OccurrenceID, objects)
	if err != nil {
		return nil, err
	}
	slices.Sort(leaves)
	of, err := sheets(ctx, tx, r.district, r.TargetKind, slices.Compact(leaves))
	if err != nil {
		return nil, err
	}
	sheetIDs := make([]id.ID, 0, len(of))
	for _, sheet := range of {
		sheetIDs = append(sheetIDs, sheet)
	}
	slices.Sort(sheetIDs)
	lines, err := lastLines(ctx, tx, r.district, r.OccurrenceID, slices.Compact(sheetIDs))
	if err != nil {
		return nil, err
	}
	var out []Target
	for _, v := range list {
		if there[v.object] {
			continue
		}
		there[v.object] = true
		sheet := of[v.leaf]
		lines[sheet]++
		out = append(out, Target{OccurrenceID: r.OccurrenceID, ObjectID: v.object, DoorID: v.door, LeafID: v.leaf, GridID: v.grid,
			LineNo: lines[sheet], JoinedMs: joinedMs, JoinReason: why})
	}
	return out, nil
}

// ownMark is a mark the installation makes itself: an earlier result carried
// over, a departure recorded in the ledger, a sign-off.
func (s *Service) ownMark(r Round, object id.ID, result, reason string, how How, account, post id.ID) (*markRow, error) {
	res, _ := ResultOf(result)
	now := s.now()
	m := &markRow{id: id.New(), occ: r.OccurrenceID, object: object, result: result, reason: reason, class: res.Class(), how: how,
		account: account, post: post, payload: []byte{}, claimedMs: now, correctedMs: now, receivedMs: now, register: seal.EmergencyKey(r.EmergencyID)}
	m.clientKey = "own-" + m.id.String()
	var err error
	m.sealed, err = s.Keys.SealJSON(m.register, seal.AAD(m.register, "mark", m.id), sealedMark{})
	return m, err
}
