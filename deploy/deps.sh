#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Brings what ovs-netpol is built and tested with: Debian packages, and the
# library of Open vSwitch, which no Debian package has, built once from the
# package openvswitch-source.  When all is there it does nothing, quickly.
set -eu

usage() {
    cat <<'END'
usage: deploy/deps.sh [--build-only] [--no-install]
  --build-only  leave out the packages that only tests and the demo need
  --no-install  install no package, only name the missing ones
The library goes to ovs/ in $OVS_NETPOL_CACHE, by default .cache.
END
}

build_packages="autoconf automake binutils gcc libc6-dev libcap-ng-dev
    libcurl4-openssl-dev libjansson-dev libmicrohttpd-dev libyaml-dev make
    openvswitch-source pkg-config python3 util-linux xz-utils"
test_packages="curl ethtool iperf3 iproute2 libcmocka-dev libfaketime netcat-openbsd openssl
    nftables openvswitch-switch procps python3-prometheus-client python3-scapy python3-yaml tcpdump valgrind"
# Programs that other packages may have brought, and the package otherwise.
test_programs="chromium:chromium chromedriver:chromium-driver
    etcd:etcd-server kubectl:kubernetes-client ping:iputils-ping"

top=$(cd "$(dirname "$0")/.." && pwd)
cache=${OVS_NETPOL_CACHE:-$top/.cache}
install=yes
denied=no
packages="$build_packages $test_packages"
programs=$test_programs

die() {
    echo "deps.sh: $*" >&2
    exit 1
}

as_root() {
    if test "$(id -u)" = 0; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        die "needs root for: $*"
    fi
}

# Prints the packages that are to be installed.
missing_packages() {
    present=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' $packages \
              2>/dev/null | sed -n 's/^installed //p')
    for package in $packages; do
        echo "$present" | grep -qxF "$package" || echo "$package"
    done
    for program in $programs; do
        command -v "${program%%:*}" >/dev/null || echo "${program#*:}"
    done
}

# The tests start their own Open vSwitch; the machine's is its owner's matter.
# Without this file the package would start one now.
policy=/usr/sbin/policy-rc.d
deny_services() {
    test ! -e $policy || return 0
    trap allow_services EXIT
    trap 'exit 1' HUP INT TERM
    denied=yes
    as_root sh -c "printf '#!/bin/sh\nexit 101\n' > $policy
                   chmod 755 $policy"
}

allow_services() {
    test "$denied" = no || as_root rm -f $policy
    denied=no
}

apt_get() {
    as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get -y -q --no-install-recommends "$@"
}

install_packages() {
    command -v dpkg-query >/dev/null ||
        die "this is no Debian; needed are, by their Debian names:" $packages \
            $(printf "%s\n" $programs | sed "s/.*://")
    missing=$(missing_packages)
    test -n "$missing" || return 0
    test "$install" = yes || die "not installed:" $missing
    echo "deps.sh: installing" $missing
    deny_services
    apt_get install $missing || { apt_get update && apt_get install $missing; }
    allow_services
}

# The stamp is written last, so what a killed run left is built again.
build_openvswitch() {
    version=$(dpkg-query -W -f '${Version}' openvswitch-source)
    stamp=$cache/ovs/version
    test "$(cat "$stamp" 2>/dev/null)" != "$version" || return 0
    mkdir -p "$cache"
    exec 9> "$cache/ovs.lock"
    flock 9
    test "$(cat "$stamp" 2>/dev/null)" != "$version" || return 0

    echo "deps.sh: building Open vSwitch $version in $cache/ovs"
    rm -rf "$cache/ovs"
    mkdir -p "$cache/ovs/build"
    tar -xzf /usr/src/openvswitch/openvswitch.tar.gz -C "$cache/ovs"
    log=$cache/ovs/build.log
    compile_openvswitch > "$log" 2>&1 || { tail -n 20 "$log"; die "see $log"; }
    echo "$version" > "$stamp.tmp"
    mv "$stamp.tmp" "$stamp"
}

# The generated headers come first: the library alone does not ask for them.
compile_openvswitch() {
    cd "$cache/ovs/build" &&
    ../openvswitch/configure --disable-shared --disable-ssl \
        --prefix=/usr --localstatedir=/var --sysconfdir=/etc \
        CFLAGS="-O2 -g -fPIE -fstack-protector-strong -D_FORTIFY_SOURCE=2" &&
    echo 'netpol-headers: config.h $(BUILT_SOURCES)' |
        make -j"$(nproc)" -f Makefile -f - netpol-headers &&
    make -j"$(nproc)" lib/libopenvswitch.la
}

while test $# -gt 0; do
    case $1 in
        --build-only) packages=$build_packages; programs= ;;
        --no-install) install=no ;;
        -h | --help) usage; exit 0 ;;
        *) usage >&2; exit 2 ;;
    esac
    shift
done
install_packages
build_openvswitch
