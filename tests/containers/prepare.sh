#!/bin/sh
# Installs what `make test-containers` needs, on Debian as root: an engine, debootstrap, and the compose and build plugins.
# Debian 12's compose is too old for docker-compose.cpu.yml; the plugins of Debian 13 need nothing but libc, and run there too.
set -eu
have() {
    docker compose version >/dev/null 2>&1 && docker buildx version >/dev/null 2>&1 \
        && command -v dockerd >/dev/null && command -v debootstrap >/dev/null
}
have && exit 0
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    echo "install docker with compose >= 2.24 and buildx, and debootstrap" >&2
    exit 1
fi
export DEBIAN_FRONTEND=noninteractive
apt-get -qq update
apt-get -qq install -y --no-install-recommends docker.io debootstrap iptables >/dev/null
command -v docker >/dev/null || apt-get -qq install -y --no-install-recommends docker-cli >/dev/null
have && exit 0
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
mkdir -p "$folder/lists/partial" "$folder/cache/archives/partial"
# Where this machine takes Debian's packages from.
mirror=$(sed -n 's/^URIs: *//p; s/^deb \([^[ ][^ ]*\) .*/\1/p' /etc/apt/sources.list /etc/apt/sources.list.d/debian.sources 2>/dev/null | head -n 1)
echo "deb $mirror trixie main" > "$folder/trixie.list"
apt="apt-get -qq -o Dir::Etc::sourcelist=$folder/trixie.list -o Dir::Etc::sourceparts=/dev/null -o Dir::State::lists=$folder/lists \
    -o Dir::Cache=$folder/cache -o APT::Sandbox::User=root"
cd "$folder"
$apt update
$apt download docker-compose docker-buildx
for package in ./*.deb; do dpkg-deb -x "$package" unpacked; done
install -D -t "${DOCKER_CONFIG:-$HOME/.docker}/cli-plugins" unpacked/usr/libexec/docker/cli-plugins/*
have || { echo "the compose and build plugins cannot be had here" >&2; exit 1; }
