package task

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"wangge/internal/platform/errs"
)

// maxCount bounds numbers that are answered: a sum of all posts of a district
// fits a level's answer, and the sum of those a 64-bit number.
const maxCount = 1_000_000_000_000

// checkAnswer returns an answer as it is kept, or refuses what does not fit the
// question, naming the field answer.
func checkAnswer(q Question, text string) (string, error) {
	text = strings.TrimSpace(text)
	bad := func(key string, args ...any) (string, error) {
		return "", errs.Field(errs.E("task.Change", errs.Invalid, key, args...), "answer")
	}
	if text == "" {
		return bad("task.answer.needed")
	}
	switch q.Type {
	case "number":
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil || n < 0 || n > maxCount {
			return bad("task.answer.number")
		}
		return strconv.FormatInt(n, 10), nil
	case "yesno":
		if text != "yes" && text != "no" {
			return bad("task.answer.yesno")
		}
	case "choice":
		if !slices.Contains(q.Options, text) {
			return bad("task.answer.choice")
		}
	default:
		if utf8.RuneCountInString(text) > maxNote {
			return bad("error.too_long", maxNote)
		}
	}
	return text, nil
}

// Tally is what the answers to a question come to.
type Tally struct {
	Answers int          `json:"answers"`
	Sum     int64        `json:"sum" doc:"Of numbers"`
	Choices []TallyCount `json:"choices,omitempty" doc:"Of yes or no, and of choices, in their order"`
}

// TallyCount is how often a choice was answered.
type TallyCount struct {
	Choice string `json:"choice"`
	N      int    `json:"n"`
}

// tally adds answers up.
func tally(q Question, answers []string) Tally {
	out := Tally{}
	options := q.Options
	if q.Type == "yesno" {
		options = []string{"yes", "no"}
	}
	for _, o := range options {
		out.Choices = append(out.Choices, TallyCount{Choice: o})
	}
	for _, a := range answers {
		if a == "" {
			continue
		}
		out.Answers++
		if n, err := strconv.ParseInt(a, 10, 64); err == nil && q.Type == "number" {
			out.Sum += n
		}
		if i := slices.Index(options, a); i >= 0 {
			out.Choices[i].N++
		}
	}
	return out
}
