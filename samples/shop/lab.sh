#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A small shop in network namespaces, captured live: lab.sh NSPECT OUT. Run by internet.sh as the first
# process of private network, mount and process namespaces, so that when it ends, however it ends, the kernel
# takes everything away, and any number of labs can run at once.
#
#   customer 203.0.113.10 ── node ── bridge 10.244.1.1 ─┬─ web      10.244.1.11:8080  nginx
#                             │ Service 10.96.0.20:80   ├─ api      10.244.1.12:9000  nginx, one-way TLS
#                             │  -> api:9000 (nftables) ├─ db       10.244.1.13:6379  redis
#                             │ drops monitor -> db     ├─ pay      10.244.1.14:8443  openssl s_server, mutual TLS
#                                                       ├─ dns      10.244.1.53:53    dnsmasq
#                                                       ├─ monitor  10.244.1.21
#                                                       └─ batch    10.244.1.30       comes while capturing
set -euo pipefail
nspect=$1
out=$2
# Nothing is written outside: the mount goes with the namespace.
mount -t tmpfs tmpfs /run
world=/run/shop
mkdir -p "$world/nginx"

# --- the node ---------------------------------------------------------------------------------------------
ip link set lo up
sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
ip link add br0 type bridge
ip link set br0 up
ip addr add 10.244.1.1/24 dev br0
ip addr add fd00:244:1::1/64 dev br0 nodad

in_pod() { ip netns exec "$@"; }

pod() {  # pod NAME LAST: a network namespace on the bridge
    local name=$1 last=$2
    ip netns add "$name"
    ip link add "v$name" type veth peer name eth0 netns "$name"
    ip link set "v$name" master br0 up
    in_pod "$name" ip link set lo up
    in_pod "$name" ip link set eth0 up
    in_pod "$name" ip addr add "10.244.1.$last/24" dev eth0
    in_pod "$name" ip addr add "fd00:244:1::$last/64" dev eth0 nodad
    in_pod "$name" ip route add default via 10.244.1.1
}
for each in web:11 api:12 db:13 pay:14 monitor:21 dns:53; do pod "${each%:*}" "${each#*:}"; done

# The cable to the world comes from outside (internet.sh).
until ip link show uplink >/dev/null 2>&1; do sleep 0.02; done
ip addr add 203.0.113.1/24 dev uplink
ip link set uplink up

nft -f - <<'NFT'
table ip shop {
    chain services { type nat hook prerouting priority dstnat;
        ip daddr 10.96.0.20 tcp dport 80 dnat to 10.244.1.12:9000
    }
}
table bridge shop {
    chain plugin { type filter hook forward priority 0;
        ip saddr 10.244.1.21 ip daddr 10.244.1.13 tcp dport 6379 drop
    }
}
NFT
# Replies of a Service backend pass the node's address translation also when both ends are on the bridge.
modprobe -q br_netfilter 2>/dev/null || true
sysctl -qw net.bridge.bridge-nf-call-iptables=1 2>/dev/null || true

# --- the servers ------------------------------------------------------------------------------------------
serve() {  # serve POD COMMAND...: in the background, its words kept
    local name=$1
    shift
    in_pod "$name" "$@" >"$world/$name.log" 2>&1 &
}

nginx_conf() {  # nginx_conf NAME LISTEN BODY
    cat >"$world/nginx/$1.conf" <<CONF
daemon off; user root; worker_processes 1; pid $world/nginx/$1.pid; error_log $world/nginx/$1.log;
events { worker_connections 64; }
http {
    access_log off;
    client_body_temp_path $world/nginx/$1-body; proxy_temp_path $world/nginx/$1-proxy;
    fastcgi_temp_path $world/nginx/$1-f; uwsgi_temp_path $world/nginx/$1-u; scgi_temp_path $world/nginx/$1-s;
    server { listen $2; listen [::]:$2; $3 }
}
CONF
}
certificate() {  # certificate NAME: a key and a self-signed certificate of its own
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj "/CN=$1.shop.svc" \
        -addext "subjectAltName=DNS:$1.shop.svc" -keyout "$world/$1.key" -out "$world/$1.crt" 2>/dev/null
}
certificate pay
certificate api
# web asks api over one-way TLS: nobody asks web for a certificate.
nginx_conf web 8080 'location / { proxy_pass https://10.96.0.20:80; }'
nginx_conf api '9000 ssl' "ssl_certificate $world/api.crt; ssl_certificate_key $world/api.key;
    location / { return 200 '{\"items\": 3}'; }"
