#!/bin/sh
# Services of this machine for one command of a sandbox: starts them, waits until they answer, and
# becomes the command.
#
#   nightjar_services.sh run NAMES COMMAND ARGUMENT…
#   nightjar_services.sh make NAMES            fresh data as archives, for later runs to unpack
#
# NAMES are words of one argument: postgresql, redis, mysql. Data are fresh where the sandbox's
# /tmp is; the next command of the same layer finds what the last one left, as it finds its files.
# The first line on standard error is "nightjar services: ready", before the command has said a
# word, or "nightjar services: PROBLEM" with the end of a log below it; harness/services.cc reads
# it. Services are no children of the command, and hold none of its descriptors.
set -u

answer_seconds_max=30
archives=/work/.nightjar/services
dir=${TMPDIR:-/tmp}/nightjar-services

# PROBLEM [LOG]
fail() {
  printf 'nightjar services: %s\n' "$1" >&2
  if [ -n "${2:-}" ] && [ -s "$2" ]; then tail -n 20 "$2" | tail -c 3000 >&2; fi
  exit 1
}

find_postgresql() {
  pg=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1)
  if [ -z "$pg" ]; then pg=$(dirname "$(command -v initdb || echo /)"); fi
  [ -x "$pg/initdb" ] && [ -x "$pg/postgres" ] && [ -x "$pg/psql" ] ||
    fail "postgresql is not installed here"
}
find_redis() {
  command -v redis-server >/dev/null && command -v redis-cli >/dev/null ||
    fail "redis is not installed here"
}
find_mysql() {
  mariadbd=$(PATH=$PATH:/usr/sbin command -v mariadbd) || fail "mysql (MariaDB) is not installed here"
  command -v mariadb >/dev/null && command -v mariadb-install-db >/dev/null ||
    fail "the client of mysql (MariaDB) is not installed here"
}

# --- Fresh data: make_NAME FOLDER -------------------------------------------------------------------
make_postgresql() {
  "$pg/initdb" -D "$1" -U postgres -A trust -E UTF8 --locale=C.UTF-8 --wal-segsize=1 --no-sync \
    >"$1.log" 2>&1 3>&- </dev/null || fail "postgresql: no data could be made" "$1.log"
  echo 'CREATE DATABASE test' | "$pg/postgres" --single -F -D "$1" postgres >"$1.log" 2>&1 3>&- ||
    fail "postgresql: no database could be made" "$1.log"
}
make_redis() { mkdir "$1"; }
make_mysql() {
  printf '%s\n' "DELETE FROM mysql.global_priv WHERE User = 'root' AND Host <> 'localhost';" \
    'FLUSH PRIVILEGES;' 'CREATE DATABASE test;' "CREATE USER root@'%';" \
    "GRANT ALL ON *.* TO root@'%' WITH GRANT OPTION;" >"$1.sql"
  mariadb-install-db --no-defaults --datadir="$1" --auth-root-authentication-method=normal \
    --skip-test-db --innodb-log-file-size=8M --extra-file="$1.sql" \
    >"$1.log" 2>&1 3>&- </dev/null || fail "mysql: no data could be made" "$1.log"
}

# --- Starting: start_NAME DATA; answers_NAME; serve_NAME FRESH: what the project names ----------
# NAME PROGRAM ARGUMENT…
start() {
  name=$1
  shift
  rm -f "$dir/$name.pid"
  (setsid sh -c 'echo $$ >"$0"; exec "$@"' "$dir/$name.pid" "$@" \
    >"$dir/$name.log" 2>&1 </dev/null 3>&- &)
}

start_postgresql() {
  chmod 700 "$1"
  # Of a server that ended with an earlier command.
  rm -f "$1/postmaster.pid"
  # What was committed survives the end of the process, which is all that can happen here.
  start postgresql "$pg/postgres" -D "$1" -F -h localhost -p 5432 -k "$dir" \
    -c full_page_writes=off -c shared_buffers=32MB -c dynamic_shared_memory_type=mmap
}
answers_postgresql() { "$pg/pg_isready" -q -h "$dir" -p 5432 -U postgres 3>&-; }
as_postgres() {
  "$pg/psql" -h "$dir" -p 5432 -U postgres -d postgres -X -q -v ON_ERROR_STOP=1 -c "$1" \
    >"$dir/postgresql.sql.log" 2>&1 </dev/null 3>&- ||
    fail "postgresql: what the project's variables name could not be made" "$dir/postgresql.sql.log"
}
serve_postgresql() {
  user=${POSTGRES_USER:-postgres}
  database=${POSTGRES_DB:-${POSTGRES_USER:-test}}
  if "$1" && [ "$user" != postgres ]; then as_postgres "CREATE ROLE \"$user\" SUPERUSER LOGIN"; fi
  if "$1" && [ "$database" != postgres ] && [ "$database" != test ]; then
    as_postgres "CREATE DATABASE \"$database\" OWNER \"$user\""
  fi
  export PGHOST="${PGHOST:-localhost}" PGPORT="${PGPORT:-5432}"
  export PGUSER="${PGUSER:-$user}" PGDATABASE="${PGDATABASE:-$database}"
}

