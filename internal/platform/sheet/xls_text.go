package sheet

import (
	"encoding/binary"
	"math"
	"unicode/utf16"
)

func float(p []byte) float64 { return math.Float64frombits(binary.LittleEndian.Uint64(p)) }

// chunks reads strings that run on through continuation records. Where the
// characters of a string are cut, the continuation starts with a byte that
// says anew whether they are wide.
type chunks struct {
	cur  []byte
	more [][]byte
}

func newChunks(r xlsRecord) *chunks { return &chunks{r.data, r.more} }

// refill goes on to the next continuation when the current one is used up.
func (c *chunks) refill() bool {
	for len(c.cur) == 0 {
		if len(c.more) == 0 {
			return false
		}
		c.cur, c.more = c.more[0], c.more[1:]
	}
	return true
}

// bytes takes n bytes across continuations.
func (c *chunks) bytes(n int) ([]byte, bool) {
	var out []byte
	for n > 0 {
		if !c.refill() {
			return out, false
		}
		k := min(n, len(c.cur))
		out = append(out, c.cur[:k]...)
		c.cur = c.cur[k:]
		n -= k
	}
	return out, true
}

// str reads a string whose length takes lenBytes bytes: flags, optional runs
// of formatting and phonetic data (passed over), characters.
func (c *chunks) str(lenBytes int) (string, bool) {
	head, ok := c.bytes(lenBytes + 1)
	if !ok {
		return "", false
	}
	n := int(head[0])
	if lenBytes == 2 {
		n = int(u16(head, 0))
	}
	flags := head[lenBytes]
	runs, ext := 0, 0
	if flags&8 != 0 {
		b, ok := c.bytes(2)
		if !ok {
			return "", false
		}
		runs = int(u16(b, 0))
	}
	if flags&4 != 0 {
		b, ok := c.bytes(4)
		if !ok {
			return "", false
		}
		ext = int(min(u32(b, 0), 1<<20))
	}
	s, ok := c.chars(n, flags&1 != 0)
	if ok {
		_, ok = c.bytes(runs*4 + ext)
	}
	return s, ok || s != ""
}

// chars takes n characters, one or two bytes each.
func (c *chunks) chars(n int, wide bool) (string, bool) {
	units := make([]uint16, 0, n)
	for len(units) < n {
		if len(c.cur) == 0 {
			if !c.refill() {
				return string(utf16.Decode(units)), false
			}
			wide = c.cur[0]&1 != 0
			c.cur = c.cur[1:]
			continue
		}
		if !wide {
			units = append(units, uint16(c.cur[0]))
			c.cur = c.cur[1:]
			continue
		}
		if len(c.cur) < 2 {
			c.cur = nil
			continue
		}
		units = append(units, u16(c.cur, 0))
		c.cur = c.cur[2:]
	}
	return string(utf16.Decode(units)), true
}
