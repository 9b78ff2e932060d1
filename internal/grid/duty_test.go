package grid

import (
	"strings"
	"testing"
	"time"

	"wangge/internal/platform/clock"
	"wangge/internal/platform/db"
	"wangge/internal/platform/db/dbtest"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
)

// holds reports whether an account has the post's rights now.
func (f *fixture) holds(account, post id.ID) bool {
	f.t.Helper()
	for _, g := range must(f.CallerFor(ctx, account, nangang, f.clock.Now()))(f.t).Grants {
		if g.PostID == post {
			return true
		}
	}
	return false
}

// term is the first term of a post.
func (f *fixture) term(post id.ID) Holder {
	f.t.Helper()
	return must(f.Post(ctx, f.c, post))(f.t).Holders[0]
}

func TestALeaveReturnsByItself(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		f := fresh(t, d)
		_, units, _ := f.estate("保利小区", 1, 1, 4)
		post := f.appoint(NewPost{Role: RoleBuildingLeader, ObjectKind: ObjectPlace, ObjectID: units[0].ID}, 7)
		now := f.nowMs()
		from, until := now+3600_000, now+3*3600_000
		h := f.term(post.ID)
		l := must(f.GiveLeave(ctx, f.c, h.ID, Leave{SubstituteID: 8, FromMs: from, UntilMs: until}))(t)
		for _, c := range []struct {
			at         int64
			own, other bool
		}{{from - 60_000, true, false}, {from, false, true}, {until - 60_000, false, true}, {until, true, false}} {
			f.clock.Set(clock.FromMs(c.at))
			if f.holds(7, post.ID) != c.own || f.holds(8, post.ID) != c.other {
				t.Errorf("at %d: own %v, substitute %v", c.at-now, f.holds(7, post.ID), f.holds(8, post.ID))
			}
		}
		wantKind(t, f.EndLeave(ctx, f.c, l.ID), errs.Conflict)

		back := must(f.Post(ctx, f.c, post.ID))(t).Holders
		l = must(f.GiveLeave(ctx, f.c, back[len(back)-1].ID, Leave{UntilMs: f.nowMs() + 7200_000}))(t)
		if f.holds(7, post.ID) || must(f.Vacancies(ctx, f.c, units[0].ID, When{}))(t).Total.Doors != 4 {
			t.Error("a leave without a substitute is no vacancy")
		}
		f.clock.Advance(time.Hour)
		ok(t, f.EndLeave(ctx, f.c, l.ID))
		if !f.holds(7, post.ID) {
			t.Error("not back early")
		}
		if list := must(f.LeavesOf(ctx, f.c, post.ID))(t); len(list) != 2 {
			t.Errorf("%+v", list)
		}
		for field, bad := range map[string]Leave{"until": {}, "substitute_id": {SubstituteID: 7, UntilMs: f.nowMs() + 1000}, "from": {FromMs: 1 << 60, UntilMs: 1<<60 + 1}} {
			ended := f.appoint(NewPost{Role: RoleBuildingLeader, ObjectKind: ObjectPlace, ObjectID: units[0].ID, UntilMs: f.nowMs() + 3600_000}, 7)
			hold := f.term(ended.ID)
			ok(t, f.EndHolder(ctx, f.c, hold.ID, f.nowMs()+3000_000))
			if _, err := f.GiveLeave(ctx, f.c, hold.ID, bad); errs.As(err).Field != field {
				t.Errorf("%s: %v", field, err)
			}
		}
	})
}

