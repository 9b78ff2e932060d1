package bulletin

import (
	"cmp"
	"context"
	"slices"

	"wangge/internal/grid"
	"wangge/internal/platform/audit"
	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/i18n"
	"wangge/internal/platform/id"
)

// NewBulletin asks for a draft.
type NewBulletin struct {
	Kind   Kind   `json:"kind" enum:"work,discipline"`
	AreaID id.ID  `json:"area_id"`
	Title  string `json:"title" maxLength:"60" doc:"The matter, no names"`
	Text   string `json:"text,omitempty" maxLength:"2000" doc:"No names: whom it names has an entry"`
	// NotNames lets words stand that somebody of the area is called.
	NotNames bool `json:"not_names,omitempty" doc:"Words that read like the name of somebody there are none"`
}

// View is a bulletin as its page shows it to somebody.
type View struct {
	Bulletin
	Entries []Entry     `json:"entries" doc:"In walking order"`
	Areas   []Sum       `json:"by_area" doc:"In walking order"`
	Orgs    []Sum       `json:"by_organisation"`
	Waiting int         `json:"waiting" doc:"How many it names who did not reply and still may"`
	Can     map[Do]bool `json:"can" doc:"What the caller may do with it now"`
	Alone   bool        `json:"-"` // would publish, and wrote of it
	All     bool        `json:"-"` // may write or approve it
}

// Lets reports whether the caller may do something with it now.
func (v View) Lets(do string) bool { return v.Can[Do(do)] }

// Create begins a draft. It needs the right to write the series over the whole
// area. Errors: Denied, NotFound, Invalid naming kind, area, title, text or
// not_names.
func (s *Service) Create(ctx context.Context, c grid.Caller, in NewBulletin) (Bulletin, error) {
	const op = "bulletin.Create"
	if !slices.Contains(Kinds, in.Kind) {
		return Bulletin{}, invalid("kind", "error.bad_choice")
	}
	if err := c.Require(op, writing[in.Kind]); err != nil {
		return Bulletin{}, err
	}
	area, err := s.Grid.Place(ctx, c, in.AreaID)
	if err != nil {
		return Bulletin{}, errs.Wrap(op, err)
	}
	if !area.Kind.IsArea() {
		return Bulletin{}, invalid("area", "error.bad_choice")
	}
	if err := c.RequirePlace(op, writing[in.Kind], area.Path); err != nil {
		return Bulletin{}, err
	}
	if err := tidyHead(&in.Title, &in.Text); err != nil {
		return Bulletin{}, err
	}
	if !in.NotNames {
		if err := s.impersonal(ctx, c, area.Path, in.Title, in.Text); err != nil {
			return Bulletin{}, err
		}
	}
	b := Bulletin{ID: id.New(), Kind: in.Kind, State: Draft, AreaID: area.ID, PostID: c.PostFor(writing[in.Kind]), Title: in.Title, Text: in.Text, Version: 1,
		CreatedMs: s.now(), path: area.Path, writer: c.AccountID}
	if err := s.sealHead(&b); err != nil {
		return Bulletin{}, errs.Wrap(op, err)
	}
	return b, s.DB.Write(ctx, op, func(tx *db.Tx) error {
		if err := insertBulletin(ctx, tx, c.District, b); err != nil {
			return err
		}
		return s.Audit.Append(ctx, tx, audit.Entry{Account: c.AccountID, Post: b.PostID, Action: "bulletin.write", Object: "bulletin", ObjectID: b.ID, Detail: kept(in.NotNames)})
	})
}

// kept is on record where a writer said that words are no names.
func kept(notNames bool) string {
	if notNames {
		return "names=none"
	}
	return ""
}

func (s *Service) sealHead(b *Bulletin) (err error) {
	b.sealed, err = s.Keys.SealJSON(register, headAAD(b.ID), headWords{b.Title, b.Text, b.Reason, b.writers})
	return err
}

func (s *Service) openHead(b *Bulletin) error {
	var w headWords
	err := s.Keys.OpenJSON(register, headAAD(b.ID), b.sealed, &w)
	b.Title, b.Text, b.Reason, b.writers = w.Title, w.Text, w.Reason, w.Writers
	b.Sums = map[Act]int{}
	for i, a := range Acts {
		b.Sums[a] = b.sums[i]
	}
	return err
}

