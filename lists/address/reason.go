package address

import "slices"

// Why a text is no address. The set is closed: reports, JSON and screens use
// these spellings, and each has its sentence in Message.
const (
	Empty             = "empty"
	ControlCharacter  = "control_character"
	InvalidText       = "invalid_text"
	TooLong           = "too_long"
	DisplayName       = "display_name"
	SeveralAddresses  = "several_addresses"
	NoAt              = "no_at_sign"
	InvalidLocalPart  = "invalid_local_part"
	LocalPartTooLong  = "local_part_too_long"
	InvalidDomain     = "invalid_domain"
	DomainTooLong     = "domain_too_long"
	DomainWithoutDot  = "domain_without_dot"
	IPLiteral         = "ip_literal"
	NotANumber        = "not_a_number"
	SpreadsheetDamage = "spreadsheet_damage"
	SeveralNumbers    = "several_numbers"
	NumberTooShort    = "number_too_short"
	NumberTooLong     = "number_too_long"
	InvalidCountry    = "invalid_country_code"
	NotAssigned       = "not_assigned"
	NotMobile         = "not_mobile"
	PremiumRate       = "premium_rate"
	Pager             = "pager"
)

type sentence struct{ reason, ko, en string }

// In the order of the constants. No sentence repeats the address: it may end in
// a log.
var sentences = [...]sentence{
	{Empty, "비어 있습니다", "it is empty"},
	{ControlCharacter, "줄바꿈이나 보이지 않는 문자가 들어 있습니다", "it contains a line break or an invisible character"},
	{InvalidText, "글자가 깨져 있습니다(UTF-8이 아님)", "its text is broken (not UTF-8)"},
	{TooLong, "너무 깁니다. 이메일 주소는 254바이트까지입니다", "it is too long: an email address has at most 254 bytes"},
	{DisplayName, "이름 없이 이메일 주소만 적어 주세요", "write the email address alone, without a name or brackets"},
	{SeveralAddresses, "주소가 여러 개입니다. 한 칸에 하나만 적어 주세요", "it holds several addresses: write one in a cell"},
	{NoAt, "@ 기호가 없습니다", "it has no @ sign"},
	{InvalidLocalPart, "@ 앞부분에 쓸 수 없는 문자나 잘못된 점이 있습니다", "the part before the @ has a character or a dot that is not allowed there"},
	{LocalPartTooLong, "@ 앞부분은 64바이트까지입니다", "the part before the @ has at most 64 bytes"},
	{InvalidDomain, "@ 뒤의 도메인이 올바르지 않습니다", "the domain after the @ is not valid"},
	{DomainTooLong, "@ 뒤의 도메인이 너무 깁니다", "the domain after the @ is too long"},
	{DomainWithoutDot, "@ 뒤의 도메인에 점이 없습니다(예: example.org)", "the domain after the @ has no dot (such as example.org)"},
	{IPLiteral, "@ 뒤에 IP 주소를 쓸 수 없습니다", "an IP address cannot stand after the @"},
	{NotANumber, "전화번호가 아닙니다", "it is not a telephone number"},
	{SpreadsheetDamage, "스프레드시트가 번호를 바꾸어 놓았습니다. 그 열을 텍스트 형식으로 바꾸고 다시 내보내 주세요", "a spreadsheet has damaged the number: format the column as text and export it again"},
	{SeveralNumbers, "번호가 여러 개입니다. 한 칸에 하나만 적어 주세요", "it holds several numbers: write one in a cell"},
	{NumberTooShort, "번호의 자릿수가 모자랍니다", "the number has too few digits"},
	{NumberTooLong, "번호의 자릿수가 너무 많습니다", "the number has too many digits"},
	{InvalidCountry, "국가 번호가 없거나 잘못되었습니다", "the country code is missing or wrong"},
	{NotAssigned, "쓰이지 않는 번호입니다", "no such number is in use"},
	{NotMobile, "문자를 받을 수 없는 번호입니다(휴대전화가 아님)", "the number cannot receive text messages (it is no mobile number)"},
	{PremiumRate, "유료 정보 이용료가 드는 번호입니다", "it is a premium-rate number"},
	{Pager, "무선 호출(삐삐) 번호입니다", "it is a pager's number"},
}

// Reasons returns every reason, for documentation and tests.
func Reasons() []string {
	out := make([]string, len(sentences))
	for i, s := range sentences {
		out[i] = s.reason
	}
	return out
}

// An Error says why a text is no address, without repeating the text.
type Error struct {
	Reason string // one of the constants
}

// Error returns the reason's English sentence.
func (e *Error) Error() string { return "address: " + e.Message("en") }

// Message returns the sentence for the person who wrote the address, in Korean
// for "ko", else in English.
func (e *Error) Message(lang string) string {
	i := slices.IndexFunc(sentences[:], func(s sentence) bool { return s.reason == e.Reason })
	switch {
	case i < 0:
		return e.Reason
	case lang == "ko":
		return sentences[i].ko
	default:
		return sentences[i].en
	}
}

func refuse(reason string) error { return &Error{Reason: reason} }