start_redis() {
  start redis redis-server --port 6379 --bind 127.0.0.1 -::1 --dir "$1" --save '' \
    --appendonly yes --appendfsync no
}
answers_redis() { [ "$(redis-cli -h 127.0.0.1 ping 2>/dev/null 3>&-)" = PONG ]; }
serve_redis() {
  export REDIS_HOST="${REDIS_HOST:-localhost}" REDIS_PORT="${REDIS_PORT:-6379}"
  export REDIS_URL="${REDIS_URL:-redis://localhost:6379/0}"
}

start_mysql() {
  start mysql "$mariadbd" --no-defaults --datadir="$1" --tmpdir="$dir" --socket="$dir/mysql.sock" \
    --pid-file="$dir/mariadbd.pid" --port=3306 --bind-address='*' --skip-name-resolve \
    --innodb-use-native-aio=0 --innodb-flush-log-at-trx-commit=2 --innodb-doublewrite=0 \
    --innodb-buffer-pool-size=32M --innodb-log-file-size=8M
}
as_mysql() {
  mariadb --no-defaults -u root -S "$dir/mysql.sock" -e "$1" >"$dir/mysql.sql.log" 2>&1 \
    </dev/null 3>&-
}
answers_mysql() { as_mysql 'SELECT 1'; }
serve_mysql() {
  user=${MYSQL_USER:-${MARIADB_USER:-}}
  password=${MYSQL_PASSWORD:-${MARIADB_PASSWORD:-}}
  database=${MYSQL_DATABASE:-${MARIADB_DATABASE:-}}
  root_password=${MYSQL_ROOT_PASSWORD:-${MARIADB_ROOT_PASSWORD:-}}
  sql=
  if [ -n "$database" ]; then sql="CREATE DATABASE IF NOT EXISTS \`$database\`;"; fi
  if [ -n "$user" ] && [ "$user" != root ]; then
    sql="$sql CREATE USER '$user'@'%' IDENTIFIED BY '$password'; GRANT ALL ON *.* TO '$user'@'%';"
  fi
  if [ -n "$root_password" ]; then
    sql="$sql SET PASSWORD FOR root@'%' = PASSWORD('$root_password');"
    sql="$sql SET PASSWORD FOR root@localhost = PASSWORD('$root_password');"
  fi
  if "$1" && [ -n "$sql" ]; then
    as_mysql "$sql" ||
      fail "mysql: what the project's variables name could not be made" "$dir/mysql.sql.log"
  fi
  export MYSQL_HOST="${MYSQL_HOST:-127.0.0.1}" MYSQL_TCP_PORT="${MYSQL_TCP_PORT:-3306}"
  export MYSQL_UNIX_PORT="${MYSQL_UNIX_PORT:-$dir/mysql.sock}"
}

# --- What is asked ----------------------------------------------------------------------------------
fresh_data() {
  if [ -s "$archives/$1.tar" ]; then
    mkdir "$2" && tar -xf "$archives/$1.tar" -C "$2" || fail "$1: its data could not be unpacked"
  else
    "make_$1" "$2"
  fi
}

await() {
  end=$(($(date +%s) + answer_seconds_max))
  until "answers_$1"; do
    if [ -s "$dir/$1.pid" ] && ! kill -0 "$(cat "$dir/$1.pid")" 2>/dev/null; then
      fail "$1 ended while it started" "$dir/$1.log"
    fi
    if [ "$(date +%s)" -ge "$end" ]; then
      fail "$1 did not answer within $answer_seconds_max seconds" "$dir/$1.log"
    fi
    sleep 0.02
  done
}

verb=$1 names=$2
shift 2
for name in $names; do "find_$name"; done
case $verb in
  make)
    mkdir -p "$archives" "$dir"
    for name in $names; do
      "make_$name" "$dir/$name"
      tar -cf "$archives/$name.tar" -C "$dir/$name" . || fail "$name: its data could not be kept"
      rm -rf "$dir/$name" "$dir/$name.log" "$dir/$name.sql"
    done
    ;;
  run)
    mkdir -p -m 700 "$dir" || fail "no room for the services' data"
    made=
    for service in $names; do
      if [ ! -d "$dir/$service" ]; then
        fresh_data "$service" "$dir/$service"
        made="$made $service "
      fi
      "start_$service" "$dir/$service"
    done
    for service in $names; do
      await "$service"
      case $made in
        *" $service "*) "serve_$service" true ;;
        *) "serve_$service" false ;;
      esac
    done
    echo 'nightjar services: ready' >&2
    # As the sandbox says it.
    command -v "$1" >/dev/null || {
      echo "nightjar: run $1: No such file or directory" >&2
      exit 127
    }
    exec "$@"
    ;;
esac
