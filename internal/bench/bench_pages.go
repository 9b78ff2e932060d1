package bench

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"runtime/debug"
	"sync"
	"sync/atomic"
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
	writerPause = 20 * time.Millisecond // of each of the writers
	writers     = 8
	streams     = 500 // live pages open at once
	perAccount  = 10  // of them
	pageTurns   = 40  // pages each reader asks for: 230 of each kind in all
)

// page is an address, who opens it, and a word its answer must hold.
type page struct{ name, login, path, holds string }

// benchPages measures pages and the API's reads of a whole district, asked by
// 64 readers at once while marks arrive, beside an answer of the same bytes by
// a server that knows nothing; then the memory with 500 live pages open.
func benchPages(ctx context.Context, r *run) (err error) {
	w, err := r.open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.close()) }()
	if w.Handler == nil || w.Start == nil {
		return errs.E("bench.pages", errs.Invalid, "bench.no_pages")
	}
	w.loaded, err = district.Load(ctx, w.Services, sim.Config{Place: place, Households: first(r.Households, r.Size, 640_000), Seed: 1}, nil)
	if err != nil {
		return err
	}
	w.Start(ctx)
	s, err := serve(w.Handler, 2*r.Clients)
	if err != nil {
		return err
	}
	defer s.close()
	sessions, err := w.sessions(ctx)
	if err != nil {
		return err
	}
	pages, err := w.pages(ctx)
	if err != nil {
		return err
	}
	stop, err := w.keepMarking(ctx, s)
	if err != nil {
		return err
	}
	sizes, err := s.warm(ctx, pages, sessions)
	if err == nil {
		err = w.readPages(ctx, s, pages, sessions, sizes)
	}
	if err = errors.Join(err, stop()); err != nil {
		return err
	}
	return w.openStreams(ctx, s)
}

// sessions logs the printed accounts in.
func (w *world) sessions(ctx context.Context) (map[string]string, error) {
	out := map[string]string{}
	for _, l := range w.loaded.Logins {
		token, err := w.session(ctx, l.Account)
		if err != nil {
			return nil, err
		}
		out[l.Login] = token
	}
	return out, nil
}

// session activates an account and returns the token of its session.
func (w *world) session(ctx context.Context, who id.ID) (string, error) {
	code, err := w.Accounts.ResetCode(ctx, id.Zero, who)
	if err != nil {
		return "", err
	}
	e, err := w.Accounts.SetPassword(ctx, code, account.RandomPassword(), "bench", "")
	return e.Token, err
}

// pages are what people of each level open most.
func (w *world) pages(ctx context.Context) ([]page, error) {
	at, err := w.Grid.Place(ctx, w.sys, w.loaded.Story.Community)
	if err != nil {
		return nil, err
	}
	street, err := w.Grid.Place(ctx, w.sys, at.ParentID)
	if err != nil {
		return nil, err
	}
	building := grid.Place{}
	err = w.Grid.Subtree(ctx, w.sys, at.Path, []grid.Kind{grid.Building}, func(p grid.Place) error {
		building = p
		return nil
	})
	if err != nil {
		return nil, err
	}
	round, b := w.loaded.Round.String(), building.ID.String()
	return []page{
		{"board", "command", "/", w.loaded.Name},
		{"round", "command", "/rounds/" + round, w.loaded.Name},
		{"street", "command", "/areas/" + street.ID.String(), street.Name},
		{"community", "clerk", "/areas/" + at.ID.String(), at.Name},
		{"building", "clerk", "/buildings/" + b, "class=\"board\""},
		{"outstanding", "clerk", "/rounds/" + round + "/outstanding?place=" + b, "<table"},
		{"people", "clerk", "/persons", "<main"},
		{"vacancies", "clerk", "/vacancies", at.Name},
		{"today", "leader", "/today", "/today/"},
		{"api.coverage", "command", "/api/v1/rounds/" + round + "/coverage", "outstanding"},
		{"api.outstanding", "clerk", "/api/v1/rounds/" + round + "/outstanding?place=" + b, "items"},
	}, nil
}

// keepMarking marks the leaders' doors through the API until it is stopped; then
// it says whether a mark was refused.
func (w *world) keepMarking(ctx context.Context, s *server) (stop func() error, err error) {
	v, err := w.Rounds.Round(ctx, w.sys, w.loaded.Round)
	if err != nil {
		return nil, err
	}

	list, tokens, _, err := w.workers(ctx, v.OccurrenceID, grid.RoleBuildingLeader)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	faults := make([]error, min(writers, len(list)))
	for i := range faults {
		wg.Go(func() {
			for _, o := range list[i].objects {
				err := s.post(ctx, "/api/v1/rounds/"+w.loaded.Round.String()+"/marks", tokens[o], answeredJSON(o), nil)
				if ctx.Err() != nil {
					return
				}
				if err != nil {
					faults[i] = err
					return
				}
				<-clock.Real().After(writerPause)
			}
		})
	}
	return func() error {
		cancel()
		wg.Wait()
		return errors.Join(faults...)
	}, nil
}

