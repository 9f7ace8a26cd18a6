#!/usr/bin/env bash
# Ends exactly the broker that start.sh started in DATA_DIR: SIGTERM, and SIGKILL after 20 s.
#
#   stop.sh DATA_DIR
set -euo pipefail

[ $# -eq 1 ] || { echo "kafka: usage: stop.sh DATA_DIR" >&2; exit 1; }
[ -d "$1" ] || { echo "kafka: no such folder: $1" >&2; exit 1; }
data=$(cd "$1" && pwd)
pid_file=$data/kafka.pid
[ -f "$pid_file" ] || { echo "kafka: not running in $data"; exit 0; }
pid=$(cat "$pid_file")
ours() { tr '\0' '\n' 2>/dev/null <"/proc/$pid/cmdline" | grep -qxF "$data/server.properties"; }

if ours; then
  kill -TERM "$pid"
  for _ in $(seq 200); do ours || break; sleep 0.1; done
  if ours; then
    echo "kafka: process $pid did not end within 20 s, killing it" >&2
    kill -KILL "$pid"
  fi
fi
rm -f "$pid_file"
echo "kafka: stopped in $data"
