package duty

import (
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/width"

	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
	"wangge/internal/task"
)

const (
	maxWords   = 200
	maxTitle   = 60 // of a task
	codeDigits = 8
	codeSpace  = 100_000_000
	maxTurns   = 50
)

// checkCall tidies a call and refuses what cannot be logged, naming the field.
func checkCall(in *NewCall) (err error) {
	const op = "duty.Log"
	in.Words = strings.TrimSpace(in.Words)
	switch {
	case !slices.Contains(Kinds, in.Kind):
		return errs.Field(errs.E(op, errs.Invalid, "error.bad_choice"), "kind")
	case in.Words == "":
		return errs.Field(errs.E(op, errs.Invalid, "duty.call.no_words"), "words")
	case utf8.RuneCountInString(in.Words) > maxWords:
		return errs.Field(errs.E(op, errs.Invalid, "error.too_long", maxWords), "words")
	case in.Answered && in.Kind == task.KindHelp:
		return errs.Field(errs.E(op, errs.Invalid, "duty.call.help_goes_on"), "answered")
	}
	if in.Phone = strings.TrimSpace(in.Phone); in.Phone != "" {
		in.Phone, err = CheckPhone(in.Phone)
	}
	return err
}

// titleOf is what the task is called: the words, or their beginning.
func titleOf(words string) string {
	if r := []rune(words); len(r) > maxTitle {
		return string(r[:maxTitle-1]) + "…"
	}
	return words
}

// addressee is the post that a call goes to: the nearest over the place, but
// never up past the post that answered, and from a post that may give tasks to
// nobody only up its line. over and up are posts, the nearest first.
func addressee(from id.ID, over, up []id.ID, mayIssue bool) id.ID {
	if len(over) > 0 && over[0] != from && (mayIssue != slices.Contains(up, over[0])) {
		return over[0]
	}
	if mayIssue || len(up) == 0 {
		return from
	}
	return up[0]
}

// newCode draws a code. It names nobody and follows from nothing.
func newCode() string {
	var b [8]byte
	_, _ = rand.Read(b[:])
	return fmt.Sprintf("%0*d", codeDigits, binary.BigEndian.Uint64(b[:])%codeSpace)
}

// CleanCode reads a code as people type it, with spaces, dashes or full-width
// digits; empty where it is none.
func CleanCode(s string) string {
	s = strings.NewReplacer(" ", "", "-", "").Replace(width.Narrow.String(s))
	if len(s) != codeDigits || strings.Trim(s, "0123456789") != "" {
		return ""
	}
	return s
}

// ShowCode writes a code in two groups, as it is told.
func ShowCode(code string) string {
	if len(code) != codeDigits {
		return code
	}
	return code[:codeDigits/2] + " " + code[codeDigits/2:]
}

// stageOf is a task's state in the words of who waits for it.
func stageOf(s task.State) string {
	switch s {
	case task.Closed, task.Verified:
		return "done"
	case task.Done:
		return "checked"
	case task.Cancelled:
		return "dropped"
	case task.InHand, task.Received, task.Merged:
		return "working"
	}
	return "waiting"
}