// get reads a page of an account; an answer other than 200, or without the word
// that the page must hold, is wrong.
func (s *server) get(ctx context.Context, p page, token string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+p.path, nil)
	if err != nil {
		return nil, errs.Wrap("bench.get", err)
	}
	req.AddCookie(&http.Cookie{Name: web.SessionCookie, Value: token})
	res, err := s.client.Do(req)
	if err != nil {
		return nil, errs.Wrap("bench.get", err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err == nil && (res.StatusCode != http.StatusOK || !bytes.Contains(body, []byte(p.holds))) {
		err = errs.E("bench.get", errs.Internal, "bench.page", p.name, res.StatusCode)
	}
	return body, err
}

// warm opens every page once, as the first person of the day does.
func (s *server) warm(ctx context.Context, pages []page, sessions map[string]string) (sizes []int, err error) {
	for _, p := range pages {
		body, err := s.get(ctx, p, sessions[p.login])
		if err != nil {
			return nil, err
		}
		sizes = append(sizes, len(body))
	}
	return sizes, nil
}

// readPages lets the readers open pages at random, each after a look at the one
// before, and then the same bytes from a server that knows nothing.
func (w *world) readPages(ctx context.Context, s *server, pages []page, sessions map[string]string, sizes []int) error {
	times, err := w.read(ctx, len(pages), func(ctx context.Context, n int) error {
		_, err := s.get(ctx, pages[n], sessions[pages[n].login])
		return err
	})
	if err != nil {
		return err
	}
	bare, err := w.readBare(ctx, sizes)
	if err != nil {
		return err
	}
	for n, p := range pages {
		err := w.emit(Figure{Name: "pages." + p.name, Engine: w.engine(), Size: w.loaded.Figures.Households, Value: percentile(times[n], 0.95), Unit: "ms",
			P50: percentile(times[n], 0.5), P99: percentile(times[n], 0.99), Baseline: Baseline{"the same bytes, bare", percentile(bare[n], 0.95)}, Correct: len(times[n]) > 0})
		if err != nil {
			return err
		}
	}
	return nil
}

func (w *world) readBare(ctx context.Context, sizes []int) ([][]time.Duration, error) {
	blank := make([]byte, 1<<20)
	s, err := serve(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		_, _ = rw.Write(blank[:min(len(blank), sizes[len(r.URL.Path)-1])])
	}), w.Clients)
	if err != nil {
		return nil, err
	}
	defer s.close()
	path := bytes.Repeat([]byte("/"), len(sizes))
	return w.read(ctx, len(sizes), func(ctx context.Context, n int) error {
		_, err := s.get(ctx, page{path: string(path[:n+1])}, "")
		return err
	})
}

// read has the readers ask for n things at random and returns the times of each.
func (w *world) read(ctx context.Context, n int, ask func(ctx context.Context, n int) error) ([][]time.Duration, error) {
	times := make([][]time.Duration, n)
	faults := make([]error, w.Clients)
	var wg sync.WaitGroup
	var mu sync.Mutex
	for i := range w.Clients {
		r := rand.New(rand.NewPCG(uint64(i), 1)) // #nosec G404 -- which page a reader opens is no secret
		wg.Go(func() {
			for range pageTurns {
				<-clock.Real().After(time.Duration(r.Int64N(int64(2 * w.Pause))))
				p := r.IntN(n)
				sw := clock.Start()
				if faults[i] = ask(ctx, p); faults[i] != nil {
					return
				}
				took := sw.Elapsed()
				mu.Lock()
				times[p] = append(times[p], took)
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	return times, errors.Join(faults...)
}

// openStreams opens live pages and tells the memory of the process, which
// holds both ends of them, while a mark moves every one.
func (w *world) openStreams(ctx context.Context, s *server) error {
	holders, err := workersOf(ctx, w, grid.RoleBuildingLeader)
	if err != nil {
		return err
	}
	n := min(streams, len(holders)*perAccount)
	debug.FreeOSMemory()
	before := residentMB()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var opened, moved atomic.Int64
	var wg sync.WaitGroup
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	token := ""
	for i := range n {
		if i%perAccount == 0 {
			if token, err = w.session(ctx, holders[i/perAccount].account); err != nil {
				return err
			}
		}
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+"/live?topic=round:"+w.loaded.Round.String(), nil)
		if err != nil {
			return errs.Wrap("bench.streams", err)
		}
		req.AddCookie(&http.Cookie{Name: web.SessionCookie, Value: token})
		res, err := client.Do(req)
		if err != nil {
			return errs.Wrap("bench.streams", err)
		}
		if res.StatusCode == http.StatusOK {
			opened.Add(1)
		}
		wg.Go(func() {
			defer res.Body.Close()
			buf := make([]byte, 512)
			for {
				k, err := res.Body.Read(buf)
				if bytes.Contains(buf[:k], []byte(w.loaded.Round.String())) {
					moved.Add(1)
					return
				}
				if err != nil {
					return
				}
			}
		})
	}
	debug.FreeOSMemory() // of the log-ins
	sw := clock.Start()
	if err := w.markOne(ctx); err != nil {
		return err
	}
	for moved.Load() < int64(n) && sw.Elapsed() < 10*time.Second {
		<-clock.Real().After(10 * time.Millisecond)
	}
	took, after := sw.Elapsed(), residentMB()
	correct := opened.Load() == int64(n) && moved.Load() == int64(n)
	cancel()
	wg.Wait()
	if err := w.emit(Figure{Name: "pages.live", Engine: w.engine(), Size: n, Value: float64(took.Milliseconds()), Unit: "ms", Correct: correct}); err != nil {
		return err
	}
	return w.emit(Figure{Name: "pages.memory", Engine: w.engine(), Size: w.loaded.Figures.Households, Value: after, Unit: "MB", Baseline: Baseline{"before the live pages", before}, Correct: correct})
}

// markOne marks one target of the open round.
func (w *world) markOne(ctx context.Context) error {
	v, err := w.Rounds.Round(ctx, w.sys, w.loaded.Round)
	if err != nil {
		return err
	}
	list, _, err := w.clients(ctx, v.OccurrenceID, 1)
	if err != nil {
		return err
	}
	return (&marker{w: w, rid: w.loaded.Round, list: list}).some(ctx, 1)
}
