package e2e

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"wangge/internal/platform/web/webtest"
)

// writeGuides lets TestGuides take the guides' pictures anew; make guides sets it.
var writeGuides = flag.Bool("guides", false, "write the pictures of docs/guide")

const guideDir = "../../docs/guide"

// A guide names the page that stands beside a picture, who looks at it and how
// wide the screen is:
//
//	<!-- page leader-today: building_leader 390 /today -->
//	![…](images/leader-today.png)
//
// Words in bold, up to the next picture, are words of that page.
var (
	guidePage = regexp.MustCompile(`<!-- page ([a-z0-9-]+): ([a-z_]+) (390|1440) (\S+) -->`)
	guideBold = regexp.MustCompile(`\*\*([^*]+)\*\*`)
)

// guideShot is a page that a guide shows.
type guideShot struct {
	file, name, role, width, path string
	words                         []string
}

func readGuides(t *testing.T) []guideShot {
	t.Helper()
	files, err := filepath.Glob(guideDir + "/*.md")
	if err != nil || len(files) == 0 {
		t.Fatalf("no guides: %v", err)
	}
	var out []guideShot
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		text := string(b)
		marks := guidePage.FindAllStringSubmatchIndex(text, -1)
		for i, m := range marks {
			end := len(text)
			if i+1 < len(marks) {
				end = marks[i+1][0]
			}
			s := guideShot{file: filepath.Base(f), name: text[m[2]:m[3]], role: text[m[4]:m[5]], width: text[m[6]:m[7]], path: text[m[8]:m[9]]}
			for _, w := range guideBold.FindAllStringSubmatch(text[m[1]:end], -1) {
				s.words = append(s.words, w[1])
			}
			if !strings.Contains(text[m[1]:end], "(images/"+s.name+".png)") {
				t.Errorf("%s: the page %s has no picture images/%s.png", s.file, s.name, s.name)
			}
			out = append(out, s)
		}
	}
	return out
}

// TestGuides opens every page that a guide shows, as the role it is for: the
// words the guide puts in bold stand on the page, and the picture is of the page
// as it is now. What a picture shows is told by the page's words, without
// figures: those change with the day.
func TestGuides(t *testing.T) {
	s := newStage(t)
	kept := map[string]string{}
	file := filepath.Join(guideDir, "images", "words.json")
	if b, err := os.ReadFile(file); err == nil {
		if err := json.Unmarshal(b, &kept); err != nil {
			t.Fatal(err)
		}
	}
	now := map[string]string{}
	shots := readGuides(t)
	slices.SortStableFunc(shots, func(a, b guideShot) int { return strings.Compare(a.role+a.width, b.role+b.width) })
	var b *tab
	for i, g := range shots {
		if i == 0 || g.role+g.width != shots[i-1].role+shots[i-1].width {
			if g.width == "390" {
				b = s.open(t, g.role, "zh", 390, 844)
			} else {
				b = s.open(t, g.role, "zh", 1440, 900)
			}
		}
		b.visit(b.fill(g.path))
		b.until("the page of "+g.name, "document.readyState==='complete'")
		text := b.js(guideText)
		for _, w := range g.words {
			if !strings.Contains(text, w) {
				t.Errorf("%s: the page %s does not say %q", g.file, g.path, w)
			}
		}
		sum := sha256.Sum256([]byte(b.js(guideWords)))
		now[g.name] = hex.EncodeToString(sum[:8])
		if *writeGuides {
			png := webtest.Get(t, b.ctx, chromedp.CaptureScreenshot())
			if err := os.WriteFile(filepath.Join(guideDir, "images", g.name+".png"), png, 0o644); err != nil {
				t.Fatal(err)
			}
		} else if now[g.name] != kept[g.name] {
			t.Errorf("%s: images/%s.png shows the page as it was: run make guides, look at it, and see whether the text still holds", g.file, g.name)
		}
	}
	if *writeGuides {
		text, err := json.MarshalIndent(now, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, append(text, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// guideText is all a page says, with what stands in its fields.
const guideText = `document.body.innerText+' '+[...document.querySelectorAll('input,textarea,summary,select option')].map(e=>(e.value||'')+' '+(e.placeholder||'')+' '+(e.innerText||'')).join(' ')`

// guideWords are the words a page is made of: titles, buttons, fields, columns.
const guideWords = `[...new Set([...document.querySelectorAll('h1,h2,h3,label,button,th,legend,summary,nav a,main .btn')].map(e=>e.innerText.replace(/[0-9:.,%\/\s-]+/g,'').trim()).filter(Boolean))].sort().join('\n')`

// fill puts the drill's own objects into a guide's address; {building} is the
// first one on the phone's list.
func (b *tab) fill(path string) string {
	b.t.Helper()
	if strings.Contains(path, "{building}") {
		b.visit("/today")
		b.until("a building", `!!document.querySelector('.rows a[href^="/today/"]')`)
		path = strings.Replace(path, "/today/{building}", b.js(`document.querySelector('.rows a[href^="/today/"]').getAttribute('href')`), 1)
	}
	l := b.s.drill.Loaded
	return strings.NewReplacer("{community}", l.Story.Community.String(), "{round}", l.Round.String(), "{grid}", l.Story.Grid.String()).Replace(path)
}
