package rig

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"testing"
	"time"
)

// The login that Dovecot knows, and Postfix through it.
const (
	MailUser     = "bounces"
	MailPassword = "rig-Passw0rd"
)

// A Dovecot holds mailboxes, read over IMAP and filled over LMTP, and knows
// logins: Postfix asks it (SASL).
type Dovecot struct {
	IMAP, IMAPS int    // ports on 127.0.0.1; IMAP offers STARTTLS
	LMTP, SASL  int    // ports
	CAFile      string // of the certificate's issuer; the certificate is for mail.ngo.example, localhost and 127.0.0.1
	CertFile    string
	KeyFile     string

	process *Process
	dir     string
}

// StartDovecot starts one. A capability replaces what IMAP offers after the login,
// "" for all that it can.
func StartDovecot(t testing.TB, capability string) *Dovecot {
	t.Helper()
	dir := Dir(t)
	d := &Dovecot{IMAP: FreePort(t), IMAPS: FreePort(t), LMTP: FreePort(t), SASL: FreePort(t), dir: dir,
		CAFile: filepath.Join(dir, "ca.pem"), CertFile: filepath.Join(dir, "cert.pem"), KeyFile: filepath.Join(dir, "key.pem")}
	certify(t, dir)
	for _, sub := range []string{"run", "mail"} {
		if err := os.Mkdir(filepath.Join(dir, sub), 0o755); err != nil {
			t.Fatalf("lay out Dovecot's folder: %v", err)
		}
	}
	mail, err := user.Lookup("mail")
	if err != nil {
		t.Fatalf("find the user who owns mailboxes: %v", err)
	}
	uid, err := strconv.Atoi(mail.Uid)
	if err == nil {
		err = os.Chown(filepath.Join(dir, "mail"), uid, -1)
	}
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "users"), []byte(MailUser+":{PLAIN}"+MailPassword+"\n"), 0o644)
	}
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "oauth2.conf"), []byte("introspection_mode = local\nlocal_validation_key_dict = fs:posix:prefix="+dir+"/keys/\nusername_attribute = sub\n"), 0o644)
	}
	keys := filepath.Join(dir, "keys", "default", "HS256")
	if err == nil {
		err = os.MkdirAll(keys, 0o755)
	}
	if err == nil {
		err = os.WriteFile(filepath.Join(keys, "default"), []byte(base64.StdEncoding.EncodeToString([]byte(tokenKey))), 0o644)
	}
	if err == nil {
		err = render("mail/dovecot.conf.tmpl", filepath.Join(dir, "dovecot.conf"), map[string]any{
			"Dir": dir, "IMAP": d.IMAP, "IMAPS": d.IMAPS, "LMTP": d.LMTP, "SASL": d.SASL, "Capability": capability})
	}
	if err != nil {
		t.Fatalf("set Dovecot up (is it installed, and is this root?): %v", err)
	}
	d.start(t)
	return d
}

// tokenKey signs the tokens that Dovecot takes.
const tokenKey = "the rig's key for OAuth tokens, HS256"

// Token returns an OAuth access token of MailUser's, for a while: a JSON Web Token
// (RFC 7519) that Dovecot verifies by itself.
func (d *Dovecot) Token() string {
	part := base64.RawURLEncoding.EncodeToString
	now := time.Now()
	text := part([]byte(`{"alg":"HS256","typ":"JWT"}`)) + "." + part(fmt.Appendf(nil, `{"sub":%q,"iat":%d,"nbf":%[2]d,"exp":%d}`, MailUser, now.Unix()-1, now.Add(time.Hour).Unix()))
	mac := hmac.New(sha256.New, []byte(tokenKey))
	mac.Write([]byte(text))
	return text + "." + part(mac.Sum(nil))
}

func (d *Dovecot) start(t testing.TB) {
	t.Helper()
	d.process = Start(t, d.dir, "dovecot", "dovecot", "-F", "-c", filepath.Join(d.dir, "dovecot.conf"))
	for _, port := range []int{d.IMAP, d.LMTP, d.SASL} {
		Eventually(t, 20*time.Second, "Dovecot to listen", func() bool { return Listening(fmt.Sprintf("127.0.0.1:%d", port)) })
	}
}

// Restart cuts every connection, and starts Dovecot again on the same mailboxes.
func (d *Dovecot) Restart(t testing.TB) {
	t.Helper()
	d.process.Stop()
	d.start(t)
}

// Deliver puts a mail into MailUser's folder ("" is INBOX) as LMTP would; the file
// is moved in whole (Maildir).
func (d *Dovecot) Deliver(t testing.TB, folder, mail string) {
	t.Helper()
	base := d.maildir(folder)
	name := fmt.Sprintf("%d.%s.rig", time.Now().UnixNano(), rand.Text())
	for _, sub := range []string{"tmp", "new", "cur"} {
		if err := os.MkdirAll(filepath.Join(base, sub), 0o777); err != nil {
			t.Fatal(err)
		}
	}
	own := func(path string) {
		u, err := user.Lookup("mail")
		if err != nil {
			t.Fatal(err)
		}
		uid, _ := strconv.Atoi(u.Uid)
		gid, _ := strconv.Atoi(u.Gid)
		if err := os.Chown(path, uid, gid); err != nil {
			t.Fatal(err)
		}
	}
	for _, path := range []string{base, filepath.Join(base, "tmp"), filepath.Join(base, "new"), filepath.Join(base, "cur")} {
		own(path)
	}
	from := filepath.Join(base, "tmp", name)
	if err := os.WriteFile(from, []byte(mail), 0o600); err != nil {
		t.Fatal(err)
	}
	own(from)
	if err := os.Rename(from, filepath.Join(base, "new", name)); err != nil {
		t.Fatal(err)
	}
}

// Holds returns how many mails are in a folder of MailUser, "" for INBOX.
func (d *Dovecot) Holds(folder string) int {
	n := 0
	for _, sub := range []string{"new", "cur"} {
		files, err := os.ReadDir(filepath.Join(d.maildir(folder), sub))
		if err == nil {
			n += len(files)
		}
	}
	return n
}

func (d *Dovecot) maildir(folder string) string {
	base := filepath.Join(d.dir, "mail", MailUser)
	if folder != "" {
		base = filepath.Join(base, "."+folder)
	}
	return base
}

// Log returns what Dovecot has logged so far.
func (d *Dovecot) Log() string {
	b, err := os.ReadFile(filepath.Join(d.dir, "dovecot-mail.log"))
	if err != nil {
		return err.Error()
	}
	return string(b)
}

// certify makes a certificate authority and a certificate of it in dir.
func certify(t testing.TB, dir string) {
	t.Helper()
	caKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	ca := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Rig CA"}, NotAfter: time.Now().Add(24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	leaf := &x509.Certificate{SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "mail.ngo.example"}, NotAfter: time.Now().Add(24 * time.Hour),
		DNSNames: []string{"mail.ngo.example", "localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}
	caDER, err := x509.CreateCertificate(rand.Reader, ca, ca, &caKey.PublicKey, caKey)
	if err != nil {
		t.Fatal(err)
	}
	leafDER, err := x509.CreateCertificate(rand.Reader, leaf, ca, &key.PublicKey, caKey)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for name, block := range map[string]*pem.Block{
		"ca.pem": {Type: "CERTIFICATE", Bytes: caDER}, "cert.pem": {Type: "CERTIFICATE", Bytes: leafDER}, "key.pem": {Type: "EC PRIVATE KEY", Bytes: keyDER},
	} {
		if err := os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(block), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
