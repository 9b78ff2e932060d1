package incoming

import (
	"context"
	"slices"
	"strconv"
	"time"

	"wangge/internal/grid"
	"wangge/internal/ledger"
	"wangge/internal/platform/clock"
	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/i18n"
	"wangge/internal/platform/id"
	"wangge/internal/platform/seal"
	"wangge/internal/platform/sheet"
)

// Input says which list comes in and where to.
type Input struct {
	Name        string // of the list; empty: the file's
	Area        id.ID  // whose list it is: the district, a street, a community; Zero: the caller's own area
	EmergencyID id.ID  // Zero: the only open one
	Files       []File
	Dry         bool // say what would happen and write nothing
}

// Problem is what is wrong with a row.
type Problem struct {
	File     string `json:"file"`
	Sheet    string `json:"sheet,omitempty"`
	Row      int    `json:"row"`
	Column   string `json:"column,omitempty" doc:"Its letters; missing where it is about the whole row"`
	Value    string `json:"value,omitempty" doc:"What was read there"`
	Severity string `json:"severity" enum:"error,doubt,repaired"`
	Problem  string `json:"problem"`
}

// Report says what became of a list's rows.
type Report struct {
	ListID    id.ID     `json:"list_id,omitempty"`
	Name      string    `json:"name"`
	Rows      int       `json:"rows"`
	Refused   int       `json:"refused" doc:"To be corrected; the others went in"`
	Joined    int       `json:"joined" doc:"About a person who is to be called already, or twice in the list"`
	New       int       `json:"new" doc:"People who are to be called now"`
	Known     int       `json:"known" doc:"New people who are in the ledger"`
	Earlier   int       `json:"earlier" doc:"New people who were verified in the last six months"`
	Door      int       `json:"door" doc:"New people with a door"`
	Community int       `json:"community" doc:"New people with a community and no door yet"`
	Unclear   int       `json:"unclear" doc:"New people set aside: somebody decides where they belong"`
	Problems  []Problem `json:"problems"`
}

// shownProblems is how many problems a report holds.
const shownProblems = 500

// Import reads a list and takes in its people. Rows that nobody could be found
// with are refused and come back (Refused); all others become leads or join one.
// Errors: Denied outside the caller's area; Invalid "file" for what is no list;
// Conflict "emergency".
func (s *Service) Import(ctx context.Context, c grid.Caller, in Input) (*Report, error) {
	const op = "incoming.Import"
	w, err := s.begin(ctx, c, in)
	if err != nil {
		return nil, errs.Wrap(op, err)
	}
	if w.heads, w.rows, err = read(ctx, in.Files); err != nil {
		return nil, errs.Wrap(op, err)
	}
	if err := w.understand(ctx); err != nil {
		return nil, errs.Wrap(op, err)
	}
	if in.Dry {
		return w.report, nil
	}
	var got late
	if err := s.DB.Write(ctx, op, func(tx *db.Tx) (err error) {
		got, err = w.write(ctx, tx)
		return err
	}); err != nil {
		return nil, errs.Wrap(op, err)
	}
	w.fresh = got.fresh
	w.report.Joined += len(got.moved)
	w.report.ListID = w.list.ID
	w.count()
	if err := s.Rebalance(ctx, c); err != nil { // the list is in; the desk's job repeats this each minute
		s.Log.Warn("a list's people wait to be handed to callers", "list", w.list.ID, "error", err)
	}
	return w.report, nil
}

// intake is a list on its way in.
type intake struct {
	s       *Service
	c       grid.Caller
	list    listRow
	heads   []sheetHead
	rows    []rawRow
	records []record        // of each row
	lead    []id.ID         // of each row: the lead it belongs to; Zero: refused
	fresh   []*lead         // the new ones
	keys    map[id.ID]keys  // of the fresh ones
	hashes  [][]byte        // by which the rows' people are looked up
	joins   map[id.ID][]int // of leads that were there: the rows that join them
	report  *Report
}

