package inspection

import (
	_ "embed"
	"encoding/json"
	"slices"
	"strings"
	"unicode/utf8"

	"wangge/internal/platform/errs"
	"wangge/internal/round"
)

const (
	maxDrawn = 200
	maxSeed  = 64
	maxWords = 500
	maxTitle = 60 // of a task
)

//go:embed vocab/checklists.json
var checklistsJSON []byte

var checklists = readChecklists()

func readChecklists() map[Object][]round.Field {
	out := map[Object][]round.Field{}
	if err := json.Unmarshal(checklistsJSON, &out); err != nil {
		panic("inspection: checklists.json: " + err.Error())
	}
	return out
}

// checkDraw refuses a list that cannot be drawn, naming the field.
func checkDraw(in *NewInspection) error {
	const op = "inspection.Draw"
	in.Seed = strings.TrimSpace(in.Seed)
	switch {
	case !slices.Contains(Objects, in.Object):
		return errs.Field(errs.E(op, errs.Invalid, "error.bad_choice"), "object")
	case in.N < 1 || in.N > maxDrawn:
		return errs.Field(errs.E(op, errs.Invalid, "inspection.bad_n", maxDrawn), "n")
	case utf8.RuneCountInString(in.Seed) > maxSeed:
		return errs.Field(errs.E(op, errs.Invalid, "error.too_long", maxSeed), "seed")
	}
	return nil
}

// checkVisit keeps the answers in their form and refuses what is missing: the
// answers, unless nobody was there; the words, where something was found.
func checkVisit(fields []round.Field, in *NewVisit) error {
	const op = "inspection.Visit"
	in.Words = strings.TrimSpace(in.Words)
	switch {
	case in.Outcome == "":
		return errs.Field(errs.E(op, errs.Invalid, "error.required"), "outcome")
	case !slices.Contains(Outcomes, in.Outcome):
		return errs.Field(errs.E(op, errs.Invalid, "error.bad_choice"), "outcome")
	case in.Outcome == Found && in.Words == "":
		return errs.Field(errs.E(op, errs.Invalid, "inspection.no_words"), "words")
	case utf8.RuneCountInString(in.Words) > maxWords:
		return errs.Field(errs.E(op, errs.Invalid, "error.too_long", maxWords), "words")
	case in.Outcome == Absent:
		in.Answers = nil
		return nil
	}
	kept, faults := round.CheckAnswers(fields, in.Answers, "answers.")
	if len(faults) > 0 {
		return faults[0]
	}
	in.Answers = kept
	return nil
}

// statusOf is where an item stands: a finding that was closed is to be visited
// again, until a visit finds nothing.
func statusOf(last Outcome, taskOpen bool) Status {
	switch {
	case last == FoundNothing:
		return Good
	case last == Found && taskOpen:
		return Mending
	case last == Found:
		return Again
	}
	return ToVisit
}

// visitable refuses a visit where none is due.
func visitable(s Status) error {
	switch s {
	case Mending:
		return errs.E("inspection.Visit", errs.Conflict, "inspection.mending")
	case Good:
		return errs.E("inspection.Visit", errs.Conflict, "inspection.settled")
	}
	return nil
}

// ownWords says of a deadline too short what can be done in a visit's form: a
// visit is neither urgent nor signed.
func ownWords(err error) error {
	if e := errs.As(err); e.Key == "task.deadline.short" {
		return errs.Field(errs.E("inspection.Visit", errs.Invalid, "inspection.deadline.short", e.Args...), "deadline")
	}
	return err
}

// titleOf is what a finding's task is called: its words, or their beginning.
func titleOf(words string) string {
	if r := []rune(words); len(r) > maxTitle {
		return string(r[:maxTitle-1]) + "…"
	}
	return words
}
