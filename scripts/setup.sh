#!/usr/bin/env bash
# Installs what Clarion, or its tests, need on a Debian machine: only what is
# missing, each with a word why. Quick when all is there.
#
#   scripts/setup.sh demo    what Clarion itself runs with
#   scripts/setup.sh test    that, and the real servers that the tests talk to
#
# Works as root or by sudo. Services of newly installed packages are not
# started, now or at the next boot: tests start servers of their own.
set -euo pipefail
cd "$(dirname "$0")/.."

usage() { sed -n '2,9s/^# \{0,1\}//p' "$0" >&2; exit 2; }
[ $# -eq 1 ] || usage

# package | what shows that it is there: a command, or a file by its path | why
demo='
redis-server   | redis-server                                      | keeps all that Clarion knows; the tests start private ones
fonts-nanum    | /usr/share/fonts/truetype/nanum/NanumGothic.ttf   | Korean and Latin letters on fax pages
ghostscript    | gs                                                | shows a fax page as the receiving machine will draw it
'
test='
poppler-utils  | pdftotext             | the tests read fax pages and sheets back
zbar-tools     | zbarimg               | reads the QR codes of sheets as a camera does
postfix        | smtp-sink             | a real relay; smtp-sink and smtp-source for the benchmark
chromium       | chromium              | the mail as people see it, on telephones and desks, by day and by night
dnsmasq-base   | dnsmasq               | the mail domains of the tests
dovecot-imapd  | dovecot               | mailboxes, read over IMAP, and logins for Postfix
dovecot-lmtpd  | /usr/lib/dovecot/lmtp | for Dovecot
opendkim       | opendkim              | verifies the signatures on our mail
kannel         | bearerbox             | a real SMS gateway
hylafax-server | hfaxd                 | a real fax server
libtiff-tools  | tiff2pdf              | the received faxes as pages
libspandsp-dev | /usr/include/spandsp/t31.h | software modems between the two fax machines
gcc            | gcc                   | builds the software modems, and the race detector needs it
libc6-dev      | /usr/include/stdio.h  | for gcc
nodejs         | node                  | runs the SMSC that Kannel talks to
npm            | npm                   | fetches that SMSC
'
case $1 in
demo) wanted=$demo ;;
test) wanted=$demo$test ;;
*) usage ;;
esac

export PATH=$PATH:/usr/sbin:/sbin

here() {
	case $1 in
	/*) [ -e "$1" ] ;;
	*) command -v "$1" >/dev/null ;;
	esac
}

missing=()
while IFS='|' read -r package proof why; do
	package=${package//[[:space:]]/} proof=${proof//[[:space:]]/}
	[ -n "$package" ] || continue
	if ! here "$proof"; then
		echo "setup: installing $package:$why"
		missing+=("$package")
	fi
done <<<"$wanted"

as_root() {
	if [ "$(id -u)" = 0 ]; then
		"$@"
	elif command -v sudo >/dev/null; then
		sudo "$@"
	else
		echo "setup: installing packages takes root: run this as root, or install sudo" >&2
		exit 1
	fi
}

install_packages() {
	command -v apt-get >/dev/null || {
		echo "setup: this is no Debian machine: install what answers to ${missing[*]} by hand" >&2
		exit 1
	}
	# Debian asks this script whether an installed service may start (101: no).
	local policy=/usr/sbin/policy-rc.d ours=
	if [ ! -e $policy ]; then
		ours=yes
		printf '#!/bin/sh\nexit 101\n' | as_root tee $policy >/dev/null
		as_root chmod 755 $policy
	fi
	local failed=0
	{
		# Postfix asks what machine this is; no configuration is what the tests want.
		if [[ " ${missing[*]} " == *" postfix "* ]]; then
			echo 'postfix postfix/main_mailer_type select No configuration' | as_root debconf-set-selections
		fi &&
			as_root apt-get -qq -o Dpkg::Use-Pty=0 update &&
			as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0 install -y --no-install-recommends "${missing[@]}" </dev/null >/dev/null
	} || failed=1
	[ -z "$ours" ] || as_root rm -f $policy
	[ $failed = 0 ] || {
		echo "setup: apt-get could not install ${missing[*]}" >&2
		exit 1
	}
	if [ -d /run/systemd/system ]; then
		for unit in redis-server postfix dovecot kannel hylafax; do
			if [[ " ${missing[*]} " == *" ${unit}"* ]]; then
				as_root systemctl disable --quiet "$unit" 2>/dev/null || true
			fi
		done
	fi
}
[ ${#missing[@]} -eq 0 ] || install_packages

command -v go >/dev/null || {
	echo "setup: Go is missing: install Go $(sed -n 's/^go //p' go.mod) or newer (https://go.dev/doc/install)" >&2
	exit 1
}

if [ "$1" = test ] && [ ! -e .cache/npm/node_modules/smpp/package.json ]; then
	echo "setup: installing the npm package smpp: the SMSC that Kannel talks to in the tests"
	npm install --silent --no-audit --no-fund --prefix .cache/npm smpp@0.5.1 </dev/null
fi
