package main

import (
	"bufio"
	"fmt"
	"io"
)

// providers are where supporters have their mailboxes, in hundredths; the rest
// have domains of their own.
var providers = []struct {
	domain string
	share  int
}{
	{"naver.example", 36}, {"gmail.example", 27}, {"hanmail.example", 10}, {"daum.example", 7}, {"nate.example", 4},
	{"kakao.example", 3}, {"hotmail.example", 3}, {"outlook.example", 3}, {"yahoo.example", 2},
}

var (
	koreans  = []string{"김영희", "이철수", "박지민", "최은주", "정하늘", "강바다", "조은별", "윤서연", "장민호", "임수진"}
	speakers = []string{"John Smith", "Mary Jones", "Anne Miller", "Peter Brown", "Grace Lee"}
)

// contacts yields a table of n supporters, half of whom read Korean, in the
// order in which lists grow: nothing is sorted by provider or language. The
// first of them have a tag, the name of each size below n that they are within.
func contacts(n int, sizes ...int) io.ReadCloser {
	r, w := io.Pipe()
	go func() {
		b := bufio.NewWriter(w)
		fmt.Fprint(b, "이름,이메일,휴대폰,언어")
		if len(sizes) > 0 {
			fmt.Fprint(b, ",태그")
		}
		fmt.Fprintln(b)
		for i := range n {
			h := scatter(uint32(i))
			name, lang := koreans[h%uint32(len(koreans))], "ko"
			if h>>8&1 == 1 {
				name, lang = speakers[h%uint32(len(speakers))], "en"
			}
			domain := fmt.Sprintf("own-%d.example", i)
			at := int(h>>16) % 100
			for _, p := range providers {
				if at < p.share {
					domain = p.domain
					break
				}
				at -= p.share
			}
			fmt.Fprintf(b, "%s,supporter%d@%s,010-%04d-%04d,%s", name, i, domain, 2000+i/10_000, i%10_000, lang)
			if len(sizes) > 0 {
				fmt.Fprint(b, ",")
			}
			for k, size := range sizes {
				if i >= size {
					continue
				}
				if k > 0 && i < sizes[k-1] {
					fmt.Fprint(b, ";")
				}
				fmt.Fprint(b, tagOf(size))
			}
			if _, err := fmt.Fprintln(b); err != nil {
				return // whoever read them has stopped
			}
		}
		w.CloseWithError(b.Flush())
	}()
	return r
}

// tagOf is the tag of the first so many.
func tagOf(size int) string { return fmt.Sprintf("first-%d", size) }

// scatter spreads numbers evenly (the finaliser of MurmurHash3), so that every
// run has the same supporters.
func scatter(h uint32) uint32 {
	h ^= h >> 16
	h *= 0x85ebca6b
	h ^= h >> 13
	h *= 0xc2b2ae35
	return h ^ h>>16
}
