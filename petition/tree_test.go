package petition

import (
	"bytes"
	"encoding/hex"
	"errors"
	"os"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// mth is MTH of RFC 6962 §2.1, word for word.
func mth(leaves []Hash) Hash {
	if len(leaves) == 1 {
		return leaves[0]
	}
	k := 1
	for k*2 < len(leaves) {
		k *= 2
	}
	return interior(mth(leaves[:k]), mth(leaves[k:]))
}

// The leaves and roots by which the implementations of Certificate Transparency are
// tested.
func TestKnownTrees(t *testing.T) {
	var leaves []Hash
	roots := map[int]string{
		0: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
		1: "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
		2: "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
		3: "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
		8: "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
	}
	for i, text := range []string{"", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f", ""} {
		if want, ok := roots[i]; ok {
			if got := newTree(leaves).root(); hex.EncodeToString(got[:]) != want {
				t.Errorf("the tree of %d leaves has root %x", i, got)
			}
		}
		data, err := hex.DecodeString(text)
		if err != nil {
			t.Fatal(err)
		}
		leaves = append(leaves, leafHash(nil, data))
	}
}

// Trees of any size are those of the RFC, and each leaf is proven by its path alone.
func TestTrees(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		leaves := make([]Hash, rapid.IntRange(1, 70).Draw(t, "size"))
		for i := range leaves {
			leaves[i] = leafHash(nil, []byte{byte(i)})
		}
		tr := newTree(leaves)
		root, flat := tr.root(), tr.flat()
		if root != mth(leaves) {
			t.Fatalf("the tree of %d leaves is not the RFC's", len(leaves))
		}
		index := rapid.IntRange(0, len(leaves)-1).Draw(t, "index")
		var path []Hash
		for _, place := range siblings(index, len(leaves)) {
			path = append(path, Hash(flat[place*32:][:32]))
		}
		if got, ok := rootOf(leaves[index], index, len(leaves), path); !ok || got != root {
			t.Fatalf("leaf %d of %d is not proven", index, len(leaves))
		}
		other := rapid.IntRange(0, len(leaves)-1).Draw(t, "other")
		if got, ok := rootOf(leaves[other], index, len(leaves), path); ok && got == root && other != index {
			t.Fatalf("leaf %d is proven by the path of %d", other, index)
		}
		if _, ok := rootOf(leaves[index], index, len(leaves), append(path, root)); ok {
			t.Fatal("a path that is too long is taken")
		}
	})
}

// What docs/slip.md says of slips, to the byte: others check them without our program.
func TestSlipsAreAsDocumented(t *testing.T) {
	doc, err := os.ReadFile("../docs/slip.md")
	if err != nil {
		t.Fatal(err)
	}
	s := Slip{"save-9", 7, "김영희", "seoul", "마포구", WayWeb, "2013-06-10", bytes.Repeat([]byte{0x5a}, saltSize)}
	leaf := s.leaf()
	sheet := Sheet{Number: 3, State: SheetCounted, First: &SheetCount{Signatures: 18}, Second: &SheetCount{Signatures: 17}}
	other := sheet.leaf("save-9")
	root := interior(leaf, other)
	for what, want := range map[string]string{"slip": s.String(), "leaf": hex.EncodeToString(leaf[:]), "leaf of a sheet": hex.EncodeToString(other[:]), "root": hex.EncodeToString(root[:])} {
		if !strings.Contains(string(doc), want) {
			t.Errorf("the document has another %s than %s", what, want)
		}
	}
}

// A slip leads to the root of all; one that was changed anywhere does not.
func TestChangedSlipsAreRefused(t *testing.T) {
	good := Slip{"save-9", 7, "김영희", "seoul", "마포구", WayWeb, "2013-06-10", bytes.Repeat([]byte{1}, saltSize)}
	leaf := good.leaf()
	sibling := leafHash(nil, []byte("x"))
	root := interior(leaf, sibling)
	proof := Proof{Petition: "save-9", Size: 2, Root: hex.EncodeToString(root[:]), Path: []string{hex.EncodeToString(sibling[:])}}
	if err := Verify(&good, &proof); err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(s *Slip, p *Proof){
		"number":   func(s *Slip, _ *Proof) { s.Number++ },
		"name":     func(s *Slip, _ *Proof) { s.Name = "김영이" },
		"moved":    func(s *Slip, _ *Proof) { s.Region, s.District = "seoul마", "포구" },
		"way":      func(s *Slip, _ *Proof) { s.Way = WayFax },
		"day":      func(s *Slip, _ *Proof) { s.Day = "2013-06-11" },
		"salt":     func(s *Slip, _ *Proof) { s.Salt = bytes.Repeat([]byte{2}, saltSize) },
		"index":    func(_ *Slip, p *Proof) { p.Index = 1 },
		"size":     func(_ *Slip, p *Proof) { p.Size = 4 },
		"negative": func(_ *Slip, p *Proof) { p.Index = -1 },
		"no path":  func(_ *Slip, p *Proof) { p.Path = nil },
		"no hash":  func(_ *Slip, p *Proof) { p.Path = []string{"xyz"} },
		"no root":  func(_ *Slip, p *Proof) { p.Root = "" },
	} {
		s, p := good, proof
		spoil(&s, &p)
		if err := Verify(&s, &p); !errors.Is(err, ErrNotProven) {
			t.Errorf("%s: %v", name, err)
		}
	}
	proof.Petition = "other"
	if err := Verify(&good, &proof); !errors.Is(err, ErrOtherPetition) {
		t.Errorf("a proof of another petition: %v", err)
	}
}

// Whatever is given for a slip is refused or is one; it never panics, and what is one is
// written as it was read.
func FuzzParseSlip(f *testing.F) {
	good := Slip{"save-9", 7, "김영희", "seoul", "", WayWeb, "2013-06-10", bytes.Repeat([]byte{1}, saltSize)}
	f.Add(good.String())
	f.Add("clarion slip 1\ncode: x")
	f.Add("")
	f.Fuzz(func(t *testing.T, text string) {
		s, err := ParseSlip(text)
		if err != nil {
			if !errors.Is(err, ErrSlip) {
				t.Fatal(err)
			}
			return
		}
		again, err := ParseSlip(s.String())
		if err != nil || again.leaf() != s.leaf() {
			t.Fatalf("%q is read as %v, and that as %v, %v", text, s, again, err)
		}
	})
}
