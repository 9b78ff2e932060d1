package web

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
)

// SpecPath is where the OpenAPI document is served.
const SpecPath = "/api/v1/openapi.json"

// PublicOp is the Security of an operation that needs no log-in.
var PublicOp = []map[string][]string{{}}

// Page is a page of a list in the API. Next is the cursor of the following
// page, to be sent back as "after"; empty on the last.
type Page[T any] struct {
	Items []T    `json:"items" doc:"The rows of this page" nullable:"false"`
	Next  string `json:"next,omitempty" doc:"Cursor of the next page, to be sent as after; missing on the last page"`
}

// PageQuery is the part of an operation's input that walks through a list;
// inputs embed it.
type PageQuery struct {
	Limit int    `query:"limit" minimum:"1" maximum:"500" default:"50" doc:"Rows on one page"`
	After string `query:"after" doc:"Cursor from next of the page before"`
}

// Cursor makes an opaque cursor of v, the key of the last row given.
func Cursor(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return ""
	}
	return base64.RawURLEncoding.EncodeToString(b)
}

// ReadCursor reads a cursor of Cursor into v, a pointer. An empty cursor
// leaves v as it is; one that is not ours is an error of kind Invalid at the
// field "after".
func ReadCursor(cursor string, v any) error {
	if cursor == "" {
		return nil
	}
	b, err := base64.RawURLEncoding.DecodeString(cursor)
	if err == nil {
		err = json.Unmarshal(b, v)
	}
	if err != nil {
		return errs.Field(errs.E("web.cursor", errs.Invalid, "web.error.cursor"), "after")
	}
	return nil
}

// NewAPI returns the API of the app. Operations are registered with their whole
// path, as "/api/v1/rounds", and need a log-in unless their Security is
// PublicOp. Handlers return errors of package errs. The OpenAPI document is at
// SpecPath, a page to read it at /api/docs.
func NewAPI(a *App, title, version string) huma.API {
	setHumaErrors()
	conf := huma.DefaultConfig(title, version)
	conf.OpenAPIPath = "/api/v1/openapi"
	conf.SchemasPath = ""
	conf.DocsPath = ""
	conf.CreateHooks = nil
	conf.Components.Schemas = huma.NewMapRegistry("#/components/schemas/", schemaName)
	conf.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"bearer":  {Type: "http", Scheme: "bearer", Description: "A token bound to a post"},
		"session": {Type: "apiKey", In: "cookie", Name: SessionCookie, Description: "The session of a browser"},
	}
	conf.Security = []map[string][]string{{"bearer": {}}, {"session": {}}}
	conf.OnAddOperation = append(conf.OnAddOperation, addKeyHeader, a.takeClass)
	api := humago.New(a, conf)
	api.UseMiddleware(needLogin)
	a.Handle("GET /api/docs", a.docsPage(api), Public())
	return api
}

var notInName = regexp.MustCompile(`[\w./-]*/|[^A-Za-z0-9]+`)

// schemaName names a type by its package and itself (trust.Row is TrustRow), so
// that slices may use the same word for different things. Types without a name
// take the hint.
func schemaName(t reflect.Type, hint string) string {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Name() == "" {
		return huma.DefaultSchemaNamer(t, hint)
	}
	name := ""
	for _, part := range strings.Fields(notInName.ReplaceAllString(t.String(), " ")) {
		name += strings.ToUpper(part[:1]) + part[1:]
	}
	return name
}

// ServeMux returns the routes without the shell, for tests of routing alone.
func (a *App) ServeMux() *http.ServeMux { return a.mux }

func needLogin(ctx huma.Context, next func(huma.Context)) {
	if isPublic(ctx.Operation()) || LoggedIn(ctx.Context()) {
		next(ctx)
		return
	}
	p := ProblemOf(Lang(ctx.Context()), errs.E("web.api", errs.Unauthenticated, "web.error.login"))
	p.Instance = RequestID(ctx.Context())
	ctx.SetHeader("Content-Type", "application/problem+json; charset=utf-8")
	ctx.SetHeader("WWW-Authenticate", "Bearer")
	ctx.SetStatus(p.Status)
	json.NewEncoder(ctx.BodyWriter()).Encode(p)
}

func isPublic(op *huma.Operation) bool {
	for _, s := range op.Security {
		if len(s) == 0 {
			return true
		}
	}
	return false
}

