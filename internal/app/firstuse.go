package app

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/subtle"
	"embed"
	"encoding/base64"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"wangge/internal/grid"
	"wangge/internal/grid/divisions"
	"wangge/internal/platform/clock"
	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/web"
)

//go:embed all:templates
var templates embed.FS

// maxAreaList bounds an uploaded national list; a district's has some 20 KB.
const maxAreaList = 8 << 20

// firstUse is the one page of an installation without a district: it asks
// which district this is and imports its areas.
type firstUse struct {
	f     *front
	o     Options
	d     *db.DB
	base  string
	say   func(string)
	life  context.Context // the server's, not the request's
	token string
	ren   *web.Renderer
	once  sync.Mutex
}

// choose puts the choice of a district behind the front.
func (f *front) choose(ctx context.Context, o Options, d *db.DB, base string, say func(string)) error {
	secret := make([]byte, 18)
	if _, err := rand.Read(secret); err != nil {
		return err
	}
	u := &firstUse{f: f, o: o, d: d, base: base, say: say, life: ctx, token: base64.RawURLEncoding.EncodeToString(secret), ren: web.NewRenderer(clock.Real())}
	if err := u.ren.AddDir(templates, "templates"); err != nil {
		return err
	}
	site := web.New(web.Options{Renderer: u.ren, Log: o.log(), Clock: clock.Real(), Ready: d.Ping})
	site.Handle("GET /", u.show, web.Public())
	site.Handle("POST /first", u.pick, web.Public(), web.MaxBody(maxAreaList+1<<20))
	var h http.Handler = site
	f.handler.Store(&h)
	say("First start. Open this link to choose the district: " + base + "/?token=" + u.token)
	go u.follow()
	return nil
}

// chosenEvery is how often a process asks whether the district was chosen at another.
const chosenEvery = 2 * time.Second

// follow hands over to the district when it was chosen at another process of the
// same database.
func (u *firstUse) follow() {
	for u.life.Err() == nil && u.f.app.Load() == nil {
		rest(u.life, chosenEvery)
		if err := u.join(); err != nil && u.life.Err() == nil {
			u.o.log().Warn("not known whether the district was chosen meanwhile; asked again", "error", err)
		}
	}
}

// join starts the district if there is one now.
func (u *firstUse) join() error {
	u.once.Lock()
	defer u.once.Unlock()
	if u.f.app.Load() != nil {
		return nil
	}
	district, err := DistrictOf(u.life, u.d, u.o.Config.District)
	if err != nil || district == 0 {
		return err
	}
	u.say("The district was chosen at another server of this database. Its link makes the first account.")
	return u.f.run(u.life, u.o, u.d, district, u.base, nil)
}

type firstPage struct {
	web.Meta
	Form    web.Form
	Token   string
	Allowed bool
	Places  []web.Option
}

func (u *firstUse) page(r *http.Request, token string) firstPage {
	p := firstPage{Meta: web.Meta{Title: web.T(r.Context(), "app.first.title")}, Token: token, Allowed: u.good(token)}
	for _, s := range divisions.Presets {
		list, _ := divisions.Load(s.County)
		for _, a := range list {
			if a.Code[:6] == s.County && a.Level == divisions.County {
				p.Places = append(p.Places, web.Option{Value: s.County, Text: a.Name})
			}
		}
	}
	return p
}

func (u *firstUse) good(token string) bool {
	return subtle.ConstantTimeCompare([]byte(token), []byte(u.token)) == 1
}

func (u *firstUse) show(w http.ResponseWriter, r *http.Request) error {
	return u.ren.Page(w, r, web.Plain, "first/choose", u.page(r, r.URL.Query().Get("token")))
}

// pick imports the chosen or uploaded list and hands over to the district.
func (u *firstUse) pick(w http.ResponseWriter, r *http.Request) error {
	const op = "app.firstUse"
	if err := r.ParseMultipartForm(maxAreaList); err != nil {
		return errs.E(op, errs.Invalid, "web.error.form")
	}
	token := r.PostFormValue("token")
	if !u.good(token) {
		return errs.E(op, errs.Denied, "app.first.denied")
	}
	u.once.Lock()
	defer u.once.Unlock()
	if u.f.app.Load() != nil {
		return web.Redirect(w, r, "/login")
	}
	list, err := u.list(r)
	if err == nil {
		var link string
		if link, err = u.begin(list); err == nil {
			return web.Redirect(w, r, link)
		}
	}
	if errs.Is(err, errs.Invalid) {
		p := u.page(r, token)
		p.Form = web.Form{Values: r.PostForm, Errors: web.FormErrors(r.Context(), err)}
		return u.ren.PageStatus(w, r, http.StatusUnprocessableEntity, web.Plain, "first/choose", p)
	}
	return err
}

// list returns the areas of the uploaded file, or of the district chosen.
func (u *firstUse) list(r *http.Request) ([]divisions.Area, error) {
	const op = "app.firstUse"
	f, head, err := r.FormFile("file")
	if err == nil && head.Size > 0 {
		defer f.Close()
		raw, err := io.ReadAll(io.LimitReader(f, maxAreaList))
		if err != nil {
			return nil, errs.Wrap(op, err)
		}
		list, problems, err := divisions.Read(bytes.NewReader(raw))
		if err != nil {
			return nil, errs.Field(err, "file")
		}
		if len(problems) > 0 {
			p := problems[0]
			return nil, errs.Field(errs.E(op, errs.Invalid, "app.first.problem", len(problems), p.Row, p.Column, p.Value, web.T(r.Context(), p.Key)), "file")
		}
		return list, nil
	}
	list, ok := divisions.Load(r.PostFormValue("district"))
	if !ok {
		return nil, errs.Field(errs.E(op, errs.Invalid, "app.first.none"), "district")
	}
	return list, nil
}

// begin imports the list, starts the district and returns where to go on.
func (u *firstUse) begin(list []divisions.Area) (string, error) {
	district, ok := grid.DistrictOf(list)
	if !ok {
		return "", errs.Field(errs.E("app.firstUse", errs.Invalid, "app.first.districts"), "file")
	}
	places := grid.New(u.d, u.o.clock(), nil, nil)
	if _, err := places.ImportAreas(u.life, grid.System(district, "setup"), list, false); err != nil {
		return "", err
	}
	link := "/login"
	err := u.f.run(u.life, u.o, u.d, district, u.base, func(line string) {
		u.say(line)
		if at := strings.LastIndex(line, u.base+"/setup?"); at >= 0 {
			link = line[at+len(u.base):]
		}
	})
	return link, err
}
