package ledger

import (
	"bytes"
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"wangge/internal/grid"
	"wangge/internal/platform/id"
)

// registerElsewhere adds what two communities do about one person.
func registerElsewhere(api huma.API, s *Service) {
	type decision struct {
		ByID
		Body struct {
			Version     int    `json:"version,omitempty" doc:"Of the item as read; 409 if it was decided since"`
			DoorID      id.ID  `json:"door_id,omitempty" doc:"Accepting: a new household behind this door"`
			HouseholdID id.ID  `json:"household_id,omitempty" doc:"Accepting: in this household"`
			PersonID    id.ID  `json:"person_id,omitempty" doc:"Accepting: the receiver's own record of the same person"`
			Reason      string `json:"reason,omitempty" enum:"not_found,no_such_address,moved_on,someone_else," doc:"Refusing"`
			Note        string `json:"note,omitempty" maxLength:"500" doc:"Refusing"`
		}
	}
	op(api, http.MethodGet, "/elsewhere", "elsewhere-list", "ledger", "People registered in one community who live in another: open items by deadline, or decided ones", func(ctx context.Context, c grid.Caller, in *struct {
		Area   string `query:"area" pattern:"^[0-9]*$" doc:"An end lies at or below this area"`
		Closed bool   `query:"closed"`
		After  string `query:"after" pattern:"^[0-9]*$"`
	}) (*body[[]ElsewhereView], error) {
		list, err := s.Elsewheres(ctx, c, ElsewhereFilter{Area: id.From(in.Area), Closed: in.Closed, After: id.From(in.After)})
		return &body[[]ElsewhereView]{append([]ElsewhereView{}, list...)}, err
	})
	op(api, http.MethodGet, "/elsewhere/counts", "elsewhere-counts", "ledger", "Open and overdue items by receiving community", func(ctx context.Context, c grid.Caller, in *struct {
		Area string `query:"area" pattern:"^[0-9]*$"`
	}) (*body[[]ElsewhereCount], error) {
		list, err := s.ElsewhereCounts(ctx, c, id.From(in.Area))
		return &body[[]ElsewhereCount]{append([]ElsewhereCount{}, list...)}, err
	})
	op(api, http.MethodGet, "/elsewhere/{id}", "elsewhere-get", "ledger", "One item, and to the receiver its own records of the same person", func(ctx context.Context, c grid.Caller, in *ByID) (*body[ElsewhereItem], error) {
		v, err := s.Elsewhere(ctx, c, in.id())
		return &body[ElsewhereItem]{v}, err
	})
	op(api, http.MethodPost, "/persons/{id}/elsewhere", "elsewhere-propose", "ledger", "Tell another community that a person recorded here lives there", func(ctx context.Context, c grid.Caller, in *struct {
		ByID
		Body struct {
			Version int    `json:"version,omitempty"`
			To      id.ID  `json:"to" doc:"The community"`
			Address string `json:"address,omitempty" maxLength:"500"`
			Note    string `json:"note,omitempty" maxLength:"500"`
		}
	}) (*body[ledgerID], error) {
		v, err := s.ProposeElsewhere(ctx, c, ElsewhereInput{PersonID: in.id(), Version: in.Body.Version, ToArea: in.Body.To, Address: in.Body.Address, Note: in.Body.Note})
		return &body[ledgerID]{ledgerID{v}}, err
	})
	op(api, http.MethodPost, "/elsewhere/{id}/accept", "elsewhere-accept", "ledger", "The receiving community counts the person; answers the record that counts", func(ctx context.Context, c grid.Caller, in *decision) (*body[ledgerID], error) {
		b := in.Body
		v, err := s.AcceptElsewhere(ctx, c, in.id(), ElsewhereAcceptance{Version: b.Version, DoorID: b.DoorID, HouseholdID: b.HouseholdID, PersonID: b.PersonID})
		return &body[ledgerID]{ledgerID{v}}, err
	})
	op(api, http.MethodPost, "/elsewhere/{id}/refuse", "elsewhere-refuse", "ledger", "The receiving community says why the person is not there", func(ctx context.Context, c grid.Caller, in *decision) (*struct{}, error) {
		return nil, s.RefuseElsewhere(ctx, c, in.id(), in.Body.Version, in.Body.Reason, in.Body.Note)
	})
	op(api, http.MethodPost, "/elsewhere/{id}/withdraw", "elsewhere-withdraw", "ledger", "The sending community takes the item back", func(ctx context.Context, c grid.Caller, in *decision) (*struct{}, error) {
		return nil, s.WithdrawElsewhere(ctx, c, in.id(), in.Body.Version)
	})
	op(api, http.MethodPost, "/elsewhere/{id}/noted", "elsewhere-noted", "ledger", "The sending community knows that the person left the receiving one", func(ctx context.Context, c grid.Caller, in *decision) (*struct{}, error) {
		return nil, s.NoteElsewhereLeft(ctx, c, in.id(), in.Body.Version)
	})
}

