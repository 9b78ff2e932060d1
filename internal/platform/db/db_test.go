package db_test

import (
	"bytes"
	"context"
	"errors"
	"math"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"wangge/internal/platform/clock"
	"wangge/internal/platform/db"
	"wangge/internal/platform/db/dbtest"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
	"wangge/internal/schema"
)

var ctx = context.Background()

const district = 230103

const things = `CREATE TABLE thing (district INTEGER NOT NULL, id BIGINT NOT NULL, name TEXT /*C*/ NOT NULL DEFAULT '',
	n BIGINT NOT NULL DEFAULT 0, data BYTEA, PRIMARY KEY (district, id))`

// write runs one transaction and fails the test if it fails.
func write(t *testing.T, d *db.DB, fn func(tx *db.Tx) error) {
	t.Helper()
	if err := d.Write(ctx, "test.write", fn); err != nil {
		t.Fatal(err)
	}
}

func run(t *testing.T, d *db.DB, query string, args ...any) {
	t.Helper()
	write(t, d, func(tx *db.Tx) error {
		_, err := tx.ExecContext(ctx, schema.Collated(query, string(d.Engine())), args...)
		return err
	})
}

func insert(tx *db.Tx, id int64) error {
	_, err := tx.ExecContext(ctx, "INSERT INTO thing (district, id) VALUES ($1, $2)", district, id)
	return err
}

func count(t *testing.T, d *db.DB, query string, args ...any) int {
	t.Helper()
	var n int
	if err := d.Read().QueryRowContext(ctx, query, args...).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// each gives the body a database with the table thing.
func each(t *testing.T, body func(t *testing.T, d *db.DB)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		run(t, d, things)
		body(t, d)
	})
}

func TestWriteCommitsOrLeavesNothing(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		var told []string
		write(t, d, func(tx *db.Tx) error {
			tx.OnCommit(func() { told = append(told, "first") })
			return insert(tx, 1)
		})
		boom := errors.New("boom")
		err := d.Write(ctx, "test.fail", func(tx *db.Tx) error {
			tx.OnCommit(func() { told = append(told, "never") })
			if err := insert(tx, 2); err != nil {
				return err
			}
			return boom
		})
		if !errors.Is(err, boom) {
			t.Errorf("the error of fn comes back, got %v", err)
		}
		func() {
			defer func() {
				if recover() == nil {
					t.Error("the panic went missing")
				}
			}()
			_ = d.Write(ctx, "test.panic", func(tx *db.Tx) error {
				if err := insert(tx, 3); err != nil {
					return err
				}
				panic("in the middle")
			})
		}()
		ended, cancel := context.WithCancel(ctx)
		err = d.Write(ended, "test.cancel", func(tx *db.Tx) error {
			defer cancel()
			return insert(tx, 4)
		})
		if !errs.Is(err, errs.Unavailable) {
			t.Errorf("a cancelled write is %v", err)
		}
		if n := count(t, d, "SELECT count(*) FROM thing"); n != 1 || !slices.Equal(told, []string{"first"}) {
			t.Errorf("%d rows and %v after one commit and three failures", n, told)
		}
		write(t, d, func(tx *db.Tx) error { return insert(tx, 5) }) // the connections still serve
	})
}

func TestErrorsAreTold(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		write(t, d, func(tx *db.Tx) error { return insert(tx, 1) })
		err := d.Write(ctx, "test.twice", func(tx *db.Tx) error { return insert(tx, 1) })
		if !errs.Is(err, errs.Conflict) || !db.IsDuplicate(err) || errs.As(err).Key != "db.duplicate" {
			t.Errorf("a duplicate is %v", err)
		}
		passedOver := d.Write(ctx, "test.passedOver", func(tx *db.Tx) error {
			_ = insert(tx, 1)
			return nil
		})
		if passedOver == nil {
			t.Error("a transaction that went on after a failed statement has committed")
		}
		own := errs.E("test", errs.Denied, "error.denied")
		if got := d.Write(ctx, "test.own", func(*db.Tx) error { return own }); !errs.Is(got, errs.Denied) {
			t.Errorf("an error of the house comes back as %v", got)
		}
		if _, err := d.Read().QueryContext(ctx, "INSERT INTO thing (district, id) VALUES (1, 99)"); err == nil && count(t, d, "SELECT count(*) FROM thing") > 1 {
			t.Error("a reader has written")
		}
	})
}

