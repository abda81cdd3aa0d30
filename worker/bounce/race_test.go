//go:build race

package bounce

// mostTaken is how many octets reading a mail may allocate. Under the race detector
// a sync.Pool forgets at random what it was given, and regexp keeps its machines in
// one: the bound is that of a reader gone wild. The gate runs the strict one too.
const mostTaken = 1 << 30
