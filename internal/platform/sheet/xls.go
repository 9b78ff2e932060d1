package sheet

import "io"

func openXLS(_ io.ReaderAt, _ int64, _ Limits) (table, error) {
	return nil, invalid("sheet.save_as_xlsx")
}
