package blob

import (
	"bytes"
	"context"
	"encoding/binary"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"math/rand/v2"
	"strings"
	"testing"

	"wangge/internal/platform/errs"
)

// noisy returns a picture that compresses badly.
func noisy(w, h int) *image.RGBA {
	rng := rand.New(rand.NewPCG(1, 2))
	m := image.NewRGBA(image.Rect(0, 0, w, h))
	for i := range m.Pix {
		m.Pix[i] = byte(rng.Uint32())
	}
	return m
}

func asJPEG(t testing.TB, m image.Image) []byte {
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: 95}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func asPNG(t testing.TB, m image.Image) []byte {
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// withEXIF puts metadata with an orientation and a telling text into a JPEG.
func withEXIF(raw []byte, turn int, order binary.ByteOrder) []byte {
	t := []byte("II*\x00\x08\x00\x00\x00")
	if order == binary.BigEndian {
		t = []byte("MM\x00*\x00\x00\x00\x08")
	}
	entry := make([]byte, 2+12)
	order.PutUint16(entry, 1)
	order.PutUint16(entry[2:], orientationTag)
	order.PutUint16(entry[4:], 3)
	order.PutUint32(entry[6:], 1)
	order.PutUint16(entry[10:], uint16(turn))
	body := append([]byte("Exif\x00\x00"), t...)
	body = append(append(body, entry...), "GPS 45.7 126.6 SECRETDEVICE"...)
	seg := []byte{0xff, 0xe1, 0, 0}
	binary.BigEndian.PutUint16(seg[2:], uint16(len(body)+2))
	return append(append(append([]byte{0xff, 0xd8}, seg...), body...), raw[2:]...)
}

func prepare(t *testing.T, raw []byte) (Photo, image.Image) {
	t.Helper()
	p, err := Prepare(context.Background(), bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	m, format, err := image.Decode(bytes.NewReader(p.JPEG))
	if err != nil || format != "jpeg" {
		t.Fatal(format, err)
	}
	if m.Bounds().Dx() != p.Width || m.Bounds().Dy() != p.Height {
		t.Errorf("size %dx%d told as %dx%d", m.Bounds().Dx(), m.Bounds().Dy(), p.Width, p.Height)
	}
	return p, m
}

func TestPhotoBecomesSmall(t *testing.T) {
	for name, raw := range map[string][]byte{"jpeg": asJPEG(t, noisy(2400, 1300)), "png": asPNG(t, noisy(900, 1700))} {
		p, _ := prepare(t, raw)
		if len(p.JPEG) > MaxStored {
			t.Errorf("%s: %d bytes", name, len(p.JPEG))
		}
		if max(p.Width, p.Height) > maxEdge {
			t.Errorf("%s: %dx%d", name, p.Width, p.Height)
		}
	}
	if p, _ := prepare(t, asPNG(t, image.NewRGBA(image.Rect(0, 0, 40, 30)))); p.Width != 40 || p.Height != 30 {
		t.Errorf("a small picture became %dx%d", p.Width, p.Height)
	}
}

func TestTransparentBecomesWhite(t *testing.T) {
	_, m := prepare(t, asPNG(t, image.NewNRGBA(image.Rect(0, 0, 32, 32))))
	if r, _, _, _ := m.At(5, 5).RGBA(); r>>8 < 250 {
		t.Error("not white")
	}
}

func TestMetadataIsGoneAndPictureUpright(t *testing.T) {
	// A red corner at the top left of the upright picture.
	const w, h = 64, 32
	for turn := 1; turn <= 8; turn++ {
		up := image.NewRGBA(image.Rect(0, 0, w, h))
		for y := range h {
			for x := range w {
				c := color.RGBA{0, 0, 255, 255}
				if x < 16 && y < 16 {
					c = color.RGBA{255, 0, 0, 255}
				}
				up.Set(x, y, c)
			}
		}
		sw, sh := w, h
		if turn >= 5 {
			sw, sh = h, w
		}
		stored := image.NewRGBA(image.Rect(0, 0, sw, sh))
		for y := range sh {
			for x := range sw {
				dx, dy := x, y
				if turn > 1 {
					dx, dy = turned(turn, x, y, sw, sh)
				}
				stored.Set(x, y, up.At(dx, dy))
			}
		}
		for _, order := range []binary.ByteOrder{binary.LittleEndian, binary.BigEndian} {
			raw := withEXIF(asJPEG(t, stored), turn, order)
			if got := orientation(raw); got != turn {
				t.Fatalf("orientation %d read as %d", turn, got)
			}
			p, m := prepare(t, raw)
			for _, trace := range []string{"Exif", "GPS", "SECRET"} {
				if bytes.Contains(p.JPEG, []byte(trace)) {
					t.Errorf("%s is still there", trace)
				}
			}
			if p.Width != w || p.Height != h {
				t.Errorf("turn %d: %dx%d", turn, p.Width, p.Height)
			}
			if r, _, b, _ := m.At(4, 4).RGBA(); r>>8 < 200 || b>>8 > 60 {
				t.Errorf("turn %d: the corner is not red", turn)
			}
		}
	}
	// The well-known meaning of 6: the stored top row is the right-hand side.
	if x, y := turned(6, 0, 0, 40, 30); x != 29 || y != 0 {
		t.Errorf("turn 6 puts the stored corner at %d,%d", x, y)
	}
	if x, y := turned(8, 0, 0, 40, 30); x != 0 || y != 39 {
		t.Errorf("turn 8 puts the stored corner at %d,%d", x, y)
	}
}

// hugePNG claims a size without having the pixels.
func hugePNG(t *testing.T, w, h uint32) []byte {
	raw := asPNG(t, image.NewGray(image.Rect(0, 0, 1, 1)))
	binary.BigEndian.PutUint32(raw[16:], w)
	binary.BigEndian.PutUint32(raw[20:], h)
	binary.BigEndian.PutUint32(raw[29:], crc(raw[12:29]))
	return raw
}

func crc(b []byte) uint32 {
	c := ^uint32(0)
	for _, x := range b {
		c ^= uint32(x)
		for range 8 {
			c = c>>1 ^ 0xedb88320&-(c&1)
		}
	}
	return ^c
}

func TestBadPictures(t *testing.T) {
	var g bytes.Buffer
	if err := gif.Encode(&g, image.NewPaletted(image.Rect(0, 0, 20, 20), color.Palette{color.White}), nil); err != nil {
		t.Fatal(err)
	}
	good := asJPEG(t, noisy(64, 64))
	for _, c := range []struct {
		name, key string
		raw       []byte
	}{
		{"nothing", "blob.empty", nil},
		{"text", "blob.type", []byte("hello, this is a text and no picture")},
		{"gif", "blob.type", g.Bytes()},
		{"zeros", "blob.type", make([]byte, 1<<20)},
		{"heic", "blob.heic", []byte("\x00\x00\x00\x18ftypheic\x00\x00\x00\x00")},
		{"cut off", "blob.damaged", good[:len(good)/2]},
		{"head only", "blob.damaged", good[:10]},
		{"tiny", "blob.small", asPNG(t, image.NewGray(image.Rect(0, 0, 1, 1)))},
		{"bomb", "blob.pixels", hugePNG(t, 100_000, 100_000)},
		{"long", "blob.too_big", make([]byte, MaxUpload+5)},
	} {
		_, err := Prepare(context.Background(), bytes.NewReader(c.raw))
		if err == nil || errs.As(err).Key != c.key {
			t.Errorf("%s: got %v, want %s", c.name, err, c.key)
		}
		if err != nil && errs.Is(err, errs.Internal) {
			t.Errorf("%s is told as our fault", c.name)
		}
	}
}

func FuzzPrepare(f *testing.F) {
	f.Add(withEXIF(asJPEG(f, noisy(20, 20)), 6, binary.BigEndian))
	f.Add([]byte("\xff\xd8\xff\xe1\x00\x10Exif\x00\x00II*\x00\xff\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		orientation(raw)
		if strings.HasPrefix(string(raw), "\x89PNG") {
			return // the decoder of the standard library is fuzzed there
		}
		_, _ = Prepare(context.Background(), bytes.NewReader(raw))
	})
}
