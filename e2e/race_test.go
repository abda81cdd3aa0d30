//go:build race

package e2e_test

// server is the program that serves, built with the race detector as this
// binary is. Commands are not: each would start for a second.
const server = "clarion-race"
