// Package blob makes photos fit to be kept: small and without metadata.
//
// A photo is decoded and encoded anew, so that nothing but its pixels stays:
// no place, no time, no device, no preview. Where the work asks for the place, it
// is read before and kept beside the picture. It is turned upright and made small
// enough (at most 300 KB); the slice that keeps it seals it. The original is
// never written anywhere.
package blob

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	_ "image/png" // a format that is accepted
	"io"

	"golang.org/x/image/draw"

	"wangge/internal/platform/errs"
)

// Limits of a photo.
const (
	MaxUpload = 20 << 20              // bytes accepted from the sender
	MaxInJSON = MaxUpload/3*4 + 1<<20 // bytes of a JSON body that brings one, in base64
	MaxPixels = 50_000_000            // pixels decoded; more is refused before decoding
	MaxStored = 300 << 10             // bytes kept, before sealing
	maxEdge   = 1600                  // pixels of the longer side kept
	minEdge   = 16
)

// Photo is a prepared picture: upright, without metadata, at most MaxStored bytes.
type Photo struct {
	JPEG          []byte
	Width, Height int // pixels

	place *Place // where it was asked for
}

// decoders bounds the pictures decoded at the same time, and so the memory.
var decoders = make(chan struct{}, 2)

// Prepare reads a JPEG or PNG picture and makes it fit to be kept. Errors are
// of kind Invalid (blob.empty, blob.type, blob.heic, blob.damaged, blob.small,
// blob.pixels) or TooMany (blob.too_big).
func Prepare(ctx context.Context, r io.Reader) (Photo, error) {
	p, _, err := prepared(ctx, r)
	return p, err
}

// PrepareWithPlace is Prepare for a photo of which the place is to be kept: it
// is sealed beside the picture, which itself stays without metadata. Whoever
// takes the photo must have been told.
func PrepareWithPlace(ctx context.Context, r io.Reader) (Photo, error) {
	p, raw, err := prepared(ctx, r)
	if err != nil {
		return p, err
	}
	place := placeOf(raw)
	p.place = &place
	return p, nil
}

// prepared makes a picture fit to be kept, and returns what it was made of.
func prepared(ctx context.Context, r io.Reader) (Photo, []byte, error) {
	const op = "blob.Prepare"
	raw, err := io.ReadAll(io.LimitReader(r, MaxUpload+1))
	if err != nil {
		return Photo{}, nil, errs.Wrap(op, err)
	}
	if len(raw) > MaxUpload {
		return Photo{}, nil, errs.E(op, errs.TooMany, "blob.too_big", MaxUpload>>20)
	}
	if err := checkHead(raw); err != nil {
		return Photo{}, nil, err
	}
	select {
	case decoders <- struct{}{}:
		defer func() { <-decoders }()
	case <-ctx.Done():
		return Photo{}, nil, errs.E(op, errs.Unavailable, "error.unavailable")
	}
	img, _, err := image.Decode(bytes.NewReader(raw))
	if err != nil {
		return Photo{}, nil, errs.E(op, errs.Invalid, "blob.damaged")
	}
	p, err := fit(img, orientation(raw))
	return p, raw, errs.Wrap(op, err)
}

// checkHead refuses by the first bytes what cannot be taken, before any pixel
// is decoded.
func checkHead(raw []byte) error {
	const op = "blob.Prepare"
	if len(raw) == 0 {
		return errs.E(op, errs.Invalid, "blob.empty")
	}
	if len(raw) > 12 && string(raw[4:8]) == "ftyp" {
		return errs.E(op, errs.Invalid, "blob.heic")
	}
	conf, format, err := image.DecodeConfig(bytes.NewReader(raw))
	switch {
	case errors.Is(err, image.ErrFormat) || err == nil && format != "jpeg" && format != "png":
		return errs.E(op, errs.Invalid, "blob.type")
	case err != nil:
		return errs.E(op, errs.Invalid, "blob.damaged")
	case conf.Width < minEdge || conf.Height < minEdge:
		return errs.E(op, errs.Invalid, "blob.small")
	case conf.Width > MaxPixels/conf.Height:
		return errs.E(op, errs.Invalid, "blob.pixels", MaxPixels/1_000_000)
	}
	return nil
}

// attempts are tried in order until the picture is small enough.
var attempts = []struct{ edge, quality int }{
	{maxEdge, 82}, {maxEdge, 70}, {1280, 70}, {1024, 65}, {800, 60}, {640, 50}, {480, 40}, {320, 30},
}

func fit(img image.Image, turn int) (Photo, error) {
	var scaled *image.RGBA
	edge := 0
	var buf bytes.Buffer
	for _, a := range attempts {
		if a.edge != edge {
			scaled, edge = upright(scale(img, a.edge), turn), a.edge
		}
		buf.Reset()
		if err := jpeg.Encode(&buf, scaled, &jpeg.Options{Quality: a.quality}); err != nil {
			return Photo{}, err
		}
		if buf.Len() <= MaxStored {
			b := scaled.Bounds()
			return Photo{JPEG: buf.Bytes(), Width: b.Dx(), Height: b.Dy()}, nil
		}
	}
	return Photo{}, errs.E("blob.fit", errs.Invalid, "blob.damaged")
}

// scale draws img on white with its longer side at most edge.
func scale(img image.Image, edge int) *image.RGBA {
	b := img.Bounds()
	w, h := b.Dx(), b.Dy()
	if longer := max(w, h); longer > edge {
		w, h = max(1, w*edge/longer), max(1, h*edge/longer)
	}
	out := image.NewRGBA(image.Rect(0, 0, w, h))
	draw.Draw(out, out.Bounds(), image.NewUniform(color.White), image.Point{}, draw.Src)
	if w == b.Dx() && h == b.Dy() {
		draw.Draw(out, out.Bounds(), img, b.Min, draw.Over)
		return out
	}
	draw.BiLinear.Scale(out, out.Bounds(), img, b, draw.Over, nil)
	return out
}

// upright undoes an EXIF orientation (1 to 8).
func upright(src *image.RGBA, turn int) *image.RGBA {
	if turn < 2 || turn > 8 {
		return src
	}
	w, h := src.Bounds().Dx(), src.Bounds().Dy()
	dw, dh := w, h
	if turn >= 5 {
		dw, dh = h, w
	}
	dst := image.NewRGBA(image.Rect(0, 0, dw, dh))
	for y := range h {
		for x := range w {
			dx, dy := turned(turn, x, y, w, h)
			copy(dst.Pix[dst.PixOffset(dx, dy):][:4], src.Pix[src.PixOffset(x, y):][:4])
		}
	}
	return dst
}

// turned gives the upright place of a stored pixel.
func turned(turn, x, y, w, h int) (int, int) {
	switch turn {
	case 2:
		return w - 1 - x, y
	case 3:
		return w - 1 - x, h - 1 - y
	case 4:
		return x, h - 1 - y
	case 5:
		return y, x
	case 6:
		return h - 1 - y, x
	case 7:
		return h - 1 - y, w - 1 - x
	default: // 8
		return y, w - 1 - x
	}
}
