package bulletin

import (
	"cmp"
	_ "embed"
	"slices"
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"

	"wangge/internal/grid"
	"wangge/internal/platform/clock"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
)

// Bounds of what people write, in characters, and of a bulletin.
const (
	maxTitle   = 60
	maxText    = 2000
	maxWords   = 500
	maxN       = 9999
	maxEntries = 300
	hourMs     = int64(3_600_000)
)

//go:embed vocab/bulletin.yaml
var vocabYAML []byte

// ruleSet is for how many hours who is named may reply, from a day on.
type ruleSet struct {
	From   string        `yaml:"from"`
	Source string        `yaml:"source"`
	Hours  map[Act]int64 `yaml:"hours"`
}

var ruleSets = readRules()

func readRules() []ruleSet {
	var doc struct {
		Rules []ruleSet `yaml:"rules"`
	}
	if err := yaml.Unmarshal(vocabYAML, &doc); err != nil {
		panic("bulletin: bulletin.yaml: " + err.Error())
	}
	slices.SortFunc(doc.Rules, func(a, b ruleSet) int { return cmp.Compare(a.From, b.From) })
	return doc.Rules
}

// Hours is for how long who is named may reply to an act whose words reach them
// at an instant (UTC milliseconds).
func Hours(act Act, nowMs int64) int64 {
	day, out := clock.Day(clock.FromMs(nowMs)), int64(0)
	for _, r := range ruleSets {
		if r.From <= day {
			out = r.Hours[act]
		}
	}
	return out
}

// writing and approving are the rights each series asks for.
var (
	writing   = map[Kind]grid.Permission{Work: grid.BulletinWrite, Discipline: grid.DisciplineWrite}
	approving = map[Kind]grid.Permission{Work: grid.BulletinApprove, Discipline: grid.DisciplineApprove}
)

// Do is what somebody does with a bulletin.
type Do string

// What can be done.
const (
	Head     Do = "head"     // title and text
	Add      Do = "add"      // an entry
	Edit     Do = "edit"     // its wording
	Remove   Do = "remove"   // it
	Show     Do = "show"     // fix the wording and show it to those it names
	Revise   Do = "revise"   // make a draft of it again
	Tell     Do = "tell"     // note that the words reached somebody on paper, by phone or in person
	TakeDown Do = "takedown" // write down a reply that came on paper or by phone
	Publish  Do = "publish"
	Withdraw Do = "withdraw"
)

// doing is in which states something can be done, and what the record calls it.
type doing struct {
	States []State
	Action string
}

var doings = map[Do]doing{
	Head:     {[]State{Draft}, "bulletin.head"},
	Add:      {[]State{Draft}, "bulletin.add"},
	Edit:     {[]State{Draft}, "bulletin.edit"},
	Remove:   {[]State{Draft}, "bulletin.remove"},
	Show:     {[]State{Draft}, "bulletin.show"},
	Revise:   {[]State{Shown}, "bulletin.revise"},
	Tell:     {[]State{Shown}, "bulletin.tell"},
	TakeDown: {[]State{Shown}, "bulletin.takedown"},
	Publish:  {[]State{Shown}, "bulletin.publish"},
	Withdraw: {[]State{Draft, Shown, Published}, "bulletin.withdraw"},
}

// standing is how a caller stands to a bulletin.
type standing struct{ writes, approves, reads, named bool }

// standingOf works it out. Who may write or approve over the whole area sees all
// of it; others with the right to read see what was published over their area or
// above it.
func standingOf(c grid.Caller, b Bulletin, entries []Entry, who []byte) standing {
	s := standing{writes: c.CanPlace(writing[b.Kind], b.path), approves: c.CanPlace(approving[b.Kind], b.path)}
	s.reads = c.IsSystem() || slices.ContainsFunc(c.Grants, func(g grid.Grant) bool {
		return g.Role.May(grid.BulletinRead) && g.ObjectKind == grid.ObjectPlace && (grid.Under(b.path, g.Path) || grid.Under(g.Path, b.path))
	})
	s.named = slices.ContainsFunc(entries, func(e Entry) bool { return slices.Equal(e.who, who) && !e.removed })
	return s
}

// all reports whether every state and every word is for the caller.
func (s standing) all() bool { return s.writes || s.approves }

// sees reports whether the bulletin is for the caller at all.
func (s standing) sees(b Bulletin) bool { return s.all() || s.reads && b.Number != 0 }

// may refuses what is not the caller's to do, or cannot be done in the state the
// bulletin is in. Whoever is named does nothing with it but reply.
func may(do Do, c grid.Caller, b Bulletin, s standing) error {
	const op = "bulletin.Change"
	how, known := doings[do]
	switch {
	case !known:
		return errs.Field(errs.E(op, errs.Invalid, "error.bad_choice"), "do")
	case s.named:
		return errs.E(op, errs.Denied, "bulletin.self")
	case do == Publish && !s.approves, do == Withdraw && b.State == Published && !s.approves:
		return errs.E(op, errs.Denied, "grid.denied."+string(approving[b.Kind]))
	case do == Publish && b.wrote(c.AccountID) && !c.IsSystem():
		return errs.E(op, errs.Denied, "bulletin.alone")
	case do != Publish && !s.writes && !(do == Withdraw && s.approves):
		return errs.E(op, errs.Denied, "grid.denied."+string(writing[b.Kind]))
	case !slices.Contains(how.States, b.State):
		return errs.E(op, errs.Conflict, "bulletin.is."+string(b.State))
	}
	return nil
}

