package templates

import (
	"embed"
	"io/fs"
)

//go:embed example
var example embed.FS

// Example returns the folder of the example call, "Your Signature Will Be
// Delivered to the President: Save 9 North Korean Orphans": what `clarion call
// new` writes and what the demo sends.
func Example() fs.FS {
	sub, err := fs.Sub(example, "example")
	if err != nil {
		panic(err) // the name is a constant: only a typing error comes here
	}
	return sub
}
