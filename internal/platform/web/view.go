package web

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"time"

	"wangge/internal/platform/i18n"
)

// Meta is what a page tells the shell about itself. A page's data embeds it.
type Meta struct {
	Title  string    // heading and window title, in the page's language
	Menu   string    // key of the menu entry to mark as current
	Crumbs []Crumb   // the way here, outermost first, without the page itself
	AsOf   time.Time // when the figures were read; zero: now
	Wide   bool      // office pages only: use the whole width
	Search string    // what stands in the search box
}

// PageMeta lets data that embeds Meta be shown by Renderer.Page.
func (m Meta) PageMeta() Meta { return m }

// Crumb is one step of the way to a page.
type Crumb struct {
	Text string
	Href string
}

// Menu is an entry of the navigation. Entries are given by the app, which
// knows all slices.
type Menu struct {
	Key     string                         // names the entry; Meta.Menu refers to it
	Text    string                         // catalogue key; empty: "menu." + Key
	Href    string                         // where it leads
	Icon    string                         // a name of the icon partial
	Section string                         // catalogue key of the group it stands in; empty: ungrouped
	Phone   bool                           // a tab of the worker pages instead of an office entry
	Allowed func(ctx context.Context) bool // who sees it; nil: everyone logged in
}

// Item is a menu entry as shown.
type Item struct {
	Key, Text, Href, Icon, Section string
	Active                         bool
	First                          bool // first of its section
}

// View is what templates see as the dot. Page data are in .D.
type View struct {
	Meta
	D         any       // what the handler gave
	Lang      string    // "zh" or "en"
	Session   Session   // who looks
	Device    string    // names the session on a phone without telling its token
	LoggedIn  bool      // somebody is logged in
	Fault     bool      // the page tells of an error
	Drill     bool      // the page says that it is a drill
	Now       time.Time // the renderer's clock
	Items     []Item    // navigation
	Desk      []Item    // on a phone page, the office's menu of those who have a desk
	Path      string    // path of the request, for forms that post to themselves
	LangHref  string    // this page in the other language
	Flash     []Notice  // what the last action led to
	RequestID string
	Shell     *Shell
}

// Notice is a message on top of a page.
type Notice struct {
	Kind string // "ok", "warn", "error" or "info"
	Text string
}

// Shell is what stays the same on all pages of an installation.
type Shell struct {
	Search  string // where the search box posts to; empty: no box
	Account string // the account's own page; empty: none
	Logout  string // where the log-out button posts to
	Live    string // the event stream; empty: none
	Home    string // where the name of the product leads
}

func (r *Renderer) view(req *http.Request, data any) *View {
	ctx := req.Context()
	v := &View{
		D: data, Lang: Lang(ctx), Session: SessionFrom(ctx), Device: deviceOf(req), LoggedIn: LoggedIn(ctx),
		Now: r.clk.Now(), Path: req.URL.Path, RequestID: RequestID(ctx), Shell: &r.Shell,
	}
	if m, ok := data.(interface{ PageMeta() Meta }); ok {
		v.Meta = m.PageMeta()
	}
	if v.AsOf.IsZero() {
		v.AsOf = v.Now
	}
	v.Drill = r.Drill != nil && r.Drill(ctx)
	v.LangHref = langHref(req, v.Lang)
	return v
}

// deviceOf names the session of a request: the same for each of its pages,
// another one after the next log-in, and of no use to get in.
func deviceOf(r *http.Request) string {
	token, _ := SessionToken(r)
	sum := sha256.Sum256([]byte("wangge device " + token))
	return hex.EncodeToString(sum[:8])
}

// langHref is the address of the page in the other language.
func langHref(r *http.Request, lang string) string {
	q := url.Values{}
	if r.Method == http.MethodGet {
		q = r.URL.Query()
	}
	q.Set("lang", i18n.EN)
	if lang == i18n.EN {
		q.Set("lang", i18n.ZH)
	}
	return r.URL.Path + "?" + q.Encode()
}

// items returns the entries that the caller may see: those of the phone or
// those of the office.
func (r *Renderer) items(ctx context.Context, lang, active string, phone bool) []Item {
	var out []Item
	section := ""
	for _, m := range r.Menu {
		if m.Phone != phone || !LoggedIn(ctx) || m.Allowed != nil && !m.Allowed(ctx) {
			continue
		}
		it := Item{Key: m.Key, Href: m.Href, Icon: m.Icon, Active: m.Key == active}
		key := m.Text
		if key == "" {
			key = "menu." + m.Key
		}
		it.Text = i18n.T(lang, key)
		if m.Section != "" {
			it.Section = i18n.T(lang, m.Section)
			it.First = m.Section != section
		}
		section = m.Section
		out = append(out, it)
	}
	return out
}

// desk returns the office's menu for those whose front page the office's is;
// nil for those who only work at doors.
func (r *Renderer) desk(ctx context.Context, lang, active string) []Item {
	list := r.items(ctx, lang, active, false)
	if len(list) == 0 || list[0].Href != r.Shell.Home {
		return nil
	}
	return list
}
