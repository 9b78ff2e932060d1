// Package duty keeps the duty number (值班电话) of each area: the one number a
// resident can call at any hour, and by which somebody who was called can check
// that the call was real. A place without a number of its own has that of the
// nearest area above. It is the number of an office,
// not of a person, and therefore not sealed.
//
// A rota says which posts answer a number; when each does is its own roster.
// Every call that is logged is a task from that moment on, with a promised time
// by its kind: the call and its task are written in one transaction, and what
// is late climbs as every task does. The caller is told a short code, by which
// anybody can see how far it is and nothing about whom.
package duty

import (
	"context"

	"wangge/internal/grid"
	"wangge/internal/platform/audit"
	"wangge/internal/platform/clock"
	"wangge/internal/platform/db"
	"wangge/internal/platform/id"
	"wangge/internal/platform/seal"
	"wangge/internal/platform/web"
	"wangge/internal/task"
)

// Number is the duty number of an area.
type Number struct {
	AreaID    id.ID  `json:"area_id"`
	AreaName  string `json:"area_name" doc:"The area whose number it is: the one asked for, or the nearest above that has one"`
	Phone     string `json:"phone" doc:"Digits, with a dash after an area code; empty: no area up the line has a number"`
	Hours     string `json:"hours,omitempty" doc:"When somebody answers, as 24 hours or 8:00-20:00"`
	UpdatedMs int64  `json:"updated_ms,omitempty" doc:"UTC milliseconds"`
}

// Deps are what a Service is made of.
type Deps struct {
	DB    *db.DB
	Clock clock.Clock
	Grid  *grid.Service
	Audit *audit.Log
	Keys  *seal.Keyring
	Tasks *task.Service
	// Names gives accounts' names, to say who is on duty; nil: nobody is named.
	Names func(ctx context.Context, ids []id.ID) (map[id.ID]string, error)
}

// Service keeps duty numbers, their rotas and the calls. It is safe for
// concurrent use.
type Service struct {
	Deps
	codes web.Guard // tries with codes that are none
}

// New returns the service.
func New(d Deps) *Service { return &Service{Deps: d} }

func (s *Service) now() int64 { return clock.Ms(s.Clock.Now()) }