func TestSavepointKeepsTheRest(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		write(t, d, func(tx *db.Tx) error {
			if err := insert(tx, 1); err != nil {
				return err
			}
			err := tx.Savepoint(ctx, func() error {
				if err := insert(tx, 2); err != nil {
					return err
				}
				return insert(tx, 1)
			})
			if !db.IsDuplicate(err) {
				t.Errorf("the savepoint's error is %v", err)
			}
			if err := tx.Savepoint(ctx, func() error { return insert(tx, 3) }); err != nil {
				return err
			}
			return insert(tx, 4)
		})
		if n := count(t, d, "SELECT sum(id) FROM thing"); n != 1+3+4 {
			t.Errorf("sum %d, want rows 1, 3 and 4", n)
		}
	})
}

func TestBulkInsert(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		const n = 5003
		rows := make([][]any, n)
		for i := range rows {
			rows[i] = []any{district, id.ID(i), "name " + strconv.Itoa(i), nil}
		}
		cols := []string{"district", "id", "name", "data"}
		write(t, d, func(tx *db.Tx) error { return tx.BulkInsert(ctx, "thing", cols, rows) })
		if got := count(t, d, "SELECT count(*) FROM thing WHERE data IS NULL"); got != n {
			t.Errorf("%d rows, want %d", got, n)
		}
		err := d.Write(ctx, "test.bulk", func(tx *db.Tx) error {
			return tx.BulkInsert(ctx, "thing", cols, [][]any{{district, n, "new", nil}, {district, 1, "old", nil}})
		})
		if !db.IsDuplicate(err) || count(t, d, "SELECT count(*) FROM thing") != n {
			t.Errorf("a duplicate among bulk rows: %v", err)
		}
		for _, bad := range [][]any{{1, 2}, {1, 2, "x", nil, 5}} {
			if d.Write(ctx, "test.width", func(tx *db.Tx) error { return tx.BulkInsert(ctx, "thing", cols, [][]any{bad}) }) == nil {
				t.Error("a row of the wrong width was taken")
			}
		}
		if d.Write(ctx, "test.name", func(tx *db.Tx) error {
			return tx.BulkInsert(ctx, "thing; DROP TABLE thing", cols, rows[:1])
		}) == nil {
			t.Error("a table name with statements was taken")
		}
	})
}

func TestExecEach(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		write(t, d, func(tx *db.Tx) error {
			rows := [][]any{{district, id.ID(1), "a"}, {district, id.ID(2), "b"}, {district, id.ID(1), "c"}}
			changed, err := tx.ExecEach(ctx, `INSERT INTO thing (district, id, name) VALUES ($1, $2, $3) ON CONFLICT (district, id) DO NOTHING`, rows)
			if err != nil || !slices.Equal(changed, []int64{1, 1, 0}) {
				t.Errorf("changed %v, %v", changed, err)
			}
			return err
		})
		err := d.Write(ctx, "test.each", func(tx *db.Tx) error {
			_, err := tx.ExecEach(ctx, `INSERT INTO thing (district, id) VALUES ($1, $2)`, [][]any{{district, 5}, {district, 1}, {district, 6}})
			return err
		})
		if !db.IsDuplicate(err) || count(t, d, "SELECT count(*) FROM thing") != 2 {
			t.Errorf("a duplicate among them: %v", err)
		}
	})
}

