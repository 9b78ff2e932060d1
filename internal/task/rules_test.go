package task

import (
	"testing"
	"time"

	"wangge/internal/platform/clock"
	"wangge/internal/platform/errs"
)

// cst is an instant of 10 March 2022, written as people say it.
func cst(day int, hm string) int64 {
	t, err := time.ParseInLocation("2006-01-02 15:04", "2022-03-"+twoDigits(day)+" "+hm, clock.CST)
	if err != nil {
		panic(err)
	}
	return clock.Ms(t)
}

func twoDigits(n int) string { return string([]byte{'0' + byte(n/10), '0' + byte(n%10)}) }

func TestHoursOfWork(t *testing.T) {
	for _, c := range []struct {
		from    int64
		minutes int
		want    int64
	}{
		{cst(10, "09:00"), 60, cst(10, "10:00")},
		{cst(10, "17:30"), 60, cst(11, "08:30")},
		{cst(10, "18:00"), 0, cst(11, "08:00")},
		{cst(10, "03:00"), 0, cst(10, "08:00")},
		{cst(10, "22:00"), 600, cst(11, "18:00")},
		{cst(10, "08:00"), 1200, cst(11, "18:00")},
	} {
		if got := workHours.add(c.from, c.minutes); got != c.want {
			t.Errorf("%s + %d min of work = %s, want %s", clock.FromMs(c.from), c.minutes, clock.FromMs(got), clock.FromMs(c.want))
		}
	}
}

func TestQuietHoursAreNeverForAnEmergency(t *testing.T) {
	request, _ := Kinds(shipped).Get("request")
	help, _ := Kinds(shipped).Get("help")
	directive, _ := Kinds(shipped).Get(KindDirective)
	for _, c := range []struct {
		k    Kind
		at   int64
		want int64
	}{
		{request, cst(10, "22:00"), cst(11, "07:00")},
		{request, cst(11, "02:00"), cst(11, "07:00")},
		{request, cst(11, "07:00"), 0},
		{help, cst(10, "22:00"), 0},
		{directive, cst(10, "22:00"), 0},
	} {
		if got := c.k.QuietUntil(c.at); got != c.want {
			t.Errorf("%s at %s: quiet until %d, want %d", c.k.Key, clock.FromMs(c.at), got, c.want)
		}
	}
	if request.Rings(cst(10, "23:00")) || !help.Rings(cst(10, "23:00")) || !request.Rings(cst(10, "10:00")) {
		t.Error("at night only an emergency rings")
	}
}

func TestLaddersRise(t *testing.T) {
	base := Kind{Key: "own", Label: map[string]string{"zh": "自定"}, Way: WayUp, Hours: HoursWork, Closes: ClosesDone, Deadline: 240, Least: 120, Check: 60, Own: true}
	other := base
	other.Key, other.Like = "other", "own"
	for _, c := range []struct {
		name  string
		rungs []Rung
		like  string
		key   string // of the error; empty: accepted
	}{
		{"rises", []Rung{{"up", 0}, {"street", 60}, {"district", 60}}, "", ""},
		{"empty", nil, "", ""},
		{"falls", []Rung{{"street", 0}, {"community", 60}}, "", "task.ladder.circle"},
		{"stands still", []Rung{{"street", 0}, {"street", 60}}, "", "task.ladder.circle"},
		{"above the district", []Rung{{"district", 0}, {"up", 60}}, "", "task.ladder.circle"},
		{"one post twice", []Rung{{"post:7", 0}, {"post:7", 60}}, "", "task.ladder.circle"},
		{"a word that is none", []Rung{{"mayor", 0}}, "", "task.ladder.word"},
		{"no time between", []Rung{{"up", 0}, {"up", 0}}, "", "task.ladder.minutes"},
		{"like itself over another", nil, "other", "task.ladder.like_circle"},
		{"like one that is not", nil, "nothing", "task.kind.unknown"},
		{"too long", make([]Rung, 9), "", "task.ladder.long"},
	} {
		k := base
		k.Ladder, k.Like = c.rungs, c.like
		err := checkKind(k, append(Kinds(shipped), other))
		if (err == nil) != (c.key == "") || err != nil && errs.As(err).Key != c.key {
			t.Errorf("%s: %v, want %q", c.name, err, c.key)
		}
	}
}

func TestAnswersFitTheQuestion(t *testing.T) {
	for _, c := range []struct {
		q    Question
		text string
		want string
		ok   bool
	}{
		{Question{Type: "number"}, " 07 ", "7", true}, {Question{Type: "number"}, "-1", "", false}, {Question{Type: "number"}, "many", "", false}, {Question{Type: "number"}, "", "", false},
		{Question{Type: "yesno"}, "yes", "yes", true}, {Question{Type: "yesno"}, "perhaps", "", false},
		{Question{Type: "choice", Options: []string{"甲", "乙"}}, "乙", "乙", true}, {Question{Type: "choice", Options: []string{"甲"}}, "丙", "", false},
		{Question{Type: "text"}, " fine ", "fine", true},
	} {
		got, err := checkAnswer(c.q, c.text)
		if got != c.want || (err == nil) != c.ok {
			t.Errorf("%s %q: %q, %v", c.q.Type, c.text, got, err)
		}
	}
	sum := tally(Question{Type: "number"}, []string{"3", "", "4"})
	if sum.Answers != 2 || sum.Sum != 7 {
		t.Errorf("tally: %+v", sum)
	}
}
