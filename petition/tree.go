package petition

import (
	"crypto/sha256"
	"math/bits"
)

// A Hash is a SHA-256.
type Hash [sha256.Size]byte

// The first byte of what is hashed tells leaves from what is above them, so that
// none can be taken for the other (RFC 6962 §2.1).
const (
	leafMark     = 0
	interiorMark = 1
)

// leafHash is the leaf of a record: the hash of the mark, the salt and the record.
func leafHash(salt, record []byte) Hash {
	return sha256.Sum256(append(append([]byte{leafMark}, salt...), record...))
}

func interior(left, right Hash) Hash {
	return sha256.Sum256(append(append([]byte{interiorMark}, left[:]...), right[:]...))
}

// A tree is a Merkle tree, level by level from the leaves up to the root. The last
// node of a level that has no sibling stands on the next one as it is, which makes the
// tree of RFC 6962 §2.1: it splits where the largest power of two below its size ends.
type tree [][]Hash

func newTree(leaves []Hash) tree {
	t := tree{leaves}
	for level := leaves; len(level) > 1; {
		above := make([]Hash, 0, (len(level)+1)/2)
		for i := 0; i+1 < len(level); i += 2 {
			above = append(above, interior(level[i], level[i+1]))
		}
		if len(level)%2 == 1 {
			above = append(above, level[len(level)-1])
		}
		t, level = append(t, above), above
	}
	return t
}

// root is the hash of all; of nothing it is that of the empty text (RFC 6962 §2.1).
func (t tree) root() Hash {
	if top := t[len(t)-1]; len(top) == 1 {
		return top[0]
	}
	return sha256.Sum256(nil)
}

// flat is the tree as it is kept: all levels one behind the other.
func (t tree) flat() []byte {
	var out []byte
	for _, level := range t {
		for _, h := range level {
			out = append(out, h[:]...)
		}
	}
	return out
}

// siblings are the places, in a flat tree of size leaves, of the hashes that prove
// leaf index: the audit path of RFC 6962 §2.1.1, from the leaf up.
func siblings(index, size int) (places []int) {
	for start := 0; size > 1; start, index, size = start+size, index/2, (size+1)/2 {
		if i := index ^ 1; i < size {
			places = append(places, start+i)
		}
	}
	return places
}

// rootOf is the root that a leaf and its path lead to, false where the path has not
// the length that it must have (RFC 9162 §2.1.3.2).
func rootOf(leaf Hash, index, size int, path []Hash) (Hash, bool) {
	if index < 0 || index >= size || len(path) > bits.UintSize {
		return Hash{}, false
	}
	for ; size > 1; index, size = index/2, (size+1)/2 {
		i := index ^ 1
		if i >= size {
			continue
		}
		if len(path) == 0 {
			return Hash{}, false
		}
		if i < index {
			leaf = interior(path[0], leaf)
		} else {
			leaf = interior(leaf, path[0])
		}
		path = path[1:]
	}
	return leaf, len(path) == 0
}
