package petition

// A Refusal is why something cannot be done, told to whoever can mend it. Those
// below are compared with errors.Is.
type Refusal struct {
	Field string // of the form that is to be mended, "" for none
	words [2]string
}

func (r *Refusal) Error() string { return r.words[0] }

// Sentence is what to tell the person, in lang ("ko", else English).
func (r *Refusal) Sentence(lang string) string { return in(lang, r.words) }

// What is wrong with a signing.
var (
	ErrName     = &Refusal{"name", [2]string{"write your name: letters, at most 60 of them", "이름을 적어 주십시오. 60자까지입니다."}}
	ErrRegion   = &Refusal{"region", [2]string{"choose where you live from the list", "사는 곳을 목록에서 골라 주십시오."}}
	ErrDistrict = &Refusal{"district", [2]string{"write your district in one line, of at most 60 letters", "시·군·구를 60자 안에서 한 줄로 적어 주십시오."}}
	ErrResident = &Refusal{"", [2]string{"this looks like a resident registration number: take it out, nobody needs it here", "주민등록번호로 보이는 숫자가 있습니다. 지워 주십시오. 이 서명에는 필요하지 않습니다."}}
	ErrOpinion  = &Refusal{"opinion", [2]string{"a signature is a political opinion: the law asks that you agree to our keeping it", "서명은 정치적 견해에 해당하여, 보관하려면 법에 따라 따로 동의가 필요합니다."}}
	ErrAge      = &Refusal{"age", [2]string{"tick the line on your age", "나이 확인란에 표시해 주십시오."}}
	ErrContact  = &Refusal{"contact", [2]string{"to hear from us, leave an address", "소식을 받으려면 연락처를 적어 주십시오."}}
)

// Why nothing can be done at all, or not for this one.
var (
	ErrNotOpen     = &Refusal{"", [2]string{"the petition is not open yet", "아직 서명을 받지 않습니다."}}
	ErrClosed      = &Refusal{"", [2]string{"the petition is closed", "서명이 마감되었습니다."}}
	ErrPurged      = &Refusal{"", [2]string{"the names of this petition are deleted: nothing of it changes any more", "이 서명의 이름은 모두 삭제되어 더 바꿀 수 없습니다."}}
	ErrNoLetter    = &Refusal{"", [2]string{"the petition has no letter to hand its signatures over with: write letter.LANGUAGE.txt into its folder", "전달할 때 쓸 공문이 없습니다. 서명 폴더에 letter.언어.txt를 적어 주십시오."}}
	ErrNothing     = &Refusal{"", [2]string{"there is nothing to hand over: no signature is certain, and no sheet is counted", "전달할 서명이 없습니다. 확인된 서명도, 센 서명지도 없습니다."}}
	ErrNoSignature = &Refusal{"", [2]string{"there is no such signature", "그런 서명이 없습니다."}}
	ErrSlip        = &Refusal{"code", [2]string{"this is no slip of this petition: see that all of it was copied", "이 서명의 확인증이 아닙니다. 전부 옮겨 적었는지 확인해 주십시오."}}
)