// registerCorrections adds what households say should be otherwise.
func registerCorrections(api huma.API, s *Service) {
	op(api, http.MethodGet, "/corrections", "corrections-list", "ledger", "What households say should be otherwise, without the contents", func(ctx context.Context, c grid.Caller, in *struct {
		Place  string `query:"place" pattern:"^[0-9]*$"`
		Closed bool   `query:"closed"`
		After  string `query:"after" pattern:"^[0-9]*$"`
	}) (*body[[]CorrectionView], error) {
		list, err := s.Corrections(ctx, c, CorrectionFilter{Place: id.From(in.Place), Closed: in.Closed, After: id.From(in.After)})
		return &body[[]CorrectionView]{append([]CorrectionView{}, list...)}, err
	})
	op(api, http.MethodGet, "/corrections/{id}", "correction-get", "ledger", "One correction with its proposals; in full with a purpose, which is recorded", func(ctx context.Context, c grid.Caller, in *struct {
		ByID
		Purposed
	}) (*body[CorrectionView], error) {
		v, err := s.Correction(ctx, withPurpose(c, in.Purpose), in.id())
		return &body[CorrectionView]{v}, err
	})
	op(api, http.MethodPost, "/corrections/{id}/decide", "correction-decide", "ledger", "Accept or decline one proposal", func(ctx context.Context, c grid.Caller, in *struct {
		ByID
		Body struct {
			Version int  `json:"version,omitempty"`
			Index   int  `json:"index" minimum:"0"`
			Accept  bool `json:"accept"`
		}
	}) (*struct{}, error) {
		return nil, s.DecideCorrection(ctx, c, in.id(), in.Body.Version, in.Body.Index, in.Body.Accept)
	})
	op(api, http.MethodPost, "/households/{id}/code", "correction-code", "ledger", "A one-time code with which the household corrects what is recorded; told once", func(ctx context.Context, c grid.Caller, in *ByID) (*body[struct {
		Code    string `json:"code"`
		UntilMs int64  `json:"until_ms"`
	}], error) {
		out := &body[struct {
			Code    string `json:"code"`
			UntilMs int64  `json:"until_ms"`
		}]{}
		var err error
		out.Body.Code, out.Body.UntilMs, err = s.CorrectionCode(ctx, c, in.id())
		return out, err
	})
}

// registerFacets adds how complete records are.
func registerFacets(api huma.API, s *Service) {
	op(api, http.MethodGet, "/facets", "facets-get", "ledger", "How complete the records below a place are: doors that meet each facet, in all and by child", func(ctx context.Context, c grid.Caller, in *struct {
		Place string `query:"place" pattern:"^[0-9]+$" required:"true"`
	}) (*body[*Completeness], error) {
		v, err := s.Completeness(ctx, c, id.From(in.Place))
		return &body[*Completeness]{v}, err
	})
	op(api, http.MethodGet, "/facets/doors", "facets-doors", "ledger", "The doors whose records lack a facet, in walking order", func(ctx context.Context, c grid.Caller, in *struct {
		Place string `query:"place" pattern:"^[0-9]+$" required:"true" doc:"A community or a place below one"`
		Facet string `query:"facet" required:"true"`
	}) (*body[[]LackingDoor], error) {
		list, _, err := s.Lacking(ctx, c, id.From(in.Place), in.Facet)
		return &body[[]LackingDoor]{append([]LackingDoor{}, list...)}, err
	})
}

