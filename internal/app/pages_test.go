package app

import (
	"testing"

	"wangge/internal/platform/clock"
	"wangge/internal/platform/web"
)

// Every page of every slice can be put together, in each language.
func TestEveryPageIsPutTogether(t *testing.T) {
	d := newDrill(t, Options{}, "mohe", 60)
	ren := web.NewRenderer(clock.Real())
	if err := d.app.registerPages(web.New(web.Options{Renderer: ren, Log: d.app.log()}), ren); err != nil {
		t.Fatal(err)
	}
	if err := ren.Check(); err != nil {
		t.Error(err)
	}
}
