package errs

import (
	"errors"
	"io"
	"testing"
)

func TestWrapKeepsKindMessageAndField(t *testing.T) {
	err := Field(E("round.Draft", Invalid, "round.no_targets", 3), "area")
	for range 3 {
		err = Wrap("outer", err)
	}
	e := As(err)
	if !Is(err, Invalid) || e.Key != "round.no_targets" || e.Field != "area" || e.Args[0] != 3 || e.Kind.Status() != 422 {
		t.Errorf("%+v", e)
	}
	if Wrap("op", nil) != nil {
		t.Error("nothing became an error")
	}
}

func TestForeignErrorsAreInternal(t *testing.T) {
	err := Wrap("db.Read", io.ErrUnexpectedEOF)
	if KindOf(err) != Internal || !errors.Is(err, io.ErrUnexpectedEOF) || As(io.EOF).Key != "error.internal" {
		t.Errorf("%v", err)
	}
	if Kind(200).Status() != 500 || Kind(200).String() != "internal" {
		t.Error("an unknown kind is ours")
	}
}
