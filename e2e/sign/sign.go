// Package sign walks the pages of a petition as signers do: in Chromium, against the
// built program.
package sign
