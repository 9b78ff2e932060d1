#!/bin/sh
# Backs up Wangge's PostgreSQL database with PostgreSQL's own tools, while it is
# used. Run it where pg_dump of the server's version (or newer) is installed:
#
#   backup-postgres.sh URL FOLDER          one file, as of one instant (pg_dump)
#   backup-postgres.sh --base URL FOLDER   the whole cluster, to which archived
#                                          WAL can be replayed (pg_basebackup)
#
# URL is that of `wangge serve --db`; a password is better kept in ~/.pgpass than
# in a command line. A backup gets its name only when it is whole and was read
# back; its checksum lies beside it (sha256sum -c). Keys are not in it: see
# `wangge admin keys escrow`. Exit codes: 0 done, 2 wrong call, 3 the machine.
set -eu
umask 077

fail() { # code message
	echo "backup-postgres.sh: $2" >&2
	exit "$1"
}

base=no
if [ "${1:-}" = --base ]; then
	base=yes
	shift
fi
[ $# = 2 ] || fail 2 "usage: backup-postgres.sh [--base] URL FOLDER"
url=$1 folder=$2
case $url in postgres://* | postgresql://*) ;; *) fail 2 "the first operand is a postgres:// URL" ;; esac
[ -d "$folder" ] || fail 2 "there is no folder $folder"
for dir in /usr/lib/postgresql/*/bin; do # Debian keeps what is not for everyday there
	PATH=$PATH:$dir
done
tools="psql pg_dump pg_restore sha256sum"
[ $base = no ] || tools="psql pg_basebackup pg_verifybackup pg_waldump"
for tool in $tools; do
	command -v "$tool" >/dev/null || fail 3 "$tool is not installed (Debian: postgresql-client; for --base: postgresql)"
done

ask() { psql "$url" -X -A -t -q -v ON_ERROR_STOP=1 -c "$1"; }
bytes=$(ask "SELECT pg_database_size(current_database())") || fail 3 "the database does not answer"
[ -n "$(ask "SELECT to_regclass('wangge_schema')")" ] || fail 3 "this is not a Wangge database"
free=$(($(df -Pk "$folder" | awk 'NR == 2 { print $4 }') * 1024))
[ "$free" -gt "$bytes" ] || fail 3 "too little room in $folder: $((free >> 20)) MiB free, the database has $((bytes >> 20)) MiB"

stamp=$(date -u +%Y%m%dT%H%M%SZ)
work=$(mktemp -d "$folder/.wangge-unfinished-XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 3' INT TERM

if [ $base = yes ]; then
	name=wangge-base-$stamp
	[ ! -e "$folder/$name" ] || fail 2 "$folder/$name is there already"
	pg_basebackup -d "$url" -D "$work/$name" -X stream -c fast --manifest-checksums=SHA256 || fail 3 "pg_basebackup failed"
	pg_verifybackup -q "$work/$name" || fail 3 "what was written does not verify"
	sync
	mv "$work/$name" "$folder/$name"
else
	name=wangge-$stamp.dump
	[ ! -e "$folder/$name" ] || fail 2 "$folder/$name is there already"
	pg_dump "$url" --format=custom --no-owner --no-privileges --file="$work/$name" || fail 3 "pg_dump failed"
	# Reads all of it back: every row is unpacked, nothing is written.
	pg_restore --file=/dev/null "$work/$name" || fail 3 "what was written cannot be read back"
	(cd "$work" && sha256sum "$name" >"$name.sha256")
	sync
	mv "$work/$name.sha256" "$folder/$name.sha256"
	mv "$work/$name" "$folder/$name"
fi
echo "$folder/$name"
