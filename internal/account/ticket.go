package account

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"strconv"
	"time"

	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
	"wangge/internal/platform/seal"
)

// ticketTTL is how long somebody may wait, or be away and come back. The longest
// queue takes less on a machine that hashes ten passwords a second.
const ticketTTL = 15 * time.Minute

// errandKind says what somebody waits for.
type errandKind string

const (
	errandLogin  errandKind = "login"
	errandChoose errandKind = "choose" // a password, with a one-time code
	errandChange errandKind = "change" // the own password, knowing the present one
)

// ticket is what somebody in the queue waits for, with all that is needed to
// finish it. It travels sealed in the browser's cookie, so that whichever process
// gets the next request can go on with it, at the place it came by; passwords are
// in it as the keyed hash that argon2id is given, never in clear. Its secret is
// spent when the errand ends, so that a copied ticket opens nothing twice.
type ticket struct {
	Kind    errandKind `json:"kind"`
	Secret  []byte     `json:"secret"`
	Since   int64      `json:"since"`             // UTC milliseconds: the place in the queue
	Given   []byte     `json:"given,omitempty"`   // the password given, peppered
	Fresh   []byte     `json:"fresh,omitempty"`   // the password chosen, peppered
	Login   string     `json:"login,omitempty"`   // as typed
	Code    string     `json:"code,omitempty"`    // the one-time code
	Account id.ID      `json:"account,omitempty"` // whose password it is about, where that is known
	Session id.ID      `json:"session,omitempty"` // that goes on after a change
	Device  string     `json:"device"`
	Address string     `json:"address"` // of the first request; failures count for it
	Next    string     `json:"next,omitempty"`

	made bool // by this request: no browser has it yet
}

const ticketAAD = seal.Standing + "/ticket"

// newTicket gives t its secret and its place.
func (s *Service) newTicket(t ticket) ticket {
	t.Since, t.made = s.now(), true
	t.renew()
	return t
}

// renew gives t another secret: what was spent with the one before counts no more.
func (t *ticket) renew() {
	t.Secret = make([]byte, 16)
	if _, err := rand.Read(t.Secret); err != nil {
		panic("account: the system gives no random bytes: " + err.Error())
	}
}

// sealTicket returns t as a cookie carries it.
func (s *Service) sealTicket(t ticket) (string, error) {
	plain, err := json.Marshal(t)
	if err != nil {
		return "", errs.Wrap("account.sealTicket", err)
	}
	defer clear(plain)
	blob, err := s.keys.Seal(seal.Standing, ticketAAD, plain)
	return base64.RawURLEncoding.EncodeToString(blob), errs.Wrap("account.sealTicket", err)
}

// openTicket reads a ticket back; ok is false for one that is not ours or too old.
func (s *Service) openTicket(text string) (t ticket, ok bool) {
	blob, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || len(blob) == 0 {
		return t, false
	}
	plain, err := s.keys.Open(seal.Standing, ticketAAD, blob)
	if err != nil {
		return t, false
	}
	defer clear(plain)
	if err := json.Unmarshal(plain, &t); err != nil {
		return ticket{}, false
	}
	if age := s.now() - t.Since; age >= ticketTTL.Milliseconds() {
		t.wipe()
		return ticket{}, false
	}
	return t, true
}

// key names the errand: the same for the same thing asked again from the same
// address, so that asking again keeps the place.
func (s *Service) key(t ticket) string {
	h := sha256.New()
	for _, part := range [][]byte{[]byte(t.Kind), t.Given, t.Fresh, s.loginHash(t.Login), []byte(t.Code), []byte(t.Account.String()), []byte(t.Session.String()), []byte(t.Address)} {
		h.Write(strconv.AppendInt(nil, int64(len(part)), 36))
		h.Write([]byte{':'})
		h.Write(part)
	}
	return string(h.Sum(nil))
}

// spentHash is what is kept of a ticket that was used.
func (t ticket) spentHash() []byte {
	h := sha256.Sum256(t.Secret)
	return h[:]
}

// wipe forgets the passwords.
func (t *ticket) wipe() {
	clear(t.Given)
	clear(t.Fresh)
}
