package console

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"

	"clarion/lists"
	"clarion/lists/address"
	"clarion/lists/tabular"
	"clarion/web"
	"clarion/web/access"
	"clarion/web/desk"
)

// suppressionFilePath is where the addresses of a file are suppressed.
const suppressionFilePath = "/suppressions/file"

// A suppressionFileView is the form, and what would become of a file or became of it.
type suppressionFileView struct {
	Reason, Channel   string
	Reasons, Channels []choice
	Digest            string // of the file that was looked at; "": none yet
	Result            *desk.ManyResult
	Done              bool
	Found             []suppressionView
	Limit             int // MB
}

func (c *console) suppressionFile(w http.ResponseWriter, r *http.Request, who *access.Visitor) error {
	return c.showSuppressionFile(w, r, who, http.StatusOK, &suppressionFileView{}, "")
}

func (c *console) showSuppressionFile(w http.ResponseWriter, r *http.Request, who *access.Visitor, status int, v *suppressionFileView, wrong string) error {
	lang := languageOf(r, who)
	v.Limit = maxUpload >> 20
	for _, reason := range lists.Reasons {
		v.Reasons = append(v.Reasons, choice{reason.String(), reasonWord(reason, lang)})
	}
	for _, ch := range address.Channels {
		v.Channels = append(v.Channels, choice{ch.String(), channelWord(ch, lang)})
	}
	return c.showAs(w, r, who, status, "suppress_file", page{Title: sayer(lang)("Suppress the addresses of a file", "파일의 주소 차단"), Wrong: wrong, Data: v})
}

// suppressFile looks at a file, and suppresses its addresses if it is the one that was
// looked at before. The file is not kept in between.
func (c *console) suppressFile(w http.ResponseWriter, r *http.Request, who *access.Visitor) error {
	lang := languageOf(r, who)
	say := sayer(lang)
	v := &suppressionFileView{Reason: r.PostFormValue("reason"), Channel: r.PostFormValue("channel")}
	refuse := func(wrong string) error {
		return c.showSuppressionFile(w, r, who, http.StatusUnprocessableEntity, v, wrong)
	}
	var f lists.SuppressionFilter
	if ch, err := address.ParseChannel(v.Channel); err == nil {
		f.Channel = ch
	}
	var err error
	if f.Reason, err = lists.ParseReason(v.Reason); err != nil {
		return refuse(say("Say why nothing is to be sent to these addresses.", "왜 보내지 않는지 골라 주십시오."))
	}
	file, _, err := r.FormFile("table")
	if errors.Is(err, http.ErrMissingFile) {
		return refuse(say("Choose a file.", "파일을 선택해 주십시오."))
	} else if err != nil {
		return fmt.Errorf("%w: %w", web.ErrUnreadable, err)
	}
	defer file.Close()
	sum := sha256.New()
	lines, err := desk.AddressLines(io.TeeReader(file, sum))
	var table *tabular.Error
	switch {
	case errors.As(err, &table):
		return refuse(table.Message(lang))
	case desk.Mistaken(err):
		return refuse(say("No column holds addresses, or there are more than 10,000: name a column email, mobile or fax in the first line.", "주소 열을 찾지 못했거나 10,000건이 넘습니다. 첫 줄에 이메일, 휴대폰, 팩스처럼 열 이름을 적어 주십시오."))
	case err != nil:
		return err
	}
	v.Digest = hex.EncodeToString(sum.Sum(nil))
	action, ctx, wrong := desk.ManyCheck, r.Context(), ""
	look := lists.SuppressionFilter{Channel: f.Channel}
	switch r.PostFormValue("digest") {
	case "":
	case v.Digest:
		action, look, v.Done = desk.ManySuppress, f, true
		ctx = context.WithoutCancel(ctx) // once begun it is finished, whether or not the browser waits
	default:
		wrong = say("This is another file than the one that you looked at. Below is what is in this one.", "앞서 확인하신 파일과 다른 파일입니다. 아래는 이 파일의 내용입니다.")
	}
	if v.Result, err = c.Desk.ManyLines(ctx, lines, look, action, c.noteOf(r, who)); err != nil {
		return err
	}
	v.Found = newSuppressionViews(v.Result.Found[:min(len(v.Result.Found), shownSuppressions)], lang)
	return c.showSuppressionFile(w, r, who, http.StatusOK, v, wrong)
}
