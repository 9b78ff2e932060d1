package round

import (
	"bytes"
	"io"
	"net/http"
	"time"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"

	"wangge/internal/platform/clock"
	"wangge/internal/platform/id"
)

// Half of what a batch of marks costs over HTTP is reading its JSON: the API's
// library reads every body twice and checks it by reflection. Programs write
// batches plainly, so a plain one is read here in one go; whatever else arrives
// takes the library's way, which also says what is wrong with it.

// bodyTime is how long a batch may take to arrive, as the library has it.
const bodyTime = 5 * time.Second

// plainBatches answers plain batches of marks and hands on everything else.
func (s *Service) plainBatches(api huma.API) func(huma.Context, func(huma.Context)) {
	return func(ctx huma.Context, next func(huma.Context)) {
		var raw bytes.Buffer
		if err := ctx.SetReadDeadline(clock.Real().Now().Add(bodyTime)); err == nil {
			_, _ = raw.ReadFrom(io.LimitReader(ctx.BodyReader(), MaxBatchBytes)) // half a batch is not plain: the library says what is wrong
		}
		in, ok := plainBatch(raw.Bytes())
		if !ok {
			next(reread{ctx, io.MultiReader(&raw, ctx.BodyReader())})
			return
		}
		out, err := s.apiMarks(ctx.Context(), in)
		if err != nil {
			huma.WriteErr(api, ctx, http.StatusInternalServerError, "", err)
			return
		}
		ctx.SetHeader("Content-Type", "application/json")
		ctx.SetStatus(http.StatusOK)
		api.Marshal(ctx.BodyWriter(), "application/json", out.Body)
	}
}

// reread is a request whose body was read before.
type reread struct {
	call
	body io.Reader
}

type call huma.Context // whose method Context would hide under its own name

func (r reread) BodyReader() io.Reader { return r.body }

// plainBatch reads a batch of marks in which nothing is unusual: no escapes, no
// nulls, no members, no name that is unknown or comes twice, nothing that the
// API would refuse. ok is false for all others, right or wrong.
func plainBatch(raw []byte) (in *batchIn, ok bool) {
	p := &plain{b: raw, odd: !utf8.Valid(raw)}
	in = &batchIn{}
	seen := map[string]bool{}
	p.object(func(name []byte) {
		switch string(name) {
		case "marks":
			p.list(func() { in.Body.Marks = append(in.Body.Marks, p.mark()) })
		case "tell_contradictions":
			in.Body.Tell = p.truth()
		default:
			p.odd = true
		}
		p.odd = p.odd || seen[string(name)]
		seen[string(name)] = true
	})
	n := len(in.Body.Marks)
	return in, p.end() && n > 0 && n <= maxBatch
}

// The fields of a mark by their bits: which were there.
const (
	hasRound = 1 << iota
	hasObject
	hasResult
	hasAnswers
	hasNote
	hasHow
	hasPhoto
	hasKey
	hasClaimed
	hasSent
	hasCorrect
	needed = hasRound | hasObject | hasResult
)

// mark reads one record of a batch.
func (p *plain) mark() (m batchRecord) {
	seen := 0
	p.object(func(name []byte) {
		bit := p.field(string(name), &m)
		p.odd = p.odd || seen&bit != 0
		seen |= bit
	})
	p.odd = p.odd || seen&needed != needed
	return m
}

func (p *plain) field(name string, m *batchRecord) (bit int) {
	switch name {
	case "round_id":
		m.RoundID, bit = p.id(), hasRound
	case "object_id":
		m.ObjectID, bit = p.id(), hasObject
	case "result":
		m.Result, bit = p.text(40), hasResult
	case "answers":
		m.Answers, bit = p.texts(), hasAnswers
	case "note":
		m.Note, bit = p.text(maxNote), hasNote
	case "how":
		m.How, bit = p.way(), hasHow
	case "photo_id":
		m.PhotoID, bit = p.id(), hasPhoto
	case "client_key":
		m.ClientKey, bit = p.text(80), hasKey
	case "claimed_ms":
		m.ClaimedMs, bit = p.number(), hasClaimed
	case "sent_ms":
		m.SentMs, bit = p.number(), hasSent
	case "correct":
		m.Correct, bit = p.truth(), hasCorrect
	default:
		p.odd = true
	}
	return bit
}

// way reads how a mark was made.
func (p *plain) way() string {
	w := p.text(40)
	for _, known := range Ways() {
		if string(known) == w {
			return w
		}
	}
	p.odd = true
	return w
}

// texts reads an object of texts.
func (p *plain) texts() map[string]string {
	out := map[string]string{}
	p.object(func(name []byte) { out[string(name)] = p.text(len(p.b)) })
	return out
}

// id reads an identifier: digits in quotes.
func (p *plain) id() id.ID {
	text := p.text(20)
	for _, c := range []byte(text) {
		p.odd = p.odd || c < '0' || c > '9'
	}
	v, err := id.Parse(text)
	p.odd = p.odd || err != nil
	return v
}