func (s *Service) begin(ctx context.Context, c grid.Caller, in Input) (*intake, error) {
	const op = "incoming.begin"
	area, err := s.area(ctx, c, in.Area)
	if err != nil {
		return nil, err
	}
	if err := c.RequirePlace(op, grid.LeadImport, area.Path); err != nil {
		return nil, errs.Field(err, "area")
	}
	e, err := s.emergency(ctx, c, in.EmergencyID)
	if err != nil {
		return nil, err
	}
	if len(in.Files) == 0 {
		return nil, errs.Field(errs.E(op, errs.Invalid, "error.required"), "file")
	}
	name := short(in.Name, 100)
	if name == "" {
		name = short(in.Files[0].Name, 100)
	}
	w := &intake{s: s, c: c, keys: map[id.ID]keys{}, joins: map[id.ID][]int{}, report: &Report{Name: name, Problems: []Problem{}}}
	w.list.List = List{ID: id.New(), EmergencyID: e.ID, AreaID: area.ID, State: "open", CreatedMs: s.nowMs(), AccountID: c.AccountID,
		path: area.Path, register: e.Register, postID: c.PostFor(grid.LeadImport)}
	return w, nil
}

// area is the one named, else the highest that the caller's posts cover.
func (s *Service) area(ctx context.Context, c grid.Caller, named id.ID) (grid.Place, error) {
	if named == id.Zero {
		return s.Grid.Home(ctx, c)
	}
	p, err := s.Grid.Place(ctx, c, named)
	if err == nil && !p.Kind.IsArea() {
		err = errs.Field(errs.E("incoming.area", errs.Invalid, "incoming.not_area"), "area")
	}
	return p, err
}

// understand reads every row, finds who and where the people are and which of
// them are there already. It writes nothing.
func (w *intake) understand(ctx context.Context) error {
	w.records, w.lead = make([]record, len(w.rows)), make([]id.ID, len(w.rows))
	for i, r := range w.rows {
		w.records[i] = readRow(&w.heads[r.sheet], r, w.s.Drill)
		w.records[i].row = i
		w.tell(i)
	}
	w.report.Rows = len(w.rows)
	if err := w.hash(ctx); err != nil {
		return err
	}
	have, err := w.there(ctx, w.s.DB.Read())
	if err != nil {
		return err
	}
	w.join(have)
	return w.locate(ctx)
}

// tell puts what is wrong with a row into the report.
func (w *intake) tell(i int) {
	r, h := &w.records[i], &w.heads[w.rows[i].sheet]
	add := func(severity, key string, at *badCell) {
		if len(w.report.Problems) >= shownProblems {
			return
		}
		p := Problem{File: h.File, Sheet: h.Name, Row: w.rows[i].at, Severity: severity, Problem: i18n.T(w.c.Lang, key, longest)}
		if at != nil {
			p.Column, p.Value = sheet.ColumnName(at.column+1), at.value
		}
		w.report.Problems = append(w.report.Problems, p)
	}
	if r.refused != "" {
		w.report.Refused++
		if len(r.faults) == 0 {
			add("error", r.refused, nil)
		}
		for k := range r.faults {
			add("error", r.refused, &r.faults[k])
		}
		return
	}
	for k, f := range r.faults {
		severity := "doubt"
		if f.why == fixedIDNo || f.why == fixedPhone {
			severity = "repaired"
		}
		add(severity, f.why, &r.faults[k])
	}
}

// hash makes the hashes by which the rows' people are looked up, under every
// register.
func (w *intake) hash(ctx context.Context) error {
	registers, err := w.s.registers(ctx, w.c)
	if err != nil {
		return err
	}
	seen := map[string]bool{}
	for _, register := range registers {
		h := w.s.hasher(register)
		for i := range w.records {
			if w.records[i].refused != "" {
				continue
			}
			k := keysOf(&w.records[i].body, h)
			for _, v := range append(k.phones, k.idno) {
				if v != "" && !seen[v] {
					seen[v] = true
					w.hashes = append(w.hashes, []byte(v))
				}
			}
		}
	}
	return nil
}

// there finds the leads of the last six months that rows may be about, as an
// index by the keys of the list's own register.
func (w *intake) there(ctx context.Context, q db.Queryer) (*people, error) {
	found, err := leadsByHash(ctx, q, w.c.District, w.hashes, w.s.nowMs()-halfYear)
	if err != nil {
		return nil, err
	}
	out, own := newPeople(), w.s.hasher(w.list.register)
	for _, l := range found {
		if err := w.s.open(&l); seal.IsDestroyed(err) {
			continue
		} else if err != nil {
			return nil, err
		}
		out.add(&known{id: l.ID, keys: keysOf(&l.body, own), open: l.State != Done && l.EmergencyID == w.list.EmergencyID, atMs: l.CreatedMs, lead: &l})
	}
	return out, nil
}

