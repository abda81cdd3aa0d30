package rkey

import "testing"

func TestNameAndMatches(t *testing.T) {
	t.Parallel()
	batch := Key{Pattern: "{call:<id>}:batch:<number>", Type: Hash}
	list := Key{Pattern: "{aud}:list:<name>", Type: String}
	plain := Key{Pattern: "{aud}:next"}
	if got := batch.Name("c7", 12); got != "{call:c7}:batch:12" {
		t.Fatalf("Name = %q", got)
	}
	for _, c := range []struct {
		key  Key
		name string
		want bool
	}{
		{batch, "{call:c7}:batch:12", true},
		{batch, "{call:}:batch:12", false},
		{batch, "{call:c7}:batches:12", false},
		{batch, "{call:c7}:batch:", false},
		{list, "{aud}:list:a:b", true},
		{list, "{aud}:lists", false},
		{plain, "{aud}:next", true},
		{plain, "{aud}:next2", false},
	} {
		if got := c.key.Matches(c.name); got != c.want {
			t.Errorf("%q matches %q = %v, want %v", c.key.Pattern, c.name, got, c.want)
		}
	}
	if _, ok := Find([]Key{batch, list}, "{aud}:list:x"); !ok {
		t.Error("Find missed a declared key")
	}
	if _, ok := Find([]Key{batch, list}, "stray"); ok {
		t.Error("Find took a stray key")
	}
}
