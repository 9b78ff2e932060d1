package ledger

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"wangge/internal/grid"
	"wangge/internal/platform/id"
)

// registerMatches adds what free-text addresses mean. Addresses travel in the
// body, never in the address of a request.
func registerMatches(api huma.API, s *Service) {
	op(api, http.MethodPost, "/addresses:match", "addresses-match", "addresses", "Read free-text addresses and find the doors they mean", func(ctx context.Context, c grid.Caller, in *struct {
		Body struct {
			Texts []string `json:"texts" minItems:"1" maxItems:"1000"`
		}
	}) (*body[[]Match], error) {
		list, err := s.MatchAddresses(ctx, c, in.Body.Texts)
		if err == nil {
			err = s.InWords(ctx, c, list)
		}
		return &body[[]Match]{append([]Match{}, list...)}, err
	})
	type chosen struct {
		Remembered string `json:"remembered,omitempty" doc:"The name that is remembered for the door's compound; empty where none is worth it"`
	}
	op(api, http.MethodPost, "/addresses:choose", "addresses-choose", "addresses", "Say which door an address means; what it calls the compound is remembered", func(ctx context.Context, c grid.Caller, in *struct {
		Body struct {
			Text   string `json:"text" minLength:"1" maxLength:"10000"`
			DoorID id.ID  `json:"door_id"`
		}
	}) (*body[chosen], error) {
		name, err := s.ChooseDoor(ctx, c, in.Body.Text, in.Body.DoorID)
		return &body[chosen]{chosen{name}}, err
	})
	op(api, http.MethodGet, "/places/{id}/aliases", "place-aliases", "addresses", "Names of a compound or group that people remembered", func(ctx context.Context, c grid.Caller, in *ByID) (*body[[]PlaceAlias], error) {
		list, err := s.Aliases(ctx, c, in.id())
		return &body[[]PlaceAlias]{append([]PlaceAlias{}, list...)}, err
	})
	op(api, http.MethodDelete, "/places/{id}/aliases/{item}", "place-alias-forget", "addresses", "Forget a remembered name", func(ctx context.Context, c grid.Caller, in *struct {
		ByID
		Item string `path:"item" pattern:"^[0-9]{1,19}$"`
	}) (*struct{}, error) {
		return nil, s.ForgetAlias(ctx, c, in.id(), id.From(in.Item))
	})
}