// classOf is the key of an operation's class in its metadata.
const classOf = "class"

// OpAs names the class of an operation; one that is not named is Read.
func OpAs(c Class, op huma.Operation) huma.Operation {
	if op.Metadata == nil {
		op.Metadata = map[string]any{}
	}
	op.Metadata[classOf] = c
	return op
}

// takeClass gives an operation's route the class that it names.
func (a *App) takeClass(_ *huma.OpenAPI, op *huma.Operation) {
	if c, ok := op.Metadata[classOf].(Class); ok {
		a.Limit(op.Method+" "+op.Path, As(c))
	}
}

// addKeyHeader documents the idempotency key on operations that write.
func addKeyHeader(_ *huma.OpenAPI, op *huma.Operation) {
	if safeMethod(op.Method) {
		return
	}
	for _, p := range op.Parameters {
		if p.Name == KeyHeader {
			return
		}
	}
	longest := 80
	op.Parameters = append(op.Parameters, &huma.Param{
		Name: KeyHeader, In: "header",
		Description: "A key of the caller's choice: a call repeated with it is carried out once and answered the same; with other content it is 409",
		Schema:      &huma.Schema{Type: huma.TypeString, MaxLength: &longest},
	})
}

// setHumaErrors makes huma answer with the problems of the house. The hooks
// are variables of that library, so they are set once.
var setHumaErrors = sync.OnceFunc(func() {
	huma.NewError = func(status int, msg string, causes ...error) huma.StatusError {
		return apiProblem(context.Background(), status, msg, causes)
	}
	huma.NewErrorWithContext = func(c huma.Context, status int, msg string, causes ...error) huma.StatusError {
		ctx := context.Background()
		if c != nil {
			ctx = c.Context()
		}
		p := apiProblem(ctx, status, msg, causes)
		if c != nil && p.RetryAfter > 0 {
			c.SetHeader("Retry-After", strconv.Itoa(p.RetryAfter))
		}
		if p.Status >= http.StatusInternalServerError {
			logFrom(ctx).ErrorContext(ctx, "request failed", "request", p.Instance, "status", p.Status, "error", errors.Join(causes...))
		}
		return p
	}
})

// apiProblem makes a problem of huma's own complaints (which name a field and
// a reason) or of the house's errors.
func apiProblem(ctx context.Context, status int, msg string, causes []error) *Problem {
	lang := Lang(ctx)
	for _, c := range causes {
		if ours(c) {
			p := ProblemOf(lang, c)
			p.Instance = RequestID(ctx)
			return p
		}
	}
	if msg == cutBody {
		status = http.StatusBadRequest // the caller went away or sent nonsense: nothing of ours failed
	}
	kind := kindOfStatus(status)
	p := problem(lang, status, kind, "")
	p.Code, p.Detail, p.Instance = "error."+kind, libraryText(lang, msg), RequestID(ctx)
	if status >= http.StatusInternalServerError {
		p.Detail = T(ctx, "web.problem."+kind+".why")
		return p
	}
	for _, c := range causes {
		var d huma.ErrorDetailer
		if errors.As(c, &d) {
			one := d.ErrorDetail() // its Value is not told: it may be personal
			p.Errors = append(p.Errors, ProblemField{Field: missingField(one.Location, one.Message), Reason: libraryText(lang, one.Message)})
		}
	}
	return p
}

// cutBody is the library's message for a body that did not arrive whole.
const cutBody = "cannot read request body"

func ours(err error) bool {
	var e *errs.Error
	var p *Problem
	var big *http.MaxBytesError
	return errors.As(err, &e) || errors.As(err, &p) || errors.As(err, &big) || errors.Is(err, context.DeadlineExceeded)
}

func kindOfStatus(status int) string {
	for k := errs.Internal; k <= errs.Unavailable; k++ {
		if k.Status() == status {
			return k.String()
		}
	}
	switch {
	case status == http.StatusRequestEntityTooLarge:
		return "too_large"
	case status == http.StatusMethodNotAllowed:
		return "method"
	case status >= http.StatusInternalServerError || status == 0:
		return errs.Internal.String()
	}
	return "bad_request"
}

// IDParam is an identifier in the path or query of an operation; id.ID itself
// serves in bodies. (huma reads parameters whose kind is an integer as JSON
// integers, which identifiers are not.)
type IDParam struct{ id.ID }
