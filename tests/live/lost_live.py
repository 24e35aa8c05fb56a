#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Where packets were lost, hop by hop: `nspect capture`, then what `explain`, `audit` and the picture say of each.

    tests/live/lost_live.py PROGRAM          needs root and nft

Containers behind a router, in network, mount and process namespaces of their own, so that whatever happens the kernel
takes everything away. Each port of `db` is broken in a way of its own; `narrow` and `deaf` have a small MTU before them,
`lossy` loses packets, `twin` answers through its other interface, `alone` has no route, `dns` fails in three ways.
"""
import json
import pathlib
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

from live_host import in_namespaces, stages

TIMEOUT = 30
PODS = {"web": 11, "db": 12, "narrow": 13, "deaf": 14, "lossy": 15, "twin": 16, "alone": 17, "dns": 18}
LARGE = 120_000
GOOD, DROPPED, REJECTED, CLOSED, SILENT, ANSWER_LOST, STOPPED, KEPT = range(5000, 5008)
BULK, SECOND = 6000, 6001

# Answers "ok" when a megabyte or a line came in whole; the stopped one stands still before it reads.
SERVER = """
import socket, sys, threading
def one(client):
    with client:
        first = client.recv(8)
        left = (int(first) or 100) if first.strip().isdigit() else 0
        while left > 0:
            data = client.recv(65536)
            if not data:
                return
            left -= len(data)
        client.sendall(b"ok")
def serve(server):
    while True:
        threading.Thread(target=one, args=(server.accept()[0],), daemon=True).start()
for port in sys.argv[2:]:
    server = socket.create_server(("", int(port)))
    threading.Thread(target=serve, args=(server,), daemon=True).start()
    print("ready", flush=True)
sys.stdin.read()
"""


def address(name):
    return f"10.77.{PODS[name]}.2"


def run(*command, **options):
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=TIMEOUT, **options).stdout


def within(name, *command, **options):
    return run("ip", "netns", "exec", name, *command, **options)


def make_pod(name, number):
    run("ip", "netns", "add", name)
    connect_pod(name, f"v{name}", "eth0", f"10.77.{number}.1", f"10.77.{number}.2")
    within(name, "ip", "link", "set", "lo", "up")
    if name != "alone":
        within(name, "ip", "route", "add", "default", "via", f"10.77.{number}.1")


def connect_pod(name, outer, inner, router, own):
    run("ip", "link", "add", outer, "type", "veth", "peer", "name", inner, "netns", name)
    run("ip", "link", "set", outer, "up")
    run("ip", "addr", "add", f"{router}/24", "dev", outer)
    within(name, "ip", "addr", "add", f"{own}/24", "dev", inner)
    within(name, "ip", "link", "set", inner, "up")


def make_world():
    for command in ("mount -t tmpfs none /run", "mkdir /run/netns", "ip link set lo up",
                    "sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.default.rp_filter=0"):
        run(*command.split())
    for name, number in PODS.items():
        make_pod(name, number)
    break_it()


def inner_destination(name):
    """As an ICMP error quotes it, behind its own eight bytes and sixteen of the packet."""
    return hex(struct.unpack("!I", socket.inet_aton(address(name)))[0])


def break_it():
    """One fault for each port or container."""
    db = address("db")
    run("nft", "-f", "-", input=f"""
table inet faults {{
    chain forward {{
        type filter hook forward priority 0;
        ip daddr {db} tcp dport {DROPPED} drop
        ip daddr {db} tcp dport {REJECTED} reject with tcp reset
        ip saddr {db} tcp sport {ANSWER_LOST} drop
        ip daddr {address("lossy")} tcp dport {BULK} numgen inc mod 4 3 drop
    }}
    chain output {{
        type filter hook output priority 0;
        icmp type destination-unreachable icmp code frag-needed @th,192,32 {inner_destination("deaf")} drop
    }}
}}""")
    within("db", "nft", "-f", "-", input=f"""
table inet faults {{
    chain input {{
        type filter hook input priority 0;
        tcp dport {SILENT} drop
    }}
}}""")
    within("web", "nft", "-f", "-", input=f"""
