#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A trunk in a file: two networks with the same addresses and ports on two VLANs, a connection that a router sends back on another
VLAN, one inside a provider's VLAN, and one whose answers are tagged in another way. What `capture --read` and `flows` make of them.

    tests/cli/vlans.py PROGRAM
"""
import json
import pathlib
import sqlite3
import struct
import subprocess
import sys
import tempfile

SYN, ACK, FIN = 0x02, 0x10, 0x01


def address(text):
    return bytes(int(part) for part in text.split("."))


def frame(tags, source, target, protocol, body):
    """Tags from the outermost on."""
    link = b"\x02" * 12 + b"".join(struct.pack(">HH", 0x8100, tag) for tag in tags) + b"\x08\x00"
    return link + struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(body), 0, 0, 64, protocol, 0) + address(source) + address(target) + body


class Trunk:
    """The packets of one mirror port, a millisecond apart."""

    def __init__(self):
        self.packets = []

    def tcp(self, ways, client, server, isn, payload=b"", finish=True):
        """`ways`: for each copy that is seen of a packet, its tags forth and its tags back; routed copies in the order forth."""
        (c_ip, c_port), (s_ip, s_port) = client, server
        seq, ack = isn, isn ^ 0x55555555
        script = [(True, SYN, b""), (False, SYN | ACK, b""), (True, ACK, b""), (True, ACK, payload), (False, ACK, payload * 2)]
        script += [(True, FIN | ACK, b""), (False, FIN | ACK, b""), (True, ACK, b"")] if finish else []
        for forth, flags, data in script:
            for tags_forth, tags_back in ways if forth else reversed(ways):
                ports, numbers = ((c_port, s_port), (seq, ack)) if forth else ((s_port, c_port), (ack, seq))
                acknowledged = 0 if flags == SYN else numbers[1]
                head = struct.pack(">HHIIBBHHH", *ports, numbers[0], acknowledged, 0x50, flags, 1000, 0, 0)
                ends = (c_ip, s_ip) if forth else (s_ip, c_ip)
                self.packets.append(frame(tags_forth if forth else tags_back, *ends, 6, head + data))
            used = len(data) + (1 if flags & (SYN | FIN) else 0)
            seq, ack = (seq + used, ack) if forth else (seq, ack + used)

    def udp(self, ways, client, server, ask, answer):
        for forth, data in ((True, ask), (False, answer)):
            for tags_forth, tags_back in ways if forth else reversed(ways):
                (a_ip, a_port), (b_ip, b_port) = (client, server) if forth else (server, client)
                body = struct.pack(">HHHH", a_port, b_port, 8 + len(data), 0) + data
                self.packets.append(frame(tags_forth if forth else tags_back, a_ip, b_ip, 17, body))

    def write(self, path):
        out = [struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)]
        for number, packet in enumerate(self.packets):
            out.append(struct.pack("<IIII", 1767261600, number * 1000, len(packet), len(packet)) + packet)
        path.write_bytes(b"".join(out))


def both(*tags):
    return (list(tags), list(tags))


def trunk():
    made = Trunk()
    same = (("10.0.0.1", 40000), ("10.0.0.2", 80))
    made.tcp([both(10)], *same, 1000, b"tenant ten")
    made.tcp([both(20)], *same, 2000, b"tenant twenty says more")
    made.tcp([both(10), both(20)], ("10.0.1.1", 40001), ("10.0.2.2", 443), 3000, b"routed")
    made.udp([both(10), both(20)], ("10.0.1.1", 5000), ("10.0.2.2", 6000), b"a question", b"its answer")
    made.udp([both(10)], ("10.0.0.1", 5001), ("10.0.0.2", 6001), b"of ten", b"yes")
    made.udp([both(20)], ("10.0.0.1", 5001), ("10.0.0.2", 6001), b"of twenty", b"no")
    made.tcp([both(5, 10)], ("10.0.3.1", 40003), ("10.0.3.2", 80), 4000, b"inside a provider's")
    made.tcp([([30], [])], ("10.0.4.1", 40004), ("10.0.4.2", 80), 5000, b"answers untagged")
    made.tcp([([30], [31])], ("10.0.5.1", 40005), ("10.0.5.2", 80), 6000, b"answers on another one")
    made.tcp([both(0)], ("10.0.6.1", 40006), ("10.0.6.2", 80), 7000, b"a priority and no VLAN")
    return made


# Client and server; VLANs by vantage; packets sent and received.
EXPECTED = sorted([
    ("10.0.0.1", "10.0.0.2", 80, [(None, 10)], 5, 3),
    ("10.0.0.1", "10.0.0.2", 80, [(None, 20)], 5, 3),
    ("10.0.1.1", "10.0.2.2", 443, [(None, 10), (None, 20)], 5, 3),
    ("10.0.1.1", "10.0.2.2", 6000, [(None, 10), (None, 20)], 1, 1),
    ("10.0.0.1", "10.0.0.2", 6001, [(None, 10)], 1, 1),
    ("10.0.0.1", "10.0.0.2", 6001, [(None, 20)], 1, 1),
    ("10.0.3.1", "10.0.3.2", 80, [(5, 10)], 5, 3),
    ("10.0.4.1", "10.0.4.2", 80, [(None, 30)], 5, 3),
    ("10.0.5.1", "10.0.5.2", 80, [(None, 30)], 5, 3),
    ("10.0.6.1", "10.0.6.2", 80, [(None, None)], 5, 3),
], key=str)
WORDS = ["TCP 443 on VLAN 10, 20", "TCP 80 on VLAN 5.10", "TCP 80 on VLAN 30", "UDP 6001 on VLAN 20"]


def run(*command):
    ended = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
    if ended.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}: {ended.stderr}")
    return ended.stdout


def seen(flow):
    vlans = [(point.get("outer_vlan"), point.get("vlan")) for point in flow["vantages"]]
    return (flow["src"]["ip"], flow["dst"]["ip"], flow["dst"]["port"], vlans, flow["packets"]["sent"], flow["packets"]["received"])


def main(program):
    with tempfile.TemporaryDirectory() as folder:
        packets, recording = pathlib.Path(folder, "trunk.pcap"), pathlib.Path(folder, "trunk.nspect")
        trunk().write(packets)
        run(program, "capture", "--read", packets, "--out", recording)
        flows = [json.loads(line) for line in run(program, "flows", recording, "-o", "json").splitlines()]
        found = sorted(map(seen, flows), key=str)
        problems = [f"not expected: {each}" for each in found if each not in EXPECTED]
        problems += [f"missing: {each}" for each in EXPECTED if each not in found]
        problems += [f"sent twice: {seen(flow)}" for flow in flows if flow["retransmits"]]
        problems += [f"not established: {seen(flow)}" for flow in flows if flow["outcome"] != "established"]
        text = run(program, "flows", recording, "--color", "never")
        problems += [f"text lacks {words!r}:\n{text}" for words in WORDS if words not in text]
        with sqlite3.connect(recording) as database:
            in_view = sorted(database.execute("SELECT DISTINCT outer_vlan, vlan FROM sightings"))
        if in_view != [(0, 0), (0, 10), (0, 20), (0, 30), (5, 10)]:
            problems.append(f"the view has {in_view}")
    print("\n".join(problems) if problems else f"{len(EXPECTED)} conversations on a trunk, as they were")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
