package trust

import (
	"bytes"
	"context"
	"strconv"

	"wangge/internal/grid"
	"wangge/internal/ledger"
	"wangge/internal/platform/clock"
	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/i18n"
	"wangge/internal/platform/sheet"
)

// partSize is the most bytes sealed in one row.
const partSize = 256 << 10

func itoa(n int) string { return strconv.Itoa(n) }

// make writes the file as asker sees the persons, seals it and makes the
// export ready; by is who decided.
func (s *Service) make(ctx context.Context, by grid.Caller, r *Request, asker grid.Caller) error {
	const op = "trust.make"
	file, people, err := s.write(ctx, asker, *r)
	if err != nil {
		return err
	}
	r.People, r.Bytes = people, int64(len(file))
	now := s.now()
	return s.d.Write(ctx, op, func(tx *db.Tx) error {
		ok, err := ready(ctx, tx, by.District, *r, by.AccountID, by.PostFor(grid.ExportFull), now, now+FileLife.Milliseconds())
		if err != nil {
			return err
		}
		if !ok {
			return errs.E(op, errs.Conflict, "trust.export.decided")
		}
		for part := 0; len(file) > 0; part++ {
			n := min(len(file), partSize)
			blob, err := s.keys.Seal(register, partAAD(r.ID.String(), part), file[:n])
			if err != nil {
				return err
			}
			if err := insertPart(ctx, tx, by.District, r.ID, part, blob); err != nil {
				return err
			}
			file = file[n:]
		}
		if by.AccountID != asker.AccountID {
			if err := s.note(ctx, tx, by, "export.approved", *r); err != nil {
				return err
			}
		}
		return s.note(ctx, tx, asker, "export.made", *r)
	})
}

func partAAD(export string, part int) string {
	return register + "/export_part/" + export + "." + strconv.Itoa(part)
}

// open reads the sealed file.
func (s *Service) open(ctx context.Context, district int, r Request) ([]byte, error) {
	parts, err := selectParts(ctx, s.d.Read(), district, r.ID)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	for i, blob := range parts {
		plain, err := s.keys.Open(register, partAAD(r.ID.String(), i), blob)
		if err != nil {
			return nil, err
		}
		out.Write(plain)
	}
	if int64(out.Len()) != r.Bytes || out.Len() == 0 {
		return nil, errs.E("trust.open", errs.Conflict, "trust.export.gone")
	}
	return out.Bytes(), nil
}

// write makes the workbook. Whose it is stands above and below the table and
// on every printed page, in the file's properties, and in a hidden cell of
// every row, so that a copy leads back to who fetched it.
func (s *Service) write(ctx context.Context, asker grid.Caller, r Request) (file []byte, people int, err error) {
	names, err := s.accounts.Names(ctx, nonZero(r.Account))
	if err != nil {
		return nil, 0, err
	}
	lang := asker.Lang
	mark := i18n.T(lang, "trust.export.mark", names[r.Account], clock.FromMs(s.now()).In(clock.CST).Format("2006-01-02 15:04"),
		i18n.T(lang, "ledger.purpose."+r.What.Purpose), r.Number)
	var book bytes.Buffer
	b := sheet.NewWorkbook(&book)
	b.SetProperties(sheet.Properties{Title: i18n.T(lang, "ledger.list.title"), Creator: names[r.Account], Description: mark, Identifier: r.Number})
	cols := append(ledger.ExportColumns(lang), sheet.Column{Title: i18n.T(lang, "trust.export.number"), Hidden: true})
	out, err := b.Sheet(i18n.T(lang, "ledger.list.title"), sheet.SheetOptions{Columns: cols, Freeze: true, Mark: mark})
	if err != nil {
		return nil, 0, err
	}
	trace := r.Number + "-" + r.Account.String()
	err = s.ledger.ExportFull(ctx, asker, r.What.filter(), r.What.Purpose, func(v ledger.PersonView) error {
		people++
		return out.Row(append(ledger.ExportCells(lang, v), trace)...)
	})
	if err == nil {
		err = b.Close()
	}
	return book.Bytes(), people, err
}
