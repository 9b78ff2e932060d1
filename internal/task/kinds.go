package task

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"wangge/internal/grid"
	"wangge/internal/platform/audit"
	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/i18n"
)

// withOwn lays the place's own kinds over those that ship. A row that cannot be
// read is left out: the shipped kind holds.
func withOwn(rows []kindRow) Kinds {
	out := slices.Clone(Kinds(shipped))
	for _, r := range rows {
		var k Kind
		if json.Unmarshal([]byte(r.spec), &k) != nil {
			continue
		}
		k.Key, k.Own, k.Retired = r.key, true, r.retired != 0
		if i := slices.IndexFunc(out, func(o Kind) bool { return o.Key == k.Key }); i >= 0 {
			out[i] = k
		} else {
			out = append(out, k)
		}
	}
	return out
}

// SaveKind adds a kind of the place's own, or sets one anew; what is open of it
// climbs the new ladder from its next step on. Needs task.kind. Errors: Denied,
// Invalid naming the field: a ladder that does not rise is refused.
func (s *Service) SaveKind(ctx context.Context, c grid.Caller, k Kind) error {
	const op = "task.SaveKind"
	if err := c.Require(op, grid.TaskKind); err != nil {
		return err
	}
	all, err := s.Kinds(ctx, c)
	if err != nil {
		return err
	}
	k.Own = true
	for lang, label := range k.Label {
		k.Label[lang] = strings.TrimSpace(label)
	}
	if _, ships := Kinds(shipped).Get(k.Key); !ships && k.Label[i18n.ZH] == "" {
		return errs.Field(errs.E(op, errs.Invalid, "error.required"), "label")
	}
	if err := checkKind(k, all); err != nil {
		return err
	}
	spec, err := json.Marshal(k)
	if err != nil {
		return errs.Wrap(op, err)
	}
	return s.DB.Write(ctx, op, func(tx *db.Tx) error {
		if err := saveKind(ctx, tx, c.District, kindRow{k.Key, string(spec), num(k.Retired)}, c.AccountID, s.now()); err != nil {
			return err
		}
		tx.OnCommit(s.kinds.drop)
		tx.Notify(topicKinds)
		return s.Audit.Append(ctx, tx, audit.Entry{Account: c.AccountID, Post: c.PostFor(grid.TaskKind), Action: "task.kind", Object: "task_kind", Detail: "key=" + k.Key})
	})
}
