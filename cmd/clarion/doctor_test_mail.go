package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"fmt"
	"strconv"
	"strings"
	"time"

	"clarion/broadcast"
	"clarion/internal/redisdb"
	"clarion/internal/seal"
	"clarion/lists/address"
	"clarion/worker"
	"clarion/worker/gateway"
	"clarion/worker/gateway/rehearsal"
)

// testMails sends a mail through each gateway to the address that its bounces
// would come to, and waits until whoever reads returned mail has it. It says
// what a bounce says, a report that all went well, so that the whole way back is
// gone.
func (d *doctor) testMails(ctx context.Context) {
	if !d.cfg.hasMail() {
		return
	}
	f := finding{Check: checkTestMail, Severity: stops}
	if d.cfg.Inbox.Domain == "" {
		f.Finding, f.Do = "no test mail was sent: inbox.domain is not set, so that it could not come back", "set inbox.domain in "+d.configFile
		d.both(f, anHour, inKorean{Finding: "inbox.domain이 없어 시험 메일을 보내지 않았습니다.", Do: d.configFile + "에 inbox.domain을 적으십시오."})
		return
	}
	rc := d.cfg.redis()
	rc.AllowLossy = true
	a, err := d.openWith(ctx, d.cfg, rc, rehearsal.Config{})
	if err != nil {
		return // redis says it
	}
	defer func() {
		if err := a.close(); err != nil && d.err == nil {
			d.err = err
		}
	}()
	if a.db.Kind() == redisdb.Managed {
		f.Finding, f.Do = "no test mail was sent: no Clarion runs on this data folder that would read it", "start clarion serve, then ask again"
		d.both(f, aMinute, inKorean{Finding: "반송 메일을 읽을 Clarion이 실행 중이 아니어서 시험 메일을 보내지 않았습니다.", Do: "clarion serve를 시작한 뒤 다시 실행하십시오."})
		return
	}
	in := worker.NewInbound(a.parts(), a.cfg.links())
	for _, g := range d.cfg.gates {
		if g.Channel == address.Email {
			d.testMail(ctx, in, a.keys, g)
		}
	}
}

func (d *doctor) testMail(ctx context.Context, in *worker.Inbound, keys *seal.Keyring, g worker.Gate) {
	f := finding{Check: checkTestMail.of(g.Name), Severity: stops}
	sent := broadcast.Delivery{Call: broadcast.TestCall, Channel: address.Email}
	_, _ = rand.Read(sent.Key[:]) // it never fails
	token := sent.Token(keys, seal.Bounce)
	to := "b+" + token + "@" + d.cfg.Inbox.Domain
	began := time.Now()
	m := gateway.Message{Delivery: token, To: address.Canonical(address.Email, to), From: to, Body: d.testBody(g, to, began)}
	if _, err := g.Gateway.Send(ctx, m); err != nil {
		f.Finding = fmt.Sprintf("it does not take a test mail to %s: %v", d.cfg.Inbox.Domain, gateway.Classify(err, false))
		f.Do = "let it send mail to " + d.cfg.Inbox.Domain + " and from the domains in From; its log says what it minds"
		d.both(f, anHour, inKorean{Finding: fmt.Sprintf("시험 메일을 받아 주지 않습니다: %v", gateway.Classify(err, false)), Do: "릴레이가 " + d.cfg.Inbox.Domain + "으로 보내는 메일과 From 도메인을 허용하게 하십시오. 릴레이 로그에 이유가 있습니다."})
		return
	}
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for end := began.Add(d.wait); ; {
		came, err := in.TestCame(ctx, sent)
		if err != nil {
			d.err = err
			return
		}
		if came {
			f.Severity, f.Finding = "", fmt.Sprintf("a mail sent through it came back in %s", time.Since(began).Round(10*time.Millisecond))
			d.both(f, aMinute, inKorean{Finding: fmt.Sprintf("시험 메일이 %s 만에 돌아왔습니다.", time.Since(began).Round(10*time.Millisecond))})
			return
		}
		if !time.Now().Before(end) {
			break
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
	f.Finding = fmt.Sprintf("it took a test mail to %s, which did not come back within %s: bounces would not either", d.cfg.Inbox.Domain, d.wait)
	f.Do = "look in its log where the mail went; let whoever takes the mail of " + d.cfg.Inbox.Domain + " hand it to inbox.listen, every b+… address of it, and see that clarion serve runs"
	ko := inKorean{Finding: fmt.Sprintf("시험 메일을 받았으나 %s 안에 돌아오지 않았습니다. 반송 메일도 돌아오지 않습니다.", d.wait),
		Do: "릴레이 로그에서 메일이 간 곳을 찾고, " + d.cfg.Inbox.Domain + "의 b+… 주소로 오는 메일을 모두 inbox.listen으로 넘기게 하고, clarion serve가 실행 중인지 확인하십시오."}
	if d.hosted() {
		f.Do = "look in its log where the mail went, and in the mailbox of [inbox.imap], its spam folder too; let all mail of " + d.cfg.Inbox.Domain + " come to its folder " + strconv.Quote(cmp.Or(d.cfg.Inbox.IMAP.Folder, "INBOX")) + ", every b+… address of it, and see that clarion serve runs"
		ko.Do = "릴레이 로그에서 메일이 간 곳을 찾고, [inbox.imap] 메일함과 그 스팸함을 보십시오. " + d.cfg.Inbox.Domain + "의 b+… 주소로 오는 메일이 모두 읽는 폴더에 오게 하고, clarion serve가 실행 중인지 확인하십시오."
	}
	d.both(f, anHour, ko)
}

// testBody is a delivery report (RFC 3464) that says delivered.
func (d *doctor) testBody(g worker.Gate, to string, now time.Time) []byte {
	from := d.cfg.Inbox.Domain
	if len(g.Domains) > 0 {
		from = g.Domains[0]
	} else if all := d.fromDomains(); len(all) > 0 {
		from = all[0]
	}
	id := rand.Text()
	text := fmt.Sprintf(`From: Clarion <clarion@%[1]s>
To: <%[2]s>
Subject: Test mail of clarion doctor
Date: %[3]s
Message-ID: <%[4]s@%[1]s>
Auto-Submitted: auto-generated
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="%[4]s"

--%[4]s
Content-Type: text/plain; charset=us-ascii

This mail shows that what comes back is read. Nobody has to do anything.

--%[4]s
Content-Type: message/delivery-status

Reporting-MTA: dns; %[1]s

Final-Recipient: rfc822; clarion@%[1]s
Action: delivered
Status: 2.0.0

--%[4]s--
`, from, to, now.Format(time.RFC1123Z), id)
	return []byte(strings.ReplaceAll(text, "\n", "\r\n"))
}
