package broadcast

import (
	"cmp"
	"context"
	"hash/fnv"
	"math/rand/v2"
	"slices"

	"clarion/lists"
)

// A stratum is a part of an audience that the canary stands for.
type stratum struct{ lang, lane string }

// choose picks size contacts of the audience, and returns them as a bitmap. The
// choice is by chance, and spread over languages and lanes as the audience is:
// each of them has its share, and at least one where there are as many to choose.
// It is the same whenever it is done anew over the same people.
func (p *planner) choose(ctx context.Context, people *lists.Store, bits []byte, size int, alive func() bool) ([]byte, error) {
	numbers := slices.Collect(lists.Numbers(bits))
	of := make([]uint32, 0, len(numbers)) // the stratum of each
	ids, names := map[stratum]uint32{}, []stratum(nil)
	lanes := map[string]int{}
	var contacts []lists.Contact
	for chunk := range slices.Chunk(numbers, readAtOnce) {
		if !alive() {
			return nil, context.Canceled
		}
		var err error
		if contacts, err = people.ReadRecipients(ctx, contacts, chunk); err != nil {
			return nil, err
		}
		if err := p.learn(ctx, contacts); err != nil {
			return nil, err
		}
		for i := range contacts {
			s := stratum{p.language(contacts[i].Language), p.lane(contacts[i].Address(p.channel))}
			id, ok := ids[s]
			if !ok {
				id = uint32(len(names))
				ids[s], names = id, append(names, s)
			}
			of = append(of, id)
			lanes[s.lane]++
		}
	}
	own := largest(lanes)
	join := map[stratum]uint32{}
	to := make([]uint32, len(names)) // strata whose lane is none of its own become one
	var sizes []int
	for i, s := range names {
		if !own[s.lane] {
			s.lane = OtherLane
		}
		id, ok := join[s]
		if !ok {
			id = uint32(len(sizes))
			join[s], sizes = id, append(sizes, 0)
		}
		to[i] = id
	}
	for i := range of {
		of[i] = to[of[i]]
		sizes[of[i]]++
	}
	seed := fnv.New64a()
	seed.Write([]byte(p.call))
	chance := rand.New(rand.NewPCG(seed.Sum64(), uint64(p.channel)))
	want := quotas(sizes, size)
	out := make([]byte, len(bits))
	// Each has the same chance among those of its stratum that are left (Knuth, TAOCP 3.4.2, algorithm S).
	for i, number := range numbers {
		s := of[i]
		if chance.IntN(sizes[s]) < want[s] {
			out[number/8] |= 0x80 >> (number % 8)
			want[s]--
		}
		sizes[s]--
	}
	return out, nil
}

// largest are the lanes that are shown apart: those that enough people share.
func largest(lanes map[string]int) map[string]bool {
	var names []string
	for lane, n := range lanes {
		if n >= ownLaneFrom {
			names = append(names, lane)
		}
	}
	slices.SortFunc(names, func(a, b string) int { return cmp.Or(cmp.Compare(lanes[b], lanes[a]), cmp.Compare(a, b)) })
	out := map[string]bool{}
	for _, lane := range names[:min(len(names), ownLanes)] {
		out[lane] = true
	}
	return out
}

// quotas shares out n, which is no more than the sum of sizes, in their proportion.
func quotas(sizes []int, n int) []int {
	total := 0
	for _, s := range sizes {
		total += s
	}
	out := make([]int, len(sizes))
	sum := 0
	// over is by how much a stratum has more than its part.
	over := func(i int) float64 { return float64(out[i]) - float64(n)*float64(sizes[i])/float64(total) }
	least := 0
	if n >= len(sizes) {
		least = 1
	}
	for i, s := range sizes {
		out[i] = min(s, max(least, n*s/total))
		sum += out[i]
	}
	for ; sum != n; sum += cmp.Compare(n, sum) {
		best := -1
		for i, s := range sizes {
			switch {
			case sum < n && out[i] < s && (best < 0 || over(i) < over(best)),
				sum > n && out[i] > least && (best < 0 || over(i) > over(best)):
				best = i
			}
		}
		out[best] += cmp.Compare(n, sum)
	}
	return out
}
