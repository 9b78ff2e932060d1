package web

import (
	"context"
	"mime"
	"net/http"

	"wangge/internal/platform/errs"
)

// XLSX is the content type of a workbook.
const XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

func attachment(name string) string {
	return mime.FormatMediaType("attachment", map[string]string{"filename": name})
}

// Download answers with a file to be kept under a name. Nothing on the way
// keeps a copy.
func Download(w http.ResponseWriter, name, contentType string, data []byte) error {
	h := w.Header()
	h.Set("Content-Type", contentType)
	h.Set("Content-Disposition", attachment(name))
	h.Set("Cache-Control", "no-store")
	_, err := w.Write(data)
	return err
}

// FileAnswer is a file as an operation of the API answers it.
type FileAnswer struct {
	ContentType string `header:"Content-Type"`
	Disposition string `header:"Content-Disposition"`
	Body        []byte
}

// NewFileAnswer is the answer with a file to be kept under a name.
func NewFileAnswer(name, contentType string, data []byte) *FileAnswer {
	return &FileAnswer{contentType, attachment(name), data}
}

// FileErrors is FormErrors for a form with a file: what is wrong with no field
// named is wrong with the file. Nil where the form is not the reason.
func FileErrors(ctx context.Context, err error) map[string]string {
	if k := errs.KindOf(err); err == nil || k != errs.Invalid && k != errs.TooMany && k != errs.NotFound {
		return nil
	}
	fields := FormErrors(ctx, err)
	if len(fields) == 0 {
		e := errs.As(err)
		fields["file"] = T(ctx, e.Key, e.Args...)
	}
	return fields
}
