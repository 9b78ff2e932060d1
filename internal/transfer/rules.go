package transfer

import (
	_ "embed"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"

	"wangge/internal/ledger"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
)

// Bounds of what people write, in characters, and of a chain.
const (
	maxWords   = 60
	maxHops    = 8
	maxLeft    = 20
	maxMinutes = 24 * 60
	minuteMs   = int64(60_000)
)

// Pets is the kind of animals left behind.
const Pets = "pets"

//go:embed vocab/transfer.yaml
var vocabYAML []byte

var vocab struct {
	Child      int               `yaml:"child"`
	Old        int               `yaml:"old"`
	Care       map[string]string `yaml:"care"`
	Kinds      []string          `yaml:"kinds"`
	VisitHours int               `yaml:"visit_hours"`
	HopMinutes int               `yaml:"hop_minutes"`
	Tries      int               `yaml:"tries"`
}

func init() {
	if err := yaml.Unmarshal(vocabYAML, &vocab); err != nil {
		panic("transfer: transfer.yaml: " + err.Error())
	}
}

// Kinds lists the kinds of those left behind.
func Kinds() []string { return vocab.Kinds }

// dependant says why somebody who stays behind needs a carer, by age and the
// ledger's care list; empty: they look after themselves.
func dependant(p ledger.PersonView, care []string) string {
	kind := ""
	rank := func(k string) int { return slices.Index(vocab.Kinds, k) }
	take := func(k string) {
		if k != "" && (kind == "" || rank(k) < rank(kind)) {
			kind = k
		}
	}
	if p.AgeKnown && p.Age < vocab.Child {
		take("child")
	}
	if p.AgeKnown && p.Age >= vocab.Old {
		take("old")
	}
	for _, c := range care {
		take(vocab.Care[c])
	}
	return kind
}

// tidy trims a plan and refuses what is missing or cannot be, naming the field.
func (p *Plan) tidy() error {
	const op = "transfer.Plan"
	p.To, p.People = strings.TrimSpace(p.To), strings.TrimSpace(p.People)
	bad := func(field, key string, args ...any) error {
		return errs.Field(errs.E(op, errs.Invalid, key, args...), field)
	}
	switch {
	case p.To == "":
		return bad("to", "error.required")
	case utf8.RuneCountInString(p.To) > maxWords:
		return bad("to", "error.too_long", maxWords)
	case utf8.RuneCountInString(p.People) > maxWords:
		return bad("people", "error.too_long", maxWords)
	case p.People == "" && len(p.PersonIDs) == 0:
		return bad("people", "transfer.people.none")
	case len(p.PersonIDs) > 0 && p.HomeID == id.Zero:
		return bad("people", "transfer.people.home")
	case p.FromPost == id.Zero:
		return bad("from_post", "error.required")
	case len(p.Steps) == 0 || len(p.Steps) > maxHops:
		return bad("steps", "transfer.steps", maxHops)
	}
	before := p.FromPost
	for i := range p.Steps {
		s := &p.Steps[i]
		if s.Minutes == 0 {
			s.Minutes = vocab.HopMinutes
		}
		s.Place = strings.TrimSpace(s.Place)
		switch {
		case s.PostID == id.Zero || s.PostID == before:
			return bad(stepField(i, "post"), "transfer.steps.same", i+1)
		case s.Minutes < 1 || s.Minutes > maxMinutes:
			return bad(stepField(i, "minutes"), "transfer.steps.minutes", i+1, maxMinutes)
		case utf8.RuneCountInString(s.Place) > maxWords:
			return bad(stepField(i, "place"), "error.too_long", maxWords)
		}
		before = s.PostID
	}
	return nil
}

// stepField names an input of the step with an index: steps.2.minutes.
func stepField(i int, name string) string {
	return "steps." + strconv.Itoa(i+1) + "." + name
}

// Lack is one thing that keeps a transfer from starting.
type Lack struct {
	Key  string `json:"key"`
	Name string `json:"name,omitempty"` // of whom
}

