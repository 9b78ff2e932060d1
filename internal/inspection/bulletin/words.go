package bulletin

import (
	"context"
	"slices"
	"strings"
	"unicode/utf8"

	"wangge/internal/grid"
	"wangge/internal/ledger/address"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
)

// maxSaid bounds the names an error repeats.
const maxSaid = 5

// impersonal refuses words over an area that hold the name of somebody there:
// whom a bulletin names has an entry of their own and sees it first. It knows
// who is in post there, and residents by the keyed hashes of their names; a
// resident's name of two characters reads like any other word and is not looked
// for. Writers can say that a word is no name.
func (s *Service) impersonal(ctx context.Context, c grid.Caller, path string, texts ...string) error {
	text := strings.Join(texts, "\n")
	found, err := s.inPost(ctx, c, path, text)
	if err != nil {
		return err
	}
	if s.Bears != nil {
		born, err := s.Bears(ctx, c, path, nameLike(text))
		if err != nil {
			return err
		}
		found = append(found, born...)
	}
	slices.Sort(found)
	if found = slices.Compact(found); len(found) == 0 {
		return nil
	}
	return invalid("not_names", "bulletin.names", strings.Join(found[:min(len(found), maxSaid)], " "))
}

// inPost are the names in a text of those who hold a post below a path.
func (s *Service) inPost(ctx context.Context, c grid.Caller, path, text string) (found []string, err error) {
	line, err := s.Grid.Line(ctx, c)
	if err != nil {
		return nil, err
	}
	var accounts []id.ID
	now := s.now()
	line.Each(now, func(p *grid.LinePost) {
		if grid.Under(p.Path, path) {
			accounts = append(accounts, p.Holders(now)...)
		}
	})
	names, err := s.Names(ctx, accounts)
	for _, a := range accounts {
		if n := names[a]; utf8.RuneCountInString(n) > 1 && strings.Contains(text, n) {
			found = append(found, n)
		}
	}
	return found, err
}

// nameLike are the parts of a text that read as a name of three characters, or
// of four behind a surname of two, each once.
func nameLike(text string) (out []string) {
	r := []rune(text)
	for i := range r {
		for n := 3; n <= 4 && i+n <= len(r); n++ {
			if part := string(r[i : i+n]); address.IsName(part) {
				out = append(out, part)
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// spared refuses names in the words of a change; of an entry, other names than
// whom it names. What the caller may not write is refused elsewhere.
func (s *Service) spared(ctx context.Context, c grid.Caller, b id.ID, ch Change) error {
	if ch.NotNames || ch.Do != Head && (ch.Entry == nil || ch.Do != Add && ch.Do != Edit) {
		return nil
	}
	at, entries, err := s.read(ctx, s.DB.Read(), c.District, b)
	if err != nil || !standingOf(c, at, entries, s.whoOf(c.AccountID)).writes {
		return errs.Wrap("bulletin.Change", err)
	}
	if ch.Do == Head {
		return s.impersonal(ctx, c, at.path, ch.Title, ch.Text)
	}
	own, err := s.ownName(ctx, entries, ch)
	if err != nil {
		return err
	}
	words := ch.Entry.Words
	if own != "" {
		words = strings.ReplaceAll(words, own, "\n")
	}
	return s.impersonal(ctx, c, at.path, words)
}

// ownName is the name of whom an entry names, or will.
func (s *Service) ownName(ctx context.Context, entries []Entry, ch Change) (string, error) {
	for _, e := range entries {
		if ch.Do == Edit && e.ID == ch.EntryID {
			return e.Name, nil
		}
	}
	if ch.Entry.AccountID == id.Zero {
		return "", nil
	}
	names, err := s.Names(ctx, []id.ID{ch.Entry.AccountID})
	return names[ch.Entry.AccountID], err
}
