package round

import (
	"testing"

	"wangge/internal/platform/i18n"
)

func TestMessagesStandInTheCatalogue(t *testing.T) {
	missing, err := i18n.MissingKeys(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range missing {
		t.Error("not in the catalogue: ", m)
	}
	han, err := i18n.HanOutsideCatalogue(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range han {
		t.Error("Han text outside the catalogue: ", h)
	}
}
