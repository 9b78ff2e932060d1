package round

import (
	"context"
	"crypto/subtle"
	"database/sql"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"

	"wangge/internal/grid"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
	"wangge/internal/platform/seal"
)

// maxNote bounds a mark's note, in characters; maxBatch the marks of one call.
const (
	maxNote  = 500
	maxBatch = 2000
)

// markItem is a mark on its way through the batcher.
type markItem struct {
	caller     grid.Caller
	row        *markRow
	leaf, grid id.ID // where the target was when the mark was authorised; Zero: it was not yet
	clockOff   bool
	past       bool // it happened in an occurrence that is over
	atOnce     bool // it was made as it was sent
	out        MarkResult
}

// turnedMeanwhile says that the next occurrence became the current one while a
// mark was on its way: it is made again, there.
const turnedMeanwhile = "round.turned"

// MarkOutcome is the result or the error of one mark of several.
type MarkOutcome struct {
	MarkResult
	Err error
}

// Mark records what happened at a target and answers after the commit. Errors:
// Invalid (answers, result), Denied round.mark_scope, NotFound round.not_target,
// Conflict (the round is not open yet, or the key was used for another mark).
// A mark for a closed round is kept as late and changes no figure.
func (s *Service) Mark(ctx context.Context, c grid.Caller, in MarkInput) (MarkResult, error) {
	out := s.MarkMany(ctx, c, []MarkInput{in})[0]
	return out.MarkResult, out.Err
}

// MarkMany records several marks, each with its own outcome, in the order given.
func (s *Service) MarkMany(ctx context.Context, c grid.Caller, ins []MarkInput) []MarkOutcome {
	out := s.markOnce(ctx, c, ins)
	var at []int
	var again []MarkInput
	for i := range out {
		if key := errs.As(out[i].Err).Key; out[i].Err != nil && (key == turnedMeanwhile || key == cutMeanwhile) {
			at, again = append(at, i), append(again, ins[i])
			s.infos.forget(ins[i].RoundID)
		}
	}
	for i, o := range s.markOnce(ctx, c, again) {
		out[at[i]] = o
	}
	return out
}

func (s *Service) markOnce(ctx context.Context, c grid.Caller, ins []MarkInput) []MarkOutcome {
	out := make([]MarkOutcome, len(ins))
	if len(ins) > maxBatch {
		for i := range out {
			out[i].Err = errs.E("round.Mark", errs.TooMany, "round.batch_big", maxBatch)
		}
		return out
	}
	items := s.prepare(ctx, c, ins, out)
	var at []int
	var made []*markItem
	for i, it := range items {
		if it != nil {
			at, made = append(at, i), append(made, it)
		}
	}
	for i, err := range s.marks.DoMany(ctx, made) {
		out[at[i]] = MarkOutcome{made[i].out, err}
	}
	return out
}

// prepare checks, authorises and seals the marks; what cannot be made gets its
// outcome at once and no item.
func (s *Service) prepare(ctx context.Context, c grid.Caller, ins []MarkInput, out []MarkOutcome) []*markItem {
	items := make([]*markItem, len(ins))
	byRound := map[id.ID][]int{}
	var order []id.ID
	for i, in := range ins {
		if _, ok := byRound[in.RoundID]; !ok {
			order = append(order, in.RoundID)
		}
		byRound[in.RoundID] = append(byRound[in.RoundID], i)
	}
	for _, r := range order {
		s.prepareRound(ctx, c, r, byRound[r], ins, out, items)
	}
	return items
}

func (s *Service) prepareRound(ctx context.Context, c grid.Caller, round id.ID, at []int, ins []MarkInput, out []MarkOutcome, items []*markItem) {
	fail := func(err error) {
		for _, i := range at {
			out[i].Err = err
		}
	}
	info, err := s.info(ctx, c.District, round)
	if err != nil {
		fail(err)
		return
	}
	if err := c.Require("round.Mark", grid.RoundMark); err != nil {
		fail(err)
		return
	}
	switch info.round.State {
	case Open, Closed:
	default:
		fail(errs.E("round.Mark", errs.Conflict, "round.not_open"))
		return
	}
	var objects, normal []id.ID // those marked, and those with normal answers
	for _, i := range at {
		objects = append(objects, ins[i].ObjectID)
		if res, _ := ResultOf(ins[i].Result); res.Answers == "normal" {
			normal = append(normal, ins[i].ObjectID)
		}
	}
	may, err := s.mayFirst(ctx, c, info, objects)
	if err != nil {
		fail(err)
		return
	}
	known, err := s.draftsFor(ctx, info, normal)
	if err != nil {
		fail(err)
		return
	}
	for _, i := range at {
		t, ok := may[ins[i].ObjectID]
		if may != nil && !ok {
			out[i].Err = s.notMine(ctx, info.round, ins[i].ObjectID)
			continue
		}
		items[i], out[i].Err = s.item(ctx, c, info, ins[i], t, known[ins[i].ObjectID])
	}
}

