package email

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"image"
	_ "image/gif"  // formats that a picture may have
	_ "image/jpeg" //
	_ "image/png"  //
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/yuin/goldmark/ast"

	"clarion/templates"
)

// A Picture is a file of the call's folder that the mail shows.
type Picture struct {
	File string
	URL  string // as the HTML has it: "cid:…" (RFC 2392) of one within the mail, else where it is fetched from
	Name string // of one that is fetched, under PicturePath; "" of one within the mail
}

// PicturePath is where linked pictures lie on the public pages.
const PicturePath = "/p/"

// Pictures returns the pictures that the HTML shows.
func (m *Message) Pictures() []Picture { return m.shows }

// image points a picture of the folder at what the mail carries, or at the public
// pages. What is fetched has its content for a name: the same for everybody, so
// that it tells nothing of who has read the mail, and never another behind it.
func (b *body) image(n *ast.Image, file string, source []byte) {
	name := string(n.Destination)
	if s, err := url.PathUnescape(name); err == nil {
		name = s
	}
	line := lineAt(source, max(n.Pos(), 0))
	data, ok := b.call.File(name)
	if !ok {
		b.tell(file, line, "picture %s is not in the folder", name)
		return
	}
	size, format, err := image.DecodeConfig(bytes.NewReader(data))
	if err != nil {
		b.tell(file, line, "picture %s cannot be read as PNG, JPEG or GIF", name)
		return
	}
	p := Picture{File: name}
	if b.call.Email.Pictures == templates.PicturesLinked {
		sum := sha256.Sum256(data)
		p.Name = hex.EncodeToString(sum[:]) + "." + format
		p.URL = strings.TrimSuffix(b.options.Pages, "/") + PicturePath + p.Name
	} else {
		sum := sha256.Sum256(append([]byte(name+"\x00"), data...))
		p.URL = "cid:" + hex.EncodeToString(sum[:8]) + "@" + b.options.MessageIDDomain
	}
	if !slices.Contains(b.pictures, p) {
		b.pictures = append(b.pictures, p)
	}
	n.Destination = []byte(p.URL)
	if p := n.Parent(); p.Kind() == ast.KindParagraph && p.ChildCount() == 1 {
		set(n, alonePicture)
	} else {
		set(n, pictureStyle)
	}
	n.SetAttributeString("width", []byte(strconv.Itoa(min(size.Width, pageWidth)))) // Outlook knows no max-width
}
