#!/bin/sh
# Installs what the tests need where it may, or names it. With "faults" also what
# make faults needs.
set -eu
missing=""
ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || missing="$missing postgresql"
command -v chromium >/dev/null 2>&1 || missing="$missing chromium"
fc-list 2>/dev/null | grep -qi 'noto.*cjk' || ls /usr/share/fonts/opentype/noto/*CJK* >/dev/null 2>&1 || missing="$missing fonts-noto-cjk"
command -v caddy >/dev/null 2>&1 || missing="$missing caddy"
command -v curl >/dev/null 2>&1 || missing="$missing curl"
if [ "${1:-}" = faults ]; then
	command -v strace >/dev/null 2>&1 || missing="$missing strace"
	command -v patroni >/dev/null 2>&1 || missing="$missing patroni"
	command -v etcd >/dev/null 2>&1 || missing="$missing etcd-server"
fi
[ -z "$missing" ] && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
	export DEBIAN_FRONTEND=noninteractive
	apt-get update -qq
	# shellcheck disable=SC2086
	apt-get install -y -qq --no-install-recommends $missing >/dev/null
else
	echo "The tests need these Debian packages:$missing" >&2
	echo "Install them: sudo apt-get install$missing" >&2
	exit 1
fi
