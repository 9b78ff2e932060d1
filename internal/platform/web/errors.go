package web

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"wangge/internal/platform/errs"
	"wangge/internal/platform/i18n"
)

// Problem is an error as the API tells it (RFC 9457, application/problem+json).
type Problem struct {
	Type     string         `json:"type" doc:"Stable name of the kind of error, as a URI reference" example:"/problems/conflict"`
	Title    string         `json:"title" doc:"The kind in words"`
	Status   int            `json:"status" doc:"HTTP status"`
	Detail   string         `json:"detail,omitempty" doc:"What happened and why, in the caller's language"`
	Instance string         `json:"instance,omitempty" doc:"Identifier of the request, to be named when asking for help"`
	Code     string         `json:"code,omitempty" doc:"Stable key of the message, for programs" example:"round.closed"`
	Errors   []ProblemField `json:"errors,omitempty" doc:"The fields at fault"`
	// RetryAfter also stands in the header of that name.
	RetryAfter int `json:"retry_after,omitempty" doc:"Seconds after which to try again"`
	Place      int `json:"place,omitempty" doc:"Place in the queue of log-ins, 1 being the next"`
}

// ProblemField names one input field and what is wrong with it.
type ProblemField struct {
	Field  string `json:"field" doc:"The field, as a path such as body.deadline"`
	Reason string `json:"reason" doc:"What is wrong with it"`
}

// Error makes a Problem usable as a Go error.
func (p *Problem) Error() string { return p.Title + ": " + p.Detail }

// GetStatus returns the HTTP status (huma's seam).
func (p *Problem) GetStatus() int { return p.Status }

// ContentType turns JSON into the problem type (huma's seam).
func (p *Problem) ContentType(ct string) string {
	if ct == "application/json" {
		return "application/problem+json"
	}
	return ct
}

// FieldErrors collects several input errors, one a field. It is an error of
// kind Invalid with all of them named.
type FieldErrors []error

// Error gives the first of them, for logs.
func (f FieldErrors) Error() string {
	if len(f) == 0 {
		return "no errors"
	}
	return f[0].Error()
}

// Unwrap returns the errors.
func (f FieldErrors) Unwrap() []error { return f }

// ProblemOf maps any error to the problem told to the caller in lang. Errors
// that are not of the house are Internal, and their text is never told.
func ProblemOf(lang string, err error) *Problem {
	var p *Problem
	if errors.As(err, &p) {
		return p
	}
	var big *http.MaxBytesError
	if errors.As(err, &big) {
		return problem(lang, http.StatusRequestEntityTooLarge, "too_large", "web.error.too_large", big.Limit/1024)
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return problem(lang, http.StatusServiceUnavailable, "unavailable", "web.error.timeout")
	}
	e := errs.As(err)
	out := problem(lang, e.Kind.Status(), e.Kind.String(), e.Key, e.Args...)
	if e.Kind == errs.Internal || e.Key == "" {
		out.Code = "error." + e.Kind.String()
		out.Detail = i18n.T(lang, "web.problem."+e.Kind.String()+".why")
	}
	out.Errors = problemFields(lang, err)
	if e.After > 0 {
		out.RetryAfter = int(max(1, (e.After+time.Second-1)/time.Second))
	}
	return out
}

func problem(lang string, status int, kind, key string, args ...any) *Problem {
	p := &Problem{
		Type: "/problems/" + kind, Status: status, Code: key,
		Title: i18n.T(lang, "web.problem."+kind+".title"),
	}
	if key != "" {
		p.Detail = i18n.T(lang, key, args...)
	}
	return p
}

func problemFields(lang string, err error) []ProblemField {
	var many FieldErrors
	if !errors.As(err, &many) {
		many = FieldErrors{err}
	}
	var out []ProblemField
	for _, one := range many {
		var e *errs.Error
		if !errors.As(one, &e) || e.Field == "" {
			continue
		}
		reason := i18n.T(lang, "web.form.bad")
		if e.Key != "" && e.Kind != errs.Internal {
			reason = i18n.T(lang, e.Key, e.Args...)
		}
		out = append(out, ProblemField{Field: e.Field, Reason: reason})
	}
	return out
}

// FormErrors returns what to say beside each input field, by field name, for
// showing a form again. It is empty when err names no field.
func FormErrors(ctx context.Context, err error) map[string]string {
	out := map[string]string{}
	for _, f := range problemFields(Lang(ctx), err) {
		out[f.Field] = f.Reason
	}
	return out
}

// WriteError answers a request with err: a problem document for programs, a
// notice for parts of a page, a page in plain words for people. Handlers
// return their errors and never call it; middleware and tests do.
func WriteError(w http.ResponseWriter, r *http.Request, err error) {
	p := ProblemOf(Lang(r.Context()), err)
	p.Instance = RequestID(r.Context())
	logError(r, p, err)
	answerProblem(w, r, p)
}

// answerProblem sends p in the form that suits who asks.
func answerProblem(w http.ResponseWriter, r *http.Request, p *Problem) {
	p.Instance = RequestID(r.Context())
	if errors.Is(r.Context().Err(), context.Canceled) {
		return // nobody is listening any more
	}
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Del("Content-Encoding")
	h.Del("Content-Length")
	h.Del("Content-Disposition")
	setRetryAfter(h, p)
	switch ren := rendererFrom(r.Context()); {
	case WantsJSON(r) || ren == nil:
		writeProblem(w, p)
	case IsHTMX(r):
		h.Set("HX-Retarget", "#toasts")
		h.Set("HX-Reswap", "beforeend")
		ren.errorPage(w, r, "toast", p)
	default:
		ren.errorPage(w, r, "page", p)
	}
}

func setRetryAfter(h http.Header, p *Problem) {
	if p.RetryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(p.RetryAfter))
	}
}

func writeProblem(w http.ResponseWriter, p *Problem) {
	body, err := json.Marshal(p)
	if err != nil {
		body = []byte(`{"type":"/problems/internal","status":500}`)
	}
	w.Header().Set("Content-Type", "application/problem+json; charset=utf-8")
	w.WriteHeader(p.Status)
	w.Write(body)
}

func logError(r *http.Request, p *Problem, err error) {
	log := logFrom(r.Context())
	attrs := []any{"request", p.Instance, "route", r.Pattern, "status", p.Status, "code", p.Code}
	if p.Status >= 500 {
		log.ErrorContext(r.Context(), "request failed", append(attrs, "error", err)...)
		return
	}
	log.Log(r.Context(), slog.LevelDebug, "request refused", attrs...)
}
