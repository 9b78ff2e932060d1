package ledger

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"wangge/internal/grid"
	"wangge/internal/platform/id"
	"wangge/internal/platform/web"
)

type body[T any] struct{ Body T }

// ByID is the {id} of a path, to be embedded in inputs.
type ByID struct {
	Text string `path:"id" pattern:"^[0-9]{1,19}$" doc:"Identifier"`
}

func (b ByID) id() id.ID { return id.From(b.Text) }

// Purposed is embedded in inputs: the purpose for which unmasked fields are asked.
type Purposed struct {
	Purpose string `query:"purpose" doc:"Why unmasked fields are needed, a key of purposes; without it fields are masked" example:"verify_record"`
}

type ledgerID struct {
	ID id.ID `json:"id"`
}

type ledgerVersion struct {
	Version int    `json:"version" doc:"Of the record as read; 409 if it changed since" minimum:"0"`
	Reason  string `json:"reason,omitempty" doc:"One of the reasons of leaving"`
}

type householdBody struct {
	DoorID     id.ID        `json:"door_id"`
	Kind       Kind         `json:"kind" enum:"family,shared,dormitory,business,vacant"`
	Registered int          `json:"registered" minimum:"0"`
	Living     int          `json:"living" minimum:"0"`
	Nickname   string       `json:"nickname,omitempty" maxLength:"500"`
	Note       string       `json:"note,omitempty" maxLength:"500"`
	Version    int          `json:"version,omitempty"`
	Persons    []personBody `json:"persons,omitempty" doc:"Only when the household is added"`
}

func (b householdBody) input() HouseholdInput {
	return HouseholdInput{DoorID: b.DoorID, Kind: b.Kind, Registered: b.Registered, Living: b.Living, Nickname: b.Nickname, Note: b.Note, Version: b.Version}
}

type personBody struct {
	HouseholdID id.ID    `json:"household_id,omitempty" doc:"Whom a new person belongs to"`
	Arrived     bool     `json:"arrived,omitempty" doc:"Newly moved in: the head counts grow"`
	Version     int      `json:"version,omitempty"`
	Name        string   `json:"name" maxLength:"60"`
	Sex         string   `json:"sex,omitempty" enum:"m,f,"`
	Birth       string   `json:"birth,omitempty" example:"1990-03-07"`
	IDNo        string   `json:"idno,omitempty" doc:"18 or 15 characters"`
	Passport    string   `json:"passport,omitempty"`
	Phones      []string `json:"phones,omitempty"`
	Landline    string   `json:"landline,omitempty"`
	Relation    string   `json:"relation,omitempty" doc:"To the head of the household"`
	RegAddress  string   `json:"registered_address,omitempty"`
	LiveAddress string   `json:"address,omitempty" doc:"Where a person lives who does not live here"`
	Work        string   `json:"work,omitempty"`
	Note        string   `json:"note,omitempty"`
	Registered  bool     `json:"registered"`
	LivesHere   bool     `json:"lives_here"`
}

func (b personBody) person() Person {
	return Person{Version: b.Version, Name: b.Name, Sex: Sex(b.Sex), Birth: b.Birth, IDNo: b.IDNo, Passport: b.Passport, Phones: b.Phones, Landline: b.Landline,
		Relation: b.Relation, RegAddress: b.RegAddress, LiveAddress: b.LiveAddress, Work: b.Work, Note: b.Note, Registered: b.Registered, LivesHere: b.LivesHere}
}

// fileEvent is an entry of a person's file in the API.
type fileEvent struct {
	AtMs      int64                  `json:"at_ms"`
	Kind      string                 `json:"kind"`
	AccountID id.ID                  `json:"account_id"`
	PostID    id.ID                  `json:"post_id"`
	Source    string                 `json:"source"`
	ObjectID  id.ID                  `json:"object_id"`
	Changes   map[string]FieldChange `json:"changes,omitempty"`
	Text      string                 `json:"text,omitempty"`
}

type fileLook struct {
	AtMs    int64  `json:"at_ms"`
	Role    string `json:"role"`
	Purpose string `json:"purpose"`
	Merged  bool   `json:"merged,omitempty" doc:"At a record that was merged into this one"`
}

