package grid

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
	"wangge/internal/platform/web"
)

func (p *Pages) registerDuty(app *web.App) {
	app.Handle("GET /holders/{id}", byPathID(p.holder))
	app.Handle("POST /holders/{id}/leave", byPathID(p.giveLeave))
	app.Handle("POST /holders/{id}/transfer", byPathID(p.transfer))
	app.Handle("POST /leaves/{id}/end", byPathID(p.endLeave))
	app.Handle("GET /posts/{id}/roster", named(p.s.Post, p.roster))
	app.Handle("POST /posts/{id}/roster", named(p.s.Post, p.addShifts))
	app.Handle("POST /shifts/{id}/end", byPathID(p.endShift))
}

// holderPage is what may happen to somebody's term: a leave or a transfer.
type holderPage struct {
	frame
	Holder   Holder
	Post     PostView
	RoleName string
	Leaves   []Leave
	Posts    []web.Option // to be transferred to
	NowMs    int64
	Moving   web.Form // the form of the transfer
}

func (p *Pages) holder(w http.ResponseWriter, r *http.Request, c Caller, hid id.ID) error {
	return p.showHolder(w, r, c, hid, http.StatusOK, nil)
}

func (p *Pages) showHolder(w http.ResponseWriter, r *http.Request, c Caller, hid id.ID, status int, change func(*holderPage)) error {
	ctx := r.Context()
	h, err := p.s.manageableTerm(ctx, p.s.d.Read(), "grid.holder", c, hid)
	if err != nil {
		return err
	}
	post, err := p.s.Post(ctx, c, h.PostID)
	if err != nil {
		return err
	}
	d := &holderPage{Holder: h, Post: post, NowMs: p.s.nowMs()}
	for _, x := range post.Holders {
		if x.ID == hid {
			d.Holder.Name = x.Name
		}
	}
	aliases, err := p.s.RoleAliases(ctx, c)
	if err != nil {
		return err
	}
	d.RoleName = RoleName(c.Lang, aliases, post.Role, post.Path)
	d.Title, d.Menu = web.T(ctx, "posts.leave.title", d.Holder.Name), "posts"
	d.Crumbs = []web.Crumb{{Text: web.T(ctx, "grid.posts"), Href: "/posts"}, {Text: postName(post, d.RoleName), Href: "/posts/" + post.ID.String()}}
	if d.Leaves, err = p.s.LeavesOf(ctx, c, post.ID); err != nil {
		return err
	}
	if d.Posts, err = p.postChoices(r, c, post, aliases); err != nil {
		return err
	}
	if change != nil {
		change(d)
	}
	return p.ren.PageStatus(w, r, status, web.Office, "grid/holder", d)
}

func postName(p PostView, role string) string {
	if p.Title != "" {
		return p.Title
	}
	return role
}

// postChoices offers the posts of the same community, street or district that
// the caller may manage.
func (p *Pages) postChoices(r *http.Request, c Caller, post PostView, aliases []RoleAlias) ([]web.Option, error) {
	ctx := r.Context()
	at, err := p.s.Home(ctx, c)
	if err != nil {
		return nil, err
	}
	if len(post.Path) >= 12 {
		near, err := placesByPath(ctx, p.s.d.Read(), c.District, []string{post.Path[:12]})
		if err != nil {
			return nil, err
		}
		if len(near) == 1 && c.CanPlace(PostWrite, near[0].Path) {
			at = near[0]
		}
	}
	list, err := p.s.Posts(ctx, c, PostFilter{Place: at.ID, Limit: 300})
	out := []web.Option{{Value: "", Text: web.T(ctx, "posts.transfer.choose")}}
	for _, x := range list {
		if x.ID == post.ID || !c.MayManage(PostWrite, x.Role, x.Path) {
			continue
		}
		text := postName(x, RoleName(c.Lang, aliases, x.Role, x.Path)) + " · " + x.Object
		if !x.Filled {
			text += " · " + web.T(ctx, "grid.vacant")
		}
		out = append(out, web.Option{Value: x.ID.String(), Text: text})
	}
	return out, err
}

// someone reads an account that a form names by log-in name or phone; empty is Zero.
func (p *Pages) someone(r *http.Request, c Caller, field string) (id.ID, error) {
	login := strings.TrimSpace(r.FormValue(field))
	if login == "" || p.s.accounts == nil {
		return id.Zero, nil
	}
	a, err := p.s.accounts.FindAccount(r.Context(), c.District, login)
	if err != nil {
		return id.Zero, errs.Field(err, field)
	}
	return a.ID, nil
}

