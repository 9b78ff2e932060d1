package web_test

import (
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"wangge/internal/platform/clock"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/web"
)

// The demo is a small site of every part of the shell, for tests to look at.

const boardPage = `{{define "actions"}}<a class="btn" href="/list">{{template "icon" "print"}}打印清单</a><a class="btn btn-primary" href="/form">{{template "icon" "plus"}}新建专项</a>{{end}}
{{define "content"}}
<div class="stats">{{template "stat" (dict "Label" "户数" "Value" (num 20344) "Sub" "213 个社区")}}{{template "stat" (dict "Label" "已销号" "Value" (num .D.Cov.Done) "Tone" "done" "Href" "/?s=done")}}{{template "stat" (dict "Label" "未完成" "Value" (num .D.Cov.Outstanding) "Tone" "out" "Href" "/?s=out")}}{{template "stat" (dict "Label" "岗位空缺" "Value" "7" "Sub" "涉及 412 户" "Tone" "warn" "Href" "/?s=vac")}}</div>
<div class="card"><h2 class="card-title">第3轮入户摸排</h2><div class="card-body" id="cov" data-live="round:3" hx-get="/part" hx-trigger="live">{{template "demo/cov" .}}</div></div>
<div class="cols"><div class="card"><h2 class="card-title">社区</h2>{{template "table-filter" "#areas"}}<div class="table-wrap"><table class="table" id="areas"><thead><tr>{{template "table-head" (dict "Table" .D.Table "Column" "name" "Text" "社区")}}<th class="num">户数</th><th>进度</th><th>状态</th></tr></thead><tbody>
{{range .D.Areas}}<tr><td><a href="#">{{.Name}}</a></td><td class="num">{{num .Cov.Total}}</td><td>{{template "coverage-mini" .Cov}}</td><td>{{if eq .Cov.Outstanding 0}}{{template "badge" (dict "Tone" "done" "Sign" "✓" "Text" "已完成")}}{{else}}{{template "badge" (dict "Tone" "out" "Sign" "○" "Text" "进行中")}}{{end}}</td></tr>{{end}}</tbody></table></div></div>
<div class="card"><h2 class="card-title">街道</h2><div class="card-body"><ul class="tiles">{{range $i, $a := .D.Areas}}<li><a class="tile tile-{{if eq $i 2}}full{{else}}{{$i}}{{end}}" href="#"><b>{{.Name}}</b><span class="tile-n">{{pct .Cov.Done .Cov.Total}}</span><br><small>未完成 {{num .Cov.Outstanding}}</small></a></li>{{end}}</ul></div></div></div>
{{template "table-pager" .D.Table}}
<h2>3 栋楼栋图</h2>
<div class="board"><div class="bld-unit"><table class="bld"><tbody>{{range .D.Floors}}<tr><th>{{.N}} 层</th>{{range .Doors}}{{if ne .No ""}}<td><a class="dr dr-{{.State}}" href="#">{{.No}}<i>{{.Sign}}</i></a></td>{{end}}{{end}}</tr>{{end}}</tbody></table></div></div>
<ul class="bld-key"><li><span class="dr dr-done">✓</span>已销号</li><li><span class="dr dr-exempt">–</span>无需办理</li><li><span class="dr dr-attempt">2</span>未应答 2 次</li><li><span class="dr dr-out"></span>未完成</li></ul>
<p>{{template "level" (dict "Level" "red" "Text" "高风险")}} {{template "level" (dict "Level" "yellow" "Text" "低风险")}}</p>
{{end}}`

const sharedParts = `{{define "demo/cov"}}{{template "coverage" .D.Cov}}{{end}}`

const todayPage = `{{define "page-scripts"}}{{template "live-scripts"}}{{end}}{{define "content"}}
<div class="stats">{{template "stat" (dict "Label" "今天要走" "Value" "26")}}{{template "stat" (dict "Label" "已走" "Value" "17" "Tone" "done")}}{{template "stat" (dict "Label" "晚上再去" "Value" "3" "Href" "/today?late=1")}}</div>
<div class="card"><div class="card-body" id="cov" data-live="round:3" hx-get="/part" hx-trigger="live">{{template "coverage" .D.Cov}}</div></div>
<h2>幸福小区 3 栋 2 单元</h2>
<article class="card is-out"><div class="card-head"><span class="door-no">401</span><small>4 人 · 有 82 岁老人</small>{{template "badge" (dict "Tone" "warn" "Sign" "!" "Text" "敲门 2 次")}}</div>
<div class="card-body"><form method="post" action="/form" data-keep="401">{{template "formkey"}}<p class="form-label">家里几口人?</p><div class="stepper"><button type="button" data-step="-1">−</button><input type="number" name="n" value="4" min="0" max="30" inputmode="numeric"><button type="button" data-step="1">+</button></div>
<p class="form-label">有没有人发热?</p><div class="opts"><label class="opt"><input type="radio" name="fever" value="no" checked><span>没有</span></label><label class="opt"><input type="radio" name="fever" value="yes"><span>有</span></label></div><p></p>
<div class="btn-row"><button class="btn btn-primary btn-big" name="name" value="done">登记</button></div><div class="btn-row"><button class="btn" name="name" value="away">无人应答</button><button class="btn" name="name" value="empty">空房</button></div></form></div></article>
<article class="card is-done"><div class="card-head"><span class="door-no">402</span><small>2 人</small>{{template "badge" (dict "Tone" "done" "Sign" "✓" "Text" "已销号")}}</div></article>
<article class="card is-exempt"><div class="card-head"><span class="door-no">501</span><small>空房,已核实</small>{{template "badge" (dict "Tone" "exempt" "Sign" "–" "Text" "无需办理")}}</div></article>
<ul class="rows"><li><a href="#">2 单元 6 层 <span class="end">还差 4 户 {{template "icon" "next"}}</span></a></li><li><a href="#">3 单元 <span class="end">还差 11 户 {{template "icon" "next"}}</span></a></li></ul>
{{end}}`

