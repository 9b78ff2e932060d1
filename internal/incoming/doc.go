// Package incoming finds out about people whom somebody else knows of first:
// lists pushed by an authority (待核查线索), people who report themselves, and the
// companions they name. Every person becomes one lead, which somebody calls.
//
// What it guarantees:
//   - One person is called once. Rows of one or of several lists that mean the
//     same person (the same identity number; the same phone and no other name)
//     join one open lead. A result of the last six months is shown.
//   - Nothing is dropped. Every row of a list belongs to one lead or was refused
//     with a reason; every lead that is not settled is in exactly one of three
//     places: with a caller on shift, waiting in its area, or set aside for
//     somebody to decide. A caller who leaves, whose post or whose hours end
//     keeps nothing.
//   - Everybody who is not settled is one open task of the post over the area, due
//     when the lead is due; it climbs when it is late (custody.go, Check).
//   - The list goes back as it came: the columns untouched, results behind them.
//   - What the lists say lies sealed in the register of the emergency. Whoever is
//     called can check the caller by a code; a caller sees of an identity number
//     its mask only.
//   - A measure is only ever proposed here, with its rule and evidence; it counts
//     once a competent person of another account confirms it, and lapses otherwise.
package incoming
