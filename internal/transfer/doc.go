// Package transfer moves people from hand to hand (手递手转运交接).
//
// A transfer is a task of kind transfer with a chain of posts: airport → bus →
// gate → door. Each hop has a place, a clock and two sides; both confirm it, by
// the other's code (scanned or typed) or by the other's name, and they are two
// people. The task belongs to the post that has the people now, so that what
// holds for tasks holds here: somebody in post answers for them at every
// instant. A hop that is not confirmed in time alarms both posts, and the task
// climbs to the one above.
//
// Nobody leaves dependants behind: a transfer away from home does not start
// before the list of who stays there, drawn from the ledger, is confirmed, each
// of them has a named carer who accepted and a time of the first visit, the
// animals are looked after, the stove is off and somebody has the keys. Check
// verifies it on live data.
package transfer
