package task

import (
	"net/url"
	"strings"
	"testing"

	"wangge/internal/platform/db"
	"wangge/internal/platform/db/dbtest"
)

func TestNumbersOfSomebody(t *testing.T) {
	for text, want := range map[string]bool{
		"电话13812345678，请联系": true, "138 1234 5678": true, "+86-13812345678": true, "１３８１２３４５６７８": true, "0451-82345678": true,
		"身份证23010319900101123X。": true, "230103 19900101 1234": true, "230103900101123": true,
		"3号楼2单元501": false, "2026-11-22 19:30": false, "单号20261122193000123456": false, "共12345678元": false, "": false,
	} {
		if hasNumbers(text) != want {
			t.Errorf("%q: want %v", text, want)
		}
	}
}

func TestAReferralHoldsNoNumbersUnlessNeeded(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		s := newSite(t, w)
		f := url.Values{"kind": {KindReferral}, "title": {"gas leak"}, "text": {"call 13812345678"}, "to": {w.post["street1"].String()}}
		page, _ := s.ask("comm11", "zh", "/tasks/new?kind=referral", nil, 200)
		if !strings.Contains(page, "移交出去的") || strings.Contains(page, `name="numbers"`) {
			t.Error("what leaves is not said, or the tick comes too early")
		}
		page, _ = s.ask("comm11", "zh", "/tasks/new", f, 422)
		if !strings.Contains(page, "有电话或身份证号码") || !strings.Contains(page, `name="numbers"`) || strings.Count(page, "call 13812345678") < 2 {
			t.Error("the number is not told, has no way out, or is not shown as what leaves")
		}
		f.Set("numbers", "1")
		s.ask("comm11", "zh", "/tasks/new", f, 303)
		f.Del("numbers")
		f.Set("kind", KindRequest)
		s.ask("comm11", "zh", "/tasks/new", f, 303)
	})
}