func (s *Service) sealEntry(e *Entry) (err error) {
	e.sealed, err = s.Keys.SealJSON(register, entryAAD(e.ID), entryWords{e.Words, e.Name, e.account, e.PostID})
	return err
}

func (s *Service) openEntry(e *Entry) error {
	var w entryWords
	err := s.Keys.OpenJSON(register, entryAAD(e.ID), e.sealed, &w)
	e.Words, e.Name, e.account, e.PostID = w.Words, w.Name, w.Account, w.Post
	return err
}

// maxListed bounds a list of bulletins.
const maxListed = 200

// List lists the latest bulletins of a series that the caller may see: those of
// an area, those below it and those above it that hold there too. Area Zero:
// all.
func (s *Service) List(ctx context.Context, c grid.Caller, kind Kind, area id.ID) ([]Bulletin, error) {
	const op = "bulletin.List"
	if !slices.Contains(Kinds, kind) {
		return nil, invalid("kind", "error.bad_choice")
	}
	if err := c.Require(op, grid.BulletinRead); err != nil {
		return nil, err
	}
	path := ""
	if area != id.Zero {
		p, err := s.Grid.Place(ctx, c, area)
		if err != nil {
			return nil, errs.Wrap(op, err)
		}
		path = p.Path
	}
	list, err := selectBulletins(ctx, s.DB.Read(), c, kind, path, maxListed)
	if err != nil {
		return nil, errs.Wrap(op, err)
	}
	for i := range list {
		b := &list[i]
		if err := s.openHead(b); err != nil {
			return nil, errs.Wrap(op, err)
		}
		if s := standingOf(c, *b, nil, nil); b.State == Withdrawn && !s.all() {
			b.Title, b.Text, b.Sums = "", "", map[Act]int{}
		}
	}
	return list, errs.Wrap(op, s.nameHeads(ctx, c, list))
}

// nameHeads writes areas and issuing posts in words.
func (s *Service) nameHeads(ctx context.Context, c grid.Caller, list []Bulletin) error {
	var posts, areas []id.ID
	for _, b := range list {
		posts, areas = append(posts, b.PostID), append(areas, b.AreaID)
	}
	words, places, err := s.words(ctx, c, posts, areas)
	for i := range list {
		list[i].Body, list[i].Area = words[list[i].PostID].String(), grid.Label(c.Lang, places[list[i].AreaID])
	}
	return err
}

// words are posts and areas in words, for records the caller may read already.
func (s *Service) words(ctx context.Context, c grid.Caller, posts, areas []id.ID) (map[id.ID]grid.PostWord, map[id.ID]grid.Place, error) {
	sys := grid.System(c.District, "names of what bulletins are about, for who may read them")
	sys.Lang = c.Lang
	words, err := s.Grid.PostWords(ctx, sys, posts)
	if err != nil {
		return nil, nil, err
	}
	places, err := s.Grid.Places(ctx, s.DB.Read(), sys, areas)
	return words, places, err
}

// read reads a bulletin with its entries, the removed ones too.
func (s *Service) read(ctx context.Context, q db.Queryer, district int, b id.ID) (Bulletin, []Entry, error) {
	list, err := selectBulletin(ctx, q, district, b)
	if err == nil && len(list) == 0 {
		err = errs.E("bulletin.read", errs.NotFound, "bulletin.not_found")
	}
	if err != nil {
		return Bulletin{}, nil, err
	}
	if err := s.openHead(&list[0]); err != nil {
		return Bulletin{}, nil, err
	}
	entries, err := selectEntries(ctx, q, district, b)
	for i := range entries {
		if err == nil {
			err = s.openEntry(&entries[i])
		}
	}
	return list[0], entries, err
}

// Bulletin returns a bulletin as the caller may see it: whole to who may write or
// approve it, when published to who may read it; of one that was withdrawn only
// that it was, and why. Errors: NotFound.
func (s *Service) Bulletin(ctx context.Context, c grid.Caller, b id.ID) (View, error) {
	const op = "bulletin.Bulletin"
	var v View
	err := s.DB.Snapshot(ctx, op, func(q db.Queryer) (err error) {
		v, err = s.view(ctx, q, c, b)
		return err
	})
	if err != nil {
		return v, err
	}
	return v, errs.Wrap(op, s.fill(ctx, c, &v))
}