table inet faults {{
    chain input {{
        type filter hook input priority 0;
        icmp type destination-unreachable icmp code frag-needed drop
    }}
    chain output {{
        type filter hook output priority 0;
        ip daddr {address("db")} tcp dport {KEPT} drop
    }}
}}""")
    for name in ("narrow", "deaf"):
        run("ip", "link", "set", f"v{name}", "mtu", "1000")
    connect_pod("twin", "vtwin2", "eth1", "10.78.0.1", "10.78.0.2")
    within("twin", "ip", "route", "replace", "default", "via", "10.78.0.1")
    within("twin", "sysctl", "-qw", "net.ipv4.conf.all.rp_filter=0", "net.ipv4.conf.eth0.rp_filter=0")


class Servers:
    def __init__(self):
        self.running = []

    def start(self, name, *ports):
        process = subprocess.Popen(["ip", "netns", "exec", name, sys.executable, "-c", SERVER, "server",
                                    *map(str, ports)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.running.append(process)
        for _ in ports:
            assert process.stdout.readline() == b"ready\n", f"{name} does not listen"
        return process

    def stop(self):
        for process in self.running:
            process.send_signal(signal.SIGCONT)
            process.kill()
            process.wait(timeout=TIMEOUT)


def dns_answers():
    """A DNS server that knows no name: in the namespace of `dns`, until its end."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("", 53))
        print("ready", flush=True)
        while True:
            question, peer = server.recvfrom(512)
            code = {b"nothere": 3, b"broken": 2}.get(question[13:13 + question[12]])
            if code is not None:
                server.sendto(question[:2] + struct.pack("!HHHHH", 0x8180 | code, 1, 0, 0, 0) + question[12:], peer)


def dns_question(name):
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    return struct.pack("!HHHHHH", 7, 0x0100, 1, 0, 0, 0) + labels + b"\0" + struct.pack("!HH", 1, 1)


def client(attempts):
    """In the namespace of a client: everything at once, patiently enough for a second SYN."""
    def one(where, port, size):
        try:
            with socket.create_connection((where, port), 2.5) as made:
                made.settimeout(2.5)
                made.sendall(b"%8d" % size + b"x" * (size or 100))
                made.recv(2)
        except OSError:
            pass
    def ask(name):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asker:
            asker.sendto(dns_question(name), (address("dns"), 53))
            time.sleep(0.2)
    jobs = [threading.Thread(target=one, args=each) for each in attempts]
    jobs += [threading.Thread(target=ask, args=(name,)) for name in ("nothere.shop", "broken.shop", "silent.shop")]
    for each in jobs:
        each.start()
    for each in jobs:
        each.join()


ATTEMPTS = [("db", port, 0) for port in (GOOD, DROPPED, REJECTED, CLOSED, SILENT, ANSWER_LOST, STOPPED, KEPT)] + [
    ("narrow", BULK, LARGE), ("deaf", BULK, LARGE), ("lossy", BULK, LARGE), ("twin", BULK, 0), ("db", SECOND, LARGE)]

# What was broken, and what `explain` has to say of it.
SAYS = {
    ("web", f"db:{GOOD}"): ["1 established"],
    ("web", f"db:{SECOND}"): ["1 established"],
    ("web", f"db:{DROPPED}"): ["left vweb (web) and never reached vdb (db)", "dropped in between"],
    ("web", f"db:{REJECTED}"): ["never reached vdb (db)", "refused on the way"],
    ("web", f"db:{CLOSED}"): ["reached vdb (db) and was refused", f"nothing listens on port {CLOSED}"],
    ("web", f"db:{SILENT}"): ["reached vdb (db) and was not answered"],
    ("web", f"db:{ANSWER_LOST}"): ["was answered; the answer was lost between vdb (db) and vweb (web)"],
    ("web", f"db:{STOPPED}"): ["connected to vdb (db), and the request got no answer"],
    ("web", f"db:{KEPT}"): ["nothing of it was seen at vweb (web)", "it never left the network namespace"],
    ("alone", f"db:{GOOD}"): ["nothing of it was seen at valone (alone)", "no route"],
    ("web", f"narrow:{BULK}"): ["large packets are lost between vweb (web) and vnarrow (narrow)",
                                "ICMP said that the path takes 1000 bytes"],
    ("web", f"deaf:{BULK}"): ["large packets are lost between vweb (web) and vdeaf (deaf)",
                              'no ICMP "fragmentation needed" was seen'],
    ("web", f"lossy:{BULK}"): ["were lost between vweb (web) and vlossy (lossy), the others passed"],
    ("web", f"twin:{BULK}"): ["is asymmetric: answers do not pass vtwin (twin)"],
}
NOT_SAID = {("web", f"db:{GOOD}"): "lost", ("web", f"db:{SECOND}"): "lost"}
FINDINGS = {"dns-no-such-name": "nothere.shop", "dns-server-failure": "broken.shop", "dns-unanswered": "silent.shop",
            "path-mtu": "1000", "lost-in-between": "vdb (db)"}
