/*
 * softfax: two or more software fax modems on one imaginary telephone exchange.
 *
 * Each modem is a spandsp T.31 (class 1) modem behind a pseudo terminal.  A
 * modem that dials the number of another makes it ring; when that one answers,
 * the audio of the two is joined sample by sample.  Nothing leaves the machine.
 *
 *   softfax [-x SPEED] [-c CUT_SECONDS] -m LINK=NUMBER -m LINK=NUMBER ...
 *
 * LINK is the symbolic link to make to the pty slave (/dev/ttyFAX0).  A NUMBER
 * that ends with * is all numbers that begin so.  The last four digits of a
 * dialled number may choose a failure, whosever number it is:
 *   0001 busy   0002 no answer   0003 no dial tone   0004 a person answers
 * (silence, no fax tones)   0005 the line is cut CUT_SECONDS after the answer
 * A number that is nobody's is busy.  The modem that rings is told who calls
 * (NMBR) and which number was dialled (NDID).
 *
 * cc -O2 -o softfax softfax.c -lspandsp -ltiff -lm
 */
#define _GNU_SOURCE
#define SPANDSP_EXPOSE_INTERNAL_STRUCTURES
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>
#include <tiffio.h>
#include <spandsp.h>

enum { CHUNK = 160, MAXMODEM = 8, RING_EVERY = 5 * 8000 };
enum state { ONHOOK, CALLING, RINGING, CONNECTED };
static const char *const state_name[] = {"onhook", "calling", "ringing", "connected"};

typedef struct modem {
    int id, master, slave;
    char link[128], number[32];
    t31_state_t *t31;
    enum state state;
    struct modem *peer;           /* the other end of the call */
    int pending, due;             /* a call event to raise, and when (samples) */
    int ring_in, silent, cut_in;
} modem;

static modem modems[MAXMODEM];
static int count, cut_seconds = 8;
static volatile sig_atomic_t stop;

static void note(modem *m, const char *what, const char *arg)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    printf("%ld.%03ld modem %d (%s) %s: %s%s\n", (long) t.tv_sec, t.tv_nsec / 1000000,
           m->id, m->number, state_name[m->state], what, arg);
    fflush(stdout);
}

static int to_dte(at_state_t *s, void *user, const uint8_t *buf, size_t len)
{
    modem *m = user;
    ssize_t n = write(m->master, buf, len);
    (void) s;
    if (n < (ssize_t) len) {      /* nobody is reading: drop what waits */
        tcflush(m->slave, TCIFLUSH);
        if (n < 0) n = 0;
    }
    return (int) n;
}

static void later(modem *m, int event, int samples) { m->pending = event; m->due = samples; }

static int has_number(const modem *m, const char *num)
{
    size_t n = strlen(m->number);
    if (n && m->number[n - 1] == '*') return !strncmp(m->number, num, n - 1);
    return !strcmp(m->number, num);
}

static void dial(modem *m, const char *num)
{
    m->state = CALLING;
    m->silent = 0;
    m->cut_in = 0;
    note(m, "dials ", num);
    const char *tail = strlen(num) >= 4 ? num + strlen(num) - 4 : num;
    if (!strcmp(tail, "0001")) { later(m, AT_CALL_EVENT_BUSY, 4000); return; }
    if (!strcmp(tail, "0002")) { later(m, AT_CALL_EVENT_NO_ANSWER, 6 * 8000); return; }
    if (!strcmp(tail, "0003")) { later(m, AT_CALL_EVENT_NO_DIALTONE, 1600); return; }
    if (!strcmp(tail, "0004")) { m->silent = 1; later(m, AT_CALL_EVENT_CONNECTED, 8000); return; }
    if (!strcmp(tail, "0005")) m->cut_in = cut_seconds * 8000;
    for (int i = 0; i < count; i++) {
        modem *o = &modems[i];
        if (o == m || !has_number(o, num)) continue;
        if (o->state != ONHOOK) { later(m, AT_CALL_EVENT_BUSY, 4000); return; }
        o->state = RINGING;
        o->peer = m;
        m->peer = o;
        o->ring_in = 800;
        at_reset_call_info(&o->t31->at_state);
        at_set_call_info(&o->t31->at_state, "NMBR", m->number);
        at_set_call_info(&o->t31->at_state, "NDID", num);
        return;
    }
    later(m, AT_CALL_EVENT_BUSY, 4000);
}