type personFile struct {
	Person     PersonView  `json:"person"`
	Events     []fileEvent `json:"events" nullable:"false"`
	Residences []Residence `json:"residences" nullable:"false"`
	Looks      []fileLook  `json:"looks" nullable:"false"`
	Care       []CareItem  `json:"care,omitempty"`
	Risk       []RiskItem  `json:"risk,omitempty"`
	Actions    []string    `json:"actions,omitempty"`
}

func fileOf(f *File) personFile {
	out := personFile{Person: f.Person, Events: []fileEvent{}, Residences: append([]Residence{}, f.Residences...), Looks: []fileLook{}, Care: f.Care, Risk: f.Risk, Actions: f.Actions}
	for _, e := range f.Events {
		out.Events = append(out.Events, fileEvent{e.AtMs, e.Kind, e.AccountID, e.PostID, e.Source, e.ObjectID, e.Changes, e.Text})
	}
	for _, l := range f.Looks {
		out.Looks = append(out.Looks, fileLook{l.At, l.Role, l.Purpose, l.Person != f.Person.ID})
	}
	return out
}

// op registers an operation whose handler gets the caller.
func op[I, O any](api huma.API, method, path, name, tag, summary string, fn func(ctx context.Context, c grid.Caller, in *I) (*O, error)) {
	o := huma.Operation{OperationID: name, Method: method, Path: "/api/v1" + path, Summary: summary, Tags: []string{tag}}
	huma.Register(api, o, func(ctx context.Context, in *I) (*O, error) {
		c, err := grid.CallerFrom(ctx)
		if err != nil {
			return nil, err
		}
		return fn(WithSource(ctx, SourceAPI), c, in)
	})
}

// RegisterAPI adds the ledger's operations to the API.
func RegisterAPI(api huma.API, s *Service) {
	registerHouseholds(api, s)
	registerPersons(api, s)
	registerPersonActs(api, s)
	registerLists(api, s)
	registerMerges(api, s)
	registerElsewhere(api, s)
	registerCorrections(api, s)
	registerFacets(api, s)
	registerPapers(api, s)
	registerMatches(api, s)
	op(api, http.MethodPost, "/search", "search", "search", "Find doors, households and people; names and numbers travel in the body, never in the address",
		func(ctx context.Context, c grid.Caller, in *body[struct {
			Text  string `json:"text" maxLength:"100"`
			Place id.ID  `json:"place,omitempty"`
		}]) (*body[*Found], error) {
			f, err := s.Search(ctx, c, Search{Text: in.Body.Text, Place: in.Body.Place})
			return &body[*Found]{f}, err
		})
}

func registerHouseholds(api huma.API, s *Service) {
	type one struct {
		ByID
		Body householdBody
	}
	type act struct {
		ByID
		Body ledgerVersion
	}
	type seen struct {
		ByID
		Purposed
	}
	op(api, http.MethodGet, "/doors/{id}", "door-get", "ledger", "The households behind a door", func(ctx context.Context, c grid.Caller, in *seen) (*body[[]HouseholdView], error) {
		if _, err := s.placePath(ctx, c, in.id()); err != nil {
			return nil, err
		}
		hs, err := s.Behind(ctx, withPurpose(c, in.Purpose), in.id())
		return &body[[]HouseholdView]{append([]HouseholdView{}, hs...)}, err
	})
	op(api, http.MethodGet, "/households/{id}", "household-get", "ledger", "A household with its people", func(ctx context.Context, c grid.Caller, in *seen) (*body[HouseholdView], error) {
		h, err := s.Household(ctx, withPurpose(c, in.Purpose), in.id())
		return &body[HouseholdView]{h}, err
	})
	op(api, http.MethodPost, "/households", "household-add", "ledger", "Add a household behind a door", func(ctx context.Context, c grid.Caller, in *body[householdBody]) (*body[ledgerID], error) {
		ps := make([]Person, len(in.Body.Persons))
		for i, b := range in.Body.Persons {
			ps[i] = b.person()
		}
		v, err := s.AddHousehold(ctx, c, in.Body.input(), ps)
		return &body[ledgerID]{ledgerID{v}}, err
	})
	op(api, http.MethodPut, "/households/{id}", "household-edit", "ledger", "Change a household's kind, counts, nickname and note", func(ctx context.Context, c grid.Caller, in *one) (*struct{}, error) {
		return nil, s.EditHousehold(ctx, c, in.id(), in.Body.input())
	})
	op(api, http.MethodPost, "/households/{id}/depart", "household-depart", "ledger", "Close a household with a reason", func(ctx context.Context, c grid.Caller, in *act) (*struct{}, error) {
		return nil, s.DepartHousehold(ctx, c, in.id(), in.Body.Version, in.Body.Reason)
	})
	op(api, http.MethodPost, "/households/{id}/move", "household-move", "ledger", "Move a household to another door", func(ctx context.Context, c grid.Caller, in *one) (*struct{}, error) {
		return nil, s.MoveHousehold(ctx, c, in.id(), in.Body.Version, in.Body.DoorID)
	})
	op(api, http.MethodPost, "/households/{id}/split", "household-split", "ledger", "Move some members into a household of their own behind the same door", func(ctx context.Context, c grid.Caller, in *struct {
		ByID
		Body struct {
			Persons []id.ID `json:"persons" minItems:"1"`
			Kind    Kind    `json:"kind" enum:"family,shared,dormitory,business"`
		}
	}) (*body[ledgerID], error) {
		v, err := s.Split(ctx, c, in.id(), in.Body.Persons, in.Body.Kind)
		return &body[ledgerID]{ledgerID{v}}, err
	})
	op(api, http.MethodPost, "/households/{id}/join", "household-join", "ledger", "Take a household into another", func(ctx context.Context, c grid.Caller, in *struct {
		ByID
		Body struct {
			Into id.ID `json:"into"`
		}
	}) (*struct{}, error) {
		return nil, s.Join(ctx, c, in.id(), in.Body.Into)
	})
}