func TestATransferLeavesTheWorkWithThePost(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		f := fresh(t, d)
		_, units, _ := f.estate("保利小区", 1, 2, 4)
		one := f.appoint(NewPost{Role: RoleBuildingLeader, ObjectKind: ObjectPlace, ObjectID: units[0].ID}, 7)
		two := must(f.AddPost(ctx, f.c, NewPost{Role: RoleBuildingLeader, ObjectKind: ObjectPlace, ObjectID: units[1].ID}))(t)
		f.clock.Advance(time.Minute)
		must(f.TransferHolder(ctx, f.c, Transfer{HolderID: f.term(one.ID).ID, ToPost: two.ID, SuccessorID: 9}))(t)
		if f.holds(7, one.ID) || !f.holds(7, two.ID) || !f.holds(9, one.ID) {
			t.Error("not transferred")
		}
		_, err := f.TransferHolder(ctx, f.c, Transfer{HolderID: f.term(two.ID).ID, ToPost: two.ID})
		wantKind(t, err, errs.Conflict)
		// who may not manage the other post moves nobody there
		clerk := Caller{District: nangang, AccountID: 50, Grants: []Grant{{Role: RoleCommunity, ObjectKind: ObjectPlace, Path: f.hua.Path}}}
		far := must(f.Area(ctx, f.c, "230103002007"))(t)
		away := must(f.AddPost(ctx, f.c, NewPost{Role: RoleVolunteer, ObjectKind: ObjectPlace, ObjectID: far.ID}))(t)
		_, err = f.TransferHolder(ctx, clerk, Transfer{HolderID: f.term(two.ID).ID, ToPost: away.ID})
		wantKind(t, err, errs.Denied)
	})
}

// TestSweepsFollowTheRoster asks again and again while the clock runs: what is
// kept in memory must end where a shift begins or ends.
func TestSweepsFollowTheRoster(t *testing.T) { dbtest.Each(t, sweepsFollowTheRoster) }

func sweepsFollowTheRoster(t *testing.T, d *db.DB) {
	f := fresh(t, d)
	_, units, _ := f.estate("保利小区", 1, 1, 2)
	post := f.appoint(NewPost{Role: RoleBuildingLeader, ObjectKind: ObjectPlace, ObjectID: units[0].ID}, 7)
	night := Shift{Start: "20:00", End: "08:00"}
	var week []Shift
	for night.Weekday = range 7 {
		week = append(week, night)
	}
	must(f.AddShifts(ctx, f.c, post.ID, week))(t)
	for range 60 {
		f.clock.Advance(37 * time.Minute)
		h := f.clock.Now().In(clock.CST).Hour()
		want := 0
		if h >= 8 && h < 20 {
			want = 2
		}
		if got := must(f.Vacancies(ctx, f.c, units[0].ID, When{OnDuty: true}))(t).Total.Doors; got != want {
			t.Fatalf("%s: %d, want %d", f.clock.Now().In(clock.CST), got, want)
		}
	}
	shifts := must(f.Roster(ctx, f.c, post.ID))(t)
	if len(shifts) != 7 || !shifts[0].Overnight() {
		t.Errorf("%+v", shifts)
	}
	ok(t, f.EndShift(ctx, f.c, shifts[0].ID))
	for _, bad := range []Shift{{Start: "8:00", End: "09:00"}, {Start: "08:00", End: "25:00"}, {Weekday: 9, Start: "08:00", End: "09:00"}, {Day: "soon", Start: "08:00", End: "09:00"}, {AccountID: 99, Start: "08:00", End: "09:00"}} {
		_, err := f.AddShifts(ctx, f.c, post.ID, []Shift{bad})
		wantKind(t, err, errs.Invalid)
	}
}

// TestASquadEndsToTheMinute asks over HTTP a minute before a squad's end, and at it.
func TestASquadEndsToTheMinute(t *testing.T) { dbtest.Each(t, aSquadEndsToTheMinute) }

func aSquadEndsToTheMinute(t *testing.T, d *db.DB) {
	s := newSite(t, d)
	end := s.nowMs() + 3600_000
	squad := must(s.AddTeam(ctx, s.c, Team{AreaID: s.hua.ID, Kind: TeamSquad, Name: "小分队", UntilMs: end}))(t)
	s.appoint(NewPost{Role: RoleVolunteer, ObjectKind: ObjectPlace, ObjectID: s.comp.ID, TeamID: squad.ID}, 60)
	s.clock.Set(clock.FromMs(end - 60_000))
	s.get(60, "/places/"+s.comp.ID.String(), 200, "保利小区")
	s.clock.Set(clock.FromMs(end))
	for _, path := range []string{"/places/" + s.comp.ID.String(), "/api/v1/places/" + s.comp.ID.String()} {
		if got, body := s.ask(60, "zh", "GET", path, "", nil); got != 403 || !strings.Contains(body, "您现在没有在任的岗位") {
			t.Errorf("%s: %d %s", path, got, body)
		}
	}
}
