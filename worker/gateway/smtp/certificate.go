package smtp

import (
	"context"
	"crypto/tls"
	"fmt"
	"time"
)

// CertificateEnds dials, logs in, and returns when the relay's certificate runs
// out, the soonest of its chain; the zero Time without TLS.
func (g *Gateway) CertificateEnds(ctx context.Context) (time.Time, error) {
	watched := *g
	var ends time.Time
	if g.tls != nil {
		watched.tls = g.tls.Clone()
		watched.tls.VerifyConnection = func(s tls.ConnectionState) error {
			for _, c := range s.PeerCertificates {
				if ends.IsZero() || c.NotAfter.Before(ends) {
					ends = c.NotAfter
				}
			}
			return nil
		}
	}
	s, err := watched.dial(ctx)
	if err != nil {
		return time.Time{}, fmt.Errorf("gateway %s: %w", g.name, err)
	}
	s.Close() // that the goodbye was not answered is no matter
	return ends, nil
}
