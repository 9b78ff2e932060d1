package task

import (
	_ "embed"
	"slices"
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"

	"wangge/internal/grid"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/i18n"
	"wangge/internal/platform/id"
)

// Words of kinds.yaml.
const (
	WayDown = "down"
	WayUp   = "up"
	WayAny  = "any"

	HoursWork   = "work"
	HoursAlways = "always"

	ClosesDone   = "done"
	ClosesIssuer = "issuer"

	EvidenceText      = "text"
	EvidencePhoto     = "photo"
	EvidencePlace     = "place" // of the photo
	EvidenceSignature = "signature"

	RungUp = "up"
)

// The kinds that other packages issue by name.
const (
	KindDirective = "directive"
	KindReport    = "report"
	KindRequest   = "request"
	KindHelp      = "help"
	KindQuestion  = "question"
	KindAlarm     = "alarm"
	KindFinding   = "finding"
	KindReferral  = "referral"
	KindLead      = "lead"
	KindHands     = "hands"
	KindTransfer  = "transfer"
)

// evidences are the pieces of evidence a kind may ask for.
var evidences = []string{EvidenceText, EvidencePhoto, EvidencePlace, EvidenceSignature}

// Rung is a step of a ladder.
type Rung struct {
	To    string `yaml:"to" json:"to" doc:"up, community, street, district, or post:ID"`
	After int    `yaml:"after" json:"after" doc:"Minutes after the step before; of the first: after the deadline"`
}

// Kind is what tasks of one sort have in common; see vocab/kinds.yaml.
type Kind struct {
	Key       string            `yaml:"key" json:"key"`
	Label     map[string]string `yaml:"label" json:"label,omitempty" doc:"Of the place's own kinds, by language"`
	Way       string            `yaml:"way" json:"way" enum:"down,up,any"`
	Issue     []grid.Role       `yaml:"issue" json:"issue,omitempty" doc:"Roles that may issue it; none: every post that handles tasks"`
	Hours     string            `yaml:"hours" json:"hours" enum:"work,always"`
	Deadline  int               `yaml:"deadline" json:"deadline" doc:"Minutes"`
	Least     int               `yaml:"least" json:"least" doc:"Minutes a deadline must leave"`
	Ladder    []Rung            `yaml:"ladder" json:"ladder,omitempty"`
	Like      string            `yaml:"like" json:"like,omitempty" doc:"Key of the kind whose ladder it climbs instead of its own"`
	Verify    bool              `yaml:"verify" json:"verify"`
	Closes    string            `yaml:"closes" json:"closes" enum:"done,issuer"`
	Check     int               `yaml:"check" json:"check" doc:"Minutes the issuer has to check"`
	Evidence  []string          `yaml:"evidence" json:"evidence,omitempty" doc:"text, photo, place (where the photo was taken; only beside photo), signature"`
	Minutes   int               `yaml:"minutes" json:"minutes" doc:"Of work"`
	Resident  bool              `yaml:"resident" json:"resident"`
	Emergency bool              `yaml:"emergency" json:"emergency" doc:"Life may be at stake: rings at night, knows no quiet hours"`
	Referral  bool              `yaml:"referral" json:"referral"`
	Own       bool              `yaml:"-" json:"own" doc:"The place's own, or set anew by it"`
	Retired   bool              `yaml:"-" json:"retired" doc:"No longer issued; what is open goes on"`
}

// Name is the kind in a language.
func (k Kind) Name(lang string) string {
	if s := k.Label[lang]; s != "" {
		return s
	}
	if s := k.Label[i18n.ZH]; s != "" {
		return s
	}
	return i18n.T(lang, "task.kind."+k.Key)
}

// Asks reports whether a piece of evidence is asked for when the work is done.
func (k Kind) Asks(evidence string) bool { return slices.Contains(k.Evidence, evidence) }

// MayIssue reports whether a role's posts may issue the kind.
func (k Kind) MayIssue(r grid.Role) bool {
	if len(k.Issue) == 0 {
		return r.May(grid.TaskDo)
	}
	return slices.Contains(k.Issue, r)
}

//go:embed vocab/kinds.yaml
var kindsYAML []byte

// Fact is what can be found at a door and reported once.
type Fact struct {
	Key  string   `yaml:"key" json:"key"`
	Know []string `yaml:"know" json:"know" doc:"Levels that get a copy of the fact, without text, name or door"`
}

// Facts are the facts in the order pages show them.
var Facts []Fact

// factOf returns a fact by its key; ok is false where there is none.
func factOf(key string) (f Fact, ok bool) {
	i := slices.IndexFunc(Facts, func(f Fact) bool { return f.Key == key })
	if i < 0 {
		return f, false
	}
	return Facts[i], true
}

var (
	shipped    []Kind // in the order pages show them
	workHours  Hours
	quietHours Hours
	levels     []string // that ladders may name, from below
)

func init() {
	var doc struct {
		Kinds       []Kind                       `yaml:"kinds"`
		Work, Quiet struct{ From, Until string } `yaml:",omitempty"`
		Levels      []string                     `yaml:"levels"`
		Facts       []Fact                       `yaml:"facts"`
	}
	if err := yaml.Unmarshal(kindsYAML, &doc); err != nil {
		panic("task: kinds.yaml: " + err.Error())
	}
	shipped, levels, Facts = doc.Kinds, doc.Levels, doc.Facts
	workHours = parseHours(doc.Work.From, doc.Work.Until)
	quietHours = parseHours(doc.Quiet.From, doc.Quiet.Until)
	for _, k := range shipped {
		if err := checkKind(k, shipped); err != nil {
			panic("task: kinds.yaml: " + k.Key + ": " + err.Error())
		}
	}
}

