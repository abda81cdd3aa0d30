package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/mail"
	"strings"
	"time"

	"clarion/worker/bounce"
)

// bounces reads mails that came back: eight reports by RFC 3464 with the mail that
// they return, one failure in prose, and one person's answer in every ten. Against
// it the standard library takes the same mails apart, and understands nothing.
func bounces(ctx context.Context, b *bench) error {
	mails := cameBack()
	count := 4000
	if b.short {
		count = 100
	}
	var rate, ratio []float64
	for range b.samples {
		if err := ctx.Err(); err != nil {
			return err
		}
		began := time.Now()
		for i := range count {
			res, err := bounce.Read(bytes.NewReader(mails[i%len(mails)]))
			if err != nil {
				return fmt.Errorf("read a bounce: %w", err)
			}
			if failure := i%len(mails) != len(mails)-1; failure != (len(res.Recipients) == 1) {
				return fmt.Errorf("mail %d of the bounces names %d recipients", i%len(mails), len(res.Recipients))
			}
		}
		ours := time.Since(began)
		began = time.Now()
		for i := range count {
			if err := takeApart(mails[i%len(mails)]); err != nil {
				return fmt.Errorf("take a bounce apart: %w", err)
			}
		}
		bare := time.Since(began)
		rate, ratio = append(rate, float64(count)/ours.Seconds()), append(ratio, bare.Seconds()/ours.Seconds())
	}
	b.results.add(figure{Name: "bounces read by one core", Unit: "/s"}, rate...)
	b.results.add(figure{Name: "bounces read ÷ those that the standard library takes apart", Unit: "×"}, ratio...)
	return nil
}

// cameBack returns ten mails; the last one is no bounce.
func cameBack() (mails [][]byte) {
	returned := "Return-Path: <b+token@bounce.ngo.example>\nFrom: Save 9 <info@ngo.example>\nTo: somebody@mail.example\nSubject: Write to the minister\nMessage-ID: <1@ngo.example>\n\n" +
		strings.Repeat("Nine orphans were sent back to the country from which they had fled, and we ask.\n", 44)
	for i := range 8 {
		mails = append(mails, fmt.Appendf(nil, `From: Mail Delivery System <MAILER-DAEMON@mx%d.example>
To: b+token@bounce.ngo.example
Subject: Undelivered Mail Returned to Sender
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="cut"

--cut
Content-Type: text/plain; charset=us-ascii

I'm sorry to have to inform you that your message could not be delivered.

<somebody@mail.example>: host mx.mail.example[192.0.2.%d] said: 550 5.1.1
    <somebody@mail.example>: Recipient address rejected: User unknown (in reply to RCPT TO command)

--cut
Content-Type: message/delivery-status

Reporting-MTA: dns; mx%d.example
Arrival-Date: Tue, 24 Nov 2026 09:00:00 +0900 (KST)

Final-Recipient: rfc822; somebody@mail.example
Original-Recipient: rfc822;somebody@mail.example
Action: failed
Status: 5.1.1
Remote-MTA: dns; mx.mail.example
Diagnostic-Code: smtp; 550 5.1.1 <somebody@mail.example>: Recipient address rejected: User unknown

--cut
Content-Type: message/rfc822

%s
--cut--
`, i, i, i, returned))
	}
	return append(mails,
		[]byte("From: MAILER-DAEMON@qmail.example\nTo: b+token@bounce.ngo.example\nSubject: failure notice\n\nHi. This is the qmail-send program at qmail.example.\nI'm afraid I wasn't able to deliver your message to the following addresses.\n"+
			"This is a permanent error; I've given up. Sorry it didn't work out.\n\n<somebody@mail.example>:\n192.0.2.7 does not like recipient.\nRemote host said: 550 5.1.1 no such user\nGiving up on 192.0.2.7.\n\n--- Below this line is a copy of the message.\n\n"+returned),
		[]byte("From: A Supporter <supporter@mail.example>\nTo: info@ngo.example\nSubject: Re: Write to the minister\nIn-Reply-To: <1@ngo.example>\n\nThank you for writing. I have signed, and told my class.\n\n> "+strings.ReplaceAll(returned, "\n", "\n> ")))
}

// takeApart reads a mail to its last part by net/mail and mime/multipart.
func takeApart(data []byte) error {
	m, err := mail.ReadMessage(bytes.NewReader(data))
	if err != nil {
		return err
	}
	kind, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil || !strings.HasPrefix(kind, "multipart/") {
		_, err = io.Copy(io.Discard, m.Body)
		return err
	}
	for parts := multipart.NewReader(m.Body, params["boundary"]); ; {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if _, err := io.Copy(io.Discard, part); err != nil {
			return err
		}
	}
}
