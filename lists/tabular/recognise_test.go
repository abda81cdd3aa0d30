package tabular

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// mapped returns field=header for each column that holds a field.
func mapped(m Mapping) map[Field]string {
	out := map[Field]string{}
	for _, c := range m.Columns {
		if c.Field != Custom {
			out[c.Field] = c.Header
		}
	}
	return out
}

func TestRecogniseHeaders(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, header string
		want         map[Field]string
	}{
		{"Korean", "연번,성명,전자 메일 주소,휴대전화 번호,자택 주소,비고", map[Field]string{Name: "성명", Email: "전자 메일 주소", Mobile: "휴대전화 번호", Note: "비고"}},
		{"family and given name", "성,이름,E-mail,H.P", map[Field]string{FamilyName: "성", GivenName: "이름", Email: "E-mail", Mobile: "H.P"}},
		{"given name alone", "First Name,Email Address", map[Field]string{GivenName: "First Name", Email: "Email Address"}},
		{"questionnaire", "타임스탬프,성함을 적어 주세요,이메일 주소를 입력해 주세요.,연락처 (휴대폰),소속 단체가 있나요?,개인정보 수집에 동의하십니까?",
			map[Field]string{Name: "성함을 적어 주세요", Email: "이메일 주소를 입력해 주세요.", Phone: "연락처 (휴대폰)", Organisation: "소속 단체가 있나요?", Consent: "개인정보 수집에 동의하십니까?"}},
		{"brackets", "이름(필수),이메일 [업무],팩스(대표)", map[Field]string{Name: "이름(필수)", Email: "이메일 [업무]", Fax: "팩스(대표)"}},
		{"wide letters", "ＮＡＭＥ,Ｅ－ｍａｉｌ,ＦＡＸ", map[Field]string{Name: "ＮＡＭＥ", Email: "Ｅ－ｍａｉｌ", Fax: "ＦＡＸ"}},
		{"work before home", "Home Fax,Business Fax,Home Phone,Business Phone,Mobile Phone", map[Field]string{Fax: "Business Fax", Phone: "Business Phone", Mobile: "Mobile Phone"}},
		{"types beside values", "E-mail 1 - Label,E-mail 1 - Value,E-mail 2 - Value,Phone 1 - Type,Phone 1 - Value,Phonetic First Name",
			map[Field]string{Email: "E-mail 1 - Value", Phone: "Phone 1 - Value"}},
		{"other people's numbers", "이름,보호자 연락처,비상연락처,Assistant's Phone", map[Field]string{Name: "이름"}},
		{"consent", "email,이메일 수신동의,문자 수신 동의,팩스 수신 여부,동의 일시,동의 방법,수신거부",
			map[Field]string{Email: "email", ConsentEmail: "이메일 수신동의", ConsentSMS: "문자 수신 동의", ConsentFax: "팩스 수신 여부", ConsentAt: "동의 일시", ConsentHow: "동의 방법", OptOut: "수신거부"}},
		{"the rest", "언어,태그,지역,시간대,학교,메모", map[Field]string{Language: "언어", Tags: "태그", Region: "지역", Timezone: "시간대", Organisation: "학교", Note: "메모"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if d := cmp.Diff(c.want, mapped(Recognise(strings.Split(c.header, ","), nil))); d != "" {
				t.Error(d)
			}
		})
	}
}

func rows(lines ...string) []Row {
	var out []Row
	for i, l := range lines {
		out = append(out, Row{Line: i + 1, Cells: strings.Split(l, ",")})
	}
	return out
}

func TestRecogniseContent(t *testing.T) {
	t.Parallel()
	sample := rows("1,김영희,kim@example.org,010-2345-6789,02-345-6789,서울 종로", "2,이순신,lee@example.org,010-3456-7890,031-345-6789,부산 중구", "3,홍길동,,01034567891,,인천 동구")
	fields := func(m Mapping) []Field {
		var out []Field
		for _, c := range m.Columns {
			out = append(out, c.Field)
		}
		return out
	}
	want := []Field{Custom, Name, Email, Mobile, Phone, Custom}
	if d := cmp.Diff(want, fields(Recognise(nil, sample))); d != "" {
		t.Error("without a header", d)
	}
	m := Recognise([]string{"번호", "별칭", "SNS", "연락망", "내선", "동네"}, sample)
	if d := cmp.Diff([]Field{Custom, Custom, Email, Mobile, Custom, Custom}, fields(m)); d != "" {
		t.Error("under words that say nothing", d)
	}
	// A header that its cells contradict is not believed.
	m = Recognise([]string{"메일", "이름", "주 메일"}, rows("발송,김영희,kim@example.org", "발송,이순신,lee@example.org", "안함,홍길동,hong@example.org"))
	if i, ok := m.Index(Email); !ok || i != 2 {
		t.Errorf("email is column %d, %v", i, ok)
	}
}

func TestSlugs(t *testing.T) {
	t.Parallel()
	m := Recognise([]string{"이름", "  ", "참석 여부 (예/아니오)", "E-mail", "E-mail", "Fax No. 2!", "zone", "참석 여부 (예/아니오)", strings.Repeat("길", 60)}, nil)
	var got []string
	for _, c := range m.Columns {
		if c.Field == Custom {
			got = append(got, c.Slug)
		}
	}
	want := []string{"column_2", "참석_여부_예_아니오", "e_mail", "zone_2", "참석_여부_예_아니오_2", strings.Repeat("길", 40)}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestMappingReads(t *testing.T) {
	t.Parallel()
	m := Recognise([]string{"성", "이름", "Email", "좌석"}, nil)
	r := Row{Cells: []string{" 김", "영희 ", "kim@example.org", "A1"}}
	if got := m.Name(r); got != "김영희" {
		t.Errorf("Name = %q", got)
	}
	if got := m.Name(Row{Cells: []string{"Kim", "Young-hee"}}); got != "Young-hee Kim" {
		t.Errorf("Name = %q", got)
	}
	if d := cmp.Diff(map[string]string{"좌석": "A1"}, m.Custom(r)); d != "" {
		t.Error(d)
	}
	if got := m.Value(Row{Cells: []string{"김"}}, Email); got != "" {
		t.Errorf("a short row has the email %q", got)
	}
	if got := Recognise([]string{"Name", "First Name", "Last Name"}, nil).Name(Row{Cells: []string{"김영희", "Y", "K"}}); got != "김영희" {
		t.Errorf("Name = %q", got)
	}
}

// A header that stood for two fields would be read as either.
func TestHeadersAreUnambiguous(t *testing.T) {
	t.Parallel()
	owner := map[string]Field{}
	for f, names := range headers {
		for _, n := range names {
			if other, ok := owner[n]; ok {
				t.Errorf("%q is %s and %s", n, other, f)
			}
			if owner[n] = f; key(n) != n {
				t.Errorf("%q of %s is not in the form of key: %q", n, f, key(n))
			}
		}
	}
}
