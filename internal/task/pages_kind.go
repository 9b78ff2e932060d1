package task

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"wangge/internal/grid"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/i18n"
	"wangge/internal/platform/web"
)

type kindsPage struct {
	web.Meta
	Kinds Kinds
	May   bool
}

func (p *Pages) kinds(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	if err := c.Require("task.kinds", grid.TaskDo); err != nil {
		return err
	}
	list, err := p.s.Kinds(r.Context(), c)
	if err != nil {
		return err
	}
	d := kindsPage{Kinds: list, May: c.Can(grid.TaskKind)}
	d.Meta = kindMeta(r, "task.kinds")
	return p.ren.Page(w, r, layout(c), "task/kinds", d)
}

func kindMeta(r *http.Request, title string) web.Meta {
	m := web.Meta{Title: web.T(r.Context(), title), Menu: "tasks", Crumbs: []web.Crumb{{Text: web.T(r.Context(), "task.title"), Href: "/tasks"}}}
	if title != "task.kinds" {
		m.Crumbs = append(m.Crumbs, web.Crumb{Text: web.T(r.Context(), "task.kinds"), Href: "/task-kinds"})
	}
	return m
}

type kindPage struct {
	web.Meta
	Form                                web.Form
	Key                                 string
	Ships                               bool
	Ways, Hours, Closes, Evidence, Like []web.Option
	Roles                               []web.Option
}

// kind shows a kind to be set anew; "new" is an empty one.
func (p *Pages) kind(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	if err := c.Require("task.kind", grid.TaskKind); err != nil {
		return err
	}
	list, err := p.s.Kinds(r.Context(), c)
	if err != nil {
		return err
	}
	k, ok := list.Get(r.PathValue("key"))
	if r.PathValue("key") == "new" {
		k, ok = Kind{Way: WayAny, Hours: HoursWork, Closes: ClosesDone, Deadline: 1440, Least: shortMinutes, Check: 240, Minutes: 20, Ladder: []Rung{{RungUp, 0}, {RungUp, 240}}}, true
	}
	if !ok {
		return errs.E("task.kind", errs.NotFound, "task.kind.unknown", r.PathValue("key"))
	}
	return p.kindForm(w, r, c, http.StatusOK, list, web.Form{Values: kindValues(k)})
}

func (p *Pages) kindForm(w http.ResponseWriter, r *http.Request, c grid.Caller, status int, list Kinds, f web.Form) error {
	ctx, key := r.Context(), r.PathValue("key")
	d := kindPage{Form: f, Key: key, Meta: kindMeta(r, "task.kind.edit")}
	if key == "new" {
		d.Meta = kindMeta(r, "task.kind.new")
	}
	_, d.Ships = Kinds(shipped).Get(key)
	words := func(prefix string, values ...string) (out []web.Option) {
		for _, v := range values {
			out = append(out, web.Option{Value: v, Text: web.T(ctx, prefix+v)})
		}
		return out
	}
	d.Ways = words("task.way.", WayDown, WayUp, WayAny)
	d.Hours = words("task.hours.", HoursWork, HoursAlways)
	d.Closes = words("task.closes.", ClosesDone, ClosesIssuer)
	d.Evidence = words("task.evidence.is.", evidences...)
	d.Like = []web.Option{{Value: "", Text: web.T(ctx, "task.like.none")}}
	for _, k := range list {
		if k.Key != key {
			d.Like = append(d.Like, web.Option{Value: k.Key, Text: k.Name(c.Lang)})
		}
	}
	for _, role := range grid.Roles() {
		if role.May(grid.TaskDo) {
			d.Roles = append(d.Roles, web.Option{Value: string(role), Text: web.T(ctx, "grid.role."+string(role))})
		}
	}
	return p.ren.PageStatus(w, r, status, web.Office, "task/kind", d)
}

func (p *Pages) saveKind(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	list, err := p.s.Kinds(r.Context(), c)
	if err != nil {
		return err
	}
	k, err := readKind(r.PathValue("key"), r.PostForm)
	if _, taken := list.Get(k.Key); err == nil && taken && r.PathValue("key") == "new" {
		err = errs.Field(errs.E("task.saveKind", errs.Invalid, "task.kind.key.taken"), "key")
	}
	if err == nil {
		err = p.s.SaveKind(r.Context(), c, k)
	}
	if errs.Is(err, errs.Invalid) {
		return p.kindForm(w, r, c, http.StatusUnprocessableEntity, list, web.Form{Values: r.PostForm, Errors: web.FormErrors(r.Context(), err)})
	}
	if err != nil {
		return err
	}
	web.Flash(w, r, "ok", "task.flash.kind")
	return web.Redirect(w, r, "/task-kinds")
}

// kindValues are a kind as the form shows it; kind and form have the same names.
func kindValues(k Kind) url.Values {
	v := url.Values{"key": {k.Key}, "label": {k.Label[i18n.ZH]}, "label_en": {k.Label[i18n.EN]}, "way": {k.Way}, "hours": {k.Hours}, "closes": {k.Closes}, "like": {k.Like},
		"evidence": k.Evidence, "deadline": {strconv.Itoa(k.Deadline)}, "least": {strconv.Itoa(k.Least)}, "check": {strconv.Itoa(k.Check)}, "minutes": {strconv.Itoa(k.Minutes)}}
	for name, on := range map[string]bool{"verify": k.Verify, "resident": k.Resident, "emergency": k.Emergency, "retired": k.Retired} {
		if on {
			v.Set(name, "1")
		}
	}
	for _, role := range k.Issue {
		v.Add("issue", string(role))
	}
	var rungs []string
	for _, g := range k.Ladder {
		rungs = append(rungs, g.To+" "+strconv.Itoa(g.After))
	}
	v.Set("ladder", strings.Join(rungs, "\n"))
	return v
}

// readKind reads the form of a kind. A number that is none becomes one that is
// refused.
func readKind(key string, v url.Values) (Kind, error) {
	number := func(name string) int {
		n, err := strconv.Atoi(strings.TrimSpace(v.Get(name)))
		if err != nil {
			return -1
		}
		return n
	}
	k := Kind{Key: key, Way: v.Get("way"), Hours: v.Get("hours"), Closes: v.Get("closes"), Like: v.Get("like"), Evidence: slices.Clone(v["evidence"]),
		Deadline: number("deadline"), Least: number("least"), Check: number("check"), Minutes: number("minutes"),
		Verify: v.Get("verify") == "1", Resident: v.Get("resident") == "1", Emergency: v.Get("emergency") == "1", Retired: v.Get("retired") == "1"}
	if key == "new" {
		k.Key = strings.TrimSpace(v.Get("key"))
	}
	if zh, en := strings.TrimSpace(v.Get("label")), strings.TrimSpace(v.Get("label_en")); zh != "" || en != "" {
		k.Label = map[string]string{i18n.ZH: zh, i18n.EN: en}
	}
	for _, role := range v["issue"] {
		k.Issue = append(k.Issue, grid.Role(role))
	}
	for i, text := range strings.Split(strings.TrimSpace(v.Get("ladder")), "\n") {
		words := strings.Fields(text)
		if len(words) == 0 {
			continue
		}
		g := Rung{To: words[0]}
		var err error
		if len(words) == 2 {
			g.After, err = strconv.Atoi(words[1])
		}
		if err != nil || len(words) > 2 {
			return k, errs.Field(errs.E("task.SaveKind", errs.Invalid, "task.ladder.word", i+1), "ladder")
		}
		k.Ladder = append(k.Ladder, g)
	}
	return k, nil
}
