package rehearsal

import (
	"encoding/binary"
	"hash/fnv"

	"clarion/lists/address"
	"clarion/worker/gateway"
)

// chance returns a number from 0 up to 1, the same for the same seed, purpose
// and address.
func chance(seed int64, purpose string, a address.Address) float64 {
	h := fnv.New64a()
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], uint64(seed))
	h.Write(b[:])
	h.Write([]byte(purpose))
	h.Write([]byte{0, byte(a.Channel())})
	h.Write([]byte(a.Reveal()))
	// FNV spreads its last bytes badly over the high bits: finish as in
	// SplitMix64 (Steele, Lea, Flood 2014).
	x := h.Sum64()
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	x ^= x >> 31
	return float64(x>>11) / (1 << 53)
}

// plain is the case of an address that decides nothing itself.
func (g *Gateway) plain(a address.Address) Case {
	c := Case{Channel: a.Channel()}
	happens := func(purpose string, share float64) bool { return share > 0 && chance(g.conf.Seed, purpose, a) < share }
	if happens("temporary", g.conf.Temporary) {
		c.once, c.answer = true, gateway.Error{Kind: gateway.Temporary, Reason: gateway.OtherReason, Code: "temporary"}
	}
	switch {
	case happens("bounce", g.conf.Bounce):
		reason, code := gateway.MailboxUnknown, "5.1.1"
		switch a.Channel() {
		case address.SMS:
			code = "UNDELIV/unknown"
		case address.Fax:
			code = "unknown"
		}
		c.report = fails(gateway.Dead, reason, code)
	case happens("complaint", g.conf.Complaint) && a.Channel() == address.Email:
		c.report = []report{{event: gateway.EventComplaint, late: 1}}
	case happens("complaint", g.conf.Complaint) && a.Channel() == address.SMS:
		c.report = []report{{event: gateway.EventDelivered, late: 1}, {event: gateway.EventOptOut, late: 2}}
	case happens("no_report", g.conf.NoReport):
		c.report = silence
	}
	return c
}
