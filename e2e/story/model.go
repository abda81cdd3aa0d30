package main

import (
	"fmt"

	"clarion/petition"
)

// A model says what the count must be. It knows nothing of Redis: it holds everyone.
type model struct {
	people  map[string]*entry // by name and contact, else by what makes them one
	numbers map[uint32]*entry
	low     int // of sheets
	high    int
}

// An entry is a signature that stands.
type entry struct {
	signer
	number    uint32
	confirmed bool
	gone      bool // withdrawn, or invalid
}

func newModel() *model { return &model{people: map[string]*entry{}, numbers: map[uint32]*entry{}} }

// sign enters a signer, whose signature has that number. Who signs again is there already.
func (m *model) sign(s signer, number uint32) (e *entry, again bool) {
	key := fmt.Sprint(number)
	if !s.contact.IsZero() {
		key = s.name + " " + s.contact.Reveal()
	}
	if e = m.people[key]; e == nil {
		e = &entry{signer: s, number: number, confirmed: s.way != petition.WayWeb}
		m.people[key], m.numbers[number] = e, e
		return e, false
	}
	e.confirmed = e.confirmed || s.way != petition.WayWeb
	return e, true
}

// count is what the petition's count must be.
func (m *model) count() (least, most int) {
	alike := map[[3]string]bool{}
	for _, e := range m.people {
		if e.gone {
			continue
		}
		most++
		if e.confirmed {
			alike[[3]string{e.name, e.region, e.district}] = true
		}
	}
	return len(alike) + m.low, most + m.high
}
