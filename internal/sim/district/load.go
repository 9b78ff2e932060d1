package district

import (
	"context"

	"wangge/internal/grid"
	"wangge/internal/ledger"
	"wangge/internal/platform/audit"
	"wangge/internal/platform/clock"
	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
	"wangge/internal/sim"
)

// pieceHouseholds is about how many households one transaction writes.
const pieceHouseholds = 2000

// recordedBefore is how long before the load the households were recorded.
const recordedBefore = 30 * dayMs

const dayMs = 24 * 60 * 60 * 1000

// loader writes one district.
type loader struct {
	Services
	sys      grid.Caller
	d        *sim.District
	plot     plot
	bare     bool // places and grids only: the load of benches
	areas    map[string]grid.Place
	root     grid.Place
	out      *Loaded
	people   *payroll
	story    *settled
	progress func(done, total int)
	done     int
}

// Load invents the district of cfg and writes it through the services: areas,
// places, grids, organisations, teams, posts with their holders, households
// and persons, the drill's emergency, a round that ended last week, and the
// round that is open. progress (nil for none) hears of households. The
// database must be fresh: Conflict demo.half or demo.not_empty. A load that
// fails leaves the database Half.
func Load(ctx context.Context, s Services, cfg sim.Config, progress func(done, total int)) (*Loaded, error) {
	l, err := s.loader(cfg, progress)
	if err != nil {
		return nil, err
	}
	l.plot = findPlot(l.d)
	if err := begin(ctx, s.DB); err != nil {
		return nil, err
	}
	if err := l.run(ctx); err != nil {
		return nil, err
	}
	if err := l.DB.Analyze(ctx, "mark", "audit_entry", "account"); err != nil {
		return nil, err
	}
	return l.out, finish(ctx, s.DB, l.out)
}

// LoadPlaces writes the areas, places and grids of the district of cfg, and
// nobody: what the benches of rounds work on.
func LoadPlaces(ctx context.Context, s Services, cfg sim.Config, progress func(done, total int)) (*Loaded, error) {
	l, err := s.loader(cfg, progress)
	if err != nil {
		return nil, err
	}
	l.bare = true
	if err := begin(ctx, s.DB); err != nil {
		return nil, err
	}
	if err := l.structure(ctx); err != nil {
		return nil, err
	}
	return l.out, finish(ctx, s.DB, l.out)
}

func (s Services) loader(cfg sim.Config, progress func(done, total int)) (*loader, error) {
	if cfg.At.IsZero() {
		cfg.At = s.Clock.Now()
	}
	cfg.At = clock.DayStart(cfg.At) // the day is kept, the hour is not
	d, err := sim.Generate(cfg)
	if err != nil {
		return nil, err
	}
	district, ok := grid.DistrictOf(d.Areas)
	if !ok {
		return nil, errs.E("district.Load", errs.Invalid, "sim.unknown_place", cfg.Place)
	}
	if progress == nil {
		progress = func(int, int) {}
	}
	return &loader{
		Services: s, d: d, sys: grid.System(district, "simulation"), progress: progress,
		out: &Loaded{District: district, Place: d.Place, Name: d.County.Name, Households: cfg.Households, Seed: cfg.Seed, Day: clock.Day(d.At)},
	}, nil
}

func (l *loader) run(ctx context.Context) error {
	if err := l.structure(ctx); err != nil {
		return err
	}
	return l.play(ctx)
}