func TestValuesComeBackAsTheyWere(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		blob := make([]byte, 300_000)
		for i := range blob {
			blob[i] = byte(i * 7)
		}
		name := "上疃村 12号 'quoted' \"double\" \\ %_ 😀"
		ids := []int64{math.MaxInt64, math.MinInt64, 0, 1<<53 + 1}
		for _, v := range ids {
			write(t, d, func(tx *db.Tx) error {
				_, err := tx.ExecContext(ctx, "INSERT INTO thing (district, id, name, n, data) VALUES ($1, $2, $3, $2, $4)", district, id.ID(v), name, blob)
				return err
			})
		}
		for _, v := range ids {
			var gotID id.ID
			var gotName string
			var gotN int64
			var gotBlob []byte
			err := d.Read().QueryRowContext(ctx, "SELECT id, name, n, data FROM thing WHERE district = $1 AND id = $2", district, id.ID(v)).
				Scan(&gotID, &gotName, &gotN, &gotBlob)
			if err != nil || int64(gotID) != v || gotN != v || gotName != name || !bytes.Equal(gotBlob, blob) {
				t.Errorf("%d came back as %d %d %q, %d bytes, %v", v, gotID, gotN, gotName, len(gotBlob), err)
			}
		}
		run(t, d, "INSERT INTO thing (district, id, data) VALUES ($1, 7, $2)", district, []byte{})
		if n := count(t, d, "SELECT count(*) FROM thing WHERE id = 7 AND data IS NOT NULL AND length(data) = 0"); n != 1 {
			t.Error("an empty blob became NULL")
		}
	})
}

func TestPathsSortByBytes(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		paths := []string{"/a", "/A", "/a/1", "/a/10", "/a/2", "/a-b", "/a_b", "/B", "/a0", "/ä", "/b", "/a/1/x", "/村"}
		for i, p := range paths {
			run(t, d, "INSERT INTO thing (district, id, name) VALUES ($1, $2, $3)", district, i, p)
		}
		if got := names(t, d, "SELECT name FROM thing ORDER BY name"); !slices.Equal(got, sorted(paths)) {
			t.Errorf("sorted as %v, want %v", got, sorted(paths))
		}
		lo, hi := db.PathRange("/a/")
		got := names(t, d, "SELECT name FROM thing WHERE name >= $1 AND name < $2 ORDER BY name", lo, hi)
		if want := []string{"/a/1", "/a/1/x", "/a/10", "/a/2"}; !slices.Equal(got, want) {
			t.Errorf("under /a/: %v, want %v", got, want)
		}
	})
}

func sorted(s []string) []string { c := slices.Clone(s); slices.Sort(c); return c }

func names(t *testing.T, d *db.DB, query string, args ...any) []string {
	t.Helper()
	rows, err := d.Read().QueryContext(ctx, query, args...)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var list []string
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			t.Fatal(err)
		}
		list = append(list, s)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return list
}

func TestUpsertAndLists(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		for range 3 {
			run(t, d, `INSERT INTO thing (district, id, n) VALUES ($1, 1, 1)
				ON CONFLICT (district, id) DO UPDATE SET n = thing.n + excluded.n`, district)
		}
		if n := count(t, d, "SELECT n FROM thing WHERE district = $1", district); n != 3 {
			t.Errorf("n = %d after three upserts", n)
		}
		for i := range 5 {
			run(t, d, "INSERT INTO thing (district, id) VALUES ($1, $2)", district, 10+i)
		}
		a := db.NewArgs(district)
		q := "SELECT count(*) FROM thing WHERE district = $1 AND id IN " + db.In(a, []id.ID{10, 12, 14, 99}) + " AND id < " + a.Add(14)
		if n := count(t, d, q, a.List()...); n != 2 {
			t.Errorf("IN found %d, want 2", n)
		}
		none := db.NewArgs(district)
		if n := count(t, d, "SELECT count(*) FROM thing WHERE district = $1 AND id IN "+none.In(), none.List()...); n != 0 {
			t.Errorf("IN of nothing found %d", n)
		}
	})
}

// TestWritersActOneAfterTheOther lets writers read, think and write: each of the
// increments must count, on both engines, without any lock in the statement.
func TestWritersActOneAfterTheOther(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		const writers, times = 8, 15
		write(t, d, func(tx *db.Tx) error { return insert(tx, 1) })
		var wg sync.WaitGroup
		for w := range writers {
			wg.Go(func() {
				for range times {
					err := d.Write(ctx, "test.increment", func(tx *db.Tx) error {
						var n int64
						if err := tx.QueryRowContext(ctx, "SELECT n FROM thing WHERE district = $1 AND id = 1", district).Scan(&n); err != nil {
							return err
						}
						_, err := tx.ExecContext(ctx, "UPDATE thing SET n = $1 WHERE district = $2 AND id = 1", n+1, district)
						return err
					})
					if err != nil {
						t.Errorf("writer %d: %v", w, err)
					}
				}
			})
		}
		wg.Wait()
		if n := count(t, d, "SELECT n FROM thing WHERE district = $1", district); n != writers*times {
			t.Errorf("n = %d, want %d: an update was lost", n, writers*times)
		}
	})
}

