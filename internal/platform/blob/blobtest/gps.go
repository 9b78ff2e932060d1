// Package blobtest makes pictures for tests, as phones take them.
package blobtest

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/jpeg"
	"math"
	"testing"
)

// Device is written into the metadata of every picture, as what must not stay.
const Device = "SECRETDEVICE"

// WithPlace is a JPEG taken at a latitude and longitude, in degrees, by a phone
// that writes its numbers in an order of bytes.
func WithPlace(t testing.TB, order binary.ByteOrder, lat, lon float64) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, image.NewRGBA(image.Rect(0, 0, 64, 48)), nil); err != nil {
		t.Fatal(err)
	}
	body := append([]byte("Exif\x00\x00"), metadata(order, lat, lon)...)
	seg := []byte{0xff, 0xd8, 0xff, 0xe1, 0, 0}
	binary.BigEndian.PutUint16(seg[4:], uint16(len(body)+2))
	return append(append(seg, body...), b.Bytes()[2:]...)
}

// metadata is a first directory that points to one of the place, the angles and
// a telling text.
func metadata(order binary.ByteOrder, lat, lon float64) []byte {
	const gps, angles = 8 + 2 + 12 + 4, 8 + 2 + 12 + 4 + 2 + 4*12 + 4
	out := make([]byte, angles+48)
	copy(out, "II*\x00")
	if order == binary.BigEndian {
		copy(out, "MM\x00*")
	}
	order.PutUint32(out[4:], 8)
	order.PutUint16(out[8:], 1)
	entry := func(at int, tag, kind uint16, n uint32) []byte {
		order.PutUint16(out[at:], tag)
		order.PutUint16(out[at+2:], kind)
		order.PutUint32(out[at+4:], n)
		return out[at+8:]
	}
	order.PutUint32(entry(10, 0x8825, 4, 1), gps)
	order.PutUint16(out[gps:], 4)
	for i, v := range []struct {
		deg         float64
		plus, minus byte
	}{{lat, 'N', 'S'}, {lon, 'E', 'W'}} {
		ref, at := v.plus, angles+24*i
		if v.deg < 0 {
			ref = v.minus
		}
		entry(gps+2+24*i, uint16(1+2*i), 2, 2)[0] = ref
		order.PutUint32(entry(gps+14+24*i, uint16(2+2*i), 5, 3), uint32(at))
		whole, part := math.Modf(math.Abs(v.deg))
		minutes, rest := math.Modf(part * 60)
		for k, r := range [][2]uint32{{uint32(whole), 1}, {uint32(minutes), 1}, {uint32(math.Round(rest * 60 * 10000)), 10000}} {
			order.PutUint32(out[at+8*k:], r[0])
			order.PutUint32(out[at+8*k+4:], r[1])
		}
	}
	return append(out, Device...)
}
