package web

import (
	"os"
	"strings"
	"testing"
)

// The button stands within the form whose field it fills in: a form of its own
// would end that one, and what comes behind it could not be sent.
func TestTheScanButtonHoldsNoForm(t *testing.T) {
	page, err := os.ReadFile("templates/partials/scan.html")
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(page), "<form") || !strings.Contains(string(page), "data-scan-stop") {
		t.Error("the scan button holds a form, or nothing that stops it")
	}
}
