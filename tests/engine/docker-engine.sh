#!/usr/bin/env bash
# docker-engine.sh start|stop WORKDIR RELEASE [containerd]: the Docker Engine of a Debian release, unpacked and not installed,
# in a network namespace that all engines started so share; from trixie on with buildx and Compose v2. With "containerd" its
# images are in containerd's store. Needs root. Prints what a client needs as NAME=VALUE. Processes of this machine are not
# reachable from there: run them with `nsenter --net=/run/netns/wheelyard-engine`. (`ip netns exec` would hide the control
# groups from the engine.)
set -euo pipefail
usage="usage: docker-engine.sh start|stop WORKDIR RELEASE [containerd]"
action=${1:?$usage} work=$(realpath -m "${2:?$usage}") release=${3:?$usage} store=${4:-}
namespace=wheelyard-engine engine=$work/$release$store.engine
case $action in
start)
  export DEBIAN_FRONTEND=noninteractive
  for tool in iptables:iptables ip:iproute2 runc:runc; do # a newer runc needs a newer libc
    command -v "${tool%:*}" >/dev/null || { apt-get update -q; apt-get install -y -q --no-install-recommends "${tool#*:}"; } >&2
  done
  packages=(docker.io containerd) options=()
  case $release in
  bookworm) options=(--bridge=none --iptables=false) ;; # one of the engines in the namespace has the bridge
  *) packages+=(docker-cli docker-buildx docker-compose) ;;
  esac
  mkdir -p "$engine/config/cli-plugins"
  if [[ -n $store ]]; then
    echo '{"features": {"containerd-snapshotter": true}}' >"$engine/daemon.json"
    options=(--bridge=none --iptables=false --config-file "$engine/daemon.json")
  else
    options+=(--storage-driver=overlay2)
  fi
  root=$("$(dirname "$0")/debian-packages.sh" "$work" "$release" "${packages[@]}")
  export PATH=$root/usr/bin:$root/usr/sbin:$root/sbin:$PATH
  plugins=$root/usr/libexec/docker/cli-plugins
  [[ ! -d $plugins ]] || ln -sf "$plugins"/* "$engine/config/cli-plugins/"
  ip netns add "$namespace" 2>/dev/null || true
  ip -n "$namespace" link set lo up
  # Sockets are below --exec-root, and may have 104 characters.
  nohup nsenter "--net=/run/netns/$namespace" dockerd --data-root "$engine/data" --exec-root "/run/$namespace.$release$store" \
    -H "unix://$engine/docker.sock" --pidfile "$engine/dockerd.pid" "${options[@]}" \
    >"$engine/dockerd.log" 2>&1 &
  for _ in $(seq 100); do
    docker -H "unix://$engine/docker.sock" version >/dev/null 2>&1 && break
    sleep 0.2
  done
  docker -H "unix://$engine/docker.sock" version >&2
  echo "DOCKER_HOST=unix://$engine/docker.sock"
  echo "DOCKER_CONFIG=$engine/config"
  echo "CLIENTS=$root/usr/bin"
  ;;
stop)
  kill "$(cat "$engine/dockerd.pid")" 2>/dev/null || true
  for _ in $(seq 50); do
    [[ -e $engine/dockerd.pid ]] || break
    sleep 0.2
  done
  ip netns del "$namespace" 2>/dev/null || true
  ;;
esac
