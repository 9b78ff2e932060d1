package app

import (
	"errors"
	"strings"

	"wangge/internal/platform/errs"
	"wangge/internal/platform/i18n"
)

// Version is the release this binary belongs to.
const Version = "0.1.0"

// The exit codes of every command.
const (
	ExitOK      = 0
	ExitData    = 1 // the data are at fault
	ExitCall    = 2 // the call is at fault
	ExitMachine = 3 // the machine is: database unreachable, disk full
)

// ErrCall marks a fault of the call; ErrFound marks findings already printed.
var (
	ErrCall  = errors.New("wrong call")
	ErrFound = errors.New("the data are at fault")
)

// ExitCode maps an error to the exit code.
func ExitCode(err error) int {
	switch {
	case err == nil:
		return ExitOK
	case errors.Is(err, ErrCall):
		return ExitCall
	case errors.Is(err, ErrFound):
		return ExitData
	}
	switch errs.As(err).Key {
	case "db.foreign", "db.newer", "db.outdated", "db.too_old", "app.keys_lost", "app.keys_other":
		return ExitMachine // the installation is not one for this program
	case "db.url", "db.backup_engine", "app.demo.place", "bench.unknown", "escrow.who", "escrow.where", "escrow.standing", "seal.bad_key_id":
		return ExitCall
	}
	switch errs.KindOf(err) {
	case errs.Unavailable, errs.Internal:
		return ExitMachine
	case errs.Denied, errs.Unauthenticated, errs.NotFound, errs.Conflict:
		return ExitCall
	default:
		return ExitData
	}
}

// Explain returns the one line a person reads: the catalogue's message, and
// the cause where the message alone does not say it.
func Explain(err error, lang string) string {
	return strings.Join(strings.Fields(explain(err, lang)), " ")
}

func explain(err error, lang string) string {
	var e *errs.Error
	if !errors.As(err, &e) {
		return strings.TrimPrefix(err.Error(), ErrCall.Error()+": ")
	}
	if e.Key == "" || e.Kind == errs.Internal {
		return err.Error()
	}
	msg := i18n.T(lang, e.Key, e.Args...)
	if e.Kind == errs.Unavailable && e.Err != nil {
		var inner *errs.Error
		if !errors.As(e.Err, &inner) {
			msg += " (" + e.Err.Error() + ")"
		}
	}
	return msg
}