func (p *Pages) giveLeave(w http.ResponseWriter, r *http.Request, c Caller, hid id.ID) error {
	var l Leave
	var err error
	if l.FromMs, err = moment(r, "from"); err == nil {
		if l.UntilMs, err = moment(r, "until"); err == nil {
			if l.SubstituteID, err = p.someone(r, c, "substitute_id"); err == nil {
				l, err = p.s.GiveLeave(r.Context(), c, hid, l)
			}
		}
	}
	if err != nil {
		return again(r, err, func(status int, f frame) error {
			return p.showHolder(w, r, c, hid, status, func(d *holderPage) { d.Form, d.Message = f.Form, f.Message })
		})
	}
	web.Flash(w, r, "ok", "posts.leave.done")
	return web.Redirect(w, r, "/posts/"+l.PostID.String())
}

func (p *Pages) transfer(w http.ResponseWriter, r *http.Request, c Caller, hid id.ID) error {
	t := Transfer{HolderID: hid, ToPost: formID(r, "post_id")}
	var err error
	if t.ToPost == id.Zero {
		err = errs.Field(errs.E("grid.Transfer", errs.Invalid, "error.required"), "post_id")
	}
	if err == nil {
		if t.AtMs, err = moment(r, "at"); err == nil {
			t.SuccessorID, err = p.someone(r, c, "successor_id")
		}
	}
	if err == nil {
		_, err = p.s.TransferHolder(r.Context(), c, t)
	}
	if err != nil {
		return again(r, err, func(status int, f frame) error {
			return p.showHolder(w, r, c, hid, status, func(d *holderPage) { d.Moving, d.Message = f.Form, f.Message })
		})
	}
	web.Flash(w, r, "ok", "posts.transfer.done")
	return web.Redirect(w, r, "/posts/"+t.ToPost.String())
}

func (p *Pages) endLeave(w http.ResponseWriter, r *http.Request, c Caller, leave id.ID) error {
	return after(w, r, p.s.EndLeave(r.Context(), c, leave), "/posts/"+formID(r, "post").String(), "posts.leave.returned")
}

type rosterPage struct {
	frame
	Post      PostView
	Shifts    []Shift
	Weekdays  []web.Option
	People    []web.Option
	CanManage bool
}

func (p *Pages) roster(w http.ResponseWriter, r *http.Request, c Caller, v PostView) error {
	return p.showRoster(w, r, c, v, http.StatusOK, nil)
}

func (p *Pages) showRoster(w http.ResponseWriter, r *http.Request, c Caller, v PostView, status int, again *frame) error {
	ctx := r.Context()
	aliases, err := p.s.RoleAliases(ctx, c)
	if err != nil {
		return err
	}
	name := postName(v, RoleName(c.Lang, aliases, v.Role, v.Path))
	d := &rosterPage{Post: v}
	d.Title, d.Menu = web.T(ctx, "posts.roster.title", name), "posts"
	d.Crumbs = []web.Crumb{{Text: web.T(ctx, "grid.posts"), Href: "/posts"}, {Text: name, Href: "/posts/" + v.ID.String()}}
	d.Form = seen("start", "08:00", "end", "20:00")
	if again != nil {
		d.Form, d.Message = again.Form, again.Message
	}
	if d.Shifts, err = p.s.Roster(ctx, c, v.ID); err != nil {
		return err
	}
	d.Weekdays = options(ctx, "posts.weekday.", "", []string{"0", "1", "2", "3", "4", "5", "6"})
	d.People = []web.Option{{Value: "0", Text: web.T(ctx, "posts.roster.anyone")}}
	for _, h := range v.Holders {
		o := web.Option{Value: h.AccountID.String(), Text: h.Name}
		if (h.UntilMs == 0 || h.UntilMs > p.s.nowMs()) && h.Name != "" && !slices.Contains(d.People, o) {
			d.People = append(d.People, o)
		}
	}
	_, err = p.s.manageable(ctx, p.s.d.Read(), "grid.roster", c, v.ID)
	d.CanManage = err == nil
	return p.ren.PageStatus(w, r, status, web.Office, "grid/roster", d)
}

func (p *Pages) addShifts(w http.ResponseWriter, r *http.Request, c Caller, v PostView) error {
	x := Shift{AccountID: formID(r, "account_id"), Start: r.FormValue("start"), End: r.FormValue("end"), Weekday: -1, Day: r.FormValue("day")}
	var list []Shift
	if x.Day != "" {
		list = append(list, x)
	} else {
		for _, s := range r.Form["weekday"] {
			if n, err := strconv.Atoi(s); err == nil {
				x.Weekday = n
				list = append(list, x)
			}
		}
	}
	if _, err := p.s.AddShifts(r.Context(), c, v.ID, list); err != nil {
		return again(r, err, func(status int, f frame) error { return p.showRoster(w, r, c, v, status, &f) })
	}
	web.Flash(w, r, "ok", "grid.saved")
	return web.Redirect(w, r, "/posts/"+v.ID.String()+"/roster")
}

func (p *Pages) endShift(w http.ResponseWriter, r *http.Request, c Caller, sid id.ID) error {
	return after(w, r, p.s.EndShift(r.Context(), c, sid), "/posts/"+formID(r, "post").String()+"/roster", "grid.saved")
}