// Bounds of kinds.
const (
	maxLabel   = 30            // characters
	maxMinutes = 60 * 24 * 366 // of deadlines and rungs
	maxRungs   = 8
)

// checkKind refuses a kind that cannot work, naming the field; all are the
// kinds it stands beside.
func checkKind(k Kind, all []Kind) error {
	const op = "task.SaveKind"
	bad := func(field, key string, args ...any) error {
		return errs.Field(errs.E(op, errs.Invalid, key, args...), field)
	}
	switch {
	case !keyShape(k.Key):
		return bad("key", "task.kind.bad_key")
	case utf8.RuneCountInString(k.Label[i18n.ZH]) > maxLabel || utf8.RuneCountInString(k.Label[i18n.EN]) > maxLabel:
		return bad("label", "error.too_long", maxLabel)
	case !slices.Contains([]string{WayDown, WayUp, WayAny}, k.Way):
		return bad("way", "task.kind.bad_word")
	case !slices.Contains([]string{HoursWork, HoursAlways}, k.Hours):
		return bad("hours", "task.kind.bad_word")
	case !slices.Contains([]string{ClosesDone, ClosesIssuer}, k.Closes):
		return bad("closes", "task.kind.bad_word")
	case k.Verify && k.Closes != ClosesIssuer:
		return bad("verify", "task.kind.verify_closes")
	case k.Deadline < 1 || k.Deadline > maxMinutes || k.Deadline < k.Least:
		return bad("deadline", "task.kind.bad_minutes")
	case k.Least < 0 || k.Least > maxMinutes:
		return bad("least", "task.kind.bad_minutes")
	case k.Least < shortMinutes && !k.Emergency && k.Own:
		return bad("least", "task.kind.least_low")
	case k.Check < 1 || k.Check > maxMinutes:
		return bad("check", "task.kind.bad_minutes")
	case k.Minutes < 0 || k.Minutes > maxMinutes:
		return bad("minutes", "task.kind.bad_minutes")
	case slices.ContainsFunc(k.Evidence, func(e string) bool {
		return !slices.Contains(evidences, e)
	}):
		return bad("evidence", "task.kind.bad_word")
	case k.Asks(EvidencePlace) && !k.Asks(EvidencePhoto):
		return bad("evidence", "task.kind.place_photo")
	case slices.ContainsFunc(k.Issue, func(r grid.Role) bool { return !r.Known() }):
		return bad("issue", "task.kind.bad_word")
	}
	return checkLadder(k, all)
}

// shortMinutes: a deadline below it needs to be urgent and signed by a leader.
const shortMinutes = 120

func keyShape(s string) bool {
	return len(s) > 0 && len(s) <= 40 && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789_") == "" && s[0] >= 'a'
}

// checkLadder refuses a ladder that does not rise: a level that is not above
// the one before, a post met twice, a step above the district; and kinds that
// climb like one another in a circle.
func checkLadder(k Kind, all []Kind) error {
	const op = "task.SaveKind"
	bad := func(key string, args ...any) error {
		return errs.Field(errs.E(op, errs.Invalid, key, args...), "ladder")
	}
	if len(k.Ladder) > maxRungs {
		return bad("task.ladder.long", maxRungs)
	}
	seen, rank := map[string]bool{}, -1
	for i, r := range k.Ladder {
		at := slices.Index(levels, r.To)
		post, named := strings.CutPrefix(r.To, "post:")
		switch _, err := id.Parse(post); {
		case r.After < 0 || r.After > maxMinutes || i > 0 && r.After < 1:
			return bad("task.ladder.minutes", i+1)
		case named && (err != nil || seen[r.To]):
			return bad("task.ladder.circle", i+1)
		case !named && r.To != RungUp && at < 0:
			return bad("task.ladder.word", i+1)
		case at >= 0 && at <= rank, rank == len(levels)-1:
			return bad("task.ladder.circle", i+1)
		}
		seen[r.To], rank = true, max(rank, at)
	}
	for like, met := k.Like, (map[string]bool{k.Key: true}); like != ""; {
		if met[like] {
			return errs.Field(errs.E(op, errs.Invalid, "task.ladder.like_circle"), "like")
		}
		i := slices.IndexFunc(all, func(o Kind) bool { return o.Key == like })
		if i < 0 {
			return errs.Field(errs.E(op, errs.Invalid, "task.kind.unknown", like), "like")
		}
		met[like], like = true, all[i].Like
	}
	return nil
}

// Kinds are the kinds of a district: those that ship with what the place set
// anew, then its own.
type Kinds []Kind

// Get returns a kind by its key.
func (ks Kinds) Get(key string) (Kind, bool) {
	i := slices.IndexFunc(ks, func(k Kind) bool { return k.Key == key })
	if i < 0 {
		return Kind{Key: key, Hours: HoursAlways, Closes: ClosesDone, Check: 240}, false
	}
	return ks[i], true
}

// ladder is what tasks of a kind climb: its own, or that of the kind it is like.
func (ks Kinds) ladder(key string) []Rung {
	k, _ := ks.Get(key)
	for range ks {
		if k.Like == "" {
			break
		}
		k, _ = ks.Get(k.Like)
	}
	return k.Ladder
}