func registerPersons(api huma.API, s *Service) {
	type seen struct {
		ByID
		Purposed
	}
	type one struct {
		ByID
		Body personBody
	}
	op(api, http.MethodGet, "/persons", "persons-list", "ledger", "People of one's scope, masked", func(ctx context.Context, c grid.Caller, in *struct {
		web.PageQuery
		Place      string `query:"place" pattern:"^[0-9]*$" doc:"Only below this place"`
		Lives      string `query:"lives" enum:"here,elsewhere,"`
		Registered string `query:"registered" enum:"yes,no,"`
		Sort       string `query:"sort" enum:"door,name" default:"door"`
	}) (*body[web.Page[PersonView]], error) {
		p, err := s.Persons(ctx, c, Filter{Place: id.From(in.Place), Lives: in.Lives, Registered: in.Registered, Sort: in.Sort, After: in.After, Limit: in.Limit})
		return &body[web.Page[PersonView]]{web.Page[PersonView]{Items: append([]PersonView{}, p.Persons...), Next: p.Next}}, err
	})
	op(api, http.MethodGet, "/persons/{id}", "person-get", "ledger", "A person, masked; unmasked with a purpose and the right, which is recorded", func(ctx context.Context, c grid.Caller, in *seen) (*body[PersonView], error) {
		v, err := s.Person(ctx, withPurpose(c, in.Purpose), in.id())
		return &body[PersonView]{v}, err
	})
	op(api, http.MethodGet, "/persons/{id}/file", "person-file", "ledger", "Everything recorded about a person, in order of time", func(ctx context.Context, c grid.Caller, in *seen) (*body[personFile], error) {
		f, err := s.File(ctx, withPurpose(c, in.Purpose), in.id())
		if err != nil {
			return nil, err
		}
		return &body[personFile]{fileOf(f)}, nil
	})
	op(api, http.MethodPost, "/persons", "person-add", "ledger", "Record a person in a household", func(ctx context.Context, c grid.Caller, in *body[personBody]) (*body[ledgerID], error) {
		v, err := s.AddPerson(ctx, c, in.Body.HouseholdID, in.Body.person(), in.Body.Arrived)
		return &body[ledgerID]{ledgerID{v}}, err
	})
	op(api, http.MethodPut, "/persons/{id}", "person-edit", "ledger", "Change a person; a field holding its own mask is unchanged", func(ctx context.Context, c grid.Caller, in *one) (*struct{}, error) {
		p := in.Body.person()
		p.ID = in.id()
		return nil, s.EditPerson(ctx, c, p)
	})
}

