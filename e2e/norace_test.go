//go:build !race

package e2e_test

// server is the program that serves.
const server = "clarion"
