#!/bin/sh
# Restores a backup of backup-postgres.sh (a .dump) into an empty database:
#
#   restore-postgres.sh FILE URL [KEYS]
#
# URL names a database without tables (createdb makes one); anything else is
# refused. It is one transaction: a restore that fails leaves the database empty.
# Then `wangge check` looks at what came back, with the key folder KEYS where one
# is named; WANGGE names the program where it is not on the PATH.
# Exit codes: 0 restored and clean, 1 the backup is at fault, 2 wrong call, 3 the machine.
set -eu

fail() { # code message
	echo "restore-postgres.sh: $2" >&2
	exit "$1"
}

[ $# = 2 ] || [ $# = 3 ] || fail 2 "usage: restore-postgres.sh FILE URL [KEYS]"
file=$1 url=$2 keys=${3:-}
case $url in postgres://* | postgresql://*) ;; *) fail 2 "the second operand is a postgres:// URL" ;; esac
[ -f "$file" ] || fail 2 "there is no file $file"
for tool in psql pg_restore sha256sum; do
	command -v "$tool" >/dev/null || fail 3 "$tool is not installed (Debian: postgresql-client, coreutils)"
done
wangge=${WANGGE:-wangge}
command -v "$wangge" >/dev/null || fail 3 "$wangge is not installed: what is restored could not be checked (set WANGGE)"

if [ -f "$file.sha256" ]; then
	(cd "$(dirname "$file")" && sha256sum -c --quiet "$(basename "$file").sha256" >/dev/null 2>&1) || fail 1 "$file is not what was written: its checksum differs"
fi
pg_restore --list "$file" >/dev/null 2>&1 || fail 1 "$file is not a backup made by pg_dump --format=custom"
tables=$(psql "$url" -X -A -t -q -v ON_ERROR_STOP=1 -c "SELECT count(*) FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p', 'v', 'm', 'f')") ||
	fail 3 "the database does not answer"
[ "$tables" = 0 ] || fail 2 "the database has tables already; restore into an empty one (createdb)"

pg_restore --dbname="$url" --single-transaction --no-owner --no-privileges --exit-on-error "$file" || fail 3 "pg_restore failed; nothing was restored"
psql "$url" -X -q -v ON_ERROR_STOP=1 -c ANALYZE || fail 3 "ANALYZE failed"
if [ -n "$keys" ]; then
	exec "$wangge" check --db "$url" --keys "$keys"
fi
exec "$wangge" check --db "$url"