// join gives every row its lead: one that is there and not settled, the one of
// an earlier row, or a new one.
func (w *intake) join(have *people) {
	h := w.s.hasher(w.list.register)
	for i := range w.records {
		r := &w.records[i]
		if r.refused != "" {
			continue
		}
		k := keysOf(&r.body, h)
		joins, earlier := have.find(k)
		if joins != nil {
			w.report.Joined++
			w.lead[i] = joins.id
			have.learn(joins, k)
			if joins.fresh {
				w.fresh[joins.record].add(r)
				w.keys[joins.id] = joins.keys
			} else {
				w.joins[joins.id] = append(w.joins[joins.id], i)
			}
			continue
		}
		l := w.start(r)
		if earlier != nil {
			l.EarlierID = earlier.id
		}
		w.lead[i], w.keys[l.ID] = l.ID, k
		have.add(&known{id: l.ID, keys: k, open: true, atMs: l.CreatedMs, fresh: true, record: len(w.fresh)})
		w.fresh = append(w.fresh, l)
	}
}

// start makes the lead of a row.
func (w *intake) start(r *record) *lead {
	now := w.s.nowMs()
	return &lead{ID: id.New(), EmergencyID: w.list.EmergencyID, Register: w.list.register, Source: FromList, Class: r.class, State: Unclear, Path: w.list.path,
		Urgency: r.urgency, CreatedMs: now, DueMs: dueMs(now, r.urgency), Version: 1, body: r.body}
}

// dueMs is when a lead of a degree of urgency is due.
func dueMs(from int64, level int) int64 {
	return from + int64(urgent[level].Minutes)*int64(time.Minute/time.Millisecond)
}

// add takes what another row says of the person. It reports whether anything is new.
func (l *lead) add(r *record) (more bool) {
	b, n := &l.body, &r.body
	for _, p := range []struct{ have, more *string }{{&b.Name, &n.Name}, {&b.IDNo, &n.IDNo}, {&b.Address, &n.Address}, {&b.Title, &n.Title}, {&b.Transport, &n.Transport},
		{&b.Seat, &n.Seat}, {&b.Origin, &n.Origin}, {&b.Arrival, &n.Arrival}, {&b.Ask, &n.Ask}} {
		if *p.have == "" && *p.more != "" {
			*p.have, more = *p.more, true
		}
	}
	for _, ph := range n.Phones {
		if !slices.Contains(b.Phones, ph) {
			b.Phones, more = append(b.Phones, ph), true
		}
	}
	if r.urgency > l.Urgency {
		l.Urgency, l.DueMs, more = r.urgency, dueMs(l.CreatedMs, r.urgency), true
	}
	return more
}

// locate finds where the new people belong: by the ledger where they live, else
// by their address.
func (w *intake) locate(ctx context.Context) error {
	if err := w.s.place(ctx, w.c, w.list.path, w.fresh); err != nil {
		return err
	}
	w.count()
	return nil
}

// count reports the new people.
func (w *intake) count() {
	r := w.report
	r.New, r.Known, r.Earlier, r.Door, r.Community, r.Unclear = len(w.fresh), 0, 0, 0, 0, 0
	for _, l := range w.fresh {
		switch {
		case l.State == Unclear:
			r.Unclear++
		case l.DoorID != id.Zero:
			r.Door++
		default:
			r.Community++
		}
		if l.PersonID != id.Zero {
			r.Known++
		}
		if l.EarlierID != id.Zero {
			r.Earlier++
		}
	}
}

// place finds where leads belong that came in at the area with the path under.
// A place outside that area is somebody else's to decide: such a lead is unclear.
func (s *Service) place(ctx context.Context, c grid.Caller, under string, leads []*lead) error {
	sys := grid.System(c.District, "incoming")
	texts := make([]string, len(leads))
	for i, l := range leads {
		texts[i] = l.body.Address
	}
	spots, err := s.spots(ctx, c.District, texts)
	if err != nil {
		return err
	}
	probes := make([]ledger.Probe, len(leads))
	for i, l := range leads {
		probes[i] = ledger.Probe{Name: l.body.Name, IDNo: l.body.IDNo, Phones: l.body.Phones, DoorID: spots[i].door}
	}
	who, err := s.Ledger.Recognise(ctx, sys, probes)
	if err != nil {
		return err
	}
	for i, l := range leads {
		l.settle(spots[i], who[i], under)
	}
	return nil
}

