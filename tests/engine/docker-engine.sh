#!/usr/bin/env bash
# docker-engine.sh start|stop WORKDIR: a Docker Engine (Debian's, BuildKit included) in a network namespace of its own,
# Compose v2 and buildx. Prints DOCKER_HOST, COMPOSE and BUILDX. Needs root. Processes of this machine are not reachable from there:
# run them with `nsenter --net=/run/netns/wheelyard-engine`. (`ip netns exec` would hide the control groups from the engine.)
set -euo pipefail
usage="usage: docker-engine.sh start|stop WORKDIR"
action=${1:?$usage} work=${2:?$usage}
namespace=wheelyard-engine
case $action in
start)
  mkdir -p "$work"
  export DEBIAN_FRONTEND=noninteractive
  command -v dockerd >/dev/null || { apt-get update -q; apt-get install -y -q --no-install-recommends docker.io iptables iproute2; } >&2
  compose=$work/cli/usr/libexec/docker/cli-plugins/docker-compose
  buildx=$work/cli/usr/libexec/docker/cli-plugins/docker-buildx
  if [[ ! -x $compose || ! -x $buildx ]]; then # bookworm has neither; the next release's need nothing but libc
    apt=$work/apt
    mkdir -p "$apt/lists/partial" "$apt/dl"
    sed 's/bookworm/trixie/g' /etc/apt/sources.list.d/debian.sources >"$apt/trixie.sources"
    options=(-o "Dir::Etc::sourcelist=$apt/trixie.sources" -o Dir::Etc::sourceparts=/dev/null
      -o "Dir::State::lists=$apt/lists" -o "Dir::Cache=$apt")
    apt-get "${options[@]}" update -qq >&2
    (cd "$apt/dl" && apt-get "${options[@]}" download -qq docker-compose docker-buildx >&2)
    dpkg -x "$apt"/dl/docker-compose_*.deb "$work/cli"
    dpkg -x "$apt"/dl/docker-buildx_*.deb "$work/cli"
  fi
  ip netns add "$namespace" 2>/dev/null || true
  ip -n "$namespace" link set lo up
  nohup nsenter "--net=/run/netns/$namespace" dockerd --data-root "$work/data" --exec-root "$work/exec" \
    -H "unix://$work/docker.sock" --pidfile "$work/dockerd.pid" --storage-driver=overlay2 >"$work/dockerd.log" 2>&1 &
  for _ in $(seq 100); do
    docker -H "unix://$work/docker.sock" version >/dev/null 2>&1 && break
    sleep 0.2
  done
  docker -H "unix://$work/docker.sock" version >&2
  echo "DOCKER_HOST=unix://$work/docker.sock"
  echo "COMPOSE=$compose"
  echo "BUILDX=$buildx"
  ;;
stop)
  kill "$(cat "$work/dockerd.pid")" 2>/dev/null || true
  for _ in $(seq 50); do
    [[ -e $work/dockerd.pid ]] || break
    sleep 0.2
  done
  ip netns del "$namespace" 2>/dev/null || true
  ;;
esac
