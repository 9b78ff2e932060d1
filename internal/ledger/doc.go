// Package ledger knows who lives behind a door: households, persons, the care
// list, the risk list, and everything that was ever recorded about a person.
//
// What it guarantees:
//   - Names, numbers, addresses and notes stand only in sealed blobs; what lies
//     in clear is structure: door, household, counts, state, times.
//   - Every read and write takes a grid.Caller and sees only its scope. Persons
//     come back masked; unmasked fields need a role that sees them, a purpose,
//     and leave a look in the person's file.
//   - Every change of a person leaves an event with the old value, its author
//     and its source. Moving, merging, splitting and joining keep history.
//   - The counts of a household never fall below the persons recorded in it,
//     and each arrival or departure moves them by one.
//   - A change to a record that somebody else changed meanwhile is a Conflict.
//   - The care list and the risk list are two tables with two permissions and
//     closed kinds; what the kinds' file forbids cannot be created.
//   - Other packages hear of arrivals, departures, moves and merges within the
//     same transaction (OnHousehold).
package ledger
