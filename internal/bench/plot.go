package bench

import (
	"bufio"
	"fmt"
	"io"
	"math"
)

// point is what was measured (y) at a size (x).
type point struct{ x, y float64 }

// panel is one chart of a plot, from zero on both axes. Where what is measured
// should grow with the size, a dashed line shows what exactly in proportion to
// the largest would be.
type panel struct {
	title, unit string
	grows       bool
	points      []point
}

// Sizes of a plot, in its own units.
const (
	panelWidth, panelHeight = 380, 250
	marginLeft, marginRight = 58, 22
	marginTop, marginBottom = 40, 46
)

// plot draws panels, two in a row, as SVG that reads on light and dark ground.
func plot(to io.Writer, panels []panel) error {
	w := bufio.NewWriter(to)
	rows := (len(panels) + 1) / 2
	fmt.Fprintf(w, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="system-ui, sans-serif" font-size="12" fill="#333">`+"\n",
		2*panelWidth, rows*panelHeight)
	fmt.Fprintf(w, `<rect width="100%%" height="100%%" fill="#fff"/>`+"\n")
	for i, p := range panels {
		fmt.Fprintf(w, `<g transform="translate(%d %d)">`+"\n", i%2*panelWidth, i/2*panelHeight)
		p.draw(w)
		fmt.Fprintln(w, "</g>")
	}
	fmt.Fprintln(w, "</svg>")
	return w.Flush()
}

func (p panel) draw(w io.Writer) {
	fmt.Fprintf(w, `<text x="%d" y="22" font-size="14" font-weight="600">%s (%s)</text>`+"\n", marginLeft, p.title, p.unit)
	topX, topY := 0.0, 0.0
	for _, v := range p.points {
		topX, topY = max(topX, v.x), max(topY, v.y)
	}
	step := niceStep(topY)
	topY = max(step, math.Ceil(topY/step)*step)
	at := func(v point) (x, y float64) {
		return marginLeft + v.x/max(topX, 1)*(panelWidth-marginLeft-marginRight),
			panelHeight - marginBottom - v.y/topY*(panelHeight-marginTop-marginBottom)
	}
	for v := 0.0; v <= topY+step/2; v += step {
		_, y := at(point{0, v})
		fmt.Fprintf(w, `<line x1="%d" x2="%d" y1="%.1f" y2="%.1f" stroke="#ddd"/><text x="%d" y="%.1f" text-anchor="end">%s</text>`+"\n",
			marginLeft, panelWidth-marginRight, y, y, marginLeft-8, y+4, short(v))
	}
	if p.grows && len(p.points) > 0 {
		x0, y0 := at(point{})
		x1, y1 := at(p.points[len(p.points)-1])
		fmt.Fprintf(w, `<line x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f" stroke="#999" stroke-dasharray="5 4"/>`+"\n", x0, y0, x1, y1)
	}
	fmt.Fprint(w, `<polyline fill="none" stroke="#1769aa" stroke-width="2" points="`)
	for _, v := range p.points {
		x, y := at(v)
		fmt.Fprintf(w, "%.1f,%.1f ", x, y)
	}
	fmt.Fprintln(w, `"/>`)
	for _, v := range p.points {
		x, y := at(v)
		fmt.Fprintf(w, `<circle cx="%.1f" cy="%.1f" r="4" fill="#1769aa"/><text x="%.1f" y="%.1f" text-anchor="middle">%s</text><text x="%.1f" y="%d" text-anchor="middle">%s</text>`+"\n",
			x, y, x, y-10, short(v.y), x, panelHeight-marginBottom+18, short(v.x))
	}
	fmt.Fprintf(w, `<text x="%d" y="%d" text-anchor="middle">households</text>`+"\n", (panelWidth+marginLeft)/2, panelHeight-8)
}

// niceStep is the distance of four or five lines up to top: 1, 2 or 5 times a
// power of ten.
func niceStep(top float64) float64 {
	if top <= 0 {
		return 1
	}
	unit := math.Pow(10, math.Floor(math.Log10(top/4)))
	for _, n := range []float64{1, 2, 5} {
		if top/(n*unit) <= 5 {
			return n * unit
		}
	}
	return 10 * unit
}

// short writes a number as an axis does: 1.28 M, 640 k, 9.7.
func short(v float64) string {
	switch {
	case v >= 1e6:
		return fmt.Sprintf("%.3g M", v/1e6)
	case v >= 1e4:
		return fmt.Sprintf("%.3g k", v/1e3)
	case v >= 100:
		return fmt.Sprintf("%.0f", v)
	}
	return fmt.Sprintf("%.3g", v)
}
