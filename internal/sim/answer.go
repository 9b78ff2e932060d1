package sim

import (
	"strconv"
	"time"
)

// FieldKind is the kind of a form's field.
type FieldKind string

// The kinds of field that Answer knows.
const (
	FieldYesNo       FieldKind = "yes_no"
	FieldChoice      FieldKind = "choice"
	FieldNumber      FieldKind = "number"
	FieldText        FieldKind = "text"
	FieldDate        FieldKind = "date"
	FieldTemperature FieldKind = "temperature"
	FieldPhoto       FieldKind = "photo"
)

// Field is one question of a form.
type Field struct {
	Key      string
	Kind     FieldKind
	Required bool
	Min, Max float64   // of a number; both 0 for no range
	Choices  []string  // the first is the usual answer
	Usual    bool      // the usual answer to a yes/no question
	Day      time.Time // dates are answered within the fortnight before it; zero for none
	Heads    bool      // the number asks how many people live here
}

// Rand is what answers are drawn from; *rand.Rand of math/rand/v2 is one.
type Rand interface{ IntN(n int) int }

// IntN gives 0 … n-1.
func (r *rng) IntN(n int) int { return r.n(n) }

// Unusual answers, per thousand.
const (
	unusualYesNo  = 25
	unusualChoice = 120
	feverShare    = 4
	textShare     = 60
	skipShare     = 150 // of questions that need no answer
)

var answerWords = load[struct {
	Remarks []string `json:"remarks"`
}]("answers.json")

// Answer gives a plausible answer: a bool for yes/no, a string for a choice
// (one of Choices), a text ("" mostly) or a date (2006-01-02), an int for a number, a
// float64 in °C with one digit for a temperature. nil means left blank:
// photos, choices without choices, now and then what is not required.
func Answer(r Rand, f Field, people int) any {
	if !f.Required && r.IntN(1000) < skipShare {
		return nil
	}
	switch f.Kind {
	case FieldYesNo:
		return f.Usual != (r.IntN(1000) < unusualYesNo)
	case FieldChoice:
		return choose(r, f.Choices)
	case FieldNumber:
		return number(r, f, people)
	case FieldTemperature:
		if r.IntN(1000) < feverShare {
			return float64(373+r.IntN(16)) / 10
		}
		return float64(361+r.IntN(9)) / 10
	case FieldText:
		if f.Required || r.IntN(1000) < textShare {
			return answerWords.Remarks[r.IntN(len(answerWords.Remarks))]
		}
		return ""
	case FieldDate:
		if f.Day.IsZero() {
			return nil
		}
		return f.Day.AddDate(0, 0, -r.IntN(14)).Format(time.DateOnly)
	}
	return nil
}

func choose(r Rand, choices []string) any {
	switch {
	case len(choices) == 0:
		return nil
	case len(choices) == 1 || r.IntN(1000) >= unusualChoice:
		return choices[0]
	}
	return choices[1+r.IntN(len(choices)-1)]
}

// number stays within the field's range; heads are the people known, give or
// take one now and then.
func number(r Rand, f Field, people int) any {
	n := r.IntN(4)
	if f.Heads {
		n = people
		if n == 0 {
			n = 1 + r.IntN(4)
		}
		if r.IntN(1000) < 40 {
			n += r.IntN(3) - 1
		}
		n = max(n, 1)
	}
	if f.Max > f.Min {
		if !f.Heads {
			n = int(f.Min) + r.IntN(min(int(f.Max-f.Min), 9)+1)
		}
		n = max(int(f.Min), min(n, int(f.Max)))
	}
	return n
}

// AnswerAll answers a form; questions left blank are absent.
func AnswerAll(r Rand, form []Field, people int) map[string]any {
	out := make(map[string]any, len(form))
	for i := range form {
		f := form[i]
		if f.Key == "" {
			f.Key = strconv.Itoa(i)
		}
		if v := Answer(r, f, people); v != nil {
			out[f.Key] = v
		}
	}
	return out
}
