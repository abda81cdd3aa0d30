package email

import (
	"fmt"
	"html"
	"strings"
)

const pageWidth = 600 // pixels

// looks are the styles of a mail's elements. They stand in each element, since
// mail programs drop style sheets; only the night's colours stand in a sheet,
// which nothing else can do, and a program that drops it shows the day's, paper
// and ink, so that neither stands alone on the other's.
type looks struct {
	fonts, lineHeight, breaking string
	accent, night               colour
}

func looksFor(lang, accent string) looks {
	l := looks{accent: parseColour(accent)}
	l.night = l.accent.byNight()
	if korean(lang) { // broken between words, not inside them; Hangul is dense, and wants more air
		l.fonts = "-apple-system, 'Apple SD Gothic Neo', 'Malgun Gothic', 'Noto Sans KR', NanumGothic, sans-serif"
		l.lineHeight, l.breaking = "1.75", " word-break:keep-all;"
		return l
	}
	l.fonts = "-apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"
	l.lineHeight = "1.6"
	return l
}

func korean(lang string) bool {
	base, _, _ := strings.Cut(lang, "-")
	return base == "ko"
}

const (
	ruleColour      = "#c4c4c4"
	nightRuleColour = "#55585e"
)

var headingStyles = [...]string{
	"font-size:28px; line-height:1.3; font-weight:bold; margin:0 0 20px",
	"font-size:22px; line-height:1.35; font-weight:bold; margin:32px 0 12px",
	"font-size:18px; line-height:1.45; font-weight:bold; margin:28px 0 8px",
}

const (
	paragraphStyle = "margin:0 0 20px"
	askedStyle     = "margin:28px 0" // around a button
	nestedStyle    = "margin:8px 0 0; padding:0 0 0 26px"
	listStyle      = "margin:0 0 20px; padding:0 0 0 26px"
	itemStyle      = "margin:0 0 8px"
	quoteStyle     = "margin:0 0 20px; padding:2px 0 0 18px; border-left:3px solid " + ruleColour
	ruleStyle      = "border:0; border-top:1px solid " + ruleColour + "; margin:32px 0"
	pictureStyle   = "max-width:100%; height:auto; border:0"
	alonePicture   = pictureStyle + "; display:block; margin:0 0 4px"
	codeStyle      = "white-space:pre-wrap; margin:0 0 20px; font-family:Menlo, Consolas, monospace; font-size:16px"
)

func (l looks) link() string { return "color:" + l.accent.String() }

// button is a link that is the whole of a paragraph, in bold: a finger's width
// high (WCAG 2.2 §2.5.8 asks for 24 pixels, thumbs for 48). Its border keeps it a
// button on dark paper, and where a program drops backgrounds.
func (l looks) button() string {
	return fmt.Sprintf("display:inline-block; padding:13px 28px; border:1px solid %[1]s; border-radius:4px; background-color:%[1]s; color:#ffffff; font-weight:bold; line-height:1.35; text-decoration:none", l.accent)
}

// sheet has the colours of the night.
func (l looks) sheet() string {
	return fmt.Sprintf(`<style>
:root{color-scheme:light dark;supported-color-schemes:light dark}
@media (prefers-color-scheme:dark){
.m{background-color:%s!important;color:%s!important}
.m a,.m .n{color:%s!important}
.m a.b{color:#ffffff!important;border-color:%[3]s!important}
.m .s{color:%[4]s!important}
.m hr,.m blockquote,.m .n{border-color:%[5]s!important}
}
</style>
`, nightPaper, nightInk, l.night, nightMuted, nightRuleColour)
}

// words are what Clarion itself says in a mail.
type words struct {
	why  string // with %s for the organisation
	stop string
	link string
	also string // the link in the other language: mails are forwarded
}

func wordsFor(lang string) words {
	if korean(lang) {
		return words{
			why:  "이 메일은 %s의 소식을 받겠다고 동의하신 분께 보내 드립니다.",
			stop: "더 이상 받지 않으시려면:",
			link: "수신거부",
			also: "Unsubscribe",
		}
	}
	return words{
		why:  "You get this mail because you agreed to hear from %s.",
		stop: "To get no more of them:",
		link: "Unsubscribe",
		also: "수신거부",
	}
}

func (w words) footerText(organisation, url string) string {
	return fmt.Sprintf(w.why+"\n%s %s (%s)\n%s\n", organisation, w.stop, w.link, w.also, url)
}

func (l looks) footer(w words, organisation, url string) string {
	other := "ko"
	if w.link == "수신거부" {
		other = "en"
	}
	return fmt.Sprintf(`<hr style="%s">
<p class="s" style="font-size:16px; margin:0; color:%s">`+w.why+`<br>
%s <a href="%s" style="%[6]s; white-space:nowrap">%[7]s</a> (<a href="%[5]s" lang="%[8]s" style="%[6]s; white-space:nowrap">%[9]s</a>)</p>
`, ruleStyle, dayMuted, organisation, w.stop, url, l.link(), w.link, other, w.also)
}

// page is the whole HTML body: what programs show beside the subject, hidden in
// the mail itself; who speaks, as the head of a paper; the text. A title and a
// language are what screen readers need of it. Outlook for Windows knows no
// max-width, and has a table for the column instead.
func (l looks) page(lang, title, preview, organisation, content string) string {
	lang = html.EscapeString(lang)
	if preview != "" {
		preview = `<div aria-hidden="true" style="display:none; max-height:0; overflow:hidden; mso-hide:all">` + preview + "</div>\n"
	}
	return fmt.Sprintf(`<!DOCTYPE html>
<html lang="%[1]s">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<title>%[2]s</title>
%[3]s</head>
<body class="m" style="margin:0; padding:0; background-color:%[4]s; color:%[5]s">
%[6]s<!--[if mso]><table role="presentation" align="center" width="%[7]d" cellpadding="0" cellspacing="0" border="0"><tr><td><![endif]-->
<div class="m" role="article" aria-roledescription="email" lang="%[1]s" style="max-width:%[7]dpx; margin:0 auto; padding:28px 20px 40px; background-color:%[4]s; color:%[5]s; font-family:%[8]s; font-size:17px; line-height:%[9]s;%[10]s overflow-wrap:break-word">
<p class="n" style="margin:0 0 28px; padding:0 0 10px; border-bottom:1px solid %[11]s; font-size:16px; font-weight:bold; color:%[12]s">%[13]s</p>
%[14]s</div>
<!--[if mso]></td></tr></table><![endif]-->
</body>
</html>
`, lang, title, l.sheet(), dayPaper, dayInk, preview, pageWidth, l.fonts, l.lineHeight, l.breaking, ruleColour, l.accent, organisation, content)
}
