package rig

import (
	"embed"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"text/template"
	"time"
)

//go:embed smpp
var smppFiles embed.FS

// KannelOptions say what a Kannel is to do.
type KannelOptions struct {
	// InboundURL is what Kannel fetches for each text that a person sends, with
	// Kannel's escapes in it; "" for nowhere.
	InboundURL string
}

// A Kannel is a bearerbox, a smsbox and the SMSC behind them. The SMSC's file
// smpp/smsc.js says which numbers fail how.
type Kannel struct {
	SendURL            string // the sendsms address
	Username, Password string // of the sendsms user

	Bearerbox, Smsbox, SMSC *Process // to be stopped by a test that wants them down

	dir, control, admin string
	smscArgs            []string
}

// A Submit is one short message, or one part of a long one, as the SMSC saw it.
type Submit struct {
	ID           string `json:"id"`
	From         string `json:"from"`
	To           string `json:"to"`
	DataCoding   int    `json:"data_coding"`   // 0 default alphabet, 8 UCS-2 (SMPP 3.4 §5.2.19)
	ReceiptAsked bool   `json:"receipt_asked"` // only on the first part of a long message
	UDH          string `json:"udh"`           // hexadecimal; "" for a single part
	Text         string `json:"text"`
	Refused      int    `json:"refused"` // the command_status of a refusal, 0 if it was taken
}

// StartKannel starts all three and returns when the SMPP link is up.
func StartKannel(t testing.TB, o KannelOptions) *Kannel {
	t.Helper()
	dir := Dir(t)
	ports := struct{ admin, box, smpp, send, control int }{FreePort(t), FreePort(t), FreePort(t), FreePort(t), FreePort(t)}
	k := &Kannel{
		SendURL:  fmt.Sprintf("http://127.0.0.1:%d/cgi-bin/sendsms", ports.send),
		Username: "campaign", Password: "rig-sendsms-secret",
		dir:     dir,
		control: fmt.Sprintf("http://127.0.0.1:%d", ports.control),
		admin:   fmt.Sprintf("http://127.0.0.1:%d/status.txt?password=rig-admin-secret", ports.admin),
	}
	if o.InboundURL == "" {
		o.InboundURL = "http://127.0.0.1:9/" // discard: nobody listens
	}
	err := template.Must(template.ParseFS(smppFiles, "smpp/kannel.conf.tmpl")).Execute(create(t, filepath.Join(dir, "kannel.conf")), map[string]any{
		"AdminPort": ports.admin, "AdminPassword": "rig-admin-secret", "BoxPort": ports.box, "SMPPPort": ports.smpp, "SendPort": ports.send,
		"Dir": dir, "Username": k.Username, "Password": k.Password, "InboundURL": o.InboundURL,
	})
	if err != nil {
		t.Fatalf("write kannel.conf: %v", err)
	}
	script, err := smppFiles.ReadFile("smpp/smsc.js")
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "smsc.js"), script, 0o644)
	}
	if err == nil {
		err = os.Mkdir(filepath.Join(dir, "spool"), 0o755)
	}
	if err != nil {
		t.Fatalf("lay out the Kannel folder: %v", err)
	}
	k.smscArgs = []string{"env", "NODE_PATH=" + npmPackage(t, "smpp", "0.5.1"), fmt.Sprintf("SMPP_PORT=%d", ports.smpp),
		fmt.Sprintf("CONTROL_PORT=%d", ports.control), "node", "smsc.js"}
	k.StartSMSC(t)
	k.Bearerbox = Start(t, dir, "bearerbox", "/usr/sbin/bearerbox", "-v", "4", "kannel.conf")
	Eventually(t, 20*time.Second, "bearerbox to take boxes", func() bool { return Listening(fmt.Sprintf("127.0.0.1:%d", ports.box)) })
	k.Smsbox = Start(t, dir, "smsbox", "/usr/sbin/smsbox", "-v", "4", "kannel.conf")
	k.WaitOnline(t)
	return k
}

// StartSMSC starts the SMSC, the first time or anew.
func (k *Kannel) StartSMSC(t testing.TB) {
	t.Helper()
	k.SMSC = Start(t, k.dir, "smsc", k.smscArgs...)
	Eventually(t, 20*time.Second, "the SMSC to listen", func() bool {
		_, err := k.get("/got")
		return err == nil
	})
}

// WaitOnline returns when the SMPP link is up and the smsbox is connected.
func (k *Kannel) WaitOnline(t testing.TB) {
	t.Helper()
	Eventually(t, 30*time.Second, "Kannel to come online", func() bool {
		status, err := get(k.admin)
		return err == nil && strings.Contains(status, "(online") && strings.Contains(status, "smsbox:") && Listening(strings.TrimPrefix(strings.TrimSuffix(k.SendURL, "/cgi-bin/sendsms"), "http://"))
	})
}

// WaitSent returns when Kannel has nothing more to hand to the SMSC.
func (k *Kannel) WaitSent(t testing.TB) {
	t.Helper()
	Eventually(t, time.Minute, "Kannel to hand over what it holds", func() bool {
		status, err := get(k.admin)
		return err == nil && strings.Contains(status, "(0 queued), store size 0")
	})
}

// Got returns what the SMSC has been given, in order.
func (k *Kannel) Got(t testing.TB) []Submit {
	t.Helper()
	body, err := k.get("/got")
	var all []Submit
	if err == nil {
		err = json.Unmarshal([]byte(body), &all)
	}
	if err != nil {
		t.Fatalf("ask the SMSC what it got: %v", err)
	}
	return all
}

// GotTo returns what the SMSC has been given for one number, however that
// number is spelled: its last eight digits are compared.
func (k *Kannel) GotTo(t testing.TB, number string) []Submit {
	t.Helper()
	var to []Submit
	for _, s := range k.Got(t) {
		if lastDigits(s.To) == lastDigits(number) {
			to = append(to, s)
		}
	}
	return to
}

// Text sends a text from a person's number to one of ours, as "STOP".
func (k *Kannel) Text(t testing.TB, from, to, text string) {
	t.Helper()
	if _, err := k.get("/text?" + url.Values{"from": {from}, "to": {to}, "text": {text}}.Encode()); err != nil {
		t.Fatalf("send a text through the SMSC: %v", err)
	}
}

// DropLink cuts the SMPP connection; Kannel binds again after a second.
func (k *Kannel) DropLink(t testing.TB) {
	t.Helper()
	if _, err := k.get("/drop"); err != nil {
		t.Fatalf("cut the SMPP link: %v", err)
	}
}

func (k *Kannel) get(path string) (string, error) { return get(k.control + path) }

func get(url string) (string, error) {
	client := http.Client{Timeout: 10 * time.Second}
	answer, err := client.Get(url)
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("answered %s", answer.Status)
	}
	return string(body), err
}

func lastDigits(number string) string {
	digits := strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, number)
	return digits[max(0, len(digits)-8):]
}

func create(t testing.TB, path string) *os.File {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatalf("create %s: %v", filepath.Base(path), err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}
