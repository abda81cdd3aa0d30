// A small SMSC for tests: an SMPP 3.4 server (npm package smpp) beside an HTTP
// port that tells what came in and sends texts the other way. Loopback only.
//
// The last four digits of a number choose what happens to its messages:
//   0001 refused at submit, 0x0B invalid destination    0002 throttled, 0x58
//   0003 receipt UNDELIV   0004 receipt EXPIRED   0005 receipt REJECTD
//   0006 taken, and never a receipt   0007 ACCEPTD, then DELIVRD
//   0008 receipt UNDELIV with err 001, which this SMSC uses for "no such subscriber"
//   anything else: DELIVRD
//
// Control: GET /got (JSON), /text?from=&to=&text= , /drop (cuts the SMPP link).
'use strict';
const smpp = require('smpp');
const http = require('http');

const log = (event) => console.log(JSON.stringify({ t: new Date().toISOString(), ...event }));
const two = (n) => String(n).padStart(2, '0');
const stamp = (d) =>
  two(d.getFullYear() % 100) + two(d.getMonth() + 1) + two(d.getDate()) + two(d.getHours()) + two(d.getMinutes());

const outcomes = {
  '0001': { refuse: 0x0b },
  '0002': { refuse: 0x58 },
  '0003': { receipts: [['UNDELIV', '027']] },
  '0004': { receipts: [['EXPIRED', '002']] },
  '0005': { receipts: [['REJECTD', '003']] },
  '0006': { receipts: [] },
  '0007': { receipts: [['ACCEPTD', '000'], ['DELIVRD', '000']] },
  '0008': { receipts: [['UNDELIV', '001']] },
};
const outcome = (to) => outcomes[to.slice(-4)] || { receipts: [['DELIVRD', '000']] };
const states = { DELIVRD: 2, EXPIRED: 3, UNDELIV: 5, ACCEPTD: 6, REJECTD: 8 }; // SMPP 3.4 §5.2.28

const got = [];
let link = null; // the bound session
// Ids start at the clock, so that a restarted SMSC does not give one twice.
let lastID = Date.now() % 0x7fffffff;

function receipt(session, submit, id, [stat, err]) {
  const now = stamp(new Date());
  const done = stat === 'DELIVRD' ? '001' : '000';
  session.deliver_sm({
    source_addr: submit.destination_addr,
    destination_addr: submit.source_addr,
    esm_class: 4, // an SMSC delivery receipt, SMPP 3.4 §5.2.12
    short_message: `id:${id} sub:001 dlvrd:${done} submit date:${now} done date:${now} stat:${stat} err:${err} text:`,
    receipted_message_id: id,
    message_state: states[stat],
  });
  log({ event: 'receipt', id, stat });
}

const server = smpp.createServer((session) => {
  session.on('error', (e) => log({ event: 'error', error: e.message }));
  session.on('close', () => {
    if (link === session) link = null;
  });
  session.on('bind_transceiver', (pdu) => {
    const ok = pdu.system_id === 'ngo' && pdu.password === 'secret';
    session.send(pdu.response({ command_status: ok ? 0 : 0x0e, system_id: 'testsmsc' }));
    log({ event: 'bind', ok });
    if (ok) link = session;
    else session.close();
  });
  session.on('enquire_link', (pdu) => session.send(pdu.response()));
  session.on('unbind', (pdu) => {
    session.send(pdu.response());
    session.close();
  });
  session.on('submit_sm', (pdu) => {
    const what = outcome(pdu.destination_addr);
    const message = pdu.short_message || {};
    const id = (++lastID).toString(16);
    const udh = [].concat(message.udh || []).map((b) => Buffer.from(b).toString('hex')).join('');
    got.push({
      id,
      from: pdu.source_addr,
      to: pdu.destination_addr,
      data_coding: pdu.data_coding,
      receipt_asked: (pdu.registered_delivery & 3) !== 0,
      udh,
      text: typeof message.message === 'string' ? message.message : Buffer.from(message.message || '').toString('hex'),
      refused: what.refuse || 0,
    });
    log({ event: 'submit', id, refused: what.refuse || 0 });
    if (what.refuse) return session.send(pdu.response({ command_status: what.refuse }));
    session.send(pdu.response({ message_id: id }));
    if ((pdu.registered_delivery & 3) === 0) return;
    what.receipts.forEach((r, i) => setTimeout(receipt, 100 * (i + 1), session, pdu, id, r));
  });
});
server.listen(+process.env.SMPP_PORT, '127.0.0.1', () => log({ event: 'listening' }));

http
  .createServer((request, answer) => {
    const url = new URL(request.url, 'http://localhost');
    const arg = (name) => url.searchParams.get(name);
    if (url.pathname === '/got') return answer.end(JSON.stringify(got));
    if (url.pathname === '/drop') {
      if (link) link.destroy();
      return answer.end();
    }
    if (url.pathname === '/text' && link) {
      const unicode = /[^\x20-\x7e]/.test(arg('text'));
      return link.deliver_sm(
        { source_addr: arg('from'), destination_addr: arg('to'), data_coding: unicode ? 8 : 0, short_message: arg('text') },
        (pdu) => {
          answer.statusCode = pdu.command_status === 0 ? 200 : 502;
          answer.end(`status ${pdu.command_status}`);
        },
      );
    }
    answer.statusCode = url.pathname === '/text' ? 503 : 404;
    answer.end();
  })
  .listen(+process.env.CONTROL_PORT, '127.0.0.1');