// settle decides where a lead belongs: where the ledger knows the person to live,
// unless the address is certain and in another community; else by the address.
func (l *lead) settle(at spot, who ledger.Recognised, under string) {
	l.PersonID = who.PersonID
	l.body.Doors = at.choices
	path, door := at.path, at.door
	if who.PersonID != id.Zero && who.LivesHere && (door == id.Zero || communityOf(path) == communityOf(who.DoorPath)) {
		path, door = who.DoorPath, who.DoorID
	}
	if path == "" && len(under) >= communityLen && len(l.body.Phones) > 0 {
		path = under // the community's own list: its callers ask
	}
	if len(path) < communityLen || !grid.Under(path, under) {
		return
	}
	l.State, l.Path, l.DoorID = Open, communityOf(path), door
}

// write stores the list, its rows and the new leads in one transaction, so that
// a list is in whole or not at all.
func (w *intake) write(ctx context.Context, tx *db.Tx) (late, error) {
	have, err := w.there(ctx, tx)
	if err != nil {
		return late{}, err
	}
	in := w.sift(have)
	w.list.Rows, w.list.Refused, w.list.Joined = len(w.rows), w.report.Refused, w.report.Joined+len(in.moved)
	return in, w.store(ctx, tx, in)
}

// store writes what write has sifted.
func (w *intake) store(ctx context.Context, tx *db.Tx, in late) error {
	w.list.body = listBody{Name: w.report.Name, Sheets: w.heads}
	var err error
	if w.list.sealed, err = w.s.Keys.SealJSON(w.list.register, seal.AAD(w.list.register, tableList, w.list.ID), &w.list.body); err != nil {
		return err
	}
	if err := insertList(ctx, tx, w.c.District, &w.list); err != nil {
		return err
	}
	if err := w.writeRows(ctx, tx, in.moved); err != nil {
		return err
	}
	if err := w.s.insertLeads(ctx, tx, w.c, in.fresh, w.keys); err != nil {
		return err
	}
	if err := w.s.joined(ctx, tx, w.c, in.joins); err != nil {
		return err
	}
	tx.Notify(topic)
	return w.s.note(ctx, tx, w.c, grid.LeadImport, "lead.import", tableList, w.list.ID, "rows="+strconv.Itoa(len(w.rows))+" new="+strconv.Itoa(len(in.fresh)))
}

// rowBody is what of a row is sealed: the cells as they were.
type rowBody struct {
	Sheet   int          `json:"s,omitempty"`
	At      int          `json:"a"`
	Cells   []sheet.Cell `json:"c"`
	Refused string       `json:"r,omitempty"`
}

// rowAAD names a row of a list in its sealed blob.
func rowAAD(register string, list id.ID, n int) string {
	return seal.AAD(register, tableRow, list) + "/" + strconv.Itoa(n)
}

func (w *intake) writeRows(ctx context.Context, tx *db.Tx, moved map[id.ID]id.ID) error {
	rows := make([][]any, len(w.rows))
	for i, r := range w.rows {
		body := rowBody{r.sheet, r.at, r.cells, w.records[i].refused}
		blob, err := w.s.Keys.SealJSON(w.list.register, rowAAD(w.list.register, w.list.ID, i), &body)
		if err != nil {
			return err
		}
		of := w.lead[i]
		if to, ok := moved[of]; ok {
			of = to
		}
		rows[i] = []any{w.c.District, w.list.ID, i, of, blob}
	}
	return insertRows(ctx, tx, rows)
}

// insertLeads seals and stores new leads with their keys and first event.
func (s *Service) insertLeads(ctx context.Context, tx *db.Tx, c grid.Caller, leads []*lead, of map[id.ID]keys) error {
	rows, hashes, events := make([][]any, len(leads)), [][]any{}, make([]eventRow, len(leads))
	for i, l := range leads {
		var err error
		if l.Code, err = checkCode(); err != nil {
			return err
		}
		if err := s.seal(l); err != nil {
			return err
		}
		e, err := s.event(c, l, "came", "", "")
		if err != nil {
			return err
		}
		rows[i], events[i] = leadRow(c.District, l), e
		hashes = append(hashes, keyRows(c.District, l.ID, of[l.ID])...)
	}
	if err := tx.BulkInsert(ctx, tableLead, leadInsert, rows); err != nil {
		return err
	}
	if err := tx.BulkInsert(ctx, "lead_key", []string{"district", "hash", "lead_id", "kind"}, hashes); err != nil {
		return err
	}
	if err := insertEvents(ctx, tx, c.District, events); err != nil {
		return err
	}
	return s.keep(ctx, tx, c, false, leads...)
}

// today is the day in UTC+8.
func (s *Service) today() string { return clock.Day(s.Clock.Now()) }