static void drop(modem *m)        /* m hangs up: the far end hears it too */
{
    modem *o = m->peer;
    note(m, "hangs up", "");
    m->state = ONHOOK;
    m->peer = NULL;
    m->pending = m->cut_in = m->silent = 0;
    if (o && o->peer == m) {
        o->peer = NULL;
        if (o->state == CALLING) later(o, AT_CALL_EVENT_BUSY, 800);
        else if (o->state == CONNECTED) { o->state = ONHOOK; later(o, AT_CALL_EVENT_HANGUP, 800); }
        else o->state = ONHOOK;
    }
}

static int control(t31_state_t *s, void *user, int op, const char *num)
{
    modem *m = user;
    switch (op) {
    case AT_MODEM_CONTROL_CALL:
        if (m->state == CONNECTED) { t31_call_event(s, AT_CALL_EVENT_CONNECTED); return 0; }
        if (m->state != ONHOOK || !num || !*num) return -1;
        dial(m, num);
        return 0;
    case AT_MODEM_CONTROL_ANSWER:
        if (m->state != RINGING || !m->peer) return -1;
        m->state = CONNECTED;
        m->peer->state = CONNECTED;
        note(m, "answers", "");
        t31_call_event(s, AT_CALL_EVENT_ANSWERED);
        t31_call_event(m->peer->t31, AT_CALL_EVENT_CONNECTED);
        return 0;
    case AT_MODEM_CONTROL_HANGUP:
        if (m->state != ONHOOK) drop(m);
        m->pending = 0;
        return 0;
    case AT_MODEM_CONTROL_CTS: {
        uint8_t c = num ? 0x11 : 0x13;          /* XON, XOFF */
        to_dte(NULL, m, &c, 1);
        return 0;
    }
    default:
        return 0;
    }
}

static void from_dte(modem *m)
{
    char c;
    int room = T31_TX_BUF_LEN - m->t31->tx.in_bytes + m->t31->tx.out_bytes - 1;
    while (room-- > 0 && !m->t31->tx.holding && read(m->master, &c, 1) == 1)
        t31_at_rx(m->t31, &c, 1);
}

static void speak(modem *m, int16_t *amp)
{
    int n = 0, got;
    memset(amp, 0, CHUNK * sizeof(*amp));
    while (n < CHUNK && (got = t31_tx(m->t31, amp + n, CHUNK - n)) > 0) n += got;
}

static void tick(void)            /* 20 ms of line time */
{
    static int16_t out[MAXMODEM][CHUNK], quiet[CHUNK];
    for (int i = 0; i < count; i++) {
        modem *m = &modems[i];
        if (m->pending && (m->due -= CHUNK) <= 0) {
            int e = m->pending;
            m->pending = 0;
            if (e == AT_CALL_EVENT_CONNECTED) m->state = CONNECTED; else m->state = ONHOOK;
            note(m, "event ", e == AT_CALL_EVENT_BUSY ? "busy" : e == AT_CALL_EVENT_HANGUP ? "hangup" :
                 e == AT_CALL_EVENT_NO_ANSWER ? "no answer" : e == AT_CALL_EVENT_CONNECTED ? "connected" : "no dialtone");
            t31_call_event(m->t31, e);
            /* Told amidst a command, T.31 keeps quiet; a modem says so at once. */
            if (e == AT_CALL_EVENT_HANGUP) to_dte(NULL, m, (const uint8_t *) "\r\nNO CARRIER\r\n", 14);
        }
        if (m->state == RINGING && (m->ring_in -= CHUNK) <= 0) {
            m->ring_in = RING_EVERY;
            t31_call_event(m->t31, AT_CALL_EVENT_ALERTING);
        }
    }
    for (int i = 0; i < count; i++)
        if (modems[i].state == CONNECTED) speak(&modems[i], out[i]);
    for (int i = 0; i < count; i++) {
        modem *m = &modems[i];
        if (m->state != CONNECTED) continue;
        if (m->silent || !m->peer) memset(quiet, 0, sizeof quiet);
        int16_t copy[CHUNK];
        memcpy(copy, m->silent || !m->peer ? quiet : out[m->peer->id], sizeof copy);
        t31_rx(m->t31, copy, CHUNK);
        if (m->cut_in && (m->cut_in -= CHUNK) <= 0) {
            note(m, "line cut", "");
            modem *o = m->peer;
            m->peer = NULL; m->state = ONHOOK; later(m, AT_CALL_EVENT_HANGUP, CHUNK); m->cut_in = 0;
            if (o) { o->peer = NULL; o->state = ONHOOK; later(o, AT_CALL_EVENT_HANGUP, CHUNK); }
        }
    }
}

