package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"wangge/internal/account"
	"wangge/internal/grid"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/i18n"
	"wangge/internal/platform/id"
)

// server serves a handler on the loopback until it is closed.
type server struct {
	url    string
	srv    *http.Server
	client *http.Client
}

func serve(h http.Handler, clients int) (*server, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, errs.Wrap("bench.serve", err)
	}
	s := &server{url: "http://" + ln.Addr().String(), srv: &http.Server{Handler: h, ReadHeaderTimeout: time.Minute}}
	s.client = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: clients, MaxConnsPerHost: clients}, Timeout: time.Minute}
	go func() { _ = s.srv.Serve(ln) }() // ends with ErrServerClosed
	return s, nil
}

func (s *server) close() {
	s.client.CloseIdleConnections()
	_ = s.srv.Close()
}

// post sends JSON and reads the whole answer; an answer other than 200 is an error.
func (s *server) post(ctx context.Context, path, token string, in any, out any) error {
	raw, err := json.Marshal(in)
	if err != nil {
		return errs.Wrap("bench.post", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url+path, bytes.NewReader(raw))
	if err != nil {
		return errs.Wrap("bench.post", err)
	}
	req.Header.Set("Content-Type", "application/json")
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := s.client.Do(req)
	if err != nil {
		return errs.Wrap("bench.post", err)
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	if err != nil {
		return errs.Wrap("bench.post", err)
	}
	if res.StatusCode != http.StatusOK {
		return errs.E("bench.post", errs.Internal, "bench.answer", res.StatusCode)
	}
	if out == nil {
		return nil
	}
	return errs.Wrap("bench.post", json.Unmarshal(answer, out))
}

// markJSON is a mark as the API takes it.
type markJSON struct {
	RoundID  id.ID             `json:"round_id,omitempty"`
	ObjectID id.ID             `json:"object_id"`
	Result   string            `json:"result"`
	Answers  map[string]string `json:"answers"`
	How      string            `json:"how"`
}

func answeredJSON(object id.ID) markJSON {
	return markJSON{ObjectID: object, Result: "answered", Answers: screeningAnswers, How: "door"}
}

// marksHTTP measures the API's marks over HTTP, one by one and in batches,
// beside a bare answer and beside a bare insert behind the same requests.
func (w *world) marksHTTP(ctx context.Context) error {
	v, err := w.Rounds.Round(ctx, w.sys, w.loaded.Round)
	if err != nil {
		return err
	}
	list, tokens, total, err := w.workers(ctx, v.OccurrenceID, grid.RoleBuildingLeader)
	if err != nil {
		return err
	}
	answer, insert, err := w.bareHTTP(ctx, list)
	if err != nil {
		return err
	}
	s, err := serve(w.Handler, w.Clients)
	if err != nil {
		return err
	}
	defer s.close()
	took, times, err := load(ctx, list, 1, func(ctx context.Context, c *client, objects []id.ID) error {
		var out struct {
			ObjectID id.ID `json:"object_id"`
		}
		err := s.post(ctx, "/api/v1/rounds/"+w.loaded.Round.String()+"/marks", tokens[objects[0]], answeredJSON(objects[0]), &out)
		if err == nil && out.ObjectID != objects[0] {
			err = ErrWrong
		}
		return err
	})
	if err != nil {
		return err
	}
	f, err := w.Rounds.Total(ctx, w.sys, w.loaded.Round)
	if err != nil {
		return err
	}
	for _, b := range []Baseline{{"a bare answer over HTTP", perSecond(total, answer)}, {"a bare insert over HTTP", perSecond(total, insert)}} {
		if err := w.emit(Figure{Name: "marks.http", Engine: w.engine(), Size: total, Value: perSecond(total, took), Unit: "per_second",
			P50: percentile(times, 0.5), P99: percentile(times, 0.99), Baseline: b, Correct: f.Done == total}); err != nil {
			return err
		}
	}
	return w.batchHTTP(ctx, s)
}

// batchHTTP marks the doors of another round, 50 a request, as the phones of grid
// workers send what they noted without network.
func (w *world) batchHTTP(ctx context.Context, s *server) error {
	rid, err := w.draft(ctx)
	if err != nil {
		return err
	}
	if err := w.Rounds.ApproveNow(ctx, w.sys, rid); err != nil {
		return err
	}
	v, err := w.Rounds.Round(ctx, w.sys, rid)
	if err != nil {
		return err
	}
	list, tokens, total, err := w.workers(ctx, v.OccurrenceID, grid.RoleGridWorker)
	if err != nil {
		return err
	}
	var mu sync.Mutex
	good := 0
	took, times, err := load(ctx, list, batchSize, func(ctx context.Context, c *client, objects []id.ID) error {
		for len(objects) > 0 { // a token is one worker's
			n := 1
			for n < len(objects) && tokens[objects[n]] == tokens[objects[0]] {
				n++
			}
			marks := make([]markJSON, n)
			for i, o := range objects[:n] {
				marks[i] = answeredJSON(o)
				marks[i].RoundID = rid
			}
			var out struct {
				Items []struct {
					Status int `json:"status"`
				} `json:"items"`
			}
			if err := s.post(ctx, "/api/v1/marks:batch", tokens[objects[0]], map[string]any{"marks": marks}, &out); err != nil {
				return err
			}
			mu.Lock()
			for _, it := range out.Items {
				if it.Status == http.StatusOK {
					good++
				}
			}
			mu.Unlock()
			objects = objects[n:]
		}
		return nil
	})
	if err != nil {
		return err
	}
	bare, err := w.bare(ctx, list, batchSize)
	if err != nil {
		return err
	}
	return w.emit(Figure{Name: "marks.http.batch", Engine: w.engine(), Size: total, Value: perSecond(total, took), Unit: "per_second",
		P50: percentile(times, 0.5), P99: percentile(times, 0.99), Baseline: Baseline{"bare insert of the marks", perSecond(total, bare)}, Correct: good == total})
}

// workers shares the doors that the holders of a role answer for out to the
// clients and gives each holder a token.
func (w *world) workers(ctx context.Context, occ id.ID, role grid.Role) (list []client, tokens map[id.ID]string, total int, err error) {
	holders, err := workersOf(ctx, w, role)
	if err != nil {
		return nil, nil, 0, err
	}
	grids, err := microGrids(ctx, w)
	if err != nil {
		return nil, nil, 0, err
	}
	targets, err := targetsOf(ctx, w, occ)
	if err != nil {
		return nil, nil, 0, err
	}
	list, tokens = make([]client, min(w.Clients, len(holders))), map[id.ID]string{}
	for i, h := range holders {
		_, secret, err := w.Accounts.CreateToken(ctx, h.account, account.NewToken{Post: h.post, Name: "bench", TTL: 24 * time.Hour})
		if err != nil {
			return nil, nil, 0, err
		}
		c := &list[i%len(list)]
		c.caller.AccountID = h.account
		for _, g := range grids {
			if !strings.HasPrefix(g.path, h.path) {
				continue
			}
			for _, o := range targets[g.id] {
				tokens[o] = secret
			}
			c.objects = append(c.objects, targets[g.id]...)
			total += len(targets[g.id])
		}
	}
	return list, tokens, total, nil
}

// bareHTTP takes the same requests and answers at once, then inserts them
// without rules.
func (w *world) bareHTTP(ctx context.Context, list []client) (answer, insert time.Duration, err error) {
	blob := make([]byte, 96)
	occ, account := id.New(), id.New()
	b := bareMarks(w)
	defer b.Close()
	if answer, err = w.bareServer(ctx, list, func(context.Context, markJSON) error { return nil }); err != nil {
		return 0, 0, err
	}
	insert, err = w.bareServer(ctx, list, func(ctx context.Context, m markJSON) error {
		return b.Do(ctx, bareMark(occ, m.ObjectID, account, 1, blob))
	})
	if err != nil {
		return 0, 0, err
	}
	return answer, insert, dropMarks(ctx, w, occ)
}

func (w *world) bareServer(ctx context.Context, list []client, do func(ctx context.Context, m markJSON) error) (time.Duration, error) {
	h := http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		var m markJSON
		err := json.NewDecoder(r.Body).Decode(&m)
		if err == nil {
			err = do(r.Context(), m)
		}
		if err != nil {
			http.Error(rw, i18n.T(w.Lang, "bench.wrong"), http.StatusInternalServerError)
			return
		}
		rw.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(rw).Encode(map[string]any{"object_id": m.ObjectID, "state": "done"})
	})
	s, err := serve(h, w.Clients)
	if err != nil {
		return 0, err
	}
	defer s.close()
	took, _, err := load(ctx, list, 1, func(ctx context.Context, c *client, objects []id.ID) error {
		return s.post(ctx, "/", "", answeredJSON(objects[0]), nil)
	})
	return took, err
}
