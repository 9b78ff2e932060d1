package web_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"

	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
	"wangge/internal/platform/web"
)

type thing struct {
	ID   id.ID  `json:"id"`
	Name string `json:"name" minLength:"2" doc:"What it is called"`
}

type listInput struct {
	web.PageQuery
}

type listOutput struct{ Body web.Page[thing] }

type putInput struct {
	ID   web.IDParam `path:"id"`
	Body thing
}

type putOutput struct{ Body thing }

func apiApp(t *testing.T, store web.Idempotency) (*web.App, *int) {
	a := newApp(t, func(o *web.Options) { o.Idempotency = store })
	api := web.NewAPI(a, "Demo", "1.0")
	puts := new(int)
	huma.Register(api, huma.Operation{OperationID: "list", Method: http.MethodGet, Path: "/api/v1/things", Summary: "Things", Tags: []string{"things"}},
		func(_ context.Context, in *listInput) (*listOutput, error) {
			var last int
			if err := web.ReadCursor(in.After, &last); err != nil {
				return nil, err
			}
			return &listOutput{web.Page[thing]{Items: []thing{{ID: id.ID(last + 1), Name: "door"}}, Next: web.Cursor(last + 1)}}, nil
		})
	huma.Register(api, huma.Operation{OperationID: "put", Method: http.MethodPut, Path: "/api/v1/things/{id}", Tags: []string{"things"}},
		func(_ context.Context, in *putInput) (*putOutput, error) {
			switch in.Body.Name {
			case "taken":
				return nil, errs.Field(errs.E("demo", errs.Conflict, "web.error.form"), "name")
			case "broken":
				return nil, errors.New("secret table")
			}
			*puts++
			return &putOutput{in.Body}, nil
		})
	huma.Register(api, huma.Operation{OperationID: "open", Method: http.MethodGet, Path: "/api/v1/open", Security: web.PublicOp},
		func(context.Context, *struct{}) (*putOutput, error) { return &putOutput{}, nil })
	return a, puts
}

func TestAPI(t *testing.T) {
	a, _ := apiApp(t, nil)
	js := map[string]string{"Content-Type": "application/json"}
	cases := []struct {
		name string
		call
		status int
		holds  string
	}{
		{"list", call{path: "/api/v1/things"}, 200, `"items":[{"id":"1","name":"door"}],"next":"`},
		{"next page", call{path: "/api/v1/things?after=" + web.Cursor(41)}, 200, `"id":"42"`},
		{"bad cursor", call{path: "/api/v1/things?after=%21"}, 422, `"field":"after"`},
		{"bad limit", call{path: "/api/v1/things?limit=0"}, 422, `"field":"query.limit"`},
		{"no log-in", call{path: "/api/v1/things", anonymous: true}, 401, `/problems/unauthenticated`},
		{"bearer", call{path: "/api/v1/things", anonymous: true, header: map[string]string{"Authorization": "Bearer good"}}, 200, `"items"`},
		{"bad bearer", call{path: "/api/v1/things", anonymous: true, header: map[string]string{"Authorization": "Bearer bad"}}, 401, `/problems/`},
		{"public", call{path: "/api/v1/open", anonymous: true}, 200, `{`},
		{"put", call{method: "PUT", path: "/api/v1/things/9", body: `{"id":"9","name":"gate"}`, header: js}, 200, `"gate"`},
		{"short name", call{method: "PUT", path: "/api/v1/things/9", body: `{"id":"9","name":"g"}`, header: js}, 422, `"field":"body.name"`},
		{"not JSON", call{method: "PUT", path: "/api/v1/things/9", body: `{`, header: js}, 400, `/problems/bad_request`},
		{"conflict", call{method: "PUT", path: "/api/v1/things/9", body: `{"id":"9","name":"taken"}`, header: js}, 409, `"code":"web.error.form"`},
		{"unknown", call{path: "/api/v1/nothing"}, 404, `/problems/not_found`},
		{"broken", call{method: "PUT", path: "/api/v1/things/9", body: `{"id":"9","name":"broken"}`, header: js}, 500, `/problems/internal`},
	}
	for _, c := range cases {
		w := c.do(a)
		if w.Code != c.status || !strings.Contains(w.Body.String(), c.holds) || strings.Contains(w.Body.String(), "secret") {
			t.Errorf("%s: %d %s", c.name, w.Code, w.Body)
		}
		if ct := w.Header().Get("Content-Type"); w.Code >= 400 && !strings.HasPrefix(ct, "application/problem+json") {
			t.Errorf("%s: %s", c.name, ct)
		}
	}
}

func TestAPISpecAndDocs(t *testing.T) {
	a, _ := apiApp(t, nil)
	w := call{path: web.SpecPath, anonymous: true}.do(a)
	var spec struct {
		OpenAPI string                    `json:"openapi"`
		Paths   map[string]map[string]any `json:"paths"`
	}
	if err := json.Unmarshal(w.Body.Bytes(), &spec); err != nil || !strings.HasPrefix(spec.OpenAPI, "3.1") || spec.Paths["/api/v1/things/{id}"]["put"] == nil {
		t.Errorf("%v %s", err, w.Body)
	}
	if !strings.Contains(w.Body.String(), web.KeyHeader) || !strings.Contains(w.Body.String(), "application/problem+json") {
		t.Error("the document leaves out keys or problems")
	}
	page := call{path: "/api/docs", anonymous: true}.do(a)
	if page.Code != 200 || !strings.Contains(page.Body.String(), "/api/v1/things/{id}") || strings.Contains(page.Body.String(), "https://") {
		t.Errorf("%d %s", page.Code, page.Body)
	}
}

func TestAPIKeyIsUsedOnce(t *testing.T) {
	a, puts := apiApp(t, keys{})
	c := call{method: "PUT", path: "/api/v1/things/9", body: `{"id":"9","name":"gate"}`,
		header: map[string]string{"Content-Type": "application/json", web.KeyHeader: "k1"}}
	first, second := c.do(a), c.do(a)
	if *puts != 1 || second.Code != 200 || first.Body.String() != second.Body.String() || second.Header().Get("Idempotent-Replayed") == "" {
		t.Errorf("%d puts, %d %s", *puts, second.Code, second.Body)
	}
	c.body = `{"id":"9","name":"other"}`
	if w := c.do(a); w.Code != 409 {
		t.Errorf("other content: %d", w.Code)
	}
}
