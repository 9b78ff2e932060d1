package inspection

import (
	"io"
	"net/http"
	"strconv"
	"strings"

	"wangge/internal/grid"
	"wangge/internal/platform/errs"
)

// photosOf opens the photos that a form sends; fields left empty are none.
func photosOf(r *http.Request) (photos []io.Reader, done func(), err error) {
	var open []io.Closer
	done = func() {
		for _, f := range open {
			f.Close()
		}
	}
	if !strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/") {
		return nil, done, nil
	}
	if err := r.ParseMultipartForm(1 << 20); err != nil {
		return nil, done, errs.E("inspection.visit", errs.Invalid, "error.bad_form")
	}
	for _, h := range r.MultipartForm.File["photo"] {
		if h.Size == 0 {
			continue
		}
		f, err := h.Open()
		if err != nil {
			done()
			return nil, func() {}, errs.E("inspection.visit", errs.Invalid, "error.bad_form")
		}
		photos, open = append(photos, f), append(open, f)
	}
	return photos, done, nil
}

// photo is one of a visit's, for whoever may read the visit.
func (p *Pages) photo(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	item, err := pathID(r)
	if err != nil {
		return err
	}
	seq, _ := strconv.Atoi(r.PathValue("seq")) // what is no number is no photo
	n, _ := strconv.Atoi(r.PathValue("n"))
	jpeg, err := p.s.Photo(r.Context(), c, item, seq, n)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "image/jpeg")
	w.Header().Set("Cache-Control", "private, no-store")
	_, err = w.Write(jpeg)
	return err
}
