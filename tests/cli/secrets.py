#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Secrets are never stored: what was said in plaintext, and what a key log says, is looked for in recordings.

    tests/cli/secrets.py PROGRAM      key logs: those of $NSPECT_SHARED/captures/tls, left out where they are not there
"""
import base64
import os
import pathlib
import struct
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "golden" / "data"))
sys.dont_write_bytecode = True
import make_shop_pcap as shop  # noqa: E402

PASSWORD = b"correct-horse-battery"
BODY = b"the-card-number-is-4929"
COOKIE = b"session=83c1b7f0a9"
USER = base64.b64encode(b"carol:" + PASSWORD)
PROGRAM = os.path.abspath(sys.argv.pop(1))
TIMEOUT = 60


def redis(*words):
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(each), each) for each in words)


def postgres(kind, body):
    return kind + struct.pack(">I", len(body) + 4) + body


def plaintext():
    """A capture of logins and payload, and the protocol that each conversation must be named by."""
    capture = shop.Capture()
    talks = [
        (80, b"POST /pay HTTP/1.1\r\nHost: api\r\nCookie: " + COOKIE + b"\r\nAuthorization: Basic " + USER +
         b"\r\nContent-Length: %d\r\n\r\n%s" % (len(BODY), BODY), b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ndone", "http-basic"),
        (6379, redis(b"AUTH", PASSWORD) + redis(b"SET", b"card", BODY), b"+OK\r\n+OK\r\n", "redis-auth"),
        (5432, struct.pack(">II", 8 + len(b"user\0carol\0\0"), 196608) + b"user\0carol\0\0", postgres(b"R", struct.pack(">I", 3)),
         "postgres-password"),
    ]
    for number, (port, question, answer, _) in enumerate(talks):
        shop.Connection(capture, shop.WEB, 41000 + number, shop.API, port).exchange(question, answer)
    late = shop.Connection(capture, shop.WEB, 42000, shop.API, 5432)
    late.client(shop.PSH | shop.ACK, postgres(b"p", PASSWORD + b"\0"))
    return capture.bytes, [each[-1] for each in talks]


def record(folder, *options):
    out = folder / "r.nspect"
    subprocess.run([PROGRAM, "capture", "-q", "--force", "--out", str(out), *options], check=True, timeout=TIMEOUT)
    return out


def bytes_of(folder):
    """Also of what SQLite leaves beside the recording."""
    return b"".join(each.read_bytes() for each in sorted(folder.glob("r.nspect*")))


def secrets_in(key_log):
    """Each as it stands there and as bytes."""
    found = []
    for line in key_log.read_text().splitlines():
        words = line.split()
        if len(words) == 3 and not line.startswith("#"):
            found += [words[2].lower().encode(), words[2].upper().encode(), bytes.fromhex(words[2])]
    return found


class Secrets(unittest.TestCase):
    def setUp(self):
        place = tempfile.TemporaryDirectory(prefix="nspect-secrets-")
        self.addCleanup(place.cleanup)
        self.folder = pathlib.Path(place.name)

    def test_what_was_said_is_not_kept(self):
        packets, protocols = plaintext()
        (self.folder / "p.pcap").write_bytes(packets)
        out = record(self.folder, "--read", str(self.folder / "p.pcap"))
        kept = bytes_of(self.folder)
        for each in (PASSWORD, BODY, COOKIE, USER, USER[:16], b"carol"):
            self.assertIn(each, packets)
            self.assertNotIn(each, kept)
        flows = subprocess.run([PROGRAM, "flows", str(out), "-o", "json"], check=True, capture_output=True, timeout=TIMEOUT).stdout
        for each in protocols:
            self.assertIn(f'"app":"{each}"'.encode(), flows)

    def test_no_key_is_kept(self):
        captures = pathlib.Path(os.environ.get("NSPECT_SHARED", ROOT.parent / "shared")) / "captures" / "tls"
        names = [each.stem for each in sorted(captures.glob("*.keys"))][::20]
        if not names:
            print("left out: key logs (no ../shared/captures/tls)")
        for name in names:
            with self.subTest(name=name):
                secrets = secrets_in(captures / f"{name}.keys")
                record(self.folder, "--read", str(captures / f"{name}.pcap"), "--keylog", str(captures / f"{name}.keys"))
                kept = bytes_of(self.folder)
                self.assertGreater(len(kept), 0)
                self.assertEqual([each for each in secrets if each in kept], [])


if __name__ == "__main__":
    unittest.main()
