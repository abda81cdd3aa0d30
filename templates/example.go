package templates

import (
	"embed"
	"fmt"
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

// ExampleCall is the example's call.toml, which explains itself.
func ExampleCall() (string, error) {
	text, err := fs.ReadFile(Example(), CallFile)
	if err != nil {
		return "", fmt.Errorf("read the example call: %w", err)
	}
	return string(text), nil
}
