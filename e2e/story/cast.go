package main

import (
	"fmt"
	"io"
	"math/rand/v2"
	"strings"

	"clarion/lists/address"
	"clarion/petition"
)

// A signer is somebody made up, and how they sign.
type signer struct {
	name, region, district, lang string
	way                          petition.Way
	contact                      address.Address // zero for who leaves none
	volunteer                    uint32          // by whom they came, 0 for nobody
	names                        bool            // the name may be handed over
	confirms                     bool            // they follow the link in the mail
}

var (
	surnames = strings.Fields("김 이 박 최 정 강 조 윤 장 임 한 오 서 신 권 황 안 송 전 홍")
	firsts   = strings.Fields("영희 철수 민준 서연 지후 하은 도윤 수아 예준 지우 성호 미경 정숙 경자 순옥 상철 은주 혜진 동현 유나 보라 가람 다운 한별 슬기 아름 나라 우리 새롬 진솔")
	abroad   = strings.Fields("Anna Ben Clara David Emma Felix Grace Henry Ida Jack")
	families = strings.Fields("Smith Weber Rossi Novak Tanaka Silva Larsen Martin Dubois Kowalski")
	places   = strings.Fields("중구 동구 서구 남구 북구 강서구 수성구 해운대구 마포구 종로구 성북구 은평구 팔달구 덕진구 흥덕구 청원구 제주시")
)

// region of Korea, by the shares of those who sign.
var regions = strings.Fields("seoul seoul seoul gyeonggi gyeonggi gyeonggi busan daegu incheon gwangju daejeon gangwon jeju")

// ways by which people with a name sign, each as often as it stands here.
var ways = []petition.Way{
	petition.WayWeb, petition.WayWeb, petition.WayWeb, petition.WayWeb, petition.WayWeb,
	petition.WayReply, petition.WayFax, petition.WayFax, petition.WayPost, petition.WayPost, petition.WayHand,
}

// makeUp makes up the ith signer.
func makeUp(r *rand.Rand, i int) (s signer, err error) {
	s = signer{name: pick(r, surnames) + pick(r, firsts), region: pick(r, regions), district: pick(r, places), lang: "ko", way: pick(r, ways),
		names: r.IntN(10) < 7, confirms: r.IntN(20) > 0}
	if r.IntN(20) == 0 {
		s.name, s.region, s.district, s.lang = pick(r, abroad)+" "+pick(r, families), "abroad", "", "en"
	}
	if r.IntN(3) == 0 {
		s.volunteer = 1 + r.Uint32N(volunteers)
	}
	switch {
	case s.way == petition.WayReply:
		s.contact, err = address.ParsePhone(fmt.Sprintf("010-%04d-%04d", 3000+i/10_000, i%10_000), "KR", address.SMS)
	case s.way == petition.WayFax:
		s.contact, err = address.ParsePhone(fmt.Sprintf("02-%04d-%04d", 3000+i/10_000, i%10_000), "KR", address.Fax)
	case s.way == petition.WayWeb || r.IntN(4) == 0:
		s.contact, err = address.ParseEmail(fmt.Sprintf("signer%d@example.org", i))
	}
	return s, err
}

func pick[T any](r *rand.Rand, from []T) T { return from[r.IntN(len(from))] }

// supporters is a table of n people: half with an email, most with a phone, some
// organisations with a fax.
func supporters(r *rand.Rand, n int) io.Reader {
	var b strings.Builder
	b.WriteString("이름,이메일,휴대폰,팩스,언어\n")
	for i := range n {
		name, lang := pick(r, surnames)+pick(r, firsts), "ko"
		if r.IntN(10) == 0 {
			name, lang = pick(r, abroad)+" "+pick(r, families), "en"
		}
		var mail, phone, fax string
		if r.IntN(2) == 0 {
			mail = fmt.Sprintf("supporter%d@%s", i, pick(r, []string{"naver.com", "daum.net", "gmail.com", "example.org"}))
		}
		if mail == "" || r.IntN(3) == 0 {
			phone = fmt.Sprintf("010-%04d-%04d", 2100+i/10_000, i%10_000)
		}
		if r.IntN(100) == 0 {
			fax = fmt.Sprintf("02-%04d-%04d", 2100+i/10_000, i%10_000)
		}
		fmt.Fprintf(&b, "%s,%s,%s,%s,%s\n", name, mail, phone, fax, lang)
	}
	return strings.NewReader(b.String())
}