// lacks lists what a transfer lacks to start. drawn is who the ledger says
// stays behind at this instant.
func lacks(t Transfer, drawn []Left, nowMs int64) (out []Lack) {
	if t.HomeID == id.Zero {
		return nil
	}
	add := func(key, name string) { out = append(out, Lack{key, name}) }
	for _, d := range drawn {
		if !slices.ContainsFunc(t.Left, func(l Left) bool { return l.PersonID == d.PersonID }) {
			add("transfer.lack.listed", d.Name)
		}
	}
	for _, l := range t.Left {
		switch {
		case l.Kind == Pets && !l.Settled():
			add("transfer.lack.pets", "")
		case l.NamedMs == 0:
			add("transfer.lack.carer", l.Name)
		case l.Back:
			add("transfer.lack.back", l.Name)
		case l.AcceptedMs == 0:
			add("transfer.lack.accepted", l.Name)
		case l.VisitMs > nowMs+visitMs():
			add("transfer.lack.visit", l.Name)
		}
	}
	if t.ListedMs == 0 {
		add("transfer.lack.list", "")
	}
	if !t.StoveOff {
		add("transfer.lack.stove", "")
	}
	if t.Keys == "" {
		add("transfer.lack.keys", "")
	}
	return out
}

func visitMs() int64 { return int64(vocab.VisitHours) * 60 * minuteMs }

// tidy checks who is to look after somebody.
func (k *Care) tidy(nowMs int64) error {
	const op = "transfer.Care"
	bad := func(field, key string, args ...any) error {
		return errs.Field(errs.E(op, errs.Invalid, key, args...), field)
	}
	k.Name, k.Phone = strings.TrimSpace(k.Name), strings.TrimSpace(k.Phone)
	switch {
	case k.PostID == id.Zero && k.Name == "":
		return bad("carer", "transfer.carer.none")
	case k.PostID != id.Zero && k.Name != "":
		return bad("carer", "transfer.carer.both")
	case k.Name != "" && len(k.Phone) < 7:
		return bad("phone", "transfer.carer.phone")
	case utf8.RuneCountInString(k.Name) > maxWords || utf8.RuneCountInString(k.Phone) > maxWords:
		return bad("carer", "error.too_long", maxWords)
	case k.VisitMs == 0:
		return bad("visit", "transfer.visit.none")
	case k.VisitMs <= nowMs:
		return bad("visit", "transfer.visit.past")
	case k.VisitMs > nowMs+visitMs():
		return bad("visit", "transfer.visit.far", vocab.VisitHours)
	}
	return nil
}

// side is one side of a hop.
type side string

const (
	giving side = "from"
	taking side = "to"
)

func (s side) other() side {
	if s == giving {
		return taking
	}
	return giving
}

// confirmed returns the hop with one side's confirmation. Errors: Conflict where
// that side has confirmed, or the other did by the same account.
func (h Hop) confirmed(s side, account id.ID, how string, nowMs int64) (Hop, error) {
	const op = "transfer.Confirm"
	ms, by, other := &h.GaveMs, &h.GaveBy, h.TookBy
	if s == taking {
		ms, by, other = &h.TookMs, &h.TookBy, h.GaveBy
	}
	switch {
	case *ms != 0:
		return h, errs.E(op, errs.Conflict, "transfer.confirm.twice")
	case other != id.Zero && other == account:
		return h, errs.E(op, errs.Conflict, "transfer.confirm.alone")
	}
	*ms, *by = nowMs, account
	if s == giving {
		h.GaveHow = how
	} else {
		h.TookHow = how
	}
	return h, nil
}

// confirmedBoth returns the hop with every side that nobody confirmed confirmed
// by one account that answers for both posts. Errors: Conflict where another
// account confirmed a side.
func (h Hop) confirmedBoth(account id.ID, nowMs int64) (Hop, error) {
	for _, by := range []id.ID{h.GaveBy, h.TookBy} {
		if by != id.Zero && by != account {
			return h, errs.E("transfer.ConfirmBoth", errs.Conflict, "transfer.confirm.other_did")
		}
	}
	if h.GaveMs == 0 {
		h.GaveMs, h.GaveBy, h.GaveHow = nowMs, account, byBoth
	}
	if h.TookMs == 0 {
		h.TookMs, h.TookBy, h.TookHow = nowMs, account, byBoth
	}
	return h, nil
}

// Once reports whether one person confirmed the hop for both sides.
func (h Hop) Once() bool { return h.GaveHow == byBoth || h.TookHow == byBoth }
