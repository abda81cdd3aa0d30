package bounce

import (
	"strings"
	"testing"
)

// The forms in which mail systems return a mail, each written for this test in
// the layout that the system is known for. Where a system sends a report of the
// standard beside its words, only the words are here.
func TestFormats(t *testing.T) {
	t.Parallel()
	const daemon = "From: Mail Delivery Subsystem <MAILER-DAEMON@mta.example>\nTo: b+abcdefghijklmnopqrstuvwxyz@bounce.ngo.example\n"
	const returned = "Return-Path: <b+abcdefghijklmnopqrstuvwxyz@bounce.ngo.example>\nReceived: from app.ngo.example by mta.example; Tue, 24 Nov 2026 09:00:00 +0900\nFrom: Save 9 <info@ngo.example>\nTo: somebody@else.example\nSubject: Write to the minister\n\nDear friend,\n"
	for name, c := range map[string]struct{ mail, want string }{
		"James": {daemon + "Subject: [BOUNCE]\n\nHi. This is the James mail server at mta.example.\nI'm afraid I wasn't able to deliver your message to the following addresses.\nThis is a permanent error; I've given up. Sorry it didn't work out. Below\nI include the list of recipients and the reason why I was unable to deliver your message.\n\nError message below:\n550 5.1.1 no such user here\n\nMessage details:\n  Subject: Write to the minister\n  MAIL FROM: b+abcdefghijklmnopqrstuvwxyz@bounce.ngo.example\n  RCPT TO: a@gov.example\n  From: info@ngo.example\n  To: a@gov.example\n",
			"hard mailbox_unknown a@gov.example"},
		"Activehunter": {daemon + "Subject: FAILURE NOTICE :\n\n  ----- The following addresses had permanent fatal errors -----\n\n>>> a@gov.example <a@gov.example>\n\n  -----        Transcript of session follows       -----\n550 sorry, no mailbox here by that name (#5.1.1 - chkusr)\n",
			"hard mailbox_unknown a@gov.example"},
		"Domino": {daemon + "Subject: DELIVERY FAILURE: User a (a@gov.example) not listed in Domino Directory\n\nYour message\n\n  Subject: Write to the minister\n\nwas not delivered to:\n\n  a@gov.example\n\nbecause:\n\n  User a (a@gov.example) not listed in Domino Directory\n\n",
			"hard mailbox_unknown a@gov.example"},
		"Notes": {"From: Mail Router <postmaster@mta.example>\nTo: b+abcdefghijklmnopqrstuvwxyz@bounce.ngo.example\nSubject: Undeliverable message\n\n------- Failure Reasons  --------\n\nUser not listed in public Name & Address Book\na@gov.example\n\n\n------- Returned Message --------\n" + returned,
			"hard mailbox_unknown a@gov.example"},
		"Exchange 2003": {"From: System Administrator <postmaster@mta.example>\nTo: b+abcdefghijklmnopqrstuvwxyz@bounce.ngo.example\nSubject: Undeliverable: Write to the minister\n\nYour message\n\n  To:      a@gov.example\n  Subject: Write to the minister\n  Sent:    Tue, 24 Nov 2026 09:00:00 +0900\n\ndid not reach the following recipient(s):\n\na@gov.example on Tue, 24 Nov 2026 09:00:05 +0900\n    The recipient name is not recognized\n\tThe MTS-ID of the original message is: c=kr;a= ;p=mta;l=X0000\n    MSEXCH:IMS:GOV:EXAMPLE:MTA 0 (000C05A6) Unknown Recipient\n",
			"hard mailbox_unknown a@gov.example"},
		"GMX": {daemon + "Subject: Mail delivery failed: returning message to sender\n\nThis message was created automatically by mail delivery software.\n\nA message that you sent could not be delivered to one or more of its recipients. This is a permanent error. The following address(es) failed:\n\n\"a@gov.example\":\nSMTP error from remote server after RCPT command:\nhost: mx.gov.example\n5.1.1 <a@gov.example>... User Unknown\n\n--- The header of the original message is following. ---\n\n" + returned,
			"hard mailbox_unknown a@gov.example"},
		"1&1": {daemon + "Subject: Mail delivery failed: returning message to sender\n\nThis message was created automatically by mail delivery software.\n\nA message that you sent could not be delivered to one or more of\nits recipients. The following addresses failed:\n\n<a@gov.example>\n\nFor the following reason:\n\nMail size limit exceeded. For explanation visit\nhttp://postmaster.provider.example/en/error-messages\n\n--- The header of the original message is following. ---\n\n" + returned,
			"soft too_large a@gov.example"},
		"IMail": {"From: Postmaster <postmaster@mta.example>\nTo: b+abcdefghijklmnopqrstuvwxyz@bounce.ngo.example\nSubject: Undeliverable Mail\nX-Mailer: <SMTP32 v8.22>\n\nUnknown user: a@gov.example\n\nRCPT TO generated following response:\n550 <a@gov.example>... User unknown\n\nOriginal message follows.\n\n" + returned,
			"hard mailbox_unknown a@gov.example"},
		"IMail, full": {"From: Postmaster <postmaster@mta.example>\nTo: b+abcdefghijklmnopqrstuvwxyz@bounce.ngo.example\nSubject: Undeliverable Mail\nX-Mailer: <SMTP32 v8.22>\n\nUser mailbox exceeds allowed size: a@gov.example\n\nOriginal message follows.\n\n" + returned,
			"soft mailbox_full a@gov.example"},
		"InterScan": {"From: \"InterScan MSS\" <postmaster@mta.example>\nTo: b+abcdefghijklmnopqrstuvwxyz@bounce.ngo.example\nSubject: Mail could not be delivered\n\nUnable to deliver message to <a@gov.example>\n\nSent <<< RCPT TO:<a@gov.example>\nReceived >>> 550 <a@gov.example>... user unknown\n\n",
			"hard mailbox_unknown a@gov.example"},
		"KDDI": {daemon + "Subject: Mail System Error - Returned Mail\n\nYour mail sent on: Tue, 24 Nov 2026 09:00:00 +0900\n    Could not be delivered to: <a@phone.example>\n    As their mailbox is full.\n\n" + returned,
			"soft mailbox_full a@phone.example"},
		"MailFoundry": {"From: MAILER-DAEMON@mta.example\nTo: b+abcdefghijklmnopqrstuvwxyz@bounce.ngo.example\nSubject: Message delivery has failed\n\nUnable to deliver message to: <a@gov.example>\nDelivery failed for the following reason:\nServer mx.gov.example[192.0.2.22] failed with: 552 <a@gov.example>... Mailbox full\n\nThis has been a permanent failure.  No further delivery attempts will be made.\n",
			"soft mailbox_full a@gov.example"},
		"MailMarshal": {"From: postmaster@mta.example\nTo: b+abcdefghijklmnopqrstuvwxyz@bounce.ngo.example\nSubject: Undeliverable Mail: \"Write to the minister\"\n\nYour message:\n    From:    info@ngo.example\n    Subject: Write to the minister\nCould not be delivered because of\n\n550 5.1.1 User unknown\n\nThe following recipients were affected: \n    a@gov.example\n\nAdditional Information\n======================\nOriginal Sender:    <b+abcdefghijklmnopqrstuvwxyz@bounce.ngo.example>\nSender-MTA:         <192.0.2.44>\nRemote-MTA:         <192.0.2.22>\nReporting-MTA:      <mta.example>\nMessageName:        <B549.mml>\nLast-Attempt-Date:  <16:21:07 Tue, 24 Nov 2026>\n",
			"hard mailbox_unknown a@gov.example"},
		"McAfee": {"From: postmaster@mta.example\nTo: b+abcdefghijklmnopqrstuvwxyz@bounce.ngo.example\nSubject: Delivery Status\nX-NAI-Header: Modified by McAfee Email Security Gateway\n\n--- The following addresses had delivery problems ---\n\n<a@gov.example>   (User unknown a@gov.example 5.1.1)\n\n",
			"hard mailbox_unknown a@gov.example"},
		"MessageLabs": {"From: MAILER-DAEMON@relay.example\nTo: b+abcdefghijklmnopqrstuvwxyz@bounce.ngo.example\nSubject: Mail Delivery Failure\n\nThis is the mail delivery agent at relay.example.\nI was unable to deliver your message to the following addresses:\n\na@gov.example\n\nReason: 550 5.7.1 a@gov.example... blocked as spam\n\nThe message subject was: Write to the minister\n",
			"soft spam a@gov.example"},
		"MDaemon": {"From: MDaemon@mta.example\nReturn-Path: <>\nTo: b+abcdefghijklmnopqrstuvwxyz@bounce.ngo.example\nSubject: Permanent Delivery Failure\n\nThe attached message had PERMANENT fatal delivery errors.\n\nAfter one or more unsuccessful delivery attempts the attached message has\nbeen removed from the mail queue on this server.\n\n--- Session Transcript ---\n--> RCPT To:<a@gov.example>\n<-- 550 <a@gov.example>, Recipient unknown\n--- End Transcript ---\n",
			"hard mailbox_unknown a@gov.example"},
		"MailEnable": {"From: Postmaster@mta.example\nTo: b+abcdefghijklmnopqrstuvwxyz@bounce.ngo.example\nSubject: Message Delivery Failure\n\nMailEnable: Message delivery has failed.\n\nThe following recipient(s) could not be reached:\n\n\tRecipient: [SMTP:a@gov.example]\n\tReason: Remote SMTP Server Returned: 550 5.1.1 no such user\n\n",
			"hard mailbox_unknown a@gov.example"},
		"GroupWise": {"From: Mailer-Daemon@mta.example\nTo: b+abcdefghijklmnopqrstuvwxyz@bounce.ngo.example\nSubject: Message status - undeliverable\n\nThe message that you sent was undeliverable to the following:\n\ta@gov.example (user not found)\n\nPossibly truncated original message follows:\n\n" + returned,
			"soft mailbox_unknown a@gov.example"},
		"OpenSMTPD": {"From: Mailer Daemon <MAILER-DAEMON@mta.example>\nTo: b+abcdefghijklmnopqrstuvwxyz@bounce.ngo.example\nSubject: Delivery status notification: error\n\n    Hi!\n\n    This is the MAILER-DAEMON, please DO NOT REPLY to this email.\n\n    An error has occurred while attempting to deliver a message for\n    the following list of recipients:\n\na@gov.example: 550 5.2.2 <a@gov.example>... Mailbox Full\n\n    Below is a copy of the original message:\n\n" + returned,
			"soft mailbox_full a@gov.example"},
		"DragonFly": {"From: MAILER-DAEMON <>\nTo: b+abcdefghijklmnopqrstuvwxyz@bounce.ngo.example\nSubject: Mail delivery failed\n\nThis is the DragonFly Mail Agent v0.13 at mta.example.\n\nThere was an error delivering your mail to <a@gov.example>.\n\nmx.gov.example [192.0.2.25] did not like our RCPT TO:\n550 5.2.1 <a@gov.example>: Recipient address rejected: account is disabled\n\nMessage headers follow.\n\n" + returned,
			"soft mailbox_disabled a@gov.example"},
		"Courier": {"From: Courier mail server at mta.example <@>\nTo: b+abcdefghijklmnopqrstuvwxyz@bounce.ngo.example\nReturn-Path: <>\nSubject: NOTICE: mail delivery status.\n\nThis is a delivery status notification from mta.example,\nrunning the Courier mail server, version 0.65.2.\n\n---------------------------------------------------------------------------\n\n                           UNDELIVERABLE MAIL\n\nYour message to the following recipients cannot be delivered:\n\n<a@gov.example>:\n    mx.gov.example [192.0.2.95]:\n>>> RCPT TO:<a@gov.example>\n<<< 550 <a@gov.example>... User Unknown\n\n---------------------------------------------------------------------------\n",
			"hard mailbox_unknown a@gov.example"},
		"Sun Messaging": {"From: Internet Mail Delivery <postmaster@mta.example>\nTo: b+abcdefghijklmnopqrstuvwxyz@bounce.ngo.example\nSubject: Delivery Notification: Delivery has failed\n\nThis report relates to a message you sent with the following header fields:\n\n  Message-id: <1@ngo.example>\n  From: Save 9 <info@ngo.example>\n  To: a@gov.example\n\nYour message cannot be delivered to the following recipients:\n\n  Recipient address: a@gov.example\n  Reason: Illegal host/domain name found\n  Diagnostic code: smtp;550 5.1.2 host unknown\n",
			"hard domain_unknown a@gov.example"},
		"smail": {daemon + "Subject: mail failed, returning to sender\n\n|------------------------- Message log follows: -------------------------|\n no valid recipients were found for this message\n|------------------------- Failed addresses follow: ---------------------|\n <a@gov.example> ... unknown host\n|------------------------- Message text follows: ------------------------|\n" + returned,
			"hard domain_unknown a@gov.example"},
		"X1": {"From: \"Mail Deliver System\" <mailer-daemon@mta.example>\nTo: b+abcdefghijklmnopqrstuvwxyz@bounce.ngo.example\nSubject: Returned Mail: a@gov.example\n\nThe original message was received at Tue, 24 Nov 2026 09:00:00 +0900\nfrom b+abcdefghijklmnopqrstuvwxyz@bounce.ngo.example\n\n---The following addresses had delivery errors---\n\na@gov.example [User unknown]\n\n" + returned,
			"soft mailbox_unknown a@gov.example"},
		"X2": {"From: MAILER-DAEMON@mta.example\nTo: b+abcdefghijklmnopqrstuvwxyz@bounce.ngo.example\nSubject: failure delivery\n\nUnable to deliver message to the following address(es).\n\n<a@gov.example>:\nThis mailbox is full (a@gov.example) [0]\n\n--- Original message follows.\n\n" + returned,
			"soft mailbox_full a@gov.example"},
		"X6": {"From: Mail Delivery <mailer-daemon@mta.example>\nTo: b+abcdefghijklmnopqrstuvwxyz@bounce.ngo.example\nSubject: There was an error sending your mail\n\nWe had trouble delivering your message. Full details follow:\n\nSubject: 'Write to the minister'\nDate:    'Tue, 24 Nov 2026 09:00:00 +0900'\n\n1 error(s):\n\nSMTP Server <mx.gov.example> rejected recipient <a@gov.example>\n  (Error following RCPT command). It responded as follows: [550 User unknown]\n\n",
			"hard mailbox_unknown a@gov.example"},
		"Verizon": {"From: post_master@vtext.example\nReturn-Path: <>\nTo: b+abcdefghijklmnopqrstuvwxyz@bounce.ngo.example\nSubject: Undeliverable Message\n\nError:\n No valid recipients for this MM\n\nMessage could not be delivered to mobile.\n\nOriginal recipient: 9045551234@vtext.example\n",
			"hard mailbox_unknown 9045551234@vtext.example"},
		"Barracuda": {"From: Barracuda Spam Firewall <barracuda@mta.example>\nReturn-Path: <>\nTo: b+abcdefghijklmnopqrstuvwxyz@bounce.ngo.example\nSubject: **Message you sent blocked by our bulk email filter**\n\nYour message to: a@gov.example\nwas blocked by our Spam Firewall. The email you sent with the following subject has NOT BEEN DELIVERED:\n\nSubject: Write to the minister\n",
			"soft spam a@gov.example"},
		"Zoho": {"From: mailer-daemon@mail.zoho.example\nTo: b+abcdefghijklmnopqrstuvwxyz@bounce.ngo.example\nSubject: Undelivered Mail Returned to Sender\n\nThis message was created automatically by mail delivery software.\n A message that you sent could not be delivered to one or more of its recipients. This is a permanent error. \n\na@gov.example Invalid Address, ERROR_CODE :550, ERROR_CODE :5.1.1 <a@gov.example>... User Unknown\n\n",
			"hard mailbox_unknown a@gov.example"},
		"Gmail, old": {"From: Mail Delivery Subsystem <mailer-daemon@googlemail.example>\nX-Failed-Recipients: a@gov.example\nTo: b+abcdefghijklmnopqrstuvwxyz@bounce.ngo.example\nSubject: Delivery Status Notification (Failure)\n\nDelivery to the following recipient failed permanently:\n\n     a@gov.example\n\nTechnical details of permanent failure: \nGoogle tried to deliver your message, but it was rejected by the recipient domain. The error that the other server returned was: 550 550 Unknown user a@gov.example (state 14).\n\n----- Original message -----\n\n" + returned,
			"hard mailbox_unknown a@gov.example"},
		"Gmail, after the text": {"From: Mail Delivery Subsystem <mailer-daemon@googlemail.example>\nX-Failed-Recipients: a@phone.example\nTo: b+abcdefghijklmnopqrstuvwxyz@bounce.ngo.example\nSubject: Delivery Status Notification (Failure)\n\nDelivery to the following recipient failed permanently:\n\n     a@phone.example\n\nTechnical details of permanent failure: \nThe error that the other server returned was: 550 550 Unknown user a@phone.example (state 17).\n\n----- Original message -----\n\n" + returned,
			"soft policy a@phone.example"},
		"AOL by qmail": {"From: MAILER-DAEMON@mta.example\nReturn-Path: <>\nTo: b+abcdefghijklmnopqrstuvwxyz@bounce.ngo.example\nSubject: failure notice\n\nHi. This is the qmail-send program at mta.example.\nI'm afraid I wasn't able to deliver your message to the following addresses.\nThis is a permanent error; I've given up. Sorry it didn't work out.\n\n<a@gov.example>:\nSorry, I wasn't able to establish an SMTP connection. (#4.4.1)\nI'm not going to try again; this message has been in the queue too long.\n\n--- Below this line is a copy of the message.\n\n" + returned,
			"soft expired a@gov.example"},
		"Naver": {"From: <mailer-daemon@naver.example>\nTo: b+abcdefghijklmnopqrstuvwxyz@bounce.ngo.example\nSubject: =?UTF-8?B?67CY7Iah65CcIOuplOydvOyeheuLiOuLpA==?=\nContent-Type: text/html; charset=UTF-8\n\n<html><body><p>메일이 전송되지 못했습니다.</p><p>받는 사람: a@naver.example</p><p>사유: 받는 사람의 메일함 용량이 초과되어 전송할 수 없습니다.</p></body></html>\n",
			"soft mailbox_full a@naver.example"},
		"Daum": {"From: Daum <postmaster@daum.example>\nTo: b+abcdefghijklmnopqrstuvwxyz@bounce.ngo.example\nSubject: [반송] 메일 전송 실패 안내\nContent-Type: text/plain; charset=UTF-8\n\n보내신 메일이 아래 주소로 전달되지 않았습니다.\n\na@daum.example\n\n휴면 계정입니다.\n",
			"soft mailbox_disabled a@daum.example"},
		"QQ": {"From: postmaster@qq.example\nTo: b+abcdefghijklmnopqrstuvwxyz@bounce.ngo.example\nSubject: 来自qq.com的退信\nContent-Type: text/plain; charset=UTF-8\n\n抱歉,您的邮件被退回来了……\n\n原邮件信息:\n收件人 a@qq.example\n退信原因 收件人邮箱已满\n",
			"soft mailbox_full a@qq.example"},
		"163": {"From: postmaster@163.example\nTo: b+abcdefghijklmnopqrstuvwxyz@bounce.ngo.example\nSubject: 系统退信/Systems bounce\nContent-Type: text/plain; charset=UTF-8\n\n您的邮件无法投递给 a@163.example\n\n原因 554 DT:SPM 163 smtp\n",
			"soft spam a@163.example"},
		"German": {"From: Mailer-Daemon@mta.example\nTo: b+abcdefghijklmnopqrstuvwxyz@bounce.ngo.example\nSubject: Unzustellbar: Write to the minister\nContent-Type: text/plain; charset=UTF-8\n\nIhre Nachricht konnte nicht zugestellt werden an:\n\na@gov.example\n\nDas Postfach ist voll.\n",
			"soft mailbox_full a@gov.example"},
		"French": {"From: postmaster@mta.example\nTo: b+abcdefghijklmnopqrstuvwxyz@bounce.ngo.example\nSubject: Message non distribuable\nContent-Type: text/plain; charset=UTF-8\n\nVotre message n'a pas pu être remis au destinataire suivant :\n\na@gov.example\n550 5.1.1 utilisateur inconnu\n",
			"hard mailbox_unknown a@gov.example"},
		"Spanish": {"From: postmaster@mta.example\nTo: b+abcdefghijklmnopqrstuvwxyz@bounce.ngo.example\nSubject: No se puede entregar: Write to the minister\nContent-Type: text/plain; charset=UTF-8\n\nNo se pudo entregar el mensaje a estos destinatarios:\n\na@gov.example\n\nEl buzón del destinatario está lleno.\n",
			"soft mailbox_full a@gov.example"},
		"Portuguese": {"From: postmaster@mta.example\nTo: b+abcdefghijklmnopqrstuvwxyz@bounce.ngo.example\nSubject: Não foi possível entregar: Write to the minister\nContent-Type: text/plain; charset=UTF-8\n\nSua mensagem não foi entregue a:\n\na@gov.example\n\nA caixa postal está cheia.\n",
			"soft mailbox_full a@gov.example"},
		"Italian": {"From: postmaster@mta.example\nTo: b+abcdefghijklmnopqrstuvwxyz@bounce.ngo.example\nSubject: Mancata consegna: Write to the minister\nContent-Type: text/plain; charset=UTF-8\n\nImpossibile consegnare il messaggio a:\n\na@gov.example\n\nLa casella del destinatario è piena.\n",
			"soft mailbox_full a@gov.example"},
		"Russian": {"From: mailer-daemon@mta.example\nTo: b+abcdefghijklmnopqrstuvwxyz@bounce.ngo.example\nSubject: Недоставленное сообщение\nContent-Type: text/plain; charset=UTF-8\n\nВаше письмо не может быть доставлено:\n\na@gov.example\n\nПочтовый ящик получателя переполнен.\n",
			"soft mailbox_full a@gov.example"},
		"Japanese": {"From: postmaster@mta.example\nTo: b+abcdefghijklmnopqrstuvwxyz@bounce.ngo.example\nSubject: 配信不能通知\nContent-Type: text/plain; charset=UTF-8\n\n次の宛先にメールを配信できませんでした。\n\na@gov.example\n\nメールボックスの容量を超えています。\n",
			"soft mailbox_full a@gov.example"},
		"Exim, warning": {daemon + "X-Failed-Recipients: \nSubject: Warning: message 1abc delayed 24 hours\n\nThis message was created automatically by mail delivery software.\nA message that you sent has not yet been delivered to one or more of its\nrecipients after more than 24 hours on the queue on mta.example.\n\nThe address to which the message has not yet been delivered is:\n\n  a@gov.example\n    Delay reason: connection refused\n\nNo action is required on your part. Delivery attempts will continue for\nsome time.\n",
			"delay network a@gov.example"},
		"Dovecot": {daemon + "Subject: Rejected: Write to the minister\nContent-Type: multipart/report; report-type=disposition-notification; boundary=x\n\n--x\nContent-Type: text/plain\n\nYour message to <a@gov.example> was automatically rejected:\nQuota exceeded (mailbox for user is full)\n--x\nContent-Type: message/disposition-notification\n\nReporting-UA: mta.example; Dovecot\nFinal-Recipient: rfc822; a@gov.example\nDisposition: automatic-action/MDN-sent-automatically; deleted\n\n--x--\n",
			"soft mailbox_full a@gov.example"},
		"a mail was shown": {"From: a@gov.example\nTo: b+abcdefghijklmnopqrstuvwxyz@bounce.ngo.example\nSubject: Read: Write to the minister\nContent-Type: multipart/report; report-type=disposition-notification; boundary=x\n\n--x\nContent-Type: text/plain\n\nIt was shown.\n--x\nContent-Type: message/disposition-notification\n\nFinal-Recipient: rfc822; a@gov.example\nDisposition: manual-action/MDN-sent-manually; displayed\n\n--x--\n",
			"other  a@gov.example"},
		"a delivery agent that knows better": {dsn("Final-Recipient: rfc822; a@gov.example\nAction: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 User Unknown"), "hard mailbox_unknown a@gov.example"},
		"PowerMTA": {dsn("Final-Recipient: rfc822; a@gov.example\nAction: failed\nStatus: 5.0.0 (undefined status)\nDiagnostic-Code: smtp; 554 user unknown\nX-PowerMTA-BounceCategory: bad-mailbox"),
			"hard mailbox_unknown a@gov.example"},
		"PowerMTA, spam": {dsn("Final-Recipient: rfc822; a@gov.example\nAction: failed\nStatus: 5.0.0 (undefined status)\nDiagnostic-Code: smtp; 554 no\nX-PowerMTA-BounceCategory: spam-related"),
			"soft spam a@gov.example"},
		"Exim, to a file": {daemon + "X-Failed-Recipients: a@gov.example\nSubject: Mail delivery failed: returning message to sender\nContent-Type: multipart/report; boundary=x\n\n--x\n\nThe following address(es) failed:\n\n  save to /var/mail/a\n    generated by a@gov.example\n    mailbox is full: retry timeout exceeded\n\n--x\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mta.example\n\nAction: failed\nFinal-Recipient: rfc822;/var/mail/a\nStatus: 5.0.0\n\n--x--\n",
			"soft mailbox_full a@gov.example"},
		"a notice within a notice": {daemon + "Subject: Undelivered Mail Returned to Sender\n\nThe message below could not be delivered. Write to <help@mta.example>.\n<help@mta.example>\n\nFrom MAILER-DAEMON Tue Nov 24 09:00:00 2026\nReturn-Path: <>\nFrom: MAILER-DAEMON@relay.example\nSubject: Undelivered Mail Returned to Sender\n\n<a@gov.example>: host mx.gov.example[192.0.2.1] said: 550 5.1.1 User unknown (in\n    reply to RCPT TO command)\n",
			"hard mailbox_unknown a@gov.example"},
		"SES by mail": {"From: no-reply@sns.amazonaws.example\nTo: b+abcdefghijklmnopqrstuvwxyz@bounce.ngo.example\nSubject: AWS Notification Message\nX-Amz-Sns-Message-Id: 1\n\n{\"notificationType\":\"Bounce\",\"bounce\":{\"bounceType\":\"Permanent\",\"bouncedRecipients\":[{\"emailAddress\":\"a@gov.example\",\"action\":\"failed\",\"status\":\"5.1.1\",\"diagnosticCode\":\"smtp; 550 5.1.1 user unknown\"}]}}\n\n--\nUnsubscribe\n",
			"hard mailbox_unknown a@gov.example"},
		"challenge": {"From: a@gov.example\nTo: b+abcdefghijklmnopqrstuvwxyz@bounce.ngo.example\nSubject: Re: Write to the minister [verify]\nAuto-Submitted: auto-replied\n\nPlease click on the link so that your mail is delivered.\n",
			"autoreply  a@gov.example"},
		"a person": {"From: A Person <a@gov.example>\nTo: b+abcdefghijklmnopqrstuvwxyz@bounce.ngo.example\nSubject: Re: mail delivery failed for my friend b@gov.example\n\nUser unknown, it said. Can you help?\n",
			"other "},
		"a newsletter about bounces": {"From: Postmaster News <news@tools.example>\nReturn-Path: <bounces@tools.example>\nTo: info@ngo.example\nSubject: How to read delivery status notifications\n\n550 5.1.1 user unknown: what a@gov.example means\n",
			"other "},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			res, err := Read(strings.NewReader(c.mail))
			if err != nil {
				t.Fatal(err)
			}
			got := res.Kind.String() + " " + res.Reason.String()
			for _, r := range res.Recipients {
				got += " " + r.Address
			}
			if got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
			if res.Delivery != "abcdefghijklmnopqrstuvwxyz" && strings.Contains(c.mail, "b+") {
				t.Errorf("delivery %q", res.Delivery)
			}
		})
	}
}
