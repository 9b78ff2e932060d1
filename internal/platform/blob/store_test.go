package blob_test

import (
	"bytes"
	"context"
	"image"
	"image/png"
	"testing"

	"wangge/internal/platform/blob"
	"wangge/internal/platform/db"
	"wangge/internal/platform/db/dbtest"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
	"wangge/internal/platform/seal"
	"wangge/internal/platform/seal/sealtest"
)

func TestStore(t *testing.T) {
	ctx := context.Background()
	var raw bytes.Buffer
	if err := png.Encode(&raw, image.NewRGBA(image.Rect(0, 0, 64, 48))); err != nil {
		t.Fatal(err)
	}
	photo, err := blob.Prepare(ctx, &raw)
	if err != nil {
		t.Fatal(err)
	}
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		keys := sealtest.New(t, "emergency-3")
		s := blob.NewStore(230103, keys, d.Clock())
		var kept id.ID
		put := func(register string, p blob.Photo) error {
			return d.Write(ctx, "test", func(tx *db.Tx) (err error) {
				kept, err = s.Put(ctx, tx, register, 9, p)
				return err
			})
		}
		if err := put("emergency-3", photo); err != nil {
			t.Fatal(err)
		}
		m, got, err := s.Get(ctx, d.Read(), kept)
		if err != nil || !bytes.Equal(got, photo.JPEG) || m.Width != 64 || m.Height != 48 || m.Account != 9 || m.Bytes != len(got) {
			t.Fatalf("%+v %v", m, err)
		}
		var sealed []byte
		if err := d.Read().QueryRowContext(ctx, "SELECT sealed FROM photo").Scan(&sealed); err != nil || bytes.Contains(sealed, []byte("JFIF")) {
			t.Errorf("not sealed (%v)", err)
		}
		photoID := kept
		if err := put("emergency-4", photo); errs.As(err).Key != "seal.key_missing" {
			t.Errorf("without key: %v", err)
		}
		if err := put("emergency-3", blob.Photo{}); !errs.Is(err, errs.Invalid) {
			t.Errorf("empty: %v", err)
		}
		if _, _, err := s.Get(ctx, d.Read(), 5); !errs.Is(err, errs.NotFound) {
			t.Errorf("unknown: %v", err)
		}
		if _, err := keys.Destroy("emergency-3"); err != nil {
			t.Fatal(err)
		}
		if _, _, err := s.Get(ctx, d.Read(), photoID); !seal.IsDestroyed(err) {
			t.Errorf("after destruction: %v", err)
		}
	})
}
