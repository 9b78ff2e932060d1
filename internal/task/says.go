package task

import (
	"strings"

	"wangge/internal/platform/i18n"
)

// Message is words of the installation's own: a key of the catalogue and what
// stands in its places. It is written out in the language of who reads it.
type Message struct {
	Key  string   `json:"key"`
	Args []string `json:"args,omitempty"`
}

// In writes the message out.
func (m Message) In(lang string) string {
	if m.Key == "" {
		return ""
	}
	args := make([]any, len(m.Args))
	for i, a := range m.Args {
		args[i] = a
	}
	return i18n.T(lang, m.Key, args...)
}

// Says is what a task says that no person wrote.
type Says struct {
	Title Message `json:"title"`
	Text  Message `json:"text"`
}

// noteIn is a line of a task's history for a reader: what the clock noted by a
// key of the catalogue is written out.
func noteIn(lang string, e Event) string {
	if e.AccountID == 0 && strings.HasPrefix(e.Note, "task.") && i18n.Has(e.Note) {
		return i18n.T(lang, e.Note)
	}
	return e.Note
}