static void add(char *spec)
{
    modem *m = &modems[count];
    char *eq = strchr(spec, '=');
    struct termios tio;
    char name[64];
    if (!eq || count == MAXMODEM) { fprintf(stderr, "bad -m %s\n", spec); exit(2); }
    *eq = 0;
    snprintf(m->link, sizeof m->link, "%s", spec);
    snprintf(m->number, sizeof m->number, "%s", eq + 1);
    m->id = count++;
    if (openpty(&m->master, &m->slave, name, NULL, NULL)) { perror("openpty"); exit(1); }
    tcgetattr(m->slave, &tio);
    cfmakeraw(&tio);
    tcsetattr(m->slave, TCSANOW, &tio);
    fcntl(m->master, F_SETFL, O_NONBLOCK);
    unlink(m->link);
    if (symlink(name, m->link)) { perror(m->link); exit(1); }
    m->t31 = t31_init(NULL, to_dte, m, control, m, NULL, NULL);
    if (!m->t31) { fprintf(stderr, "t31_init failed\n"); exit(1); }
    note(m, "ready at ", m->link);
}

static void on_signal(int sig) { (void) sig; stop = 1; }

int main(int argc, char **argv)
{
    double speed = 1;
    int opt;
    while ((opt = getopt(argc, argv, "x:c:m:")) != -1)
        switch (opt) {
        case 'x': speed = atof(optarg); break;
        case 'c': cut_seconds = atoi(optarg); break;
        case 'm': add(optarg); break;
        default: return 2;
        }
    if (count < 2 || speed <= 0) { fprintf(stderr, "two -m LINK=NUMBER at least\n"); return 2; }
    signal(SIGINT, on_signal);
    signal(SIGTERM, on_signal);
    const long step = (long) (20e6 / speed);      /* ns of real time per chunk */
    struct timespec next, now;
    clock_gettime(CLOCK_MONOTONIC, &next);
    while (!stop) {
        next.tv_nsec += step;
        while (next.tv_nsec >= 1000000000) { next.tv_nsec -= 1000000000; next.tv_sec++; }
        for (;;) {                /* serve the terminals until the next tick */
            struct pollfd p[MAXMODEM];
            clock_gettime(CLOCK_MONOTONIC, &now);
            long left = (next.tv_sec - now.tv_sec) * 1000000000L + next.tv_nsec - now.tv_nsec;
            if (left <= 0) { if (left < -1000000000L) next = now; break; }
            for (int i = 0; i < count; i++) {
                p[i].fd = modems[i].t31->tx.holding ? -1 : modems[i].master;
                p[i].events = POLLIN;
            }
            struct timespec ts = {0, left};
            if (ppoll(p, count, &ts, NULL) <= 0) break;
            for (int i = 0; i < count; i++)
                if (p[i].fd >= 0 && p[i].revents) from_dte(&modems[i]);
        }
        tick();
    }
    for (int i = 0; i < count; i++) unlink(modems[i].link);
    return 0;
}
