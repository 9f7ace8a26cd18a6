#!/usr/bin/env bash
# One Apache Kafka broker (KRaft, broker and controller in one process) on this machine, without containers.
#
#   start.sh DATA_DIR [PORT]     PORT defaults to 9092; clients use 127.0.0.1:PORT
#
# Needs Java 17 or newer; the first run also needs Maven and network access. Returns 0 when the broker answers.
# Environment: KAFKA_HEAP (default 256m), KAFKA_JARS (a folder with the jars), KAFKA_START_SECONDS (default 60),
# KAFKA_JIT_TIER (default 1: quick start; 4: throughput of a broker that runs for long), KAFKA_ADVERTISED (host:port that clients are told
# to use; default 127.0.0.1:PORT; another one when they come through a tunnel or a proxy).
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
fail() { echo "kafka: $*" >&2; exit 1; }

[ $# -ge 1 ] || fail "usage: start.sh DATA_DIR [PORT]"
mkdir -p "$1"
data=$(cd "$1" && pwd)
port=${2:-9092}
jars=${KAFKA_JARS:-$here/target/jars}
heap=${KAFKA_HEAP:-256m}
properties=$data/server.properties
log=$data/kafka.log
pid_file=$data/kafka.pid

command -v java >/dev/null || fail "java not found; install a Java 17 runtime"

# The process is ours only if its command line names our properties file: a PID alone may have been reused.
ours() { [ -n "$1" ] && tr '\0' '\n' 2>/dev/null <"/proc/$1/cmdline" | grep -qxF "$properties"; }
taken() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

if [ -f "$pid_file" ] && ours "$(cat "$pid_file")"; then
  fail "already running with process $(cat "$pid_file") in $data"
fi
for _ in $(seq 20); do taken "$port" || break; sleep 0.1; done  # a killed broker closes its port a moment after it is gone
taken "$port" && fail "port $port is in use"

if [ ! -d "$jars" ]; then
  command -v mvn >/dev/null || fail "no jars in $jars and no Maven to fetch them; install Maven or set KAFKA_JARS"
  echo "kafka: fetching jars (once)" >&2
  fetched=$(mktemp -d "$here/fetch.XXXXXX")  # renamed as a whole: an interrupted fetch leaves no half folder behind
  trap 'rm -rf "$fetched"' EXIT
  mvn -q -B -f "$here/pom.xml" dependency:copy-dependencies -DoutputDirectory="$fetched/jars" >"$data/maven.log" 2>&1 ||
    fail "Maven could not fetch the jars: $(grep -m1 ERROR "$data/maven.log" || echo "see $data/maven.log")"
  mkdir -p "$(dirname "$jars")"
  mv -T "$fetched/jars" "$jars" 2>/dev/null || [ -d "$jars" ] || fail "could not place the jars in $jars"
fi

controller=$((port + 1))
while taken "$controller"; do controller=$((controller + 1)); done

cat >"$properties" <<PROPERTIES
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:$controller
listeners=CLIENTS://127.0.0.1:$port,CONTROLLER://127.0.0.1:$controller
advertised.listeners=CLIENTS://${KAFKA_ADVERTISED:-127.0.0.1:$port}
listener.security.protocol.map=CLIENTS:PLAINTEXT,CONTROLLER:PLAINTEXT
inter.broker.listener.name=CLIENTS
controller.listener.names=CONTROLLER
log.dirs=$data/log

# Safety: acks=all against one replica; a broker that lost data never becomes leader by itself.
default.replication.factor=1
min.insync.replicas=1
unclean.leader.election.enable=false
auto.create.topics.enable=false
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1

# What the event log promises.
num.partitions=6
log.message.timestamp.type=LogAppendTime
message.max.bytes=1114112
replica.fetch.max.bytes=1114112
log.retention.ms=604800000
log.roll.ms=86400000
offsets.retention.minutes=43200

# One machine: no waiting for more members before the first assignment, few threads, small buffers.
group.initial.rebalance.delay.ms=0
# A killed broker can register again only when its old session has ended (default 9 s).
broker.heartbeat.interval.ms=500
broker.session.timeout.ms=2000
num.network.threads=2
num.io.threads=4
num.recovery.threads.per.data.dir=2
log.cleaner.dedupe.buffer.size=16777216
PROPERTIES

# Serial collection and, unless told otherwise, the first compiler tier: the smallest and the fastest to start.
options=(-Xms64m "-Xmx$heap" -XX:+UseSerialGC "-XX:TieredStopAtLevel=${KAFKA_JIT_TIER:-1}" -XX:+ExitOnOutOfMemoryError
  -Djava.awt.headless=true "-Dlog4j2.configurationFile=$here/log4j2.properties")

if [ ! -f "$data/log/meta.properties" ]; then
  cluster=$( (printf peyv; head -c 12 /dev/urandom) | base64 | tr '+/' '-_' | cut -c1-22)
  java "${options[@]}" -cp "$jars/*" kafka.tools.StorageTool format --cluster-id "$cluster" --config "$properties" \
    >"$data/format.log" 2>&1 || fail "the storage could not be formatted: $(tail -n 3 "$data/format.log")"
fi

[ -f "$log" ] && mv "$log" "$log.1"
nohup java "${options[@]}" -cp "$jars/*" kafka.Kafka "$properties" >"$log" 2>&1 </dev/null &
pid=$!
echo "$pid" >"$pid_file"

deadline=$((SECONDS + ${KAFKA_START_SECONDS:-60}))
until grep -q "Kafka Server started" "$log"; do
  ours "$pid" || kill -0 "$pid" 2>/dev/null || { rm -f "$pid_file"; fail "the broker ended at once: $(tail -n 5 "$log")"; }
  [ "$SECONDS" -lt "$deadline" ] || fail "not ready in time, process $pid still tries; last lines of $log: $(tail -n 5 "$log")"
  sleep 0.1
done
echo "kafka: 127.0.0.1:$port, process $pid, data in $data"
