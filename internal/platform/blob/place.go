package blob

import (
	"math"
)

// Place is where a photo says it was taken.
type Place struct {
	Found     bool    `json:"found" doc:"False: it was asked for, and the photo does not say"`
	Latitude  float64 `json:"latitude,omitempty" doc:"Degrees, south of the equator below zero, five decimals"`
	Longitude float64 `json:"longitude,omitempty" doc:"Degrees, west of Greenwich below zero, five decimals"`
}

// placeOf reads the place from the EXIF of a JPEG. A damaged one, one that is
// not on earth and the zero that some cameras write before they know are none.
func placeOf(raw []byte) Place {
	t, ok := exifOf(raw)
	if !ok {
		return Place{}
	}
	e := t.entries(t.first(), gpsTag)[gpsTag]
	if e == nil {
		return Place{}
	}
	gps := t.entries(int64(t.order.Uint32(e[8:])), latitudeRefTag, latitudeRefTag+1, longitudeTag-1, longitudeTag)
	lat, okLat := t.degrees(gps[latitudeRefTag], gps[latitudeRefTag+1], "NS", 90)
	lon, okLon := t.degrees(gps[longitudeTag-1], gps[longitudeTag], "EW", 180)
	if !okLat || !okLon || lat == 0 && lon == 0 {
		return Place{}
	}
	return Place{true, lat, lon}
}

// degrees reads an angle of degrees, minutes and seconds and its direction:
// the second of the two makes it negative.
func (t tiff) degrees(ref, value []byte, directions string, most float64) (float64, bool) {
	if ref == nil || value == nil || t.order.Uint16(value[2:]) != 5 || t.order.Uint32(value[4:]) != 3 {
		return 0, false
	}
	at := int64(t.order.Uint32(value[8:]))
	if at+24 > int64(len(t.raw)) {
		return 0, false
	}
	sum, unit := 0.0, 1.0
	for i := range int64(3) {
		part := t.raw[at+8*i:]
		over, under := float64(t.order.Uint32(part)), float64(t.order.Uint32(part[4:]))
		if under == 0 {
			if over != 0 || i == 0 {
				return 0, false
			}
			under = 1 // minutes or seconds left out
		}
		sum += over / under / unit
		unit *= 60
	}
	sum = math.Round(sum*1e5) / 1e5
	switch {
	case sum > most:
		return 0, false
	case ref[8] == directions[0]:
		return sum, true
	case ref[8] == directions[1]:
		return -sum, true
	}
	return 0, false
}
