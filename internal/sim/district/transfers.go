package district

import (
	"context"
	"slices"

	"wangge/internal/grid"
	"wangge/internal/transfer"
)

// wayMinutes is how long the first hand-over of the demo may take. It is long, so
// that it is still under way when somebody tries it.
const wayMinutes = 12 * 60

// transfer has people under way: three travellers whom the story's street has
// at the station and hands over to the story's community, which hands them on to
// a grid worker of its own. Nothing is left behind: they are not at home.
func (l *loader) transfer(ctx context.Context, by cast) error {
	if l.Transfers == nil || by.command.IsSystem() || len(by.street.Grants) == 0 || len(by.clerk.Grants) == 0 {
		return nil
	}
	worker := slices.IndexFunc(l.out.Logins, func(g Login) bool { return g.Role == string(grid.RoleGridWorker) })
	if worker < 0 {
		return nil
	}
	t, err := l.Transfers.Create(ctx, by.street, transfer.Plan{People: word("transfer.people"), To: word("transfer.to"), FromPost: by.street.Grants[0].PostID,
		Steps: []transfer.Step{{PostID: by.clerk.Grants[0].PostID, Place: word("transfer.station"), Minutes: wayMinutes},
			{PostID: l.out.Logins[worker].Post, Place: word("transfer.gate"), Minutes: 60}}})
	if err == nil {
		_, err = l.Transfers.Start(ctx, by.street, t.ID, 0)
	}
	return err
}
