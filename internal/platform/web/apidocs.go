package web

import (
	"net/http"
	"sort"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// apiDoc is the API as shown on its page: operations by the tag they carry.
type apiDoc struct {
	Meta
	Version string
	Groups  []apiGroup
}

type apiGroup struct {
	Name string
	Ops  []apiOp
}

type apiOp struct {
	ID, Method, Path, Summary, About string
	Public                           bool
	Params                           []apiField
	Body                             []apiField
	Answers                          []string
}

type apiField struct {
	Name, In, Type, About string
	Required              bool
}

// docsPage lists the operations on a page of our own, which needs no other
// host and no script.
func (a *App) docsPage(api huma.API) Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		spec := api.OpenAPI()
		d := apiDoc{Meta: Meta{Title: T(r.Context(), "web.api.title"), Wide: true}, Version: spec.Info.Version}
		d.Groups = groupOps(spec)
		return a.opt.Renderer.Page(w, r, Office, "shell-api", d)
	}
}

func groupOps(spec *huma.OpenAPI) []apiGroup {
	byTag := map[string][]apiOp{}
	for path, item := range spec.Paths {
		for _, op := range []*huma.Operation{item.Get, item.Post, item.Put, item.Patch, item.Delete} {
			if op == nil || op.Hidden {
				continue
			}
			tag := "api"
			if len(op.Tags) > 0 {
				tag = op.Tags[0]
			}
			byTag[tag] = append(byTag[tag], readOp(spec, path, op))
		}
	}
	var out []apiGroup
	for tag, ops := range byTag {
		sort.Slice(ops, func(i, j int) bool { return ops[i].Path+" "+ops[i].Method < ops[j].Path+" "+ops[j].Method })
		out = append(out, apiGroup{tag, ops})
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Name < out[j].Name })
	return out
}

func readOp(spec *huma.OpenAPI, path string, op *huma.Operation) apiOp {
	o := apiOp{ID: op.OperationID, Method: op.Method, Path: path, Summary: op.Summary, About: op.Description, Public: isPublic(op)}
	for _, p := range op.Parameters {
		o.Params = append(o.Params, apiField{p.Name, p.In, typeName(spec, p.Schema), p.Description, p.Required})
	}
	if op.RequestBody != nil {
		for _, m := range op.RequestBody.Content {
			o.Body = append(o.Body, fieldsOf(spec, m.Schema)...)
			break
		}
	}
	for status, resp := range op.Responses {
		text := status + " " + resp.Description
		for _, m := range resp.Content {
			text += " " + typeName(spec, m.Schema)
			break
		}
		o.Answers = append(o.Answers, strings.TrimSpace(text))
	}
	sort.Strings(o.Answers)
	return o
}

func fieldsOf(spec *huma.OpenAPI, s *huma.Schema) []apiField {
	s = deref(spec, s)
	if s == nil {
		return nil
	}
	must := map[string]bool{}
	for _, n := range s.Required {
		must[n] = true
	}
	var out []apiField
	for name, p := range s.Properties {
		out = append(out, apiField{Name: name, Type: typeName(spec, p), About: p.Description, Required: must[name]})
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Name < out[j].Name })
	return out
}

func deref(spec *huma.OpenAPI, s *huma.Schema) *huma.Schema {
	if s != nil && s.Ref != "" {
		return spec.Components.Schemas.SchemaFromRef(s.Ref)
	}
	return s
}

func typeName(spec *huma.OpenAPI, s *huma.Schema) string {
	switch {
	case s == nil:
		return ""
	case s.Ref != "":
		return s.Ref[strings.LastIndexByte(s.Ref, '/')+1:]
	case s.Type == huma.TypeArray:
		return typeName(spec, s.Items) + "[]"
	case s.Format != "":
		return s.Type + " " + s.Format
	}
	return s.Type
}
