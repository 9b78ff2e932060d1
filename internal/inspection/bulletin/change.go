package bulletin

import (
	"context"
	"slices"
	"strings"
	"unicode/utf8"

	"wangge/internal/grid"
	"wangge/internal/inspection"
	"wangge/internal/platform/audit"
	"wangge/internal/platform/clock"
	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
)

// NewEntry is an entry to be added, or its new wording. Whom an entry names does
// not change: remove it and add another.
type NewEntry struct {
	PlaceID   id.ID  `json:"place_id" doc:"The area it is about"`
	OrgKind   string `json:"org_kind,omitempty" doc:"Kind of the organisation it is about"`
	Act       Act    `json:"act" enum:"praise,criticism,interview"`
	N         int    `json:"n,omitempty" doc:"How often; 1 without it and where somebody is named"`
	Words     string `json:"words" maxLength:"500"`
	PostID    id.ID  `json:"post_id,omitempty" doc:"The post of who is named"`
	AccountID id.ID  `json:"account_id,omitempty" doc:"Who is named; holds the post now"`
	ItemID    id.ID  `json:"visit_item_id,omitempty" doc:"The inspected item it is taken from"`
	VisitSeq  int    `json:"visit_seq,omitempty"`
}

// Change is what somebody does with a bulletin.
type Change struct {
	Do      Do        `json:"do" enum:"head,add,edit,remove,show,revise,tell,takedown,publish,withdraw"`
	Seen    int       `json:"version,omitempty" doc:"Of the bulletin as it was shown; without it whatever happened since"`
	Title   string    `json:"title,omitempty" maxLength:"60" doc:"Of head"`
	Text    string    `json:"text,omitempty" maxLength:"2000" doc:"Of head"`
	EntryID id.ID     `json:"entry_id,omitempty" doc:"Of edit, remove, tell and takedown"`
	Entry   *NewEntry `json:"entry,omitempty" doc:"Of add and edit"`
	How     How       `json:"how,omitempty" enum:",paper,phone,person" doc:"Of tell"`
	// NotNames lets words stand that somebody of the area is called.
	NotNames bool   `json:"not_names,omitempty" doc:"Of head, add and edit: words that read like the name of somebody there are none"`
	Words    string `json:"words,omitempty" maxLength:"500" doc:"The reply of takedown, the reason of withdraw"`
}

// work is a bulletin under change, within a transaction.
type work struct {
	s       *Service
	tx      *db.Tx
	c       grid.Caller
	b       Bulletin
	entries []Entry
	was     int // version when it was read
	now     int64
	detail  string
	changed []id.ID // entries
}

// Change does one thing with a bulletin and returns it as the caller sees it
// then. Of two who change it at the same time one is told what the other did.
// Errors: NotFound where it is not the caller's to see; Denied; Conflict
// bulletin.is.…, bulletin.moved or bulletin.waiting; Invalid naming the field.
func (s *Service) Change(ctx context.Context, c grid.Caller, b id.ID, ch Change) (View, error) {
	const op = "bulletin.Change"
	if ch.Do == Add {
		if err := s.fact(ctx, c, ch.Entry); err != nil {
			return View{}, err
		}
	}
	if err := s.spared(ctx, c, b, ch); err != nil {
		return View{}, err
	}
	err := s.DB.Write(ctx, op, func(tx *db.Tx) error {
		w := &work{s: s, tx: tx, c: c, now: s.now()}
		if err := w.read(ctx, b); err != nil {
			return err
		}
		st := standingOf(c, w.b, w.entries, s.whoOf(c.AccountID))
		if !st.sees(w.b) {
			return errs.E(op, errs.NotFound, "bulletin.not_found")
		}
		if err := may(ch.Do, c, w.b, st); err != nil {
			return err
		}
		if ch.Seen != 0 && ch.Seen != w.b.Version {
			return errs.E(op, errs.Conflict, "bulletin.moved")
		}
		if err := w.apply(ctx, ch); err != nil {
			return err
		}
		w.detail = strings.TrimSpace(w.detail + " " + kept(ch.NotNames))
		return w.save(ctx, doings[ch.Do].Action)
	})
	if err != nil {
		return View{}, err
	}
	return s.Bulletin(ctx, c, b)
}

// fact refuses an entry said to be taken from a visit that is not the caller's to
// read, or found nothing.
func (s *Service) fact(ctx context.Context, c grid.Caller, in *NewEntry) error {
	if in == nil || in.ItemID == id.Zero {
		return nil
	}
	item, err := s.Inspections.Item(ctx, c, in.ItemID)
	if err != nil {
		return errs.Field(err, "visit")
	}
	if !slices.ContainsFunc(item.Visits, func(v inspection.Visit) bool { return v.Seq == in.VisitSeq && v.Outcome == inspection.Found }) {
		return invalid("visit", "error.bad_choice")
	}
	return nil
}

