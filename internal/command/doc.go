// Package command is the command board: one table and one map of an area's
// children with the coverage of a round, what nobody answers for, and how many
// live there. It counts and shows; it decides nothing and ranks nobody: rows
// stand in the order of the areas' codes.
package command

import (
	"wangge/internal/grid"
	"wangge/internal/ledger"
	"wangge/internal/platform/id"
	"wangge/internal/round"
)

// Row is one child of the board's area.
type Row struct {
	ID         id.ID  `json:"id"`
	Name       string `json:"name"`
	Kind       string `json:"kind"`
	Doors      int    `json:"doors"`
	Households int    `json:"households"`
	Persons    int    `json:"persons" doc:"People living there"`
	Vacancies  int    `json:"vacancies" doc:"Doors that nobody in post answers for"`
	round.Figures
	InRound bool          `json:"in_round" doc:"The round has targets here"`
	Plan    round.DayPlan `json:"plan" doc:"Today's work against the hands in post"`
}

// Board is one area as the command sees it.
type Board struct {
	Area   grid.Place    `json:"area"`
	Above  []grid.Place  `json:"-"`
	Rounds []round.Round `json:"-"` // open rounds that reach the area, the latest first
	Round  *round.Round  `json:"round,omitempty"`
	Total  Row           `json:"total"`
	Rows   []Row         `json:"rows" nullable:"false"`
	AtMs   int64         `json:"at_ms"`
	Owed   int           `json:"owed" doc:"Reports the caller's own posts and areas still owe"`

	outlines grid.TileMap
}

// Service makes boards out of the core's figures.
type Service struct {
	grid   *grid.Service
	ledger *ledger.Service
	rounds *round.Service
}

// New returns the service.
func New(g *grid.Service, l *ledger.Service, r *round.Service) *Service { return &Service{g, l, r} }
