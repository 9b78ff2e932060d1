package blob

import (
	"bytes"
	"encoding/binary"
)

// The tags that are read; nothing else of the metadata is.
const (
	orientationTag = 0x0112
	gpsTag         = 0x8825 // where the directory of the place begins
	latitudeRefTag = 1      // N or S; its value follows
	longitudeTag   = 4      // its E or W stands before
)

// tiff is the body of a JPEG's EXIF segment.
type tiff struct {
	raw   []byte
	order binary.ByteOrder
}

// exifOf finds the EXIF of a JPEG; ok is false where there is none.
func exifOf(raw []byte) (t tiff, ok bool) {
	if len(raw) < 4 || raw[0] != 0xff || raw[1] != 0xd8 {
		return t, false
	}
	for at := 2; at+4 <= len(raw) && raw[at] == 0xff; {
		marker := raw[at+1]
		if marker == 0xff { // fill byte
			at++
			continue
		}
		if marker == 0xda || marker == 0xd9 { // pixels begin, or the end
			return t, false
		}
		size := int(binary.BigEndian.Uint16(raw[at+2:]))
		if size < 2 || at+2+size > len(raw) {
			return t, false
		}
		if body := raw[at+4 : at+2+size]; marker == 0xe1 && bytes.HasPrefix(body, []byte("Exif\x00\x00")) {
			return tiffOf(body[6:])
		}
		at += 2 + size
	}
	return t, false
}

func tiffOf(raw []byte) (tiff, bool) {
	if len(raw) < 8 {
		return tiff{}, false
	}
	if raw[0] == 'M' {
		return tiff{raw, binary.BigEndian}, true
	}
	return tiff{raw, binary.LittleEndian}, true
}

// first is where the first directory begins.
func (t tiff) first() int64 { return int64(t.order.Uint32(t.raw[4:])) }

// entries returns the twelve bytes of some tags of the directory at an offset.
func (t tiff) entries(at int64, tags ...uint16) map[uint16][]byte {
	out := map[uint16][]byte{}
	if at+2 > int64(len(t.raw)) {
		return out
	}
	n := int64(t.order.Uint16(t.raw[at:]))
	for i := range n {
		e := at + 2 + 12*i
		if e+12 > int64(len(t.raw)) {
			break
		}
		for _, tag := range tags {
			if t.order.Uint16(t.raw[e:]) == tag && out[tag] == nil {
				out[tag] = t.raw[e : e+12]
			}
		}
	}
	return out
}

// orientation returns the EXIF orientation (1 to 8) of a JPEG; 1 where there is
// none.
func orientation(raw []byte) int {
	t, ok := exifOf(raw)
	if !ok {
		return 1
	}
	if e := t.entries(t.first(), orientationTag)[orientationTag]; e != nil {
		if v := int(t.order.Uint16(e[8:])); v >= 1 && v <= 8 {
			return v
		}
	}
	return 1
}
