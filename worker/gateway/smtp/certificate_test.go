package smtp

import (
	"crypto/x509"
	"encoding/pem"
	"os"
	"testing"
)

func TestCertificateEnds(t *testing.T) {
	t.Parallel()
	for _, implicit := range []bool{false, true} {
		_, c := startRelay(t, implicit, "PLAIN")
		text, err := os.ReadFile(c.CAFile)
		if err != nil {
			t.Fatal(err)
		}
		block, _ := pem.Decode(text)
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			t.Fatal(err)
		}
		if ends, err := newGateway(t, c).CertificateEnds(t.Context()); err != nil || !ends.Equal(cert.NotAfter) {
			t.Errorf("implicit %v: it ends %s, %v; want %s", implicit, ends, err, cert.NotAfter)
		}
		c.CAFile = ""
		if _, err := newGateway(t, c).CertificateEnds(t.Context()); err == nil {
			t.Errorf("implicit %v: a certificate of nobody's has an end", implicit)
		}
	}
	f := startFarSide(t, func(string, int, string) string { return "" })
	if ends, err := newGateway(t, f.config()).CertificateEnds(t.Context()); err != nil || !ends.IsZero() {
		t.Errorf("without TLS: %s, %v", ends, err)
	}
}
