// Package sign walks the pages of a petition as signers do: in Chromium, against the
// built program; and has thousands sign while it is killed.
package sign
