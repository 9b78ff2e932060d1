package bench

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"runtime"
	"sync"
	"time"

	"wangge/internal/account"
	"wangge/internal/grid"
	"wangge/internal/platform/clock"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
	"wangge/internal/platform/web"
	"wangge/internal/sim"
	"wangge/internal/sim/district"
)

const (
	overloadTimes  = 3               // the capacity that is offered
	overloadFor    = 8 * time.Second // of the overload; half as long the capacity is looked for
	unloadedTurns  = 60              // of each class, one after the other
	maxOutstanding = 4000
)

// demand is what is asked of one class: share of a hundred requests, and the
// n-th request.
type demand struct {
	class web.Class
	share int
	ask   func(ctx context.Context, n int) (*http.Request, error)
}

// said is one answer: how long it took, and whether it was a refusal.
type said struct {
	took    time.Duration
	refused bool
	wrong   bool // neither an answer nor a refusal that says when to come back
}

// benchOverload offers three times what the server answers of the same mix, at
// a steady rate that waits for nobody, and shows by class what was answered and
// how fast, beside the same requests one after the other on the idle server. It
// is wrong where an urgent request or a mark is refused while pages are
// answered. Server and load share the machine.
func benchOverload(ctx context.Context, r *run) (err error) {
	w, err := r.open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.close()) }()
	if w.Handler == nil {
		return errs.E("bench.overload", errs.Invalid, "bench.no_pages")
	}
	w.loaded, err = district.Load(ctx, w.Services, sim.Config{Place: place, Households: first(r.Households, r.Size, 20_000), Seed: 1}, nil)
	if err != nil {
		return err
	}
	s, err := serve(w.Handler, 0)
	if err != nil {
		return err
	}
	defer s.close()
	s.client.Transport = &http.Transport{MaxIdleConnsPerHost: maxOutstanding, MaxIdleConns: maxOutstanding}
	mix, err := w.demands(ctx, s)
	if err != nil {
		return err
	}
	idle, err := s.unloaded(ctx, mix)
	if err != nil {
		return err
	}
	long := cmp.Or(r.For, overloadFor)
	capacity := s.capacity(ctx, mix, long/2)
	loaded, took := s.overload(ctx, mix, overloadTimes*capacity, long)
	return w.tellOverload(mix, idle, loaded, capacity, took)
}

// demands are the mix: few urgent requests and marks, many pages, some exports.
func (w *world) demands(ctx context.Context, s *server) ([]demand, error) {
	v, err := w.Rounds.Round(ctx, w.sys, w.loaded.Round)
	if err != nil {
		return nil, err
	}
	_, tokens, _, err := w.workers(ctx, v.OccurrenceID, grid.RoleBuildingLeader)
	if err != nil {
		return nil, err
	}
	objects := make([]id.ID, 0, len(tokens))
	for o := range tokens {
		objects = append(objects, o)
	}
	clerk, err := w.tokenOf(ctx, "clerk")
	if err != nil {
		return nil, err
	}
	community, round := w.loaded.Story.Community.String(), "/rounds/"+w.loaded.Round.String()
	get := func(path string) func(context.Context, int) (*http.Request, error) {
		return func(ctx context.Context, _ int) (*http.Request, error) {
			return s.request(ctx, http.MethodGet, path, clerk, nil)
		}
	}
	reads := []string{"/areas/" + community, "/persons", "/api/v1" + round + "/outstanding?place=" + community, round + "?place=" + community, "/vacancies"}
	return []demand{
		{web.Urgent, 2, get("/api/v1/areas/" + community + "/duty")},
		{web.Work, 10, func(ctx context.Context, n int) (*http.Request, error) {
			o := objects[n%len(objects)]
			return s.request(ctx, http.MethodPost, "/api/v1"+round+"/marks", tokens[o], answeredJSON(o))
		}},
		{web.Read, 80, func(ctx context.Context, n int) (*http.Request, error) {
			return get(reads[n%len(reads)])(ctx, n)
		}},
		{web.Heavy, 8, get(round + "/export?place=" + community)},
	}, nil
}

// tokenOf makes a token of a printed account.
func (w *world) tokenOf(ctx context.Context, login string) (string, error) {
	for _, l := range w.loaded.Logins {
		if l.Login == login {
			_, secret, err := w.Accounts.CreateToken(ctx, l.Account, account.NewToken{Post: l.Post, Name: "bench", TTL: 24 * time.Hour})
			return secret, err
		}
	}
	return "", errs.E("bench.tokenOf", errs.NotFound, "account.not_found")
}