const formPage = `{{define "content"}}<form method="post" action="/form" data-keep="demo">{{template "formkey" .D.Form}}{{template "form-errors" .D.Form}}
{{template "field" (dict "Form" .D.Form "Name" "name" "Label" "专项名称" "Required" true "Help" "例如:第3轮入户摸排")}}
{{template "field" (dict "Form" .D.Form "Name" "kind" "Label" "对象" "Type" "radio" "Options" .D.Kinds)}}
{{template "field" (dict "Form" .D.Form "Name" "area" "Label" "范围" "Type" "select" "Options" .D.Kinds)}}
{{template "field" (dict "Form" .D.Form "Name" "note" "Label" "说明" "Type" "textarea")}}
<button class="btn btn-primary" name="do" value="save">保存</button> <button class="btn" name="do" value="draft">存草稿</button></form>
<form method="post" action="/form" data-confirm="确定删除?"><input type="hidden" name="name" value="gone"><button class="btn btn-danger" id="del">删除</button></form>
<form method="post" action="/upload" enctype="multipart/form-data" data-upload><input type="file" name="f" id="up"><button class="btn" id="send">上传</button></form>{{end}}`

const loginPage = `{{define "content"}}<form method="post" action="/login">{{template "field" (dict "Form" .D.Form "Name" "user" "Label" "手机号或用户名" "Autocomplete" "username")}}{{template "field" (dict "Form" .D.Form "Name" "password" "Label" "密码" "Type" "password" "Autocomplete" "current-password")}}<button class="btn btn-primary btn-big">登录</button></form>{{end}}`

const printPage = `{{define "content"}}<section class="pr-building"><h2>3 栋(未完成 6 户)</h2><table class="pr-list"><thead><tr><th class="ln">#</th><th class="room">门牌</th><th>户主</th><th class="box">✓</th><th class="note">备注</th></tr></thead><tbody>{{range $i, $a := .D.Areas}}<tr><td class="ln">{{add $i 1}}</td><td class="room">2-{{add 401 $i}}</td><td>张*</td><td class="box"></td><td></td></tr>{{end}}</tbody></table></section><div class="pr-sign"><span>楼栋长</span><span>日期</span></div>{{end}}`

const emptyPage = `{{define "content"}}{{template "empty" (dict "Icon" "round" "Title" "还没有专项" "Text" "先建一个专项,选好范围,系统会算出要走多少户。" "Href" "/form" "Action" "新建专项")}}{{end}}`

func demoTemplates() fs.FS {
	m := fstest.MapFS{}
	for name, text := range map[string]string{"demo/board": boardPage, "demo/_parts": sharedParts, "demo/today": todayPage,
		"demo/form": formPage, "demo/login": loginPage, "demo/list": printPage, "demo/empty": emptyPage} {
		m[name+".html"] = &fstest.MapFile{Data: []byte(text)}
	}
	return m
}

func demoRenderer(t testing.TB) *web.Renderer {
	t.Helper()
	r := web.NewRenderer(clock.NewManual(noon))
	if err := r.Add(demoTemplates()); err != nil {
		t.Fatal(err)
	}
	r.Menu = []web.Menu{
		{Key: "board", Text: "web.home", Href: "/", Icon: "board"},
		{Key: "form", Text: "web.print", Href: "/form", Icon: "round", Section: "web.menu"},
		{Key: "list", Text: "web.account", Href: "/list", Icon: "people", Section: "web.menu"},
		{Key: "today", Text: "web.home", Href: "/today", Icon: "today", Phone: true},
		{Key: "find", Text: "web.search.label", Href: "/find", Icon: "search", Phone: true},
		{Key: "me", Text: "web.account", Href: "/me", Icon: "user", Phone: true},
	}
	return r
}