// TestNoWriteSkew: two rows, at least one must stay on; each writer checks that
// the other is on before it turns its own off.
func TestNoWriteSkew(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		for round := range 10 {
			run(t, d, "DELETE FROM thing")
			run(t, d, "INSERT INTO thing (district, id, n) VALUES ($1, 1, 1), ($1, 2, 1)", district)
			var wg sync.WaitGroup
			for own := range 2 {
				wg.Go(func() {
					err := d.Write(ctx, "test.off", func(tx *db.Tx) error {
						var on int
						if err := tx.QueryRowContext(ctx, "SELECT count(*) FROM thing WHERE district = $1 AND n = 1", district).Scan(&on); err != nil {
							return err
						}
						if on < 2 {
							return nil
						}
						_, err := tx.ExecContext(ctx, "UPDATE thing SET n = 0 WHERE district = $1 AND id = $2", district, own+1)
						return err
					})
					if err != nil {
						t.Error(err)
					}
				})
			}
			wg.Wait()
			if n := count(t, d, "SELECT count(*) FROM thing WHERE n = 1"); n != 1 {
				t.Fatalf("round %d: %d rows on, want 1", round, n)
			}
		}
	})
}

func TestSnapshotSeesOneInstant(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		err := d.Snapshot(ctx, "test.snapshot", func(q db.Queryer) error {
			var before, after int
			if err := q.QueryRowContext(ctx, "SELECT count(*) FROM thing").Scan(&before); err != nil {
				return err
			}
			write(t, d, func(tx *db.Tx) error { return insert(tx, 1) })
			if err := q.QueryRowContext(ctx, "SELECT count(*) FROM thing").Scan(&after); err != nil {
				return err
			}
			if before != after {
				t.Errorf("the snapshot moved from %d to %d", before, after)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

func TestNotifyReachesListeners(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		listen, cancel := context.WithCancel(ctx)
		a, b := d.Listen(listen), d.Listen(listen)
		_ = d.Write(ctx, "test.fails", func(tx *db.Tx) error {
			tx.Notify("never")
			return errors.New("boom")
		})
		write(t, d, func(tx *db.Tx) error {
			tx.Notify("round:1")
			tx.Notify("round:1")
			tx.Notify("round:2")
			return insert(tx, 1)
		})
		for _, ch := range []<-chan string{a, b} {
			for _, want := range []string{"round:1", "round:2"} {
				select {
				case got := <-ch:
					if got != want {
						t.Errorf("told %q, want %q", got, want)
					}
				case <-clock.Real().After(10 * time.Second):
					t.Fatalf("%q was never told", want)
				}
			}
		}
		cancel()
		for range a {
			t.Error("told after the end")
		}
	})
}

func TestCloseWaitsForRunningWrites(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		inside, goOn := make(chan struct{}), make(chan struct{})
		var finished atomic.Bool
		result := make(chan error, 1)
		go func() {
			result <- d.Write(ctx, "test.slow", func(tx *db.Tx) error {
				close(inside)
				<-goOn
				finished.Store(true)
				return insert(tx, 1)
			})
		}()
		<-inside
		closed := make(chan error, 1)
		go func() { closed <- d.Close() }()
		for { // until the closing has begun
			err := d.Write(cancelled(), "test.late", func(tx *db.Tx) error { return nil })
			if errs.As(err).Key == "db.closing" {
				break
			}
		}
		close(goOn)
		if err := <-closed; err != nil || !finished.Load() {
			t.Errorf("closed with %v, the write finished: %v", err, finished.Load())
		}
		if err := <-result; err != nil {
			t.Errorf("the running write: %v", err)
		}
		if err := d.Close(); err != nil {
			t.Errorf("closing twice: %v", err)
		}
	})
}

func cancelled() context.Context {
	c, cancel := context.WithCancel(ctx)
	cancel()
	return c
}
