package bench

import (
	"context"
	"errors"
	"regexp"
	"runtime"
	"sync"
	"time"

	"wangge/internal/grid"
	"wangge/internal/ledger/address"
	"wangge/internal/platform/clock"
	"wangge/internal/platform/id"
	"wangge/internal/sim"
)

// addressTexts is how many addresses are read and matched.
const addressTexts = 20_000

// written is an address of a door as somebody would write it.
type written struct {
	door id.ID
	text string
}

// benchAddress measures reading addresses, beside finding the digits in them,
// and matching them to the doors of a district, beside one look-up by key each.
func benchAddress(ctx context.Context, r *run) (err error) {
	w, err := r.open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.close()) }()
	if err := w.places(ctx, first(r.Households, r.Size, 640_000)); err != nil {
		return err
	}
	list, doors, err := w.addresses(ctx)
	if err != nil {
		return err
	}
	if err := w.parsed(list); err != nil {
		return err
	}
	return w.matched(ctx, list, doors)
}

// addresses writes an address of every n-th door of the district.
func (w *world) addresses(ctx context.Context) (list []written, doors int, err error) {
	root, err := w.Grid.Root(ctx, w.sys)
	if err != nil {
		return nil, 0, err
	}
	if doors, err = w.Grid.Doors(ctx, w.sys, root.Path); err != nil {
		return nil, 0, err
	}
	var up []grid.Place // the places above the one that is read
	nth, step := 0, max(1, doors/addressTexts)
	err = w.Grid.Subtree(ctx, w.sys, root.Path, nil, func(p grid.Place) error {
		for len(up) > 0 && up[len(up)-1].ID != p.ParentID {
			up = up[:len(up)-1]
		}
		if p.Kind != grid.Door {
			up = append(up, p)
			return nil
		}
		if nth++; nth%step == 0 && len(list) < addressTexts {
			text, _ := locationOf(up, p).Address(uint64(nth))
			list = append(list, written{p.ID, text})
		}
		return nil
	})
	return list, doors, err
}

// locationOf names a door by the places above it.
func locationOf(up []grid.Place, door grid.Place) sim.Location {
	l := sim.Location{Room: door.Name, Floor: door.Floor}
	for _, p := range up {
		switch p.Kind {
		case grid.County:
			l.County = p.Name
		case grid.Street:
			l.Street = p.Name
		case grid.Community:
			l.Community = p.Name
		case grid.Compound, grid.Group:
			l.Compound, l.Group = p.Name, p.Kind == grid.Group
		case grid.Building:
			l.Building = p.Name
		case grid.Unit:
			l.Unit = p.Name
		}
	}
	return l
}

// each calls fn for all addresses on every core and returns the time it took.
func each(list []written, fn func(text string)) time.Duration {
	var wg sync.WaitGroup
	cores := runtime.GOMAXPROCS(0)
	sw := clock.Start()
	for k := range cores {
		wg.Go(func() {
			for _, a := range list[len(list)*k/cores : len(list)*(k+1)/cores] {
				fn(a.text)
			}
		})
	}
	wg.Wait()
	return sw.Elapsed()
}

func (w *world) parsed(list []written) error {
	address.Parse(list[0].text) // unpacks the list of areas
	digits := regexp.MustCompile(`[0-9]+`)
	bare := each(list, func(text string) { digits.FindAllString(text, -1) })
	ours := each(list, func(text string) { address.Parse(text) })
	return w.emit(Figure{Name: "address.parse", Engine: w.engine(), Size: len(list), Value: perSecond(len(list), ours), Unit: "per_second",
		Baseline: Baseline{"finding the digits", perSecond(len(list), bare)}, Correct: true})
}

func (w *world) matched(ctx context.Context, list []written, doors int) error {
	texts := make([]string, len(list))
	for i, a := range list {
		texts[i] = a.text
	}
	sw := clock.Start()
	if _, err := w.Ledger.MatchAddress(ctx, w.sys, texts[0]); err != nil { // builds the index
		return err
	}
	built := sw.Elapsed()
	sw = clock.Start()
	found, err := w.Ledger.MatchAddresses(ctx, w.sys, texts)
	if err != nil {
		return err
	}
	ours := sw.Elapsed()
	taken, right := 0, 0
	for i, m := range found {
		if m.Certain {
			taken++
		}
		if m.Certain && m.DoorID == list[i].door {
			right++
		}
	}
	some := list[:min(2000, len(list))]
	sw = clock.Start()
	for _, a := range some {
		if _, err := w.Grid.Place(ctx, w.sys, a.door); err != nil {
			return err
		}
	}
	bare := sw.Elapsed()
	correct := taken > 0 && right*1000 >= taken*998
	if err := w.emit(Figure{Name: "address.match", Engine: w.engine(), Size: doors, Value: perSecond(len(list), ours), Unit: "per_second",
		Baseline: Baseline{"one look-up by key each", perSecond(len(some), bare)}, Correct: correct}); err != nil {
		return err
	}
	return w.emit(Figure{Name: "address.index", Engine: w.engine(), Size: doors, Value: built.Seconds(), Unit: "s", Correct: correct})
}