// publishable refuses a bulletin before everybody it names was heard.
func publishable(entries []Entry, nowMs int64) error {
	waiting := 0
	for _, e := range entries {
		if !e.Settled(nowMs) {
			waiting++
		}
	}
	if waiting > 0 {
		return errs.E("bulletin.Publish", errs.Conflict, "bulletin.waiting", waiting)
	}
	return nil
}

// tidyHead trims title and text.
func tidyHead(title, text *string) error {
	*title, *text = strings.TrimSpace(*title), strings.TrimSpace(*text)
	switch {
	case *title == "":
		return invalid("title", "error.required")
	case utf8.RuneCountInString(*title) > maxTitle:
		return invalid("title", "error.too_long", maxTitle)
	case utf8.RuneCountInString(*text) > maxText:
		return invalid("text", "error.too_long", maxText)
	}
	return nil
}

// tidyWords trims words that must be there.
func tidyWords(words *string, field string) error {
	*words = strings.TrimSpace(*words)
	if *words == "" {
		return invalid(field, "error.required")
	}
	if utf8.RuneCountInString(*words) > maxWords {
		return invalid(field, "error.too_long", maxWords)
	}
	return nil
}

// tidy checks an entry on its own. Who is named is named once.
func (e *NewEntry) tidy() error {
	if e.AccountID != id.Zero || e.N == 0 {
		e.N = 1
	}
	switch {
	case !slices.Contains(Acts, e.Act):
		return invalid("act", "error.bad_choice")
	case e.OrgKind != "" && !slices.Contains(grid.OrgKinds, e.OrgKind):
		return invalid("org_kind", "error.bad_choice")
	case e.N < 1 || e.N > maxN:
		return invalid("n", "bulletin.bad_n", maxN)
	case (e.AccountID == id.Zero) != (e.PostID == id.Zero):
		return invalid("person", "bulletin.person")
	}
	return tidyWords(&e.Words, "words")
}

func invalid(field, key string, args ...any) error {
	return errs.Field(errs.E("bulletin.Change", errs.Invalid, key, args...), field)
}

// Sum is a line of a bulletin's figures.
type Sum struct {
	Name    string      `json:"name"`
	PlaceID id.ID       `json:"place_id,omitempty"`
	Sums    map[Act]int `json:"sums"`
}

// byArea sums up entries by the area they are about, in walking order.
func byArea(entries []Entry) []Sum {
	list := slices.Clone(entries)
	slices.SortStableFunc(list, func(a, b Entry) int { return cmp.Compare(a.path, b.path) })
	return sums(list, func(e Entry) (string, id.ID, string) { return e.path, e.PlaceID, e.Where })
}

// byOrganisation sums up the entries that are about organisations by their kind,
// in the vocabulary's order.
func byOrganisation(entries []Entry, word func(kind string) string) []Sum {
	list := slices.DeleteFunc(slices.Clone(entries), func(e Entry) bool { return e.OrgKind == "" })
	rank := func(e Entry) int { return slices.Index(grid.OrgKinds, e.OrgKind) }
	slices.SortStableFunc(list, func(a, b Entry) int { return cmp.Compare(rank(a), rank(b)) })
	return sums(list, func(e Entry) (string, id.ID, string) { return e.OrgKind, id.Zero, word(e.OrgKind) })
}

func sums(list []Entry, of func(Entry) (key string, place id.ID, name string)) (out []Sum) {
	last := ""
	for i, e := range list {
		key, place, name := of(e)
		if i == 0 || key != last {
			out = append(out, Sum{Name: name, PlaceID: place, Sums: map[Act]int{}})
			last = key
		}
		out[len(out)-1].Sums[e.Act] += e.N
	}
	return out
}

// Status is what an entry is to who it names.
type Status string

// The statuses, as the person's own page tells them.
const (
	Unread    Status = "unread"    // shown, and not opened
	Answering Status = "answering" // opened; a reply is possible
	Replied   Status = "replied"   // and not published yet
	Rewritten Status = "rewritten" // with who writes it again
	Out       Status = "published"
	Gone      Status = "withdrawn" // the bulletin, or the entry from it
)

// statusOf tells it. A reply is taken as long as the bulletin is not published,
// also past the time that was promised.
func statusOf(b Bulletin, e Entry) Status {
	switch {
	case e.removed || b.State == Withdrawn:
		return Gone
	case b.State == Published:
		return Out
	case b.State == Draft:
		return Rewritten
	case e.RepliedMs != 0:
		return Replied
	case e.ReachedMs != 0:
		return Answering
	}
	return Unread
}