// mayFirst returns the targets that the caller may mark, where a mark must be
// authorised before it is made: who lives behind a door is not told to others
// by what is refused. nil: the batch authorises each mark by its locked target.
func (s *Service) mayFirst(ctx context.Context, c grid.Caller, info *roundInfo, objects []id.ID) (map[id.ID]Target, error) {
	if !info.round.PerMember {
		return nil, nil
	}
	return authorised(ctx, s.DB.Read(), c, grid.RoundMark, info.round.OccurrenceID, objects)
}

// notMine says why a target may not be marked: not on the list, or not in scope.
func (s *Service) notMine(ctx context.Context, r Round, object id.ID) error {
	there, err := present(ctx, s.DB.Read(), r.district, r.OccurrenceID, []id.ID{object})
	if err != nil {
		return err
	}
	if there[object] {
		return errs.E("round.Mark", errs.Denied, "round.mark_scope")
	}
	return errs.E("round.Mark", errs.NotFound, "round.not_target")
}

// item makes the record of one mark: checked, answers sealed, times corrected.
func (s *Service) item(ctx context.Context, c grid.Caller, info *roundInfo, in MarkInput, t Target, known Drafts) (*markItem, error) {
	const op = "round.Mark"
	res, ok := ResultOf(in.Result)
	if !ok || res.By != "" || !res.fits(info.round.TargetKind) {
		return nil, errs.Field(errs.E(op, errs.Invalid, "round.result_unknown"), "result")
	}
	if in.How == "" {
		in.How = AtDoor
	}
	if !slices.Contains(Ways(), in.How) {
		return nil, errs.Field(errs.E(op, errs.Invalid, "error.bad_choice"), "how")
	}
	in.Note = strings.TrimSpace(in.Note)
	if len([]rune(in.Note)) > maxNote {
		return nil, errs.Field(errs.E(op, errs.Invalid, "error.too_long", maxNote), "note")
	}
	if len(in.ClientKey) > 80 {
		return nil, errs.Field(errs.E(op, errs.Invalid, "error.too_long", 80), "client_key")
	}
	payload, err := s.payloadHash(info.register, in)
	if err != nil {
		return nil, err
	}
	body, choices, err := s.answers(ctx, info, in, t, res, known)
	if err != nil {
		return nil, err
	}
	if err := s.checkPhoto(ctx, c, info, in, res); err != nil {
		return nil, err
	}
	now := s.now()
	m := &markRow{
		id: id.New(), occ: info.round.OccurrenceID, object: in.ObjectID, result: res.Code, class: res.Class(), how: in.How,
		bulk: in.Bulk || in.How == InBulk, correct: in.Correct, account: c.AccountID, post: c.PostFor(grid.RoundMark), clientKey: in.ClientKey, payload: payload,
		claimedMs: in.ClaimedMs, receivedMs: now, photo: in.PhotoID, register: info.register, choices: choices,
	}
	it := &markItem{caller: c, row: m, leaf: t.LeafID, grid: t.GridID, atOnce: madeAtOnce(in.ClaimedMs, in.SentMs)}
	m.correctedMs, it.clockOff = CorrectTime(in.ClaimedMs, in.SentMs, now)
	if !it.atOnce {
		if m.occ, err = s.occurrenceFor(ctx, info.round, m.correctedMs); err != nil {
			return nil, err
		}
	}
	if it.past = m.occ != info.round.OccurrenceID; it.past {
		it.leaf, it.grid = id.Zero, id.Zero
	}
	if m.class == Exempt || m.class == Attempted {
		m.reason = res.Code
	}
	if res.ValidityDays > 0 {
		m.validUntilMs = m.correctedMs + int64(res.ValidityDays)*dayMs
	}
	if m.clientKey == "" {
		m.clientKey = "m" + m.id.String()
	}
	m.sealed, err = s.Keys.SealJSON(m.register, seal.AAD(m.register, "mark", m.id), body)
	return it, errs.Wrap(op, err)
}

// occurrenceFor returns the occurrence a mark belongs to: the one that was open
// when it happened. A phone that was without network on Tuesday brings marks for
// Tuesday's list.
func (s *Service) occurrenceFor(ctx context.Context, r Round, correctedMs int64) (id.ID, error) {
	if r.N < 2 || correctedMs >= r.OpenedMs {
		return r.OccurrenceID, nil
	}
	occ, err := occurrenceAt(ctx, s.DB.Read(), r.district, r.ID, correctedMs)
	if err != nil || occ == id.Zero {
		return r.OccurrenceID, err
	}
	return occ, nil
}

const dayMs = 24 * 60 * 60 * 1000