IN_THE_PICTURE = ["⊗", "after vweb (web), before vdb (db)", "after vweb (web), before vnarrow (narrow)",
                  "after vweb (web), before vlossy (lossy)", "↻", "resent"]


def record(program, recording):
    servers = Servers()
    try:
        servers.start("db", GOOD, SILENT, ANSWER_LOST, KEPT, DROPPED, REJECTED, SECOND)
        for name in ("narrow", "deaf", "lossy", "twin"):
            servers.start(name, BULK)
        stopped = servers.start("db", STOPPED)
        stopped.send_signal(signal.SIGSTOP)
        dns = subprocess.Popen(["ip", "netns", "exec", "dns", sys.executable, __file__, program, "dns"],
                               stdout=subprocess.PIPE)
        servers.running.append(dns)
        dns.stdout.readline()
        with subprocess.Popen([program, "capture", "--out", recording], stderr=subprocess.PIPE, text=True) as capture:
            while "capturing" not in capture.stderr.readline():
                pass
            within("web", sys.executable, __file__, program, "client")
            within("alone", sys.executable, __file__, program, "client")
            time.sleep(5.5)  # a question is unanswered after five seconds
            capture.send_signal(signal.SIGTERM)
            assert capture.wait(timeout=TIMEOUT) == 0
    finally:
        servers.stop()


def judge(program, recording):
    wrong = 0
    for (source, target), wanted in SAYS.items():
        said = subprocess.run([program, "explain", source, target, recording], capture_output=True, text=True,
                              check=False, timeout=TIMEOUT)
        one_line = " ".join(said.stdout.split())
        missing = [each for each in wanted if each not in one_line]
        unwanted = NOT_SAID.get((source, target), "\0") in one_line
        if missing or unwanted:
            wrong += 1
            print(f"WRONG {source} {target}: should say {missing or 'nothing of loss'}:\n{said.stdout}{said.stderr}")
        else:
            print(f"ok    {source} {target}: {wanted[-1]}")
    audit = json.loads(subprocess.run([program, "audit", recording, "-o", "json"], capture_output=True, check=False,
                                      timeout=TIMEOUT).stdout)
    for code, evidence in FINDINGS.items():
        told = [each for each in audit["findings"] if each["code"] == code and evidence in " ".join(each["evidence"])]
        wrong += not told
        print(f"{'ok   ' if told else 'WRONG'} audit: {code}")
    picture = subprocess.run([program, "graph", recording, "-o", "svg", "-q"], capture_output=True, check=False,
                             timeout=TIMEOUT, text=True).stdout
    for words in IN_THE_PICTURE:
        wrong += words not in picture
        print(f"{'ok   ' if words in picture else 'WRONG'} picture: {words}")
    return wrong


def inside(program):
    with tempfile.TemporaryDirectory(prefix="nspect-lost-") as place:
        make_world()
        recording = str(pathlib.Path(place) / "lost.nspect")
        record(program, recording)
        return 1 if judge(program, recording) else 0


def inside_as(program):
    """In whichever role this was called again."""
    return {"inside": lambda: inside(program), "dns": dns_answers,
            "client": lambda: client([(address(name), port, size) for name, port, size in ATTEMPTS])}[sys.argv[2]]()


if __name__ == "__main__":
    sys.exit(stages(inside_as, lambda program: in_namespaces(__file__, program, "inside"), ("nft",)))
