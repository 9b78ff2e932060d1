package jobs

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"

	"wangge/internal/platform/clock"
	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
)

// State says how a job stands. Its word for people is the message "job."+state.
type State string

// The states of a job.
const (
	Running     State = "running"
	Done        State = "done"
	Failed      State = "failed"
	Interrupted State = "interrupted" // its process ended before it did
)

// Job is a piece of long work as a page shows it.
type Job struct {
	District  int
	ID        id.ID
	Kind      string // "import.roster", "round.open" …
	Object    id.ID  // what it works on: the import, the round
	Account   id.ID  // who started it
	State     State
	Done      int64 // pieces (rows, targets) finished
	Total     int64 // pieces in all; 0 while unknown
	Key       string
	Args      []any // of the message Key: why it failed, what it is doing
	StartedMs int64
	EndedMs   int64 // 0 while running
}

// Percent returns how much is done, 0 to 100; a job of unknown size is at 0.
func (j Job) Percent() int {
	switch {
	case j.State == Done:
		return 100
	case j.Total <= 0:
		return 0
	}
	return int(min(100, max(0, j.Done*100/j.Total)))
}

// Topic is the news topic that says the job's progress has changed.
func (j Job) Topic() string { return "job:" + j.ID.String() }

// Progress writes how far a job has come. It is used by one goroutine.
type Progress struct {
	d   *db.DB
	clk clock.Clock
	job Job
}

// Start records a running job. The caller gives District, Kind, Object, Account
// and, if known, Total; ID is made unless given.
func Start(ctx context.Context, d *db.DB, j Job) (*Progress, error) {
	if j.ID == id.Zero {
		j.ID = id.New()
	}
	p := &Progress{d: d, clk: d.Clock(), job: j}
	p.job.State, p.job.StartedMs, p.job.EndedMs = Running, clock.Ms(p.clk.Now()), 0
	err := d.Write(ctx, "jobs.Start", func(tx *db.Tx) error { return p.save(ctx, tx) })
	if err != nil {
		return nil, err
	}
	return p, nil
}

// Resume takes up an interrupted or failed job where it stopped.
func Resume(ctx context.Context, d *db.DB, district int, jobID id.ID) (*Progress, error) {
	j, err := Get(ctx, d.Read(), district, jobID)
	if err != nil {
		return nil, err
	}
	if j.State == Done {
		return nil, errs.E("jobs.Resume", errs.Conflict, "job.done")
	}
	p := &Progress{d: d, clk: d.Clock(), job: j}
	p.job.State, p.job.EndedMs, p.job.Key, p.job.Args = Running, 0, "", nil
	if err := d.Write(ctx, "jobs.Resume", func(tx *db.Tx) error { return p.save(ctx, tx) }); err != nil {
		return nil, err
	}
	return p, nil
}

// Job returns the job as last written.
func (p *Progress) Job() Job { return p.job }

// UpdateTx records in tx that done of total pieces are finished, so that a
// chunk and the count of it commit together. A negative total leaves it as it is.
func (p *Progress) UpdateTx(ctx context.Context, tx *db.Tx, done, total int64) error {
	p.job.Done = done
	if total >= 0 {
		p.job.Total = total
	}
	return p.save(ctx, tx)
}

// Update is UpdateTx in a transaction of its own.
func (p *Progress) Update(ctx context.Context, done, total int64) error {
	return p.d.WriteLow(ctx, "jobs.Update", func(tx *db.Tx) error { return p.UpdateTx(ctx, tx, done, total) })
}

// Say records what the job is doing, as a message key with arguments.
func (p *Progress) Say(ctx context.Context, key string, args ...any) error {
	p.job.Key, p.job.Args = key, args
	return p.d.WriteLow(ctx, "jobs.Say", func(tx *db.Tx) error { return p.save(ctx, tx) })
}

// Finish ends the job: done, or failed with cause's message for people. It is
// written even when ctx has ended.
func (p *Progress) Finish(ctx context.Context, cause error) error {
	ctx = context.WithoutCancel(ctx)
	return p.d.Write(ctx, "jobs.Finish", func(tx *db.Tx) error { return p.FinishTx(ctx, tx, cause) })
}

// FinishTx is Finish in the caller's transaction.
func (p *Progress) FinishTx(ctx context.Context, tx *db.Tx, cause error) error {
	p.job.EndedMs = clock.Ms(p.clk.Now())
	p.job.State = Done
	if cause != nil {
		e := errs.As(cause)
		p.job.State, p.job.Key, p.job.Args = Failed, e.Key, e.Args
	}
	return p.save(ctx, tx)
}

func (p *Progress) save(ctx context.Context, tx *db.Tx) error {
	text, err := message(p.job)
	if err != nil {
		return err
	}
	tx.Notify(p.job.Topic())
	return upsertJob(ctx, tx, p.job, text)
}

// message encodes key and arguments as a JSON array; "" is none.
func message(j Job) (string, error) {
	if j.Key == "" {
		return "", nil
	}
	b, err := json.Marshal(append([]any{j.Key}, j.Args...))
	return string(b), err
}

func (j *Job) setMessage(text string) {
	var parts []any
	if text == "" || json.Unmarshal([]byte(text), &parts) != nil || len(parts) == 0 {
		return
	}
	j.Key, _ = parts[0].(string)
	j.Args = parts[1:]
}

// Get returns a job; NotFound "job.missing" if there is none.
func Get(ctx context.Context, q db.Queryer, district int, jobID id.ID) (Job, error) {
	j, err := selectJob(ctx, q, district, jobID)
	if errors.Is(err, sql.ErrNoRows) {
		return Job{}, errs.E("jobs.Get", errs.NotFound, "job.missing")
	}
	return j, db.Fault("jobs.Get", err)
}

// List returns the district's jobs of a kind ("" is any) on an object (zero is
// any), the newest first, at most limit.
func List(ctx context.Context, q db.Queryer, district int, kind string, object id.ID, limit int) ([]Job, error) {
	list, err := selectJobs(ctx, q, district, kind, object, limit)
	return list, db.Fault("jobs.List", err)
}

// MarkInterrupted records that jobs still running have lost their process: on
// SQLite, whose one writer calls it at its start, all of them; on PostgreSQL,
// where other replicas work, those not heard of for LeaseTime. It returns how
// many there were.
func MarkInterrupted(ctx context.Context, d *db.DB) (int, error) {
	var n int
	err := d.Write(ctx, "jobs.MarkInterrupted", func(tx *db.Tx) error {
		var err error
		n, err = interruptRunning(ctx, tx, clock.Ms(d.Clock().Now()), silentBefore(d))
		return err
	})
	return n, err
}
