package rig_test

import (
	"bytes"
	"image"
	"os"
	"testing"
	"time"

	"clarion/e2e/rig"
	"clarion/internal/conf"
	"clarion/lists/address"
	"clarion/worker/gateway"
	"clarion/worker/gateway/hylafax"

	"github.com/signintech/gopdf"
	"golang.org/x/image/tiff"
)

func openFax(t *testing.T, h *rig.Hylafax, c hylafax.Config) *hylafax.Gateway {
	t.Helper()
	c.Addr, c.User, c.Country = h.Addr, h.User, "82"
	if c.Password.IsZero() {
		c.Password = conf.NewSecret(h.Password)
	}
	g, err := hylafax.New(c)
	if err != nil {
		t.Fatalf("new gateway: %v", err)
	}
	return g
}

// koreanPage returns a PDF of one A4 page.
func koreanPage(t *testing.T) []byte {
	t.Helper()
	var pdf gopdf.GoPdf
	pdf.Start(gopdf.Config{PageSize: *gopdf.PageSizeA4})
	pdf.AddPage()
	err := pdf.AddTTFFont("nanum", "/usr/share/fonts/truetype/nanum/NanumGothic.ttf")
	if err == nil {
		err = pdf.SetFont("nanum", "", 24)
	}
	for i, line := range []string{"외교부 장관 귀하", "서명 요청: 아홉 사람을 살려 주십시오.", "Save 9: please do not send them back."} {
		pdf.SetXY(60, 80+float64(i)*40)
		if err == nil {
			err = pdf.Cell(nil, line)
		}
	}
	var out bytes.Buffer
	if err == nil {
		_, err = pdf.WriteTo(&out)
	}
	if err != nil {
		t.Fatalf("write a PDF: %v", err)
	}
	return out.Bytes()
}

func TestHylafax(t *testing.T) {
	t.Parallel()
	h := rig.StartHylafax(t, rig.HylafaxOptions{})
	g := openFax(t, h, hylafax.Config{})                            // as users have it: up to 12 dials
	once := openFax(t, h, hylafax.Config{MaxDials: 1, MaxTries: 1}) // does not wait for a line to become free
	if err := g.Probe(t.Context()); err != nil {
		t.Errorf("probe: %v", err)
	}

	page := koreanPage(t)
	cases := map[string]struct {
		via    *hylafax.Gateway
		to     string
		kind   gateway.Kind
		reason gateway.Reason
	}{
		"arrives":      {g, "+82222220010", 0, 0},
		"busy":         {once, "+82222220001", gateway.Failed, gateway.Busy},
		"no answer":    {once, "+82222220002", gateway.Failed, gateway.NoAnswer},
		"no dial tone": {once, "+82222220003", gateway.Misconfigured, gateway.OtherReason},
		"person":       {g, "+82222220004", gateway.Failed, gateway.PersonAnswered},
		"dropped line": {once, "+82222220005", gateway.Failed, gateway.Network},
	}
	ids := map[string]string{}
	for name, c := range cases {
		r, err := c.via.Send(t.Context(), gateway.Message{Delivery: name, To: address.Canonical(address.Fax, c.to), From: "+82 2 1111 0000", Body: page})
		if err != nil {
			t.Fatalf("send %s: %v", name, err)
		}
		ids[name] = r.ID
	}
	if r, found, err := g.Find(t.Context(), "arrives"); err != nil || !found || r.ID != ids["arrives"] {
		t.Errorf("find what was sent: %+v, %v, %v", r, found, err)
	}
	if _, found, err := g.Find(t.Context(), "never sent"); err != nil || found {
		t.Errorf("find what was never sent: %v, %v", found, err)
	}

	ended := map[string]gateway.Report{}
	rig.Eventually(t, 3*time.Minute, "all faxes to end", func() bool {
		reports, err := g.Poll(t.Context())
		if err != nil {
			t.Fatalf("poll: %v", err)
		}
		for _, r := range reports {
			if _, again := ended[r.Delivery]; again {
				t.Errorf("%s was reported twice", r.Delivery)
			}
			ended[r.Delivery] = r
		}
		return len(ended) == len(cases)
	})
	for name, c := range cases {
		r := ended[name]
		if r.ID != ids[name] || (r.Event == gateway.EventDelivered) != (c.kind == 0) {
			t.Errorf("%s: report %+v of job %s", name, r, ids[name])
		}
		if r.Err != nil && (r.Err.Kind != c.kind || r.Err.Reason != c.reason) {
			t.Errorf("%s: verdict %v, want %v %v", name, r.Err, c.kind, c.reason)
		}
	}
	for _, number := range []string{"0222220001", "0222220004"} {
		if n := count(h.Dialed(), number); n != 1 {
			t.Errorf("a number was dialled %d times, want once", n)
		}
	}
	whole := 0
	for _, f := range h.Received(t) {
		if f.Reason != "" {
			continue // the dropped line
		}
		whole++
		if f.Dialed != "0222220010" || f.Caller != "0211110000" {
			t.Errorf("received a fax for %s from %s", f.Dialed, f.Caller)
		}
		if width, ink := scan(t, f.Path); width != 1728 || ink < 2000 {
			t.Errorf("the page is %d wide with %d black dots, want 1728 and some thousands", width, ink)
		}
	}
	if whole != 1 {
		t.Errorf("%d whole faxes arrived, want 1", whole)
	}
}

func TestHylafaxOutages(t *testing.T) {
	t.Parallel()
	h := rig.StartHylafax(t, rig.HylafaxOptions{NoScheduler: true})
	m := gateway.Message{Delivery: "token", To: address.Canonical(address.Fax, "+82222220010"), Body: koreanPage(t)}
	g := openFax(t, h, hylafax.Config{})
	if err := g.Probe(t.Context()); err == nil {
		t.Error("the probe found a missing scheduler well")
	}
	wantKind := func(g *hylafax.Gateway, want gateway.Kind) {
		t.Helper()
		_, err := g.Send(t.Context(), m)
		if e := gateway.Classify(err, false); e == nil || e.Kind != want {
			t.Errorf("send: %v, want it %v", err, want)
		}
	}
	wantKind(g, gateway.Temporary)
	if _, found, err := g.Find(t.Context(), m.Delivery); err != nil || found {
		t.Errorf("find what was taken back: %v, %v", found, err)
	}
	wantKind(openFax(t, h, hylafax.Config{Password: conf.NewSecret("wrong")}), gateway.Misconfigured)
	h.Hfaxd.Stop()
	wantKind(g, gateway.Temporary)
}

func count(all []string, one string) (n int) {
	for _, s := range all {
		if s == one {
			n++
		}
	}
	return n
}

// scan returns how wide the first page of a TIFF is, and how many dots are black.
func scan(t *testing.T, path string) (width, ink int) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	page, err := tiff.Decode(f)
	if err != nil {
		t.Fatalf("decode the received page: %v", err)
	}
	b := page.Bounds()
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			if dark(page, x, y) {
				ink++
			}
		}
	}
	return b.Dx(), ink
}

func dark(page image.Image, x, y int) bool {
	r, _, _, _ := page.At(x, y).RGBA()
	return r < 0x8000
}