// view reads what is of one instant: head, entries and replies, not yet in words.
// It asks q alone: whoever holds a reader and waits for another may wait for ever.
func (s *Service) view(ctx context.Context, q db.Queryer, c grid.Caller, b id.ID) (View, error) {
	head, entries, err := s.read(ctx, q, c.District, b)
	if err != nil {
		return View{}, err
	}
	st := standingOf(c, head, entries, s.whoOf(c.AccountID))
	if !st.sees(head) {
		return View{}, errs.E("bulletin.Bulletin", errs.NotFound, "bulletin.not_found")
	}
	v := View{Bulletin: head, Can: map[Do]bool{}, All: st.all(), Alone: st.approves && head.State == Shown && head.wrote(c.AccountID)}
	if head.State == Withdrawn && !v.All {
		v.Title, v.Text, v.Sums = "", "", map[Act]int{}
		entries = nil
	}
	for _, e := range entries {
		if !e.removed {
			v.Entries = append(v.Entries, e)
		}
	}
	for do := range doings {
		v.Can[do] = may(do, c, head, st) == nil
	}
	return v, s.addReplies(ctx, q, c, b, v.Entries)
}

// fill adds words and figures.
func (s *Service) fill(ctx context.Context, c grid.Caller, v *View) error {
	if err := s.nameEntries(ctx, c, v.Entries); err != nil {
		return err
	}
	heads := []Bulletin{v.Bulletin}
	if err := s.nameHeads(ctx, c, heads); err != nil {
		return err
	}
	v.Bulletin = heads[0]
	slices.SortStableFunc(v.Entries, func(a, b Entry) int { return cmp.Compare(a.path, b.path) })
	v.Areas = byArea(v.Entries)
	v.Orgs = byOrganisation(v.Entries, func(kind string) string { return i18n.T(c.Lang, "grid.orgkind."+kind) })
	now := s.now()
	for _, e := range v.Entries {
		if v.State == Shown && !e.Settled(now) {
			v.Waiting++
		}
	}
	v.Can[Publish] = v.Can[Publish] && v.Waiting == 0
	return nil
}

// addReplies adds to each entry the reply to its present wording.
func (s *Service) addReplies(ctx context.Context, q db.Queryer, c grid.Caller, b id.ID, entries []Entry) error {
	list, err := selectReplies(ctx, q, c.District, b)
	if err != nil {
		return err
	}
	for _, r := range list {
		at := slices.IndexFunc(entries, func(e Entry) bool { return e.ID == r.entry && e.version == r.version })
		if at < 0 {
			continue
		}
		text, err := s.Keys.Open(register, replyAAD(r.entry, r.version), r.sealed)
		if err != nil {
			return err
		}
		entries[at].Reply, entries[at].Taken = string(text), r.account != entries[at].account
	}
	return nil
}

func (s *Service) nameEntries(ctx context.Context, c grid.Caller, list []Entry) error {
	var posts, areas []id.ID
	for _, e := range list {
		areas = append(areas, e.PlaceID)
		if e.PostID != id.Zero {
			posts = append(posts, e.PostID)
		}
	}
	words, places, err := s.words(ctx, c, posts, areas)
	for i, e := range list {
		p := places[e.PlaceID]
		list[i].Where, list[i].path = grid.Label(c.Lang, p), p.Path
		if e.PostID != id.Zero {
			list[i].Post = words[e.PostID].String()
		}
	}
	return err
}

// NoteTaken puts on record that a list of bulletins was taken out.
func (s *Service) NoteTaken(ctx context.Context, c grid.Caller, kind Kind, rows int) error {
	const op = "bulletin.NoteTaken"
	return s.DB.Write(ctx, op, func(tx *db.Tx) error {
		return s.Audit.Append(ctx, tx, audit.Entry{Account: c.AccountID, Post: c.PostFor(grid.BulletinRead), Action: "bulletin.export", Object: "bulletin", Detail: "kind=" + string(kind) + " rows=" + id.ID(rows).String()})
	})
}
