package conf

import (
	"crypto/x509"
	"fmt"
	"os"
)

// CertPool reads the certificates that a setting ca_file names, in PEM form: those
// to trust in the place of the system's.
func CertPool(file string) (*x509.CertPool, error) {
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read ca_file: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("ca_file %s holds no certificate in PEM form", file)
	}
	return pool, nil
}
