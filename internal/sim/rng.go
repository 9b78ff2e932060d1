package sim

import "math/bits"

// rng is splitmix64: small, fast, and the same in every release of Go, which
// the library's generators do not promise.
type rng struct{ state uint64 }

// newRNG gives a stream for a seed and the numbers that tell it apart.
func newRNG(seed uint64, parts ...uint64) *rng {
	r := &rng{state: seed}
	for _, p := range parts {
		r.state = r.next() ^ p*0x9E3779B97F4A7C15
	}
	r.next()
	return r
}

// textSeed turns a code into a part of a seed (FNV-1a).
func textSeed(s string) uint64 {
	h := uint64(14695981039346656037)
	for i := 0; i < len(s); i++ {
		h = (h ^ uint64(s[i])) * 1099511628211
	}
	return h
}

func (r *rng) next() uint64 {
	r.state += 0x9E3779B97F4A7C15
	z := r.state
	z = (z ^ z>>30) * 0xBF58476D1CE4E5B9
	z = (z ^ z>>27) * 0x94D049BB133111EB
	return z ^ z>>31
}

// n gives 0 … n-1; n below 1 gives 0.
func (r *rng) n(n int) int {
	if n < 1 {
		return 0
	}
	hi, _ := bits.Mul64(r.next(), uint64(n))
	return int(hi)
}

// between gives lo … hi, both included.
func (r *rng) between(lo, hi int) int { return lo + r.n(hi-lo+1) }

// p is true in per thousand of the cases.
func (r *rng) p(perMille int) bool { return r.n(1000) < perMille }

// weighted gives an index of w, each as often as its weight.
func (r *rng) weighted(w ...int) int {
	sum := 0
	for _, x := range w {
		sum += x
	}
	k := r.n(sum)
	for i, x := range w {
		if k -= x; k < 0 {
			return i
		}
	}
	return 0
}

func pick[T any](r *rng, list []T) T { return list[r.n(len(list))] }
