//go:build !race

package bounce

// mostTaken is how many octets reading a mail may allocate.
const mostTaken = 16_000_000
