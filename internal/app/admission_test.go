package app

import (
	"testing"

	"wangge/internal/platform/web"
)

// TestLimitsNameRoutes: a pattern that is misspelt where its size, time or class
// is set would leave its route with the ordinary ones.
func TestLimitsNameRoutes(t *testing.T) {
	d := newDrill(t, Options{}, "nangang", 60)
	site, ok := d.srv.Config.Handler.(*web.App)
	if !ok {
		t.Fatalf("the server's handler is a %T", d.srv.Config.Handler)
	}
	if list := site.Unserved(); len(list) > 0 {
		t.Errorf("no route has %v", list)
	}
}
