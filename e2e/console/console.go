// Package console walks the console as people do: in Chromium, against the built
// program.
package console
