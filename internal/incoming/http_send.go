package incoming

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"time"

	"wangge/internal/platform/errs"
)

const (
	sendTimeout = 20 * time.Second
	longAnswer  = 64 << 10 // bytes
)

// away asks other authorities. It follows nobody elsewhere: a token is for who it
// was given for.
var away = &http.Client{Timeout: sendTimeout, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

// post asks a receiver to take a lead and returns its receipt. What it answers
// otherwise becomes an error that names neither person nor token: Unavailable
// where it cannot be reached, Denied where it does not know the token or the
// token's post may not take it, Conflict
// where it takes nothing now, Invalid where it does not take this lead.
func (s *Service) post(ctx context.Context, to Receiver, r Referral) (string, error) {
	const op = "incoming.post"
	text, err := json.Marshal(r)
	if err != nil {
		return "", errs.E(op, errs.Internal, "incoming.send.bad")
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, to.URL+"/api/v1/leads", bytes.NewReader(text))
	if err != nil {
		return "", errs.E(op, errs.Invalid, "incoming.receiver.url")
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+to.token)
	res, err := away.Do(req)
	if err != nil {
		return "", errs.E(op, errs.Unavailable, unreachable)
	}
	defer res.Body.Close()
	return receiptIn(res)
}

// receiptIn reads what a receiver answered.
func receiptIn(res *http.Response) (string, error) {
	const op = "incoming.post"
	switch res.StatusCode {
	case http.StatusOK, http.StatusCreated:
	case http.StatusUnauthorized:
		return "", errs.E(op, errs.Denied, "incoming.send.token")
	case http.StatusForbidden:
		return "", errs.E(op, errs.Denied, "incoming.send.post")
	case http.StatusConflict:
		return "", errs.E(op, errs.Conflict, "incoming.send.closed")
	case http.StatusUnprocessableEntity, http.StatusBadRequest:
		return "", errs.E(op, errs.Invalid, "incoming.send.refused")
	default:
		return "", errs.E(op, errs.Unavailable, "incoming.send.bad")
	}
	var got Receipt
	if err := json.NewDecoder(io.LimitReader(res.Body, longAnswer)).Decode(&got); err != nil || short(got.Receipt, 200) == "" {
		return "", errs.E(op, errs.Unavailable, "incoming.send.bad")
	}
	return short(got.Receipt, 200), nil
}