// registerPapers adds signed papers photographed to files.
func registerPapers(api huma.API, s *Service) {
	list := func(person bool) func(ctx context.Context, c grid.Caller, in *ByID) (*body[[]Paper], error) {
		return func(ctx context.Context, c grid.Caller, in *ByID) (*body[[]Paper], error) {
			household, who := in.id(), id.Zero
			if person {
				household, who = id.Zero, in.id()
			}
			out, err := s.Papers(ctx, c, household, who)
			return &body[[]Paper]{append([]Paper{}, out...)}, err
		}
	}
	type photo struct {
		ByID
		Kind    string `query:"kind" required:"true" enum:"consent,commitment,notice,registration,mandate"`
		RawBody []byte `contentType:"image/jpeg"`
	}
	keep := func(person bool) func(ctx context.Context, c grid.Caller, in *photo) (*body[ledgerID], error) {
		return func(ctx context.Context, c grid.Caller, in *photo) (*body[ledgerID], error) {
			household, who := in.id(), id.Zero
			if person {
				household, who = id.Zero, in.id()
			}
			v, err := s.AddPaper(ctx, c, household, who, in.Kind, bytes.NewReader(in.RawBody))
			return &body[ledgerID]{ledgerID{v}}, err
		}
	}
	op(api, http.MethodGet, "/persons/{id}/papers", "person-papers", "ledger", "Signed papers photographed to a person's file", list(true))
	op(api, http.MethodGet, "/households/{id}/papers", "household-papers", "ledger", "Signed papers photographed to a household", list(false))
	op(api, http.MethodPost, "/persons/{id}/papers", "person-paper-add", "ledger", "Keep the photo (JPEG or PNG) of a signed paper with a person; it is encoded anew without metadata", keep(true))
	op(api, http.MethodPost, "/households/{id}/papers", "household-paper-add", "ledger", "Keep the photo of a signed paper with a household", keep(false))
	type jpeg struct {
		ContentType string `header:"Content-Type"`
		Cache       string `header:"Cache-Control"`
		Body        []byte
	}
	op(api, http.MethodGet, "/papers/{id}", "paper-photo", "ledger", "The picture of a paper; needs a purpose, and the look is recorded", func(ctx context.Context, c grid.Caller, in *struct {
		ByID
		Purposed
	}) (*jpeg, error) {
		_, b, err := s.PaperPhoto(ctx, withPurpose(c, in.Purpose), in.id())
		return &jpeg{"image/jpeg", "no-store", b}, err
	})
}

func registerMerges(api huma.API, s *Service) {
	type pairOf struct {
		ByID
		Body struct {
			Other id.ID `json:"other" doc:"The other record"`
		}
	}
	op(api, http.MethodGet, "/duplicates", "duplicates-list", "ledger", "Records that may be of one person, the surest first", func(ctx context.Context, c grid.Caller, in *struct {
		Place string `query:"place" pattern:"^[0-9]*$" doc:"A community or a place below one; without it one's own scope"`
	}) (*body[[]Candidate], error) {
		list, _, err := s.Duplicates(ctx, c, id.From(in.Place))
		return &body[[]Candidate]{append([]Candidate{}, list...)}, err
	})
	op(api, http.MethodPost, "/persons/{id}/apart", "person-apart", "ledger", "Record that two records are of two people", func(ctx context.Context, c grid.Caller, in *pairOf) (*struct{}, error) {
		return nil, s.KeepApart(ctx, c, in.id(), in.Body.Other)
	})
	op(api, http.MethodPost, "/persons/{id}/merges/{item}/undo", "merge-undo", "ledger", "Undo a merge; 409 once somebody changed one of the two records", func(ctx context.Context, c grid.Caller, in *struct {
		ByID
		Item string `path:"item" pattern:"^[0-9]{1,19}$" doc:"The merge"`
	}) (*struct{}, error) {
		return nil, s.UndoMerge(ctx, c, in.id(), id.From(in.Item))
	})
}