func (w *work) read(ctx context.Context, b id.ID) (err error) {
	w.b, w.entries, err = w.s.read(ctx, w.tx, w.c.District, b)
	w.was = w.b.Version
	return err
}

// save stores what changed, one version on, and puts it on record.
func (w *work) save(ctx context.Context, action string) error {
	const op = "bulletin.Change"
	w.b.Version++
	if err := w.s.sealHead(&w.b); err != nil {
		return errs.Wrap(op, err)
	}
	ok, err := updateBulletin(ctx, w.tx, w.c.District, w.b, w.was)
	if err == nil && !ok {
		err = errs.E(op, errs.Conflict, "bulletin.moved")
	}
	if err != nil {
		return err
	}
	var list []Entry
	for i := range w.entries {
		e := &w.entries[i]
		if slices.Contains(w.changed, e.ID) {
			if err := w.s.sealEntry(e); err != nil {
				return errs.Wrap(op, err)
			}
			list = append(list, *e)
		}
	}
	if err := writeEntries(ctx, w.tx, w.c.District, list); err != nil {
		return err
	}
	return w.s.Audit.Append(ctx, w.tx, audit.Entry{Account: w.c.AccountID, Post: w.post(), Action: action, Object: "bulletin", ObjectID: w.b.ID, Detail: w.detail})
}

// post is in whose name the caller acts.
func (w *work) post() id.ID {
	if p := w.c.PostFor(writing[w.b.Kind]); p != id.Zero {
		return p
	}
	return w.c.PostFor(approving[w.b.Kind])
}

// apply does what was asked.
func (w *work) apply(ctx context.Context, ch Change) error {
	if (ch.Do == Head || ch.Do == Add || ch.Do == Edit) && !slices.Contains(w.b.writers, w.c.AccountID) {
		w.b.writers = append(w.b.writers, w.c.AccountID)
	}
	switch ch.Do {
	case Head:
		w.b.Title, w.b.Text = ch.Title, ch.Text
		return tidyHead(&w.b.Title, &w.b.Text)
	case Add:
		return w.add(ctx, ch.Entry)
	case Edit:
		return w.edit(ctx, ch.EntryID, ch.Entry)
	case Show:
		return w.show()
	case Revise:
		w.b.State = Draft
		return nil
	case Publish:
		return w.publish(ctx)
	case Withdraw:
		return w.withdraw(ch.Words)
	}
	e, err := w.entry(ch.EntryID)
	if err != nil {
		return err
	}
	switch ch.Do {
	case Remove:
		e.removed = true
		return nil
	case Tell:
		return w.tell(e, ch.How)
	default: // TakeDown
		return w.answer(ctx, e, ch.Words)
	}
}

// entry is one of the bulletin's, which is stored anew.
func (w *work) entry(which id.ID) (*Entry, error) {
	at := slices.IndexFunc(w.entries, func(e Entry) bool { return e.ID == which && !e.removed })
	if at < 0 {
		return nil, errs.E("bulletin.Change", errs.NotFound, "bulletin.not_found")
	}
	w.changed = append(w.changed, which)
	w.detail = "entry=" + which.String()
	return &w.entries[at], nil
}

func (w *work) add(ctx context.Context, in *NewEntry) error {
	if in == nil {
		return invalid("entry", "error.required")
	}
	if len(w.entries) >= maxEntries {
		return errs.E("bulletin.Change", errs.Conflict, "bulletin.full", maxEntries)
	}
	if err := w.check(ctx, in); err != nil {
		return err
	}
	e := Entry{ID: id.New(), BulletinID: w.b.ID, ItemID: in.ItemID, VisitSeq: in.VisitSeq, version: 1}
	if in.AccountID != id.Zero {
		if err := w.name(ctx, in, &e); err != nil {
			return err
		}
	}
	e.word(*in)
	w.entries, w.changed = append(w.entries, e), append(w.changed, e.ID)
	w.detail = "entry=" + e.ID.String()
	return nil
}

// word gives an entry its wording.
func (e *Entry) word(in NewEntry) {
	e.PlaceID, e.OrgKind, e.Act, e.N, e.Words = in.PlaceID, in.OrgKind, in.Act, in.N, in.Words
}

// edit gives an entry a new wording, which who it names must be shown again.
func (w *work) edit(ctx context.Context, which id.ID, in *NewEntry) error {
	e, err := w.entry(which)
	if err != nil {
		return err
	}
	if in == nil {
		return invalid("entry", "error.required")
	}
	in.AccountID, in.PostID = e.account, e.PostID
	if err := w.check(ctx, in); err != nil {
		return err
	}
	was := *e
	e.word(*in)
	if was.PlaceID != e.PlaceID || was.OrgKind != e.OrgKind || was.Act != e.Act || was.N != e.N || was.Words != e.Words {
		e.version++
		e.ReachedMs, e.How, e.UntilMs, e.RepliedMs = 0, "", 0, 0
	}
	return nil
}