// structure writes the areas and, in pieces, what is below them.
func (l *loader) structure(ctx context.Context) error {
	if _, err := l.Grid.ImportAreas(ctx, l.sys, l.d.Areas, false); err != nil {
		return err
	}
	list, err := l.Grid.Areas(ctx, l.sys)
	if err != nil {
		return err
	}
	l.areas = make(map[string]grid.Place, len(list))
	for _, p := range list {
		l.areas[p.Code] = p
	}
	if l.root, err = l.Grid.Root(ctx, l.sys); err != nil {
		return err
	}
	l.people = newPayroll(l)
	if !l.bare {
		if err := l.upper(ctx); err != nil {
			return err
		}
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	for p := range l.pieces(ctx) {
		if p.err != nil {
			return p.err
		}
		if err := l.write(ctx, p); err != nil {
			return err
		}
		l.done += p.households
		l.progress(l.done, l.d.Households)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return l.DB.Analyze(ctx, "place", "grid", "post", "holder", "post_door", "household", "person", "person_key", "person_event", "care_item")
}

// piece is some communities that are written in one transaction, their people
// sealed.
type piece struct {
	list       []*settled
	batch      *ledger.Batch
	households int
	err        error
}

// pieces invents, turns into rows and seals beside the writing.
func (l *loader) pieces(ctx context.Context) <-chan *piece {
	out := make(chan *piece, 1)
	go func() {
		defer close(out)
		send := func(p *piece) bool {
			if !l.bare {
				p.err = l.seal(p)
			}
			select {
			case out <- p:
				return p.err == nil
			case <-ctx.Done():
				return false
			}
		}
		p := &piece{}
		for c := range l.d.Communities() {
			p.list = append(p.list, l.settle(c))
			if p.households += c.Households; p.households >= pieceHouseholds {
				if !send(p) {
					return
				}
				p = &piece{}
			}
		}
		if len(p.list) > 0 {
			send(p)
		}
	}()
	return out
}

func (l *loader) settle(c *sim.Community) *settled {
	hollow := ""
	if c.Area.Code == l.plot.code {
		hollow = l.plot.compound
	}
	s := settle(c, l.areas[c.Area.Code], clock.Ms(l.Clock.Now())-recordedBefore, l.bare, hollow)
	if hollow != "" {
		l.story = s
	}
	return s
}

// seal makes the rows of the people.
func (l *loader) seal(p *piece) error {
	p.batch = l.Ledger.NewBatch(l.sys.District)
	for _, s := range p.list {
		for i := range s.homes {
			h := &s.homes[i]
			p.batch.AddHousehold(&h.household)
			for j := range h.persons {
				p.batch.AddPerson(&h.persons[j])
			}
			for _, c := range h.care {
				p.batch.AddCare(&h.persons[c.person], c.kind, &ledger.Event{AtMs: h.household.FromMs, Source: ledger.SourceSimulation})
			}
		}
	}
	return p.batch.Seal()
}

// write writes a piece and counts it.
func (l *loader) write(ctx context.Context, p *piece) error {
	offices, err := l.people.hire(ctx, p.list)
	if err != nil {
		return err
	}
	err = l.DB.WriteLow(ctx, "district.Load", func(tx *db.Tx) error {
		if err := l.writeGrids(ctx, tx, p.list); err != nil {
			return err
		}
		var places []grid.NewPlace
		for _, s := range p.list {
			places = append(places, s.places...)
		}
		if _, err := l.Grid.AddPlacesIn(ctx, tx, l.sys, places); err != nil {
			return err
		}
		if l.bare {
			return nil
		}
		if err := l.writeProfiles(ctx, tx, p.list); err != nil {
			return err
		}
		if err := p.batch.Write(ctx, tx); err != nil {
			return err
		}
		return l.people.write(ctx, tx, offices)
	})
	if err == nil {
		l.count(p)
	}
	return err
}

func (l *loader) count(p *piece) {
	f := &l.out.Figures
	for _, s := range p.list {
		f.Communities++
		f.Places += len(s.places)
		f.Doors += len(s.doors)
		f.Grids += len(s.grids)
		f.Households += len(s.homes)
		f.Persons += s.persons
		f.Care += s.care
		f.Rows += len(s.places) + len(s.grids) + len(s.homes) + s.persons + 2*s.care
		s.homes, s.places = nil, nil
	}
}

// writeGrids writes the basic and micro grids of communities. Temporary blocks
// run across micro-grids: they are squads' posts over named doors instead.
func (l *loader) writeGrids(ctx context.Context, tx *db.Tx, list []*settled) error {
	var grids []grid.NewGrid
	for _, s := range list {
		for i := range s.from.Grids {
			g := &s.from.Grids[i]
			n := grid.NewGrid{ID: s.grids[i], AreaID: s.area.ID, Kind: grid.BasicGrid, Name: g.Name, Code: g.Code}
			switch g.Kind {
			case sim.Block:
				continue
			case sim.Micro:
				n.Kind, n.ParentID = grid.MicroGrid, s.grids[g.Parent]
			}
			grids = append(grids, n)
		}
	}
	_, err := l.Grid.AddGridsIn(ctx, tx, l.sys, grids)
	return err
}

// play writes what happens: emergency, last week's round, the open one and the
// communities' daily report about it.
func (l *loader) play(ctx context.Context) error {
	by, err := l.people.cast(ctx)
	if err != nil {
		return err
	}
	e, err := l.openEmergency(ctx, by.command, l.out.Name)
	if err != nil {
		return err
	}
	l.out.Emergency = e.ID
	screening, notice, err := l.forms(ctx, by.command, l.root.ID)
	if err != nil {
		return err
	}
	if err := l.tell(ctx, by, screening.ID); err != nil {
		return err
	}
	l.out.Round, err = l.openRound(ctx, by.command, l.out.Place, l.root.ID, e.ID, screening.ID, notice.ID)
	if err != nil {
		return err
	}
	if err := l.dailyReport(ctx, by.command, l.root.ID, e.ID, l.out.Round); err != nil {
		return err
	}
	if err := l.tasks(ctx, by); err != nil {
		return err
	}
	if err := l.transfer(ctx, by); err != nil {
		return err
	}
	if err := l.push(ctx, by); err != nil {
		return err
	}
	return l.DB.Write(ctx, "district.Load", func(tx *db.Tx) error {
		return l.Audit.Append(ctx, tx, audit.Entry{Action: "demo.loaded", Object: "place", ObjectID: l.root.ID})
	})
}

// tell sets the story's scene.
func (l *loader) tell(ctx context.Context, by cast, form id.ID) error {
	if l.story == nil {
		return nil
	}
	s := &l.out.Story
	s.Community, s.Code, s.Name = l.story.area.ID, l.plot.code, l.story.area.Name
	s.Compound, s.Title, s.Households = l.story.idOf(l.plot.compound), l.plot.compound, l.story.from.Households
	s.Grid = l.people.storyGrid
	if len(by.clerk.Grants) == 0 || len(by.street.Grants) == 0 {
		return nil
	}
	var err error
	s.LastWeek, s.Answered, err = l.lastWeek(ctx, by, s.Community, l.out.Emergency, form)
	if errs.KindOf(err) == errs.Invalid { // a tiny district, whose only compound is the story's
		return nil
	}
	return err
}
