package email

import (
	"net/url"
	"path"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/yuin/goldmark/ast"
	gmtext "github.com/yuin/goldmark/text"

	"clarion/templates"
)

// sampleURL stands for links that only a person has.
const sampleURL = "https://personal.invalid/"

// text holds a text against the rules, as people read it of whom nothing is known.
func (l *linter) text(t *templates.Text) {
	source := []byte(t.Execute(func(name string) (string, bool) {
		if isURL(name) {
			return sampleURL, true
		}
		return "", false
	}))
	doc := markdown().Parser().Parse(gmtext.NewReader(source))
	level, pictures := 0, 0
	// The walk ends without an error, since its function returns none.
	_ = ast.Walk(doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		tell := func(c Code, operands ...any) { l.broken(c, t.File(), lineAt(source, max(n.Pos(), 0)), operands...) }
		switch n := n.(type) {
		case *ast.Heading:
			if level > 0 && n.Level > level+1 {
				tell(HeadingSkipped, n.Level, level)
			}
			level = n.Level
		case *ast.Link:
			checkLink(string(n.Destination), wording(n, source), n, tell)
		case *ast.AutoLink:
			if u := string(n.URL(source)); n.AutoLinkType == ast.AutoLinkURL {
				checkLink(u, "", n, tell)
				if !strings.HasPrefix(u, sampleURL) {
					tell(LinkTextAddress, u)
				}
			}
		case *ast.Image:
			pictures++
			checkAlt(strings.TrimSpace(wording(n, source)), string(n.Destination), tell)
		}
		return ast.WalkContinue, nil
	})
	words := strings.Join(strings.Fields(allWording(doc, source)), " ")
	if pictures > 0 && utf8.RuneCountInString(words) < 40 {
		l.broken(PictureAlone, t.File(), 0)
	}
	if l.call.Class == templates.Fundraising && korean(l.lang) && !contact.MatchString(string(source)) {
		l.broken(ContactMissing, t.File(), 0)
	}
}

// contact is a telephone number or a mail address.
var contact = regexp.MustCompile(`\+?[0-9]{2,4}[-. )][0-9-. ]{5,}[0-9]|[^\s@]+@[^\s@]+\.[a-z]`)

func allWording(doc ast.Node, source []byte) string {
	var b strings.Builder
	_ = ast.Walk(doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if entering && n.Type() == ast.TypeBlock && n.FirstChild() != nil && n.FirstChild().Type() == ast.TypeInline {
			b.WriteString(wording(n, source) + " ")
			return ast.WalkSkipChildren, nil
		}
		return ast.WalkContinue, nil
	})
	return b.String()
}

// checkLink holds a link against the rules; label is "" for one that shows its
// address on purpose.
func checkLink(destination, label string, n ast.Node, tell func(Code, ...any)) {
	u, err := url.Parse(destination)
	web := err == nil && (strings.EqualFold(u.Scheme, "http") || strings.EqualFold(u.Scheme, "https"))
	switch {
	case err != nil || u.Scheme == "":
		tell(LinkInvalid, destination)
		return
	case web && (!strings.Contains(strings.Trim(u.Hostname(), "."), ".") || strings.ContainsAny(u.Host, " ,")):
		tell(LinkInvalid, destination)
		return
	case !web && (!linkable(destination) || u.Opaque == ""):
		tell(LinkInvalid, destination)
		return
	case web && strings.EqualFold(u.Scheme, "http"):
		tell(LinkInsecure, u.Host)
	}
	if n.Kind() == ast.KindAutoLink {
		return
	}
	label = strings.TrimSpace(label)
	switch {
	case label == "" && !hasPicture(n):
		tell(LinkTextEmpty, destination)
	case vague(label):
		tell(LinkTextVague, label)
	case web && looksLikeURL.MatchString(label):
		if said := hostOf(label); said != hostOf(destination) && !strings.HasPrefix(destination, sampleURL) {
			tell(LinkDeceptive, said, u.Hostname())
		} else {
			tell(LinkTextAddress, destination)
		}
	}
}

func hasPicture(n ast.Node) bool {
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		if c.Kind() == ast.KindImage || hasPicture(c) {
			return true
		}
	}
	return false
}

var looksLikeURL = regexp.MustCompile(`(?i)^(https?://|www\.)\S+$|^[a-z0-9-]+(\.[a-z0-9-]+)*\.(com|org|net|kr|io|info|asia|edu|gov)(/\S*)?$`)

// hostOf is the host of a URL that may lack its scheme, without "www.".
func hostOf(s string) string {
	if !strings.Contains(s, "://") {
		s = "https://" + s
	}
	u, err := url.Parse(s)
	if err != nil {
		return ""
	}
	return strings.TrimPrefix(strings.ToLower(u.Hostname()), "www.")
}

// vague says whether the words of a link would fit any link.
func vague(label string) bool {
	label = strings.ToLower(strings.Trim(label, " .!>»→:…[]()"))
	switch strings.Join(strings.Fields(label), " ") {
	case "click", "click here", "click this", "click this link", "here", "this", "this link", "link", "more", "read more", "learn more", "go", "see more", "this page", "continue", "details", "more info",
		"여기", "여기를", "여기로", "여기서", "이곳", "이곳을", "클릭", "클릭하세요", "여기 클릭", "여기를 클릭", "여기를 클릭하세요", "여기를 눌러 주세요", "여기를 누르세요", "여기를 누르십시오", "여기를 클릭하십시오", "여기를 클릭해 주세요", "링크", "이 링크", "바로가기", "더보기", "더 보기", "자세히", "자세히 보기", "보기", "이동":
		return true
	}
	return false
}

// checkAlt holds the words for a picture against the rules.
func checkAlt(alt, picture string, tell func(Code, ...any)) {
	if alt == "" {
		tell(AltMissing, picture)
		return
	}
	name := strings.TrimSuffix(picture, path.Ext(picture))
	switch strings.ToLower(alt) {
	case strings.ToLower(picture), strings.ToLower(name), "image", "picture", "photo", "img", "logo", "banner", "graphic", "alt", "untitled", "그림", "사진", "이미지", "로고", "배너", "제목 없음":
		tell(AltPoor, alt, picture)
	}
}