serve web nginx -c "$world/nginx/web.conf"
serve api nginx -c "$world/nginx/api.conf"
serve db redis-server --bind 0.0.0.0 :: --port 6379 --protected-mode no --save '' --dir "$world"
# Both sides show a certificate: mutual TLS, which in TLS 1.3 only the sizes of encrypted records tell.
serve pay openssl s_server -accept 8443 -cert "$world/pay.crt" -key "$world/pay.key" -www \
    -CAfile "$world/api.crt" -Verify 1 -verify_return_error
serve dns dnsmasq --no-daemon --no-resolv --no-hosts --port=53 --user=root --pid-file= \
    --address=/web.shop.svc/10.244.1.11 --address=/api.shop.svc/10.96.0.20 \
    --address=/db.shop.svc/10.244.1.13 --address=/db.shop.svc/fd00:244:1::13 --address=/pay.shop.svc/10.244.1.14
echo 'nameserver 10.244.1.53' >"$world/resolv.conf"
mount --bind "$world/resolv.conf" "$(readlink -f /etc/resolv.conf)"

wait_for() {  # wait_for POD HOST PORT
    for _ in $(seq 100); do
        in_pod "$1" nc -z -w 1 "$2" "$3" 2>/dev/null && return 0
        sleep 0.1
    done
    echo "lab: $1 cannot reach $2 port $3" >&2
    cat "$world"/*.log "$world"/nginx/*.log >&2
    exit 1
}
wait_for web 127.0.0.1 8080
wait_for api 127.0.0.1 9000
wait_for db 127.0.0.1 6379
wait_for pay 127.0.0.1 8443
in_pod api dig +short +tries=3 +time=1 db.shop.svc A >/dev/null

# --- capture ----------------------------------------------------------------------------------------------
"$nspect" targets >"$out/targets.txt"
: >"$out/capture.log"  # read before the recorder has begun
"$nspect" capture --out "$out/shop.nspect" 2>"$out/capture.log" &
capture=$!
for _ in $(seq 100); do
    grep -q '^capturing' "$out/capture.log" && break
    kill -0 "$capture" || { cat "$out/capture.log" >&2; exit 1; }
    sleep 0.1
done

# --- the day of a shop ------------------------------------------------------------------------------------
get() { in_pod "$1" curl -fsS --max-time 3 -o /dev/null "${@:2}"; }
redis() { in_pod "$1" redis-cli -h "$2" incr visits >/dev/null; }

touch "$out/.open"                                 # the customer: -> web -> Service -> api
for _ in 1 2 3 4 5; do
    redis api db.shop.svc                          # by name: asks dns first
    get api --cacert "$world/pay.crt" --cert "$world/api.crt" --key "$world/api.key" https://pay.shop.svc:8443/
    sleep 0.3
done
until [[ -e $out/.served ]]; do sleep 0.05; done
redis api fd00:244:1::13                           # the same over IPv6
redis web 10.244.1.13                              # policy does not allow this; nothing stops it
get api http://10.244.1.14:8444/ 2>/dev/null || true             # allowed, but nobody listens: refused
in_pod monitor nc -z -w 2 10.244.1.13 6379 || true               # the firewall drops it: unanswered
pod batch 30                                       # a container that comes while capturing
redis batch 10.244.1.13
sleep 0.2
redis api 10.244.1.13                              # just before the stop: must not be lost

kill -TERM "$capture"
wait "$capture"
