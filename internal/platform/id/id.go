// Package id makes the identifiers of records: 63-bit, ordered by the time
// they were made, unique across the processes of one installation. An
// identifier never changes and says nothing about what it names.
package id

import (
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"strconv"
	"sync"

	"wangge/internal/platform/clock"
)

// ID identifies a record. In JSON and URLs it is a decimal string, because
// JavaScript numbers hold only 53 bits.
type ID int64

// Zero is "no record".
const Zero ID = 0

// Layout: 41 bits of milliseconds since 2020, 10 bits of process, 12 bits of sequence.
const (
	epochMs  = 1577836800000
	nodeBits = 10
	seqBits  = 12
)

var state struct {
	sync.Mutex
	node int64
	last int64
	seq  int64
}

func init() { Renumber() }

// Node returns the number of this process in its identifiers. Processes that
// share a database hold different ones (see package db).
func Node() int {
	state.Lock()
	defer state.Unlock()
	return int(state.node)
}

// Renumber gives the process another number, at random, because a process beside
// it has the same. What is made later still sorts later.
func Renumber() {
	var b [2]byte
	if _, err := rand.Read(b[:]); err != nil {
		panic("id: the system gives no random bytes: " + err.Error())
	}
	state.Lock()
	defer state.Unlock()
	state.node = int64(binary.BigEndian.Uint16(b[:])) & (1<<nodeBits - 1)
	state.last++
	state.seq = 0
}

// New returns a fresh identifier. It never goes backwards within a process,
// even if the machine's clock does.
func New() ID {
	state.Lock()
	defer state.Unlock()
	now := clock.Ms(clock.Real().Now()) - epochMs
	if now <= state.last {
		now = state.last
		state.seq++
		if state.seq >= 1<<seqBits {
			now++
			state.seq = 0
		}
	} else {
		state.seq = 0
	}
	state.last = now
	return ID(now<<(nodeBits+seqBits) | state.node<<seqBits | state.seq)
}

// Parse reads the decimal form.
func Parse(s string) (ID, error) {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 0 {
		return 0, fmt.Errorf("id: %q is not an identifier", s)
	}
	return ID(n), nil
}

// From reads an identifier as Parse does; what is none names nothing: Zero.
func From(s string) ID {
	v, _ := Parse(s)
	return v
}

// String returns the decimal form.
func (i ID) String() string { return strconv.FormatInt(int64(i), 10) }

// MarshalText makes the identifier a string in JSON.
func (i ID) MarshalText() ([]byte, error) { return strconv.AppendInt(nil, int64(i), 10), nil }

// UnmarshalText reads the identifier from JSON or a form; empty text is Zero.
func (i *ID) UnmarshalText(b []byte) error {
	if len(b) == 0 {
		*i = Zero
		return nil
	}
	v, err := Parse(string(b))
	if err != nil {
		return err
	}
	*i = v
	return nil
}