// payloadHash is what a mark sent again under the same key must equal. The
// moment of sending is not part of it.
func (s *Service) payloadHash(register string, in MarkInput) ([]byte, error) {
	in.SentMs = 0
	b, err := json.Marshal(in)
	if err != nil {
		return nil, errs.Wrap("round.Mark", err)
	}
	sum := s.Keys.Hash(register, "mark", string(b))
	if sum == nil {
		return nil, s.Keys.Check(register)
	}
	return sum, nil
}

// answers returns the sealed part of a mark and what it adds to the counts.
func (s *Service) answers(ctx context.Context, info *roundInfo, in MarkInput, t Target, res Result, known Drafts) (sealedMark, []ChoiceCount, error) {
	body := sealedMark{Note: in.Note}
	if res.Class() != Done {
		if len(in.Answers) > 0 || len(in.Members) > 0 {
			return body, nil, errs.Field(errs.E("round.Mark", errs.Invalid, "round.answers_without_done"), "answers")
		}
		return body, nil, nil
	}
	once, each := info.form.parts(info.round.PerMember)
	given := in.Answers
	if res.Answers == "normal" {
		given = NormalAnswers(once, given, known)
	}
	kept, faults := CheckAnswers(once, given, "answers.")
	choices := Choices(once, kept)
	body.Answers = kept
	if len(each) > 0 {
		members, more, err := s.members(ctx, info, in, t, res, each)
		if err != nil {
			return body, nil, err
		}
		faults = append(faults, more...)
		body.Members = members
		for _, m := range members {
			choices = append(choices, Choices(each, m.Answers)...)
		}
	}
	return body, mergeChoices(choices), faultsOf(faults)
}

// members checks that every person behind the target is answered for or excused.
func (s *Service) members(ctx context.Context, info *roundInfo, in MarkInput, t Target, res Result, each []Field) ([]MemberAnswer, []error, error) {
	people, err := peopleAt(ctx, s.DB.Read(), info.round.district, info.round.TargetKind, t)
	if err != nil {
		return nil, nil, err
	}
	given := map[id.ID]MemberAnswer{}
	var faults []error
	for i, m := range in.Members {
		if !slices.Contains(people, m.PersonID) {
			faults = append(faults, invalid("members."+strconv.Itoa(i), "round.member_unknown"))
		}
		given[m.PersonID] = m
	}
	var out []MemberAnswer
	for i, p := range people {
		at := "members." + strconv.Itoa(i) + "."
		m, ok := given[p]
		if !ok && res.Answers != "normal" {
			faults = append(faults, invalid(at+"answers", "round.member_missing"))
			continue
		}
		m.PersonID = p
		if m.Exempt != "" {
			if !hasWord(excuses, m.Exempt) {
				faults = append(faults, invalid(at+"exempt", "error.bad_choice"))
			}
			m.Answers = nil
			out = append(out, m)
			continue
		}
		if res.Answers == "normal" {
			m.Answers = NormalAnswers(each, m.Answers, Drafts{NormalLiving: 1})
		}
		kept, bad := CheckAnswers(each, m.Answers, at)
		faults = append(faults, bad...)
		m.Answers = kept
		out = append(out, m)
	}
	return out, faults, nil
}

func (s *Service) checkPhoto(ctx context.Context, c grid.Caller, info *roundInfo, in MarkInput, res Result) error {
	if in.PhotoID == id.Zero {
		if info.round.NeedsPhoto && res.Class() == Done {
			return errs.Field(errs.E("round.Mark", errs.Invalid, "round.photo_needed"), "photo_id")
		}
		return nil
	}
	register, by, err := photoOf(ctx, s.DB.Read(), info.round.district, in.PhotoID)
	if err == nil && (register != info.register || by != c.AccountID) { // another's photo is not to be had by its number
		err = errs.E("round.Mark", errs.NotFound, "round.photo_missing")
	}
	if err != nil {
		return errs.Field(err, "photo_id")
	}
	return nil
}

func mergeChoices(list []ChoiceCount) []ChoiceCount {
	var out []ChoiceCount
	for _, c := range list {
		i := slices.IndexFunc(out, func(o ChoiceCount) bool { return o.Field == c.Field && o.Choice == c.Choice })
		if i < 0 {
			out = append(out, c)
			continue
		}
		out[i].N += c.N
	}
	return out
}

// replay returns the earlier result of a mark sent again, errs.Conflict where
// the key stands for another mark, and false where the key is new.
func replay(it *markItem, old *markRow, err error) (bool, error) {
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if subtle.ConstantTimeCompare(old.payload, it.row.payload) != 1 {
		return true, errs.E("round.Mark", errs.Conflict, "error.idempotency_conflict")
	}
	it.out = MarkResult{MarkID: old.id, ObjectID: old.object, State: old.class, Late: old.late, Replayed: true}
	return true, nil
}
