package desk

import "clarion/petition"

// A Generation is how many came by a volunteer at one remove. Of few nothing is told, nor
// of others by which those few could be worked out.
type Generation struct {
	Few      bool `json:"few,omitempty"`      // fewer than five
	Withheld bool `json:"withheld,omitempty"` // its number would tell those of the few beside it
	Total    *int `json:"total"`
}

// generationsOf are those who came straight, by those, and further on. All of them
// together are told elsewhere: so the smallest that is told is withheld beside few, until
// what is not told is of no few people together, as in shield.
func generationsOf(came petition.Came) []Generation {
	if came.Total < fewPeople {
		return []Generation{}
	}
	counts := []int{came.Generations[0], came.Generations[1], 0}
	for _, n := range came.Generations[2:] {
		counts[2] += n
	}
	out := make([]Generation, len(counts))
	people, untold := 0, 0
	for i, n := range counts {
		if out[i].Few, out[i].Total = told(n); out[i].Few {
			people, untold = people+n, untold+1
		}
	}
	for untold > 0 && (untold < 2 || isFew(people)) {
		least := -1
		for i := range out {
			if out[i].Total != nil && (least < 0 || counts[i] < counts[least]) {
				least = i
			}
		}
		if least < 0 {
			break
		}
		out[least].Withheld, out[least].Total = true, nil
		people, untold = people+counts[least], untold+1
	}
	return out
}
