// Package duty keeps the duty number (值班电话) of each area: the one number a
// resident can call at any hour, and by which somebody who was called can check
// that the call was real. A place without a number of its own has that of the
// nearest area above. It is the number of an office,
// not of a person, and therefore not sealed.
package duty

import (
	"wangge/internal/grid"
	"wangge/internal/platform/audit"
	"wangge/internal/platform/clock"
	"wangge/internal/platform/db"
	"wangge/internal/platform/id"
)

// Number is the duty number of an area.
type Number struct {
	AreaID    id.ID  `json:"area_id"`
	AreaName  string `json:"area_name" doc:"The area whose number it is: the one asked for, or the nearest above that has one"`
	Phone     string `json:"phone" doc:"Digits, with a dash after an area code; empty: no area up the line has a number"`
	Hours     string `json:"hours,omitempty" doc:"When somebody answers, as 24 hours or 8:00-20:00"`
	UpdatedMs int64  `json:"updated_ms,omitempty" doc:"UTC milliseconds"`
}

// Service reads and sets duty numbers.
type Service struct {
	db    *db.DB
	clk   clock.Clock
	grid  *grid.Service
	audit *audit.Log
}

// New returns the service.
func New(d *db.DB, clk clock.Clock, places *grid.Service, log *audit.Log) *Service {
	return &Service{db: d, clk: clk, grid: places, audit: log}
}
