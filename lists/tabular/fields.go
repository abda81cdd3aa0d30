package tabular

import (
	"regexp"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// A Field is what a column holds. The set is closed.
type Field string

// The fields. A Custom column is a merge field under its slug.
const (
	Name         Field = "name"
	FamilyName   Field = "family_name"
	GivenName    Field = "given_name"
	Organisation Field = "organisation"
	Email        Field = "email"
	Mobile       Field = "mobile"
	Phone        Field = "phone" // may be a mobile number all the same
	Fax          Field = "fax"
	Language     Field = "language"
	Tags         Field = "tags"
	Region       Field = "region"
	Timezone     Field = "timezone"
	Consent      Field = "consent" // for every channel
	ConsentEmail Field = "consent_email"
	ConsentSMS   Field = "consent_sms"
	ConsentFax   Field = "consent_fax"
	ConsentAt    Field = "consent_at"
	ConsentHow   Field = "consent_how"
	OptOut       Field = "opt_out" // a yes here is a no there
	Note         Field = "note"
	Custom       Field = "custom"
)

// Headers that name a field outright, in the form of key, best first: of two
// columns for one field the one whose header stands earlier is taken.
var headers = map[Field][]string{
	Name:         {"이름", "성명", "성함", "name", "fullname", "이름한글", "한글이름", "성명한글", "한글성명", "displayname", "contactname", "회원명", "후원자명", "신청자명", "신청자", "참가자명", "참가자", "수신자명", "수신자", "고객명", "담당자명", "담당자", "대표자명", "대표자", "氏名", "お名前", "名前", "姓名", "nom", "nombre"},
	FamilyName:   {"성", "성씨", "familyname", "lastname", "surname", "姓"},
	GivenName:    {"givenname", "firstname", "forename", "名"},
	Organisation: {"단체명", "단체", "기관명", "기관", "organisation", "organization", "organisationname", "organizationname", "회사명", "회사", "company", "companyname", "소속", "소속기관", "소속단체", "조직", "직장명", "직장", "근무처", "학교명", "학교", "교회명", "교회", "부처", "employer", "school", "church", "affiliation"},
	Email:        {"이메일", "이메일주소", "email", "emailaddress", "전자우편", "전자우편주소", "전자메일", "전자메일주소", "메일주소", "메일", "email1value", "email1address", "email1", "primaryemail", "mail", "mailaddress", "courriel", "correo", "eメール", "メールアドレス", "メール", "電子メール", "邮箱", "电子邮件", "電子郵件"},
	Mobile:       {"휴대폰", "휴대전화", "휴대폰번호", "휴대전화번호", "핸드폰", "핸드폰번호", "휴대번호", "mobile", "mobilephone", "mobilenumber", "cellphone", "cell", "cellnumber", "모바일", "모바일번호", "폰번호", "휴대폰연락처", "mobileno", "sms", "smsnumber", "hp", "cp", "携帯電話", "携帯", "手机", "手机号", "手機"},
	Phone:        {"전화번호", "전화", "연락처", "phone", "phonenumber", "telephone", "telephonenumber", "tel", "telno", "phone1value", "primaryphone", "유선전화", "일반전화", "대표전화", "근무처전화", "회사전화", "직장전화", "사무실전화", "businessphone", "workphone", "companymainphone", "집전화", "자택전화", "homephone", "otherphone", "電話番号", "電話", "电话"},
	Fax:          {"팩스", "팩스번호", "fax", "faxnumber", "faxno", "businessfax", "workfax", "근무처팩스", "회사팩스", "직장팩스", "사무실팩스", "otherfax", "homefax", "팩시밀리", "ファックス", "传真"},
	Language:     {"언어", "사용언어", "선호언어", "language", "lang", "preferredlanguage", "locale", "言語", "语言"},
	Tags:         {"태그", "tags", "tag", "그룹", "groups", "group", "labels", "groupmembership", "categories", "라벨", "분류", "구분", "카테고리", "category", "label", "segment", "keywords"},
	Region:       {"지역", "region", "시도", "지부", "지회", "거주지역", "거주지", "area"},
	Timezone:     {"시간대", "timezone", "표준시간대", "tz"},
	Consent:      {"동의", "수신동의", "동의여부", "수신동의여부", "수신여부", "consent", "optin", "subscribed", "optedin", "gdprconsent"},
	OptOut:       {"수신거부", "수신거부여부", "optout", "optedout", "unsubscribed", "donotcontact"},
	ConsentAt:    {"동의일시", "동의일", "동의일자", "동의날짜", "수신동의일", "수신동의일자", "consentdate", "consentat", "consenttime", "optindate", "optintime"},
	ConsentHow:   {"동의방법", "동의경로", "consentsource", "consentmethod", "optinsource"},
	Note:         {"메모", "비고", "notes", "note", "참고", "참고사항", "특이사항", "memo", "comment", "comments", "remark", "remarks"},
}

// Headers in which a word tells the field, looked at in this order after the
// above: letters of questionnaires ("이메일 주소를 적어 주세요") and exports
// ("Work E-mail"). A header with no field ends the search.
var patterns = [...]struct {
	re    *regexp.Regexp
	field Field
}{
	{regexp.MustCompile(`^(email|phone|address|website|relation|event|im|customfield)\d*(type|label)$|^phonetic|^yomi|yomi$`), Custom},
	{regexp.MustCompile(`유형$|종류$|비밀번호|우편번호|보호자|비상연락|추천인|assistant|manager|spouse|emergency|pager|callback|telex`), Custom},
	{regexp.MustCompile(`거부|optout|unsubscribe|donotcontact`), OptOut},
	{regexp.MustCompile(`(동의|consent|optin).*(일시|일자|날짜|date)$`), ConsentAt},
	{regexp.MustCompile(`^(문자|sms|휴대|핸드폰|mobile|text).*(동의|수신여부|consent|optin)`), ConsentSMS},
	{regexp.MustCompile(`^(이메일|메일|전자우편|email|mail).*(동의|수신여부|consent|optin)|^consentemail$`), ConsentEmail},
	{regexp.MustCompile(`^(팩스|fax).*(동의|수신여부|consent|optin)|^consentfax$`), ConsentFax},
	{regexp.MustCompile(`^consentsms$`), ConsentSMS},
	{regexp.MustCompile(`동의|consent|optin`), Consent},
	{regexp.MustCompile(`팩스|fax`), Fax},
	{regexp.MustCompile(`이메일|전자우편|전자메일|email|메일주소|メール`), Email},
	{regexp.MustCompile(`휴대폰|휴대전화|핸드폰|mobile|cellphone`), Mobile},
	{regexp.MustCompile(`전화|연락처|phone|^tel\d*$`), Phone},
	{regexp.MustCompile(`^(이름|성명|성함)`), Name},
	{regexp.MustCompile(`^(소속|단체|기관|organi[sz]ation)`), Organisation},
}

// Ranks behind those of headers: a header with a remark in brackets, a pattern,
// and a guess by content.
const (
	rankRemark  = 100
	rankPattern = 200
	rankContent = 300
)

var bracketed = regexp.MustCompile(`\s*[(（\[【<*].*$`)

// fieldOf returns the field that a header names and how well (less is better),
// or Custom.
func fieldOf(header string) (Field, int) {
	if f, rank, ok := exactField(key(header)); ok {
		return f, rank
	}
	k := key(header)
	if bare := key(bracketed.ReplaceAllString(norm.NFC.String(header), "")); bare != "" && bare != k {
		if f, rank, ok := exactField(bare); ok {
			return f, rankRemark + rank
		}
	}
	for i, p := range patterns {
		if p.re.MatchString(k) {
			return p.field, rankPattern + i
		}
	}
	return Custom, rankContent
}

func exactField(k string) (Field, int, bool) {
	for f, names := range headers {
		if rank := slices.Index(names, k); rank >= 0 {
			return f, rank, true
		}
	}
	return Custom, 0, false
}

// key reduces a header to its letters and digits, in lower case: "E-mail 1 - Value"
// is "email1value".
func key(header string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, norm.NFKC.String(header))
}