// check refuses a wording that cannot be, or is about another area.
func (w *work) check(ctx context.Context, in *NewEntry) error {
	if err := in.tidy(); err != nil {
		return err
	}
	p, err := w.s.Grid.PlaceIn(ctx, w.tx, w.c, in.PlaceID)
	if err != nil && !errs.Is(err, errs.NotFound) {
		return err
	}
	if err != nil || !p.Kind.IsArea() || !grid.Under(p.Path, w.b.path) {
		return invalid("place", "bulletin.elsewhere")
	}
	return nil
}

// name settles whom an entry names: somebody in a post below the bulletin's area,
// who can be shown it, and not who writes.
func (w *work) name(ctx context.Context, in *NewEntry, e *Entry) error {
	line, err := w.s.Grid.Line(ctx, w.c)
	if err != nil {
		return err
	}
	p := line.Post(in.PostID)
	if p == nil || !grid.Under(p.Path, w.b.path) || !p.Role.May(grid.TaskDo) || !slices.Contains(p.Holders(w.now), in.AccountID) {
		return invalid("person", "bulletin.person")
	}
	if in.AccountID == w.c.AccountID {
		return invalid("person", "bulletin.self")
	}
	names, err := w.s.Names(ctx, []id.ID{in.AccountID})
	if err != nil {
		return err
	}
	e.Name, e.account, e.PostID, e.who = names[in.AccountID], in.AccountID, in.PostID, w.s.whoOf(in.AccountID)
	return nil
}

// show fixes the wording and puts it before those it names.
func (w *work) show() error {
	live := 0
	for i := range w.entries {
		e := &w.entries[i]
		if e.removed {
			continue
		}
		live++
		if e.Named() && e.shownAs != e.version {
			e.shownAs = e.version
			w.changed = append(w.changed, e.ID)
		}
		if e.Named() {
			w.news(e.PostID)
		}
	}
	if live == 0 {
		return errs.E("bulletin.Change", errs.Conflict, "bulletin.empty")
	}
	w.b.State, w.b.ShownMs, w.b.shownBy = Shown, w.now, w.c.AccountID
	return nil
}

// news tells the open inboxes of a post to look again.
func (w *work) news(post id.ID) { w.tx.Notify("taskpost:" + post.String()) }

// reach begins the time to reply: the words reached who is named.
func (w *work) reach(e *Entry, how How) {
	e.ReachedMs, e.How, e.UntilMs = w.now, how, w.now+Hours(e.Act, w.now)*hourMs
}

func (w *work) tell(e *Entry, how How) error {
	switch {
	case !slices.Contains(Ways, how):
		return invalid("how", "error.bad_choice")
	case !e.Named() || e.ReachedMs != 0:
		return errs.E("bulletin.Change", errs.Conflict, "bulletin.reached")
	}
	w.reach(e, how)
	w.detail += " how=" + string(how)
	return nil
}

// answer keeps a reply: one to a wording, and as it was given.
func (w *work) answer(ctx context.Context, e *Entry, words string) error {
	const op = "bulletin.Reply"
	switch {
	case !e.Named() || e.ReachedMs == 0 || e.shownAs != e.version:
		return errs.E(op, errs.Conflict, "bulletin.unreached")
	case e.RepliedMs != 0:
		return errs.E(op, errs.Conflict, "bulletin.replied")
	}
	if err := tidyWords(&words, "words"); err != nil {
		return err
	}
	sealed, err := w.s.Keys.Seal(register, replyAAD(e.ID, e.version), []byte(words))
	if err != nil {
		return errs.Wrap(op, err)
	}
	e.RepliedMs = w.now
	return insertReply(ctx, w.tx, w.c.District, reply{e.ID, e.version, w.now, w.c.AccountID, sealed})
}

// publish numbers the bulletin and puts it before all who may read it.
func (w *work) publish(ctx context.Context) (err error) {
	live := slices.DeleteFunc(slices.Clone(w.entries), func(e Entry) bool { return e.removed })
	if err := publishable(live, w.now); err != nil {
		return err
	}
	w.b.State, w.b.PublishedMs, w.b.publishedBy = Published, w.now, w.c.AccountID
	w.b.Year = clock.FromMs(w.now).In(clock.CST).Year()
	if w.b.Number, err = nextNumber(ctx, w.tx, w.c.District, w.b); err != nil {
		return errs.Wrap("bulletin.Publish", err)
	}
	for _, e := range live {
		if e.Named() {
			w.news(e.PostID)
		}
	}
	return nil
}

func (w *work) withdraw(reason string) error {
	reason = strings.TrimSpace(reason)
	switch {
	case reason == "":
		return invalid("words", "bulletin.reason")
	case utf8.RuneCountInString(reason) > maxWords:
		return invalid("words", "error.too_long", maxWords)
	}
	w.b.State, w.b.Reason, w.b.WithdrawnMs = Withdrawn, reason, w.now
	return nil
}
