package webtest

import (
	"context"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// Line is how a tab's network behaves.
type Line struct {
	Cut     bool    // there is none
	Latency float64 // milliseconds until an answer begins
	Kbit    float64 // per second in each direction; 0: no limit
}

// The lines that the tests speak of.
var (
	Fast = Line{}
	Cut  = Line{Cut: true}
	Slow = Line{Latency: 400, Kbit: 400} // a crowded 3G cell
)

// Network gives the tab a line.
func Network(l Line) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		if _, err := cdp.Call(ctx, t, network.Enable, network.EnableParams{}); err != nil {
			return err
		}
		rate := -1.0
		if l.Kbit > 0 {
			rate = l.Kbit * 1000 / 8
		}
		_, err := cdp.Call(ctx, t, network.EmulateNetworkConditionsByRule, network.EmulateNetworkConditionsByRuleParams{
			EmulateOfflineServiceWorker: &l.Cut,
			MatchedNetworkConditions:    []*network.Conditions{{Offline: l.Cut, Latency: l.Latency, DownloadThroughput: rate, UploadThroughput: rate}},
		})
		return err
	})
}

// SlowCPU makes the tab's processor so many times slower.
func SlowCPU(times float64) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, emulation.SetCPUThrottlingRate, emulation.SetCPUThrottlingRateParams{Rate: times})
		return err
	})
}

// Cookie gives the tab a cookie of a server.
func Cookie(url, name, value string) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, network.SetCookie, network.SetCookieParams{Name: name, Value: value, URL: url})
		return err
	})
}
