// Package round keeps coverage: a round (专项) is a fixed list of targets, each
// of which must be accounted for.
//
// What it guarantees, for every occurrence of a round:
//   - done + exempt + outstanding = total at every node of the place tree and of
//     the grid tree, and a node's figures are its own plus its children's.
//   - Each target has at most one current mark; earlier ones stay in its
//     history, reached through the current one.
//   - The list is frozen when the round opens. Total = opened + joined and never
//     shrinks: who leaves is closed with a reason, who arrives is joined, both
//     visibly.
//   - A mark, its target's state, the counters and the counts of answers change
//     in one transaction. An answer is given after the commit.
//   - A mark sent twice under one key is made once; the same key with other
//     content is refused. A mark for a closed round is kept and changes nothing.
//   - "Nobody answered" never closes a target.
//   - Notes and answers lie in sealed blobs under the emergency's key.
//
// Emergencies (应急响应) live here too: each round, mark and photo belongs to one.
package round