type area struct {
	Name string
	Cov  web.Coverage
}

type door struct{ No, State, Sign string }

type floor struct {
	N     int
	Doors []door
}

type demoData struct {
	web.Meta
	Cov    web.Coverage
	Table  web.Table
	Areas  []area
	Floors []floor
	Form   web.Form
	Kinds  []web.Option
}

func newDemo(m web.Meta, q url.Values) demoData {
	d := demoData{Meta: m, Cov: web.Coverage{Done: 12873, Exempt: 1204, Outstanding: 6267, Total: 20344}, Table: web.TableOf("/", q, "name")}
	d.Table.Count, d.Table.Next = 213, "x"
	for i, name := range []string{"和兴路街道", "哈西街道", "保健路街道", "先锋路街道", "新春街道", "跃进街道"} {
		c := web.Coverage{Done: int64(700 + 130*i), Exempt: 40, Outstanding: int64(900 - 170*i), Total: int64(1640 - 40*i)}
		if i == 2 {
			c = web.Coverage{Done: 1500, Exempt: 60, Total: 1560}
		}
		d.Areas = append(d.Areas, area{name, c})
	}
	states := []door{{State: "done", Sign: "✓"}, {State: "done", Sign: "✓"}, {State: "exempt", Sign: "–"}, {State: "done", Sign: "✓"}, {State: "attempt", Sign: "2 次"}, {State: "out", Sign: "○"}, {State: "flag", Sign: "!"}}
	for n := 6; n >= 1; n-- {
		f := floor{N: n}
		for i := 1; i <= 6; i++ {
			if i == 4 {
				f.Doors = append(f.Doors, door{})
			}
			s := states[(n*5+i*3)%len(states)]
			s.No = fmt.Sprintf("%d%02d", n, (i-1)%3+1)
			f.Doors = append(f.Doors, s)
		}
		d.Floors = append(d.Floors, f)
	}
	d.Kinds = []web.Option{{Value: "door", Text: "门户"}, {Value: "person", Text: "人员"}, {Value: "point", Text: "点位"}}
	return d
}

// mountDemo puts the demo on the app; done counts up what the live part shows.
func mountDemo(a *web.App, r *web.Renderer, done *atomic.Int64) {
	show := func(layout web.Layout, name string, m web.Meta) web.Handler {
		return func(w http.ResponseWriter, req *http.Request) error {
			d := newDemo(m, req.URL.Query())
			if done != nil {
				d.Cov.Done += done.Load()
				d.Cov.Outstanding -= done.Load()
			}
			return r.Page(w, req, layout, name, d)
		}
	}
	crumbs := []web.Crumb{{Text: "哈尔滨市", Href: "/"}, {Text: "南岗区", Href: "/"}}
	a.Handle("GET /{$}", show(web.Office, "demo/board", web.Meta{Title: "南岗区 · 指挥看板", Menu: "board", Crumbs: crumbs}))
	a.Handle("GET /today", show(web.Phone, "demo/today", web.Meta{Title: "今天", Menu: "today"}))
	a.Handle("GET /form", show(web.Office, "demo/form", web.Meta{Title: "新建专项", Menu: "form", Crumbs: crumbs}))
	a.Handle("GET /empty", show(web.Office, "demo/empty", web.Meta{Title: "专项"}))
	a.Handle("GET /login", show(web.Plain, "demo/login", web.Meta{Title: "登录"}), web.Public())
	a.Handle("GET /list", show(web.Print, "demo/list", web.Meta{Title: "未完成清单"}))
	a.Handle("GET /part", func(w http.ResponseWriter, req *http.Request) error {
		d := newDemo(web.Meta{}, url.Values{})
		d.Cov.Done += done.Load()
		d.Cov.Outstanding -= done.Load()
		return r.Fragment(w, req, "demo/board", "demo/cov", d)
	})
	a.Handle("POST /upload", func(w http.ResponseWriter, req *http.Request) error {
		f, head, err := req.FormFile("f")
		if err != nil {
			return err
		}
		defer f.Close()
		return web.Redirect(w, req, fmt.Sprintf("/?size=%d", head.Size))
	}, web.MaxBody(8<<20), web.Timeout(5*time.Minute))
	a.Handle("POST /form", func(w http.ResponseWriter, req *http.Request) error {
		if err := req.ParseForm(); err != nil {
			return err
		}
		if req.PostForm.Get("name") == "" {
			err := errs.Field(errs.E("demo", errs.Invalid, "web.form.must"), "name")
			d := newDemo(web.Meta{Title: "新建专项", Menu: "form", Crumbs: crumbs}, url.Values{})
			d.Form = web.Form{Values: req.PostForm, Errors: web.FormErrors(req.Context(), err)}
			return r.PageStatus(w, req, 422, web.Office, "demo/form", d)
		}
		web.Flash(w, req, "ok", "web.js.copied")
		return web.Redirect(w, req, "/")
	})
}