func registerPersonActs(api huma.API, s *Service) {
	type act struct {
		ByID
		Body ledgerVersion
	}
	op(api, http.MethodPost, "/persons/{id}/move", "person-move", "ledger", "Move a person to another household or door", func(ctx context.Context, c grid.Caller, in *struct {
		ByID
		Body struct {
			Version          int   `json:"version"`
			DoorID           id.ID `json:"door_id,omitempty"`
			HouseholdID      id.ID `json:"household_id,omitempty"`
			WithRegistration bool  `json:"with_registration,omitempty"`
		}
	}) (*struct{}, error) {
		return nil, s.MovePerson(ctx, c, Move{PersonID: in.id(), Version: in.Body.Version, DoorID: in.Body.DoorID, HouseholdID: in.Body.HouseholdID, WithRegistration: in.Body.WithRegistration})
	})
	op(api, http.MethodPost, "/persons/{id}/depart", "person-depart", "ledger", "Close a person's record with a reason", func(ctx context.Context, c grid.Caller, in *act) (*struct{}, error) {
		return nil, s.DepartPerson(ctx, c, in.id(), in.Body.Version, in.Body.Reason)
	})
	op(api, http.MethodPost, "/persons/{id}/return", "person-return", "ledger", "Open a departed person's record again", func(ctx context.Context, c grid.Caller, in *act) (*struct{}, error) {
		return nil, s.ReturnPerson(ctx, c, in.id(), in.Body.Version)
	})
	op(api, http.MethodPost, "/persons/{id}/merge", "person-merge", "ledger", "Take the record of the same person in; answers the number of the merge, by which it can be undone", func(ctx context.Context, c grid.Caller, in *struct {
		ByID
		Body struct {
			Version     int      `json:"version,omitempty"`
			Drop        id.ID    `json:"drop" doc:"The record that is closed"`
			DropVersion int      `json:"drop_version,omitempty"`
			Take        []string `json:"take,omitempty" doc:"Fields of which the dropped record's value is right; blanks are filled and phones joined in any case"`
		}
	}) (*body[ledgerID], error) {
		v, err := s.MergePersons(ctx, c, Merge{Keep: in.id(), Drop: in.Body.Drop, KeepVersion: in.Body.Version, DropVersion: in.Body.DropVersion, Take: in.Body.Take})
		return &body[ledgerID]{ledgerID{v}}, err
	})
	op(api, http.MethodPost, "/persons/{id}/notes", "person-note", "ledger", "Write a note into a person's file", func(ctx context.Context, c grid.Caller, in *struct {
		ByID
		Body struct {
			Text string `json:"text" maxLength:"500" minLength:"1"`
		}
	}) (*struct{}, error) {
		return nil, s.AddNote(ctx, c, in.id(), in.Body.Text)
	})
}

type listEntry struct {
	Kind   string `json:"kind" doc:"One of the closed kinds"`
	Action string `json:"action,omitempty" doc:"Care list: what neighbours may be asked to do"`
	Note   string `json:"note,omitempty" maxLength:"500"`
}

func registerLists(api huma.API, s *Service) {
	type add struct {
		ByID
		Body listEntry
	}
	type item struct {
		ByID
		Item string `path:"item" pattern:"^[0-9]{1,19}$"`
	}
	op(api, http.MethodPost, "/persons/{id}/care", "care-add", "ledger", "Put a person on the care list", func(ctx context.Context, c grid.Caller, in *add) (*body[ledgerID], error) {
		v, err := s.AddCare(ctx, c, in.id(), in.Body.Kind, in.Body.Action, in.Body.Note)
		return &body[ledgerID]{ledgerID{v}}, err
	})
	op(api, http.MethodDelete, "/persons/{id}/care/{item}", "care-end", "ledger", "Take an entry off the care list", func(ctx context.Context, c grid.Caller, in *item) (*struct{}, error) {
		return nil, s.EndCare(ctx, c, id.From(in.Item))
	})
	op(api, http.MethodPost, "/persons/{id}/risk", "risk-add", "ledger", "Put a person on the risk list", func(ctx context.Context, c grid.Caller, in *add) (*body[ledgerID], error) {
		v, err := s.AddRisk(ctx, c, in.id(), in.Body.Kind, in.Body.Note)
		return &body[ledgerID]{ledgerID{v}}, err
	})
	op(api, http.MethodDelete, "/persons/{id}/risk/{item}", "risk-end", "ledger", "Take an entry off the risk list", func(ctx context.Context, c grid.Caller, in *item) (*struct{}, error) {
		return nil, s.EndRisk(ctx, c, id.From(in.Item))
	})
}