// request makes a request of a program.
func (s *server) request(ctx context.Context, method, path, token string, in any) (*http.Request, error) {
	var body io.Reader
	if in != nil {
		raw, err := json.Marshal(in)
		if err != nil {
			return nil, errs.Wrap("bench.request", err)
		}
		body = bytes.NewReader(raw)
	}
	req, err := http.NewRequestWithContext(ctx, method, s.url+path, body)
	if err != nil {
		return nil, errs.Wrap("bench.request", err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+token)
	return req, nil
}

// try sends the n-th request of d and judges its answer.
func (s *server) try(ctx context.Context, d demand, n int) said {
	sw := clock.Start()
	req, err := d.ask(ctx, n)
	if err != nil {
		return said{wrong: true}
	}
	res, err := s.client.Do(req)
	if err != nil {
		return said{took: sw.Elapsed(), wrong: true}
	}
	_, err = io.Copy(io.Discard, res.Body)
	res.Body.Close()
	out := said{took: sw.Elapsed(), refused: res.StatusCode == http.StatusServiceUnavailable}
	out.wrong = err != nil || !out.refused && res.StatusCode != http.StatusOK || out.refused && res.Header.Get("Retry-After") == ""
	return out
}

// unloaded asks each class one request after the other.
func (s *server) unloaded(ctx context.Context, mix []demand) ([][]said, error) {
	out := make([][]said, len(mix))
	for i, d := range mix {
		for n := range unloadedTurns {
			a := s.try(ctx, d, n)
			if a.wrong || a.refused {
				return nil, errs.E("bench.overload", errs.Internal, "bench.unloaded", d.class)
			}
			out[i] = append(out[i], a)
		}
	}
	return out, nil
}

// turn spreads the classes over a hundred requests: whose the n-th is.
func turn(mix []demand, n int) int {
	at := n * 37 % 100
	for i, d := range mix {
		if at -= d.share; at < 0 {
			return i
		}
	}
	return len(mix) - 1
}

// capacity is how many requests of the mix a second are answered to clients
// that wait for each answer, as many as keep every core busy.
func (s *server) capacity(ctx context.Context, mix []demand, long time.Duration) float64 {
	var wg sync.WaitGroup
	clients := 4 * runtime.GOMAXPROCS(0)
	counts := make([]int, clients)
	sw := clock.Start()
	for i := range clients {
		wg.Go(func() {
			for n := i; sw.Elapsed() < long && ctx.Err() == nil; n += clients {
				if a := s.try(ctx, mix[turn(mix, n)], n); !a.refused && !a.wrong {
					counts[i]++
				}
			}
		})
	}
	wg.Wait()
	total := 0
	for _, n := range counts {
		total += n
	}
	return perSecond(total, sw.Elapsed())
}

// overload sends requests at a rate, whether the ones before were answered or
// not, for so long, and returns the answers of each class.
func (s *server) overload(ctx context.Context, mix []demand, rate float64, long time.Duration) ([][]said, time.Duration) {
	var wg sync.WaitGroup
	var mu sync.Mutex
	out := make([][]said, len(mix))
	room := make(chan struct{}, maxOutstanding)
	sw := clock.Start()
	for n := 0; sw.Elapsed() < long && ctx.Err() == nil; {
		for due := int(rate * sw.Elapsed().Seconds()); n < due; n++ {
			room <- struct{}{}
			wg.Go(func() {
				defer func() { <-room }()
				i := turn(mix, n)
				a := s.try(ctx, mix[i], n)
				mu.Lock()
				out[i] = append(out[i], a)
				mu.Unlock()
			})
		}
		<-clock.Real().After(time.Millisecond)
	}
	took := sw.Elapsed()
	wg.Wait()
	return out, took
}

// tellOverload writes five lines a class.
func (w *world) tellOverload(mix []demand, idle, loaded [][]said, capacity float64, took time.Duration) error {
	lower := false // something less important was answered
	correct := make([]bool, len(mix))
	for i := len(mix) - 1; i >= 0; i-- {
		answered, refused, wrong := split(loaded[i])
		important := mix[i].class == web.Urgent || mix[i].class == web.Work
		correct[i] = len(wrong) == 0 && !(important && len(refused) > 0 && lower)
		lower = lower || len(answered) > 0
	}
	for i, d := range mix {
		answered, refused, _ := split(loaded[i])
		calm, _, _ := split(idle[i])
		offered := perSecond(len(loaded[i]), took)
		name := "overload." + d.class.String() + "."
		for _, f := range []Figure{
			{Name: name + "offered", Value: offered, Unit: "per_second", Baseline: Baseline{"all that can be answered", capacity}},
			{Name: name + "answered", Value: perSecond(len(answered), took), Unit: "per_second", P50: percentile(answered, 0.5), P99: percentile(answered, 0.99), Baseline: Baseline{"offered", offered}},
			{Name: name + "refused", Value: perSecond(len(refused), took), Unit: "per_second", P50: percentile(refused, 0.5), P99: percentile(refused, 0.99), Baseline: Baseline{"offered", offered}},
			{Name: name + "p99", Value: percentile(answered, 0.99), Unit: "ms", P50: percentile(answered, 0.5), P99: percentile(answered, 0.99), Baseline: Baseline{"p99 of the idle server", percentile(calm, 0.99)}},
			{Name: name + "p50", Value: percentile(answered, 0.5), Unit: "ms", P50: percentile(answered, 0.5), P99: percentile(answered, 0.99), Baseline: Baseline{"p50 of the idle server", percentile(calm, 0.5)}},
		} {
			f.Engine, f.Size, f.Correct = w.engine(), len(loaded[i]), correct[i]
			if err := w.emit(f); err != nil {
				return err
			}
		}
	}
	return nil
}

// split parts the answers by what they were.
func split(list []said) (answered, refused, wrong []time.Duration) {
	for _, a := range list {
		switch {
		case a.wrong:
			wrong = append(wrong, a.took)
		case a.refused:
			refused = append(refused, a.took)
		default:
			answered = append(answered, a.took)
		}
	}
	return answered, refused, wrong
}
