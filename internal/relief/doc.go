// Package relief is the change of shift of posts with a roster (交接班).
//
// Who goes hands what is open to who comes: both sign, within an hour before
// the end of the shift or after it. Until the relief has signed, who goes is
// told of the post's open tasks; if nobody has when the waiting time of the role
// is over, the nearest post up the line that has somebody on duty is, and who
// goes may go.
//
// What it guarantees: at every instant the open tasks of a post are before
// exactly one side (who has the shift, the outgoing, the relief, or the post
// above) and never before nobody; the owner of a task does not change by it.
//
// With whom they are is a function of the rosters, the signatures and the clock
// (stand), stored nowhere; so it is exact whatever ran or did not. The sweep
// only records that a relief was late, and tells the leader by a task that ends
// when the relief signs. Shifts without a name change by no signature: nobody
// can say who goes.
package relief
