package bulletin

import (
	"cmp"
	"context"
	"slices"

	"wangge/internal/grid"
	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/i18n"
	"wangge/internal/platform/id"
	"wangge/internal/task"
)

// Notice is an entry as who it names finds it on their own page: nothing of what
// the bulletin says of others. Words and reply are there once it was opened.
type Notice struct {
	ID       id.ID  `json:"id" doc:"The entry's"`
	Kind     Kind   `json:"kind"`
	Body     string `json:"body" doc:"The issuing post in words"`
	Status   Status `json:"status" enum:"unread,answering,replied,rewritten,published,withdrawn"`
	ShownMs  int64  `json:"shown_ms"`
	UntilMs  int64  `json:"until_ms,omitempty" doc:"Till when a reply is possible; runs from the opening"`
	Hours    int64  `json:"hours" doc:"For how long, from the opening"`
	Year     int    `json:"year,omitempty"`
	Number   int    `json:"number,omitempty"`
	Act      Act    `json:"act"`
	Where    string `json:"where,omitempty"`
	Name     string `json:"name,omitempty"`
	Post     string `json:"post,omitempty"`
	Words    string `json:"words,omitempty"`
	Reason   string `json:"reason,omitempty" doc:"Why the bulletin was withdrawn"`
	Replies  []Said `json:"replies,omitempty" doc:"The person's, to each wording there was"`
	MayReply bool   `json:"may_reply"`
}

// Said is a reply of who is named.
type Said struct {
	AtMs  int64  `json:"at_ms"`
	Words string `json:"words"`
	Now   bool   `json:"now" doc:"To the present wording: this one is published"`
	Taken bool   `json:"taken_down" doc:"Came on paper or by phone"`
}

// maxNotices bounds a person's own page.
const maxNotices = 100

// Mine lists what names the caller in person, the latest first, whatever posts
// they hold. It opens nothing.
func (s *Service) Mine(ctx context.Context, c grid.Caller) ([]Notice, error) {
	const op = "bulletin.Mine"
	out := []Notice{}
	if c.AccountID == id.Zero {
		return out, nil
	}
	list, err := selectNamed(ctx, s.DB.Read(), c.District, s.whoOf(c.AccountID), maxNotices)
	for _, e := range list {
		var b Bulletin
		if b, err = s.head(ctx, c, e.BulletinID); err != nil {
			break
		}
		out = append(out, s.notice(b, e))
	}
	return out, errs.Wrap(op, err)
}

// head is a bulletin's head with its issuing body in words.
func (s *Service) head(ctx context.Context, c grid.Caller, b id.ID) (Bulletin, error) {
	list, err := selectBulletin(ctx, s.DB.Read(), c.District, b)
	if err == nil && len(list) == 0 {
		err = errs.E("bulletin.head", errs.NotFound, "bulletin.not_found")
	}
	if err != nil {
		return Bulletin{}, err
	}
	if err := s.openHead(&list[0]); err != nil {
		return Bulletin{}, err
	}
	return list[0], s.nameHeads(ctx, c, list)
}

func (s *Service) notice(b Bulletin, e Entry) Notice {
	n := Notice{ID: e.ID, Kind: b.Kind, Body: b.Body, Status: statusOf(b, e), ShownMs: b.ShownMs, UntilMs: e.UntilMs, Hours: Hours(e.Act, s.now()), Act: e.Act,
		Year: b.Year, Number: b.Number}
	n.MayReply = n.Status == Answering
	return n
}

// Aside is the line above the caller's inbox: what names them, and whether they
// may still reply.
func (s *Service) Aside(ctx context.Context, c grid.Caller) ([]task.Aside, error) {
	if c.AccountID == id.Zero {
		return nil, nil
	}
	all, waits, err := countNamed(ctx, s.DB.Read(), c.District, s.whoOf(c.AccountID))
	if err != nil || all == 0 {
		return nil, errs.Wrap("bulletin.Aside", err)
	}
	if waits > 0 {
		return []task.Aside{{Text: i18n.T(c.Lang, "bulletin.inbox.wait", waits), Href: "/named", Waits: true}}, nil
	}
	return []task.Aside{{Text: i18n.T(c.Lang, "bulletin.inbox.all"), Href: "/named"}}, nil
}

// Open shows the caller what names them. Its first opening begins the time to
// reply. Errors: NotFound for everybody else.
func (s *Service) Open(ctx context.Context, c grid.Caller, entry id.ID) (Notice, error) {
	const op = "bulletin.Open"
	e, err := s.own(ctx, s.DB.Read(), c, entry)
	if err != nil {
		return Notice{}, err
	}
	b, err := s.head(ctx, c, e.BulletinID)
	if err != nil {
		return Notice{}, errs.Wrap(op, err)
	}
	if statusOf(b, e) == Unread {
		err = s.mine(ctx, c, e, "bulletin.open", func(w *work, e *Entry) error {
			if e.ReachedMs == 0 {
				w.reach(e, Opened)
			}
			return nil
		})
		if err != nil && !errs.Is(err, errs.Conflict) {
			return Notice{}, err
		}
		if e, err = s.own(ctx, s.DB.Read(), c, entry); err != nil {
			return Notice{}, err
		}
		if b, err = s.head(ctx, c, e.BulletinID); err != nil {
			return Notice{}, errs.Wrap(op, err)
		}
	}
	return s.whole(ctx, c, b, e)
}

