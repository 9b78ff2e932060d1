package task

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"mime/multipart"
	"net/http"
	"slices"
	"strings"
	"testing"

	"wangge/internal/platform/blob/blobtest"
	"wangge/internal/platform/db"
	"wangge/internal/platform/db/dbtest"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/web"
)

// sendPhoto says on a task's page that the work is done, with a photo.
func (s *site) sendPhoto(who, path string, jpeg []byte, told bool) {
	s.t.Helper()
	s.who = who
	var b bytes.Buffer
	m := multipart.NewWriter(&b)
	fields := map[string]string{"do": "done", "note": "mended"}
	if told {
		fields["place_told"] = "1"
	}
	for k, v := range fields {
		s.w.ok(m.WriteField(k, v))
	}
	f, err := m.CreateFormFile("photo", "photo.jpg")
	s.w.ok(err)
	_, err = f.Write(jpeg)
	s.w.ok(err)
	s.w.ok(m.Close())
	req, err := http.NewRequest(http.MethodPost, s.srv.URL+path, &b)
	s.w.ok(err)
	req.AddCookie(&http.Cookie{Name: web.SessionCookie, Value: "x"})
	req.Header.Set("Content-Type", m.FormDataContentType())
	res, err := (&http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}).Do(req)
	s.w.ok(err)
	s.w.ok(res.Body.Close())
	if res.StatusCode != http.StatusSeeOther {
		s.t.Fatalf("a photo sent to %s: %d", path, res.StatusCode)
	}
}

// ofPlace is a finding for which the place of the photo is asked.
func (w *world) ofPlace(evidence ...string) error {
	w.t.Helper()
	k, _ := Kinds(shipped).Get(KindFinding)
	k.Evidence = evidence
	return w.s.SaveKind(w.ctx, w.as("hq"), k)
}

func TestThePlaceOfAPhoto(t *testing.T) {
	const told, there, none = "拍摄位置（经纬度）会加密保存", "纬度 45.75417，经度 126.64939", "照片里没有位置"
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		s := newSite(t, w)
		there1 := blobtest.WithPlace(t, binary.BigEndian, 45.75417, 126.64939)
		nowhere := blobtest.WithPlace(t, binary.BigEndian, 0, 0)
		if err := w.ofPlace(EvidencePlace); err == nil || errs.As(err).Key != "task.kind.place_photo" {
			t.Errorf("a place without a photo: %v", err)
		}
		for _, c := range []struct {
			name       string
			asks, told bool
			jpeg       []byte
			want       string
		}{
			{"nobody asks", false, true, there1, ""},
			{"nobody told", true, false, there1, ""},
			{"asked", true, true, there1, there},
			{"asked, and the photo has none", true, true, nowhere, none},
		} {
			evidence := []string{EvidencePhoto}
			if c.asks {
				evidence = append(evidence, EvidencePlace)
			}
			w.ok(w.ofPlace(evidence...))
			x := w.issue(KindFinding, "street1", "comm11")
			at := "/tasks/" + x.ID.String()
			if page, _ := s.ask("comm11", "zh", at, nil, 200); strings.Contains(page, told) != c.asks || strings.Contains(page, `data-photo="place"`) != c.asks {
				t.Errorf("%s: what the form says before", c.name)
			}
			s.sendPhoto("comm11", at, c.jpeg, c.told)
			page, _ := s.ask("street1", "zh", at, nil, 200)
			for _, words := range []string{there, none} {
				if strings.Contains(page, words) != (words == c.want) {
					t.Errorf("%s: the page on %q", c.name, words)
				}
			}
			v, err := w.s.Task(w.ctx, w.as("street1"), x.ID)
			w.ok(err)
			i := slices.IndexFunc(v.History, func(e Event) bool { return e.PhotoID != 0 })
			w.ok(w.keptOf(v.History[i], c.want != ""))
			if p := v.History[i].PhotoPlace; (p != nil) != (c.want != "") || p != nil && p.Found != (c.want == there) {
				t.Errorf("%s: the API gives %+v", c.name, p)
			}
			jpeg, err := w.s.Photo(w.ctx, w.as("street1"), x.ID, v.History[i].Seq)
			w.ok(err)
			if bytes.Contains(jpeg, []byte("Exif")) || bytes.Contains(jpeg, []byte(blobtest.Device)) {
				t.Errorf("%s: the picture holds metadata", c.name)
			}
			s.ask("comm12", "zh", at, nil, 404)
		}
		s.ask("hq", "zh", "/task-kinds/finding", nil, 200)
	})
}

// keptOf fails unless the place of a line's photo is stored, or is not.
func (w *world) keptOf(e Event, want bool) error {
	var place []byte
	if err := w.d.Read().QueryRowContext(context.Background(), "SELECT place FROM photo WHERE district = $1 AND id = $2", district, int64(e.PhotoID)).Scan(&place); err != nil {
		return err
	}
	if (place != nil) != want || bytes.Contains(place, []byte("45.7")) || bytes.Contains(place, []byte("found")) {
		w.t.Errorf("stored of the place: %q", place)
	}
	return nil
}

// A program that says the work is done brings the photo with it.
func TestAPhotoByAPI(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		s := newSite(t, w)
		x := w.issue(KindFinding, "street1", "comm11")
		send := func(photo []byte) int {
			s.who = "comm11"
			text, err := json.Marshal(map[string]any{"action": Finish, "note": "mended", "photo": photo})
			w.ok(err)
			req, err := http.NewRequest(http.MethodPost, s.srv.URL+"/api/v1/tasks/"+x.ID.String()+"/changes", bytes.NewReader(text))
			w.ok(err)
			req.AddCookie(&http.Cookie{Name: web.SessionCookie, Value: "x"})
			res, err := http.DefaultClient.Do(req)
			w.ok(err)
			w.ok(res.Body.Close())
			return res.StatusCode
		}
		if code := send([]byte("no picture")); code != http.StatusUnprocessableEntity {
			t.Errorf("no picture: %d", code)
		}
		if code := send(blobtest.WithPlace(t, binary.BigEndian, 45.75417, 126.64939)); code != http.StatusOK {
			t.Fatalf("a picture: %d", code)
		}
		v, err := w.s.Task(w.ctx, w.as("street1"), x.ID)
		w.ok(err)
		if v.State != Done || v.History[len(v.History)-1].PhotoID == 0 {
			t.Errorf("%+v", v.History)
		}
	})
}
