package account

import (
	"context"
	"encoding/base32"
	"time"
)

// TOTPAt is the code of a secret in a time step, as an app shows it.
func TOTPAt(secret string, step int64) string {
	key, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(secret)
	if err != nil {
		panic(err)
	}
	return totpAt(key, step)
}

// Hurry shows the waiting page sooner until the test ends.
func Hurry(t interface{ Cleanup(func()) }) {
	p, l := patience, peek
	patience, peek = 100*time.Millisecond, 100*time.Millisecond
	t.Cleanup(func() { patience, peek = p, l })
}

// Hold takes every turn of the queue until free is called.
func (s *Service) Hold() (free func()) {
	var held []*seat
	for range s.queue.slots {
		seat, err := s.queue.join(0, "")
		if err != nil {
			panic(err)
		}
		<-seat.turn
		held = append(held, seat)
	}
	return func() {
		for _, seat := range held {
			seat.leave()
		}
	}
}

// Fill puts n into the queue who never leave, ahead of everybody.
func (s *Service) Fill(n int) {
	for range n {
		if _, err := s.queue.join(0, "filled"); err != nil {
			panic(err)
		}
	}
}

// Full is how many the queue holds.
const Full = maxQueue

// InQueue returns how many wait, and how many errands are kept.
func (s *Service) InQueue() (waiting, kept int) {
	s.desk.mu.Lock()
	defer s.desk.mu.Unlock()
	return s.queue.length(), len(s.desk.open)
}

// FailuresKept returns how many keys failures are counted of.
func (s *Service) FailuresKept(t interface{ Fatal(...any) }) (n int) {
	if err := s.d.Read().QueryRowContext(context.Background(), `SELECT COUNT(*) FROM failed_try`).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// TicketOf returns the ticket of a log-in that waits, as the cookie of a program
// on this machine carries it.
func (s *Service) TicketOf(login, password string) (string, error) {
	given, err := s.pepper(password)
	if err != nil {
		return "", err
	}
	return s.sealTicket(s.newTicket(ticket{Kind: errandLogin, Given: given, Login: login, Device: "other", Address: "127.0.0.1"}))
}