// own is an entry that names the caller and was shown.
func (s *Service) own(ctx context.Context, q db.Queryer, c grid.Caller, entry id.ID) (Entry, error) {
	const op = "bulletin.Open"
	list, err := selectEntry(ctx, q, c.District, entry)
	if err == nil && (len(list) == 0 || c.AccountID == id.Zero || !slices.Equal(list[0].who, s.whoOf(c.AccountID)) || list[0].shownAs == 0) {
		err = errs.E(op, errs.NotFound, "bulletin.not_found")
	}
	if err != nil {
		return Entry{}, err
	}
	return list[0], errs.Wrap(op, s.openEntry(&list[0]))
}

// whole is a notice with the words and all replies. A wording that was not shown
// yet is not told.
func (s *Service) whole(ctx context.Context, c grid.Caller, b Bulletin, e Entry) (Notice, error) {
	n := s.notice(b, e)
	one := []Entry{e}
	if err := s.nameEntries(ctx, c, one); err != nil {
		return n, err
	}
	n.Where, n.Name, n.Post = one[0].Where, e.Name, one[0].Post
	if e.version == e.shownAs {
		n.Words = e.Words
	}
	if b.State == Withdrawn {
		n.Reason = b.Reason
	}
	list, err := selectReplies(ctx, s.DB.Read(), c.District, b.ID)
	for _, r := range list {
		if r.entry != e.ID || err != nil {
			continue
		}
		var text []byte
		if text, err = s.Keys.Open(register, replyAAD(r.entry, r.version), r.sealed); err == nil {
			n.Replies = append(n.Replies, Said{AtMs: r.atMs, Words: string(text), Now: r.version == e.version, Taken: r.account != e.account})
		}
	}
	return n, err
}

// Reply keeps the caller's reply to what names them. It is published beneath,
// as it was written, and is not changed afterwards. Errors: NotFound; Conflict
// where the entry was not opened, was replied to, is written again or is out;
// Invalid naming words.
func (s *Service) Reply(ctx context.Context, c grid.Caller, entry id.ID, words string) (Notice, error) {
	e, err := s.own(ctx, s.DB.Read(), c, entry)
	if err != nil {
		return Notice{}, err
	}
	err = s.mine(ctx, c, e, "bulletin.reply", func(w *work, e *Entry) error { return w.answer(ctx, e, words) })
	if err != nil {
		return Notice{}, err
	}
	return s.Open(ctx, c, entry)
}

// mine changes an entry for who it names.
func (s *Service) mine(ctx context.Context, c grid.Caller, own Entry, action string, fn func(w *work, e *Entry) error) error {
	const op = "bulletin.Open"
	return s.DB.Write(ctx, op, func(tx *db.Tx) error {
		w := &work{s: s, tx: tx, c: c, now: s.now()}
		if err := w.read(ctx, own.BulletinID); err != nil {
			return err
		}
		if w.b.State != Shown {
			return errs.E(op, errs.Conflict, "bulletin.is."+string(w.b.State))
		}
		e, err := w.entry(own.ID)
		if err != nil {
			return err
		}
		if err := fn(w, e); err != nil {
			return err
		}
		return w.save(ctx, action)
	})
}

// nameable lists whom a bulletin can name in an area: those who hold a post there
// that handles tasks; of a community also those of the posts below.
func (s *Service) nameable(ctx context.Context, c grid.Caller, v View, at grid.Place) ([]Nameable, error) {
	line, err := s.Grid.Line(ctx, c)
	if err != nil {
		return nil, err
	}
	now := s.now()
	var posts, accounts []id.ID
	var list []*grid.LinePost
	line.Each(now, func(p *grid.LinePost) {
		if p.Role.May(grid.TaskDo) && (p.Path == at.Path || at.Kind == grid.Community && grid.Under(p.Path, at.Path)) && len(p.Holders(now)) > 0 {
			list, posts, accounts = append(list, p), append(posts, p.ID), append(accounts, p.Holders(now)...)
		}
	})
	slices.SortFunc(list, func(a, b *grid.LinePost) int { return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.ID, b.ID)) })
	words, _, err := s.words(ctx, c, posts, nil)
	if err != nil {
		return nil, err
	}
	names, err := s.Names(ctx, accounts)
	var out []Nameable
	for _, p := range list {
		for _, a := range p.Holders(now) {
			named := slices.ContainsFunc(v.Entries, func(e Entry) bool { return e.account == a })
			out = append(out, Nameable{Name: names[a], Post: words[p.ID].String(), PostID: p.ID, AccountID: a, Self: a == c.AccountID, AlreadyNamed: named})
		}
	}
	return out, err
}
