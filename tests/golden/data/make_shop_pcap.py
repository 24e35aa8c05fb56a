#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes shop.pcap: a minute of the shop of samples/shop, seen at one interface of its node.

    tests/golden/data/make_shop_pcap.py tests/golden/data/shop.pcap

Nothing in it is random, so the file never changes unless this script does.
"""
import ipaddress
import struct
import sys

START = 1767261600  # 2026-01-01T10:00:00Z
FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16

WEB, API, DB, PAY = "10.244.1.11", "10.244.1.12", "10.244.1.13", "10.244.1.14"
MONITOR, DNS, OUTSIDE = "10.244.1.21", "10.244.1.53", "203.0.113.7"


class Capture:
    """A nanosecond pcap of Ethernet frames, one millisecond apart unless told otherwise."""

    def __init__(self):
        self.bytes = struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 262144, 1)
        self.now = 0

    def wait(self, milliseconds):
        self.now += milliseconds * 1_000_000

    def packet(self, source, destination, protocol, segment):
        address = [ipaddress.ip_address(each).packed for each in (source, destination)]
        header = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(segment), 0, 0x4000, 64, protocol, 0, *address)
        header = header[:10] + struct.pack(">H", checksum(header)) + header[12:]
        mac = [b"\x02\x00" + each for each in address]
        frame = mac[1] + mac[0] + b"\x08\x00" + header + segment
        seconds, nanoseconds = divmod(self.now, 1_000_000_000)
        self.bytes += struct.pack("<IIII", START + seconds, nanoseconds, len(frame), len(frame)) + frame
        self.wait(1)

    def udp(self, source, sport, destination, dport, payload):
        self.packet(source, destination, 17, struct.pack(">HHHH", sport, dport, 8 + len(payload), 0) + payload)


class Connection:
    """One TCP connection, told packet by packet: c.client(SYN), c.server(SYN | ACK)."""

    def __init__(self, capture, source, sport, destination, dport):
        self.capture = capture
        self.ends = [(source, sport), (destination, dport)]
        self.sequence = [1000 * sport, 2000 * sport]

    def client(self, flags, payload=b""):
        self.segment(0, flags, payload)

    def server(self, flags, payload=b""):
        self.segment(1, flags, payload)

    def segment(self, side, flags, payload):
        (source, sport), (destination, dport) = self.ends[side], self.ends[1 - side]
        acknowledged = self.sequence[1 - side] if flags & ACK else 0
        self.capture.packet(source, destination, 6, struct.pack(
            ">HHIIBBHHH", sport, dport, self.sequence[side], acknowledged, 5 << 4, flags, 64240, 0, 0) + payload)
        self.sequence[side] += len(payload) + (1 if flags & (SYN | FIN) else 0)

    def exchange(self, request, answer):
        self.client(SYN)
        self.server(SYN | ACK)
        self.client(ACK)
        self.client(PSH | ACK, request)
        self.server(PSH | ACK, answer)
        self.client(FIN | ACK)
        self.server(FIN | ACK)
        self.client(ACK)


def checksum(header):
    total = sum(struct.unpack(">10H", header))
    total = (total & 0xFFFF) + (total >> 16)
    return ~((total & 0xFFFF) + (total >> 16)) & 0xFFFF


def dns_name(name):
    return b"".join(bytes([len(each)]) + each.encode() for each in name.split(".")) + b"\0"


def main(path):
    capture = Capture()
    question = dns_name("api.shop.svc") + struct.pack(">HH", 1, 1)
    answer = b"\xc0\x0c" + struct.pack(">HHIH", 1, 1, 30, 4) + ipaddress.ip_address(API).packed
    capture.udp(WEB, 35353, DNS, 53, struct.pack(">6H", 7, 0x0100, 1, 0, 0, 0) + question)
    capture.udp(DNS, 53, WEB, 35353, struct.pack(">6H", 7, 0x8180, 1, 1, 0, 0) + question + answer)
    Connection(capture, OUTSIDE, 40001, WEB, 8080).exchange(b"GET / HTTP/1.1\r\n\r\n", b"HTTP/1.1 200 OK\r\n\r\n")
    Connection(capture, WEB, 40002, API, 9000).exchange(b"GET /cart HTTP/1.1\r\n\r\n", b"HTTP/1.1 200 OK\r\n\r\n")
    Connection(capture, API, 40003, DB, 6379).exchange(b"GET cart\r\n", b"$-1\r\n")
    capture.wait(1000)

    # No policy lets the monitor in, and it comes in.
    Connection(capture, MONITOR, 40004, DB, 6379).exchange(b"INFO\r\n", b"$0\r\n\r\n")

    # No policy lets web reach the database, and it does not.
    blocked = Connection(capture, WEB, 40005, DB, 6379)
    for pause in (1000, 2000, 4000):
        blocked.client(SYN)
        blocked.sequence[0] -= 1  # sent again
        capture.wait(pause)

    # Allowed, and nobody listens.
    refused = Connection(capture, API, 40006, PAY, 8443)
    refused.client(SYN)
    refused.server(RST | ACK)

    with open(path, "wb") as file:
        file.write(capture.bytes)


if __name__ == "__main__":
    main(sys.argv[1])
