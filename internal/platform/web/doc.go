// Package web is the shell every page and every API call runs in: server,
// sessions, languages, templates, static files, errors, live updates. It knows
// nothing of epidemics.
//
// # A page
//
// A slice keeps its templates beside its pages.go:
//
//	//go:embed all:templates
//	var templates embed.FS // templates/round/list.html, templates/round/_rows.html …
//
//	ren.AddDir(templates, "templates") // in NewPages
//
// templates/round/list.html is the page "round/list":
//
//	{{define "actions"}}<a class="btn btn-primary" href="/rounds/new">{{T "round.new"}}</a>{{end}}
//	{{define "content"}}
//	<div class="stats">{{template "stat" (dict "Label" (T "round.open") "Value" (num .D.Open) "Href" "/rounds?state=open")}}</div>
//	{{template "table-search" .D.Table}}
//	<div class="card"><table class="table">
//	<thead><tr>{{template "table-head" (dict "Table" .D.Table "Column" "name" "Text" (T "round.name"))}}</tr></thead>
//	<tbody data-live="round:all" hx-get="/rounds/rows" hx-trigger="live">{{template "round/rows" .}}</tbody>
//	</table></div>
//	{{template "table-pager" .D.Table}}
//	{{end}}
//
// and templates/round/_rows.html holds {{define "round/rows"}}…{{end}}, which
// the page and the fragment share. Names of shared defines begin with the
// slice's name. The handler:
//
//	type listPage struct {
//		web.Meta
//		Table web.Table
//		Rows  []row
//		Open  int
//	}
//
//	func (p *Pages) list(w http.ResponseWriter, r *http.Request) error {
//		t := web.TableOf("/rounds", r.URL.Query(), "name", "deadline")
//		rows, err := p.svc.List(r.Context(), …)
//		if err != nil {
//			return err // WriteError shows it
//		}
//		return p.ren.Page(w, r, web.Office, "round/list", listPage{
//			Meta: web.Meta{Title: web.T(r.Context(), "round.list"), Menu: "rounds"}, Table: t, Rows: rows})
//	}
//
//	app.Handle("GET /rounds", p.list)          // needs a log-in; web.Public() lifts that
//	app.Handle("GET /rounds/rows", p.rows)     // ren.Fragment(w, r, "round/list", "round/rows", data)
//	app.Handle("POST /rounds", p.create)       // web.Flash(…); return web.Redirect(w, r, "/rounds/…")
//	app.Handle("POST /upload", p.up, web.MaxBody(64<<20), web.Timeout(5*time.Minute), web.As(web.Heavy))
//
// As names how important a route is when there is too much to do: Urgent, Work,
// Read (unless said otherwise) or Heavy. OpAs does the same for an operation of the API.
//
// # What a template sees
//
// The dot is a *View: page data in .D, and .Session .LoggedIn .Lang .Now
// .Drill .Path .Title .AsOf. Functions: T KEY ARGS…, lang, dateTime date clock
// ago (of time.Time or UTC milliseconds, shown in UTC+8), num, signed, pct PART WHOLE,
// dict, list, asset, json, add, sub, add64, newKey, has MAP KEY, join SEP LIST,
// default FALLBACK VALUE. Partials and what each takes:
//
//	coverage, coverage-mini   anything with Done Exempt Outstanding Total
//	stat                      Label Value Sub Href Tone(done|out|warn)
//	badge                     Text Tone(plain|done|exempt|out|warn|info) Sign
//	level                     Level(red|orange|yellow|blue) Text: areas' levels only
//	empty                     Icon Title Text Href Action
//	field                     Form Name Label Type(text|…|textarea|select|radio|checks|check) Required Help
//	                          Options([]Option) Placeholder Inputmode Autocomplete Min Max Step Maxlength Accept Rows
//	formkey                   the Form, or no argument: hidden idempotency key, one in every form that writes
//	form-errors               the Form
//	table-search table-pager  a Table;  table-head: Table Column Text Class;  table-filter: "#tableid"
//	photo-input               Name Label Required
//	scan-button               Field Path Label: reads a code with the camera, or of a photo, into a field
//	copy                      the text;   icon: a name of partials/icons.html;   sign: ok|warn|error|info
//
// The content policy forbids inline scripts, style attributes, hx-on and
// trigger filters. Lengths that depend on data are SVG attributes (see
// coverage). Attributes that scripts know:
//
//	data-confirm="question"        on a form or button: asks first
//	data-filter="#table"           input that filters the rows of a table
//	data-copy="text" (data-copy-from="#field": selected where the browser will not copy), data-print, data-back
//	data-keep="name"               form whose typed text survives a lost network or a reload
//	data-photo                     file input made smaller (JPEG, at most 300 KB) before sending
//	data-upload                    multipart form sent with a progress bar
//	data-autosubmit                select or checkbox that submits its form
//	data-shortcut="n"              the key that focuses or presses the element
//	data-live="topic" hx-get hx-trigger="live"   replaced when Hub.Publish(topic) was called
//
// Phone pages are light: they load no htmx. One with data-live parts says so:
// {{define "page-scripts"}}{{template "live-scripts"}}{{end}}. A worker's form
// with data-items is noted on the phone before it is sent (web/ts).
//
// Search for people must be a POST form: names and numbers never stand in an
// address. Filters of lists (Table.Query) are for what is not personal.
//
// # Style classes
//
// Office: stats (of stat partials), card > card-title + card-body, cols (cards
// side by side), side (content and a narrow column), table with num, total and
// wrap cells inside table-wrap, t-tools, chips, dl, steps-line (li.done,
// li.now), btn-row, tl (time line), tiles > tile tile-0…tile-4 tile-full (tile
// map, darker is further), board > bld-unit > table.bld or drs with
// a.dr.dr-done|exempt|out|attempt|flag|none holding number and <i>sign</i>,
// ul.bld-key, hits > li > a (name in b, kind in i, place in small), wide-only
// (left out on phones).
// Phone: card is-done|is-exempt|is-out > card-head (door-no) + card-body, rows >
// li > a with .end, btn btn-primary btn-big btn-danger, btn-row, opts > opt,
// stepper (button data-step="-1", input, button data-step="1"), stats, unsent,
// sticky-act. The last of Meta.Crumbs is the phone's back arrow.
// Print: pr-building (starts a page), table.pr-list with ln room box note
// cells, pr-sign, pr-slips > pr-slip, pr-card.
//
// # Errors
//
// Handlers return errors of package errs; WriteError makes a page, a notice or
// problem+json of them. To show a form again:
//
//	if errs.Is(err, errs.Invalid) {
//		form := web.Form{Values: r.PostForm, Errors: web.FormErrors(ctx, err)}
//		return ren.PageStatus(w, r, 422, web.Office, "round/edit", editPage{Form: form})
//	}
//
// # Cross-site requests
//
// Forms carry no token. The shell refuses writing requests that a browser made
// for another origin (Sec-Fetch-Site; Origin against Host on browsers older
// than 2023), and the session cookie is SameSite=Lax. GET must never write.
package web
