// Package errs holds the one error type of the house. An error says which
// operation failed, of which kind it is (which decides the HTTP status and the
// exit code), and the message a person reads, as a key of the message
// catalogue with its arguments. Messages never carry personal fields.
package errs

import (
	"errors"
	"fmt"
	"net/http"
	"time"
)

// Kind says what sort of failure an error is; there are eight.
type Kind uint8

// The eight kinds and the HTTP status each maps to.
const (
	Internal        Kind = iota // 500: our fault; the cause goes to the log only
	Invalid                     // 422: the input is at fault; Field names it
	Unauthenticated             // 401: nobody is logged in
	Denied                      // 403: logged in, but the post held does not allow it
	NotFound                    // 404: not there, or not in the caller's scope
	Conflict                    // 409: the state does not allow it (twice, closed, changed meanwhile)
	TooMany                     // 429: a limit of rate or size
	Unavailable                 // 503: a machine's fault that passes
)

var statuses = [...]int{500, 422, 401, 403, 404, 409, 429, 503}

var names = [...]string{"internal", "invalid", "unauthenticated", "denied", "not_found", "conflict", "too_many", "unavailable"}

// Status returns the HTTP status of the kind.
func (k Kind) Status() int {
	if int(k) < len(statuses) {
		return statuses[k]
	}
	return http.StatusInternalServerError
}

// String returns the kind's stable name, as used in problem+json and logs.
func (k Kind) String() string {
	if int(k) < len(names) {
		return names[k]
	}
	return names[0]
}

// Error is the one error type.
type Error struct {
	Op    string // the operation, as "round.Close"
	Kind  Kind
	Key   string // message catalogue key; empty on wrapped causes
	Args  []any  // arguments of the message, never personal fields
	Field string // the input field at fault, if one is
	// After is when to try again, where that is known; zero: it is not.
	After time.Duration
	Err   error // the cause, for logs
}

// Error gives the text for logs; people see the catalogue's message of Key.
func (e *Error) Error() string {
	s := e.Op + ": " + e.Kind.String()
	if e.Key != "" {
		s += " " + e.Key
	}
	if len(e.Args) > 0 {
		s += fmt.Sprint(" ", e.Args)
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// E makes an error whose message is the catalogue's key with args.
func E(op string, kind Kind, key string, args ...any) error {
	return &Error{Op: op, Kind: kind, Key: key, Args: args}
}

// Field returns err marked with the input field at fault.
func Field(err error, field string) error {
	var e *Error
	if errors.As(err, &e) {
		c := *e
		c.Field = field
		return &c
	}
	return &Error{Op: "input", Kind: Invalid, Field: field, Err: err}
}

// After returns err, an *Error, marked with the time after which to try again.
func After(err error, d time.Duration) error {
	c := *As(err)
	c.After = d
	return &c
}

// Wrap adds the operation to err and keeps its kind and message. Wrapping nil
// gives nil, so a store can return errs.Wrap(op, err) as its last line.
func Wrap(op string, err error) error {
	if err == nil {
		return nil
	}
	var e *Error
	if errors.As(err, &e) {
		return &Error{Op: op, Kind: e.Kind, Key: e.Key, Args: e.Args, Field: e.Field, After: e.After, Err: err}
	}
	return foreign(op, err)
}

// know tells the kind and message of errors that are not of the house.
var know = func(error) (kind Kind, key string, ok bool) { return Internal, "", false }

// Know has fn tell the kind and message of errors that are not of the house, as
// those of a database's driver; others stay Internal. Package db calls it while
// the program starts, so that an unreachable database is never a page's fault.
func Know(fn func(err error) (kind Kind, key string, ok bool)) { know = fn }

// foreign makes an error of the house around one that is none.
func foreign(op string, err error) *Error {
	if kind, key, ok := know(err); ok {
		return &Error{Op: op, Kind: kind, Key: key, Err: err}
	}
	return &Error{Op: op, Kind: Internal, Key: "error.internal", Err: err}
}

// KindOf returns the kind of err; an error of nobody known is Internal.
func KindOf(err error) Kind { return As(err).Kind }

// Mendable reports whether an error is about the data, so that a person can
// change it: the rest of a list can go on without it.
func Mendable(err error) bool {
	switch KindOf(err) {
	case Invalid, Conflict, Denied, NotFound:
		return err != nil
	}
	return false
}

// Is reports whether err is of the kind.
func Is(err error, kind Kind) bool { return err != nil && KindOf(err) == kind }

// As returns the house's error inside err, or one of kind Internal around it.
func As(err error) *Error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return foreign("unknown", err)
}
