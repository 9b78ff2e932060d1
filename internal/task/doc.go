// Package task keeps what somebody in post must finish by a time.
//
// A task (事项) is addressed to a post, never to a person: people come and go,
// the task stays. Its kind says who may issue it, how long it has, who is told
// when that is over, what must be shown and who closes it; kinds are data
// (vocab/kinds.yaml, and the place's own).
//
// What it guarantees, the custody invariant: every open task has exactly one
// owning post, a deadline and a history without gaps, and at every instant
// somebody in post answers for it: the holder of the owning post or, where
// there is none, of the nearest filled post up the line (grid.Line). Tasks
// issued = the sum of tasks by state. Check verifies it on live data.
//
// Who answers is worked out from posts and the clock and stored nowhere; the
// sweep only records and tells. A missed deadline climbs once, at the instant
// it was missed, also when nothing ran then: a supervising post is added one
// step up the ladder, and the owner stays the owner.
package task
