package blob

import (
	"bytes"
	"context"
	"encoding/binary"
	"math"
	"testing"

	"wangge/internal/platform/blob/blobtest"
)

func TestPlaceOnlyWhereAsked(t *testing.T) {
	for _, order := range []binary.ByteOrder{binary.LittleEndian, binary.BigEndian} {
		for _, at := range []Place{{true, 45.75417, 126.64939}, {true, -33.85678, 151.2153}, {true, 51.4779, -0.0015}, {true, 0, 12.5}} {
			raw := blobtest.WithPlace(t, order, at.Latitude, at.Longitude)
			p, err := PrepareWithPlace(context.Background(), bytes.NewReader(raw))
			if err != nil {
				t.Fatal(err)
			}
			if p.place == nil || !p.place.Found || math.Abs(p.place.Latitude-at.Latitude) > 1.5e-5 || math.Abs(p.place.Longitude-at.Longitude) > 1.5e-5 {
				t.Errorf("%v read as %+v", at, p.place)
			}
			for _, trace := range []string{"Exif", blobtest.Device} {
				if bytes.Contains(p.JPEG, []byte(trace)) {
					t.Errorf("%s is still in the picture", trace)
				}
			}
			if p, err = Prepare(context.Background(), bytes.NewReader(raw)); err != nil || p.place != nil {
				t.Errorf("nobody asked: %+v %v", p.place, err)
			}
		}
	}
}

func TestPlacesThatAreNone(t *testing.T) {
	good := blobtest.WithPlace(t, binary.LittleEndian, 45.75, 126.65)
	broken := func(at int, b ...byte) []byte {
		raw := bytes.Clone(good)
		copy(raw[12+at:], b) // the metadata begins after the head of its segment
		return raw
	}
	for name, raw := range map[string][]byte{
		"no metadata":           asJPEG(t, noisy(32, 32)),
		"a PNG":                 asPNG(t, noisy(32, 32)),
		"zero and zero":         blobtest.WithPlace(t, binary.BigEndian, 0, 0),
		"beyond the pole":       blobtest.WithPlace(t, binary.BigEndian, 95, 20),
		"directory outside":     broken(18, 0xff, 0xff, 0xff, 0x7f),
		"unknown direction":     broken(36, 'Q'),
		"angle outside":         broken(48, 0xff, 0xff, 0xff, 0xff),
		"divided by nothing":    broken(84, 0, 0, 0, 0),
		"numbers of no use":     broken(42, 2),
		"degrees past counting": broken(80, 0xff, 0xff, 0xff, 0xff),
	} {
		p, err := PrepareWithPlace(context.Background(), bytes.NewReader(raw))
		if err != nil || p.place == nil || *p.place != (Place{}) {
			t.Errorf("%s: %+v %v", name, p.place, err)
		}
	}
}

func FuzzPlace(f *testing.F) {
	f.Add(blobtest.WithPlace(f, binary.BigEndian, 45.75, 126.65))
	f.Add([]byte("\xff\xd8\xff\xe1\x00\x10Exif\x00\x00II*\x00\xff\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		if p := placeOf(raw); !p.Found && p != (Place{}) || math.Abs(p.Latitude) > 90 || math.Abs(p.Longitude) > 180 {
			t.Errorf("%+v", p)
		}
	})
}
