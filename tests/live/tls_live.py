#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Real TLS handshakes in a network namespace of their own, captured live and judged.

    tests/live/tls_live.py PROGRAM          needs root, openssl; the rest of tls_stacks.py and tls_modes.py where it is there

Every case is one server on a port of its own and one or two clients; what `nspect flows` says of that port must be what
was set up. Without root it says so and passes, unless NSPECT_REQUIRE_LIVE=1.
"""
import base64
import json
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

import tls_modes
import tls_stacks
import tls_upgrades
from live_host import stages

TIMEOUT = 120  # only a bound: the machine may be busy
KEYS = {
    "rsa": ["-newkey", "rsa:2048"],
    "rsa4096": ["-newkey", "rsa:4096"],
    "p256": ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"],
    "p384": ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-384"],
    "ed25519": ["-newkey", "ed25519"],
}
PASSWORD = "correct-horse-battery"
PAYLOAD = "payload-of-the-answer"
OLD = ["-cipher", "DEFAULT@SECLEVEL=0"]


def run(*command, **options):
    return subprocess.run(command, capture_output=True, timeout=TIMEOUT, check=False, **options)


def make_certificates(folder):
    run("openssl", "req", "-x509", "-nodes", *KEYS["p256"], "-keyout", "ca.key", "-out", "ca.pem", "-days", "2", "-subj",
        "/CN=test root", cwd=folder)
    for name, key in KEYS.items():
        (folder / f"{name}.ext").write_text(f"subjectAltName=URI:spiffe://test/ns/shop/sa/{name},DNS:{name}.shop\n")
        run("openssl", "req", "-nodes", *key, "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", f"/CN={name}",
            cwd=folder)
        run("openssl", "x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial",
            "-days", "1", "-extfile", f"{name}.ext", "-out", f"{name}.pem", cwd=folder)
        assert (folder / f"{name}.pem").stat().st_size > 0, f"openssl made no certificate for {name}"


class Lab:
    def __init__(self, folder):
        self.folder = folder
        self.port = 20000
        self.expected = {}
        self.plaintext = {}
        self.more_allowed = set()

    def next_port(self):
        self.port += 1
        return self.port

    def run(self, *command, **options):
        return run(*command, **{"cwd": self.folder, **options})

    @staticmethod
    def wait_for_port(port):
        wait_for_port(port)

    def peers(self, name, port, server, clients, expected, plaintext=()):
        """Any server and any clients; `plaintext` are the protocols of conversations without TLS."""
        self.expected[port] = (name, expected)
        if plaintext:
            self.plaintext[port] = (name, list(plaintext))
        with subprocess.Popen(server, cwd=self.folder, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL) as process:
            wait_for_port(port)
            for client in clients:
                self.run(*client)
            tls_stacks.stop(process, TIMEOUT)

    def case(self, name, server, clients, expected):
        """Runs a server and its clients one after the other; `expected` says what each is."""
        self.expected[self.next_port()] = (name, expected)
        datagram = any(each.startswith("-dtls") for each in server)
        command = ["openssl", "s_server", "-quiet", "-accept", str(self.port), *server]
        with subprocess.Popen(command, cwd=self.folder, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL) as process:
            if datagram:
                time.sleep(0.3)
            else:
                wait_for_port(self.port)
            for client in clients:
                # The line is answered by nobody; the server's tickets come before the client gives up.
                run("sh", "-c", "(sleep 0.5; echo Q) | timeout 5 openssl s_client -connect 127.0.0.1:$0 \"$@\"",
                    str(self.port), *client, cwd=self.folder)
            process.terminate()
            process.wait(timeout=TIMEOUT)


def wait_for_port(port):
    """Asks the kernel, so that no connection of its own is captured."""
    wanted = f":{port:04X} "
    for _ in range(100):
        if any(wanted in line and " 0A " in line for line in pathlib.Path("/proc/net/tcp").read_text().splitlines()) or \
           any(wanted in line and " 0A " in line for line in pathlib.Path("/proc/net/tcp6").read_text().splitlines()):
            return
        time.sleep(0.05)
    raise AssertionError(f"no server on port {port}")


def identity(key):
    return ["-cert", f"{key}.pem", "-key", f"{key}.key"]


def openssl_cases(lab):
    ask = ["-verify", "1", "-CAfile", "ca.pem"]
    for version, text in (("-tls1_2", "TLSv1.2"), ("-tls1_3", "TLSv1.3")):
        for key in KEYS:
            server = [version, *identity(key)]
            mutual = {"version": text, "client_cert": "presented", "acceptance": "accepted"}
            lab.case(f"{text} {key} mutual", server + ask, [identity(key)], [mutual])
        server = [version, *identity("p256")]
        lab.case(f"{text} one-way", server, [[]], [{"version": text, "client_cert": "not-requested"}])
        lab.case(f"{text} declined", server + ask, [[]],
                 [{"version": text, "client_cert": "declined", "acceptance": "accepted"}])
        lab.case(f"{text} required and declined", [*server, "-Verify", "1", "-CAfile", "ca.pem"], [[]],
                 [{"version": text, "client_cert": "declined", "acceptance": "refused"}])
        session = f"session{version}"
        full = {"version": text, "client_cert": "presented", "resumed": False}
        again = {"version": text, "client_cert": "presented", "resumed": True, "evidence": "resumed"}
        lab.case(f"{text} resumed", server + ask, [[*identity("rsa"), "-sess_out", session], ["-sess_in", session]],
                 [full, again])
    lab.case("HelloRetryRequest", ["-tls1_3", *identity("p256"), "-groups", "P-384"],
             [["-groups", "X25519:P-384"]], [{"hello_retry": True, "client_cert": "not-requested"}])
    for version, text in (("-tls1", "TLSv1.0"), ("-tls1_1", "TLSv1.1")):
        lab.case(text, [version, *identity("rsa"), *OLD, *ask], [[version, *identity("rsa"), *OLD]],
                 [{"version": text, "client_cert": "presented"}])
    lab.case("DTLS 1.2", ["-dtls1_2", *identity("p256"), *ask], [["-dtls1_2", *identity("p256")]],
             [{"version": "DTLSv1.2", "client_cert": "presented", "transport": "datagram"}])


def nginx_case(lab):
    if shutil.which("nginx") is None:
        print("left out: nginx is not installed")
        return
    lab.port += 1
    folder = lab.folder
    (folder / "nginx.conf").write_text(f"""
daemon off; pid {folder}/nginx.pid; error_log {folder}/nginx.log;
events {{}}
http {{
  access_log off;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  server {{
    listen 127.0.0.1:{lab.port} ssl; ssl_certificate {folder}/p256.pem; ssl_certificate_key {folder}/p256.key;
    ssl_client_certificate {folder}/ca.pem; ssl_verify_client on; return 200 ok;
  }}
}}
""")
    lab.expected[lab.port] = ("nginx ssl_verify_client", [{"client_cert": "presented"}, {"client_cert": "declined"}])
    with subprocess.Popen(["nginx", "-c", str(folder / "nginx.conf"), "-e", str(folder / "nginx.log")],
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        wait_for_port(lab.port)
        for client in (identity("rsa"), []):
            run("sh", "-c", "(printf 'GET / HTTP/1.0\\r\\n\\r\\n'; sleep 0.5) | "
                "timeout 5 openssl s_client -connect 127.0.0.1:$0 \"$@\"", str(lab.port), *client, cwd=folder)
        process.terminate()
        process.wait(timeout=TIMEOUT)


def judge(lab, flows):
    wrong = 0
    for port, (name, expected) in sorted(lab.expected.items()):
        seen = [each for each in flows if each["dst"].get("port") == port and "tls" in each]
        seen.sort(key=lambda each: each["start"])
        got = [{key: each["tls"].get(key) for key in want} for each, want in zip(seen, expected)]
        seen_all = len(seen) >= len(expected) if port in lab.more_allowed else len(seen) == len(expected)
        good = seen_all and got == expected
        wrong += not good
        print(f"{'ok   ' if good else 'WRONG'} {name}" + ("" if good else f": {len(seen)} seen, {got}, not {expected}"))
    for port, (name, wanted) in sorted(lab.plaintext.items()):
        got = [each.get("app") for each in flows if each["dst"].get("port") == port and "tls" not in each]
        wrong += got != wanted
        print(f"{'ok   ' if got == wanted else 'WRONG'} {name}, in plaintext: {got}")
    return wrong


def plaintext_logins(lab):
    """What is said in them must not be found in the recording."""
    basic = base64.b64encode(f"user:{PASSWORD}".encode()).decode()
    for name, question, answer, app in (
            ("HTTP Basic", f"GET / HTTP/1.1\r\nHost: a\r\nAuthorization: Basic {basic}\r\n\r\n",
             f"HTTP/1.1 200 OK\r\nContent-Length: {len(PAYLOAD)}\r\n\r\n{PAYLOAD}", "http-basic"),
            ("Redis AUTH", f"*2\r\n$4\r\nAUTH\r\n${len(PASSWORD)}\r\n{PASSWORD}\r\n", "+OK\r\n", "redis-auth")):
        port = lab.next_port()
        lab.plaintext[port] = (name, [app])
        with socket.create_server(("127.0.0.1", port)) as listener, \
             socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT) as client:
            server, _ = listener.accept()
            client.sendall(question.encode())
            server.recv(1000)
            server.sendall(answer.encode())
            client.recv(1000)
            server.close()


def inside(program):
    """In the fresh namespace."""
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    with tempfile.TemporaryDirectory(prefix="nspect-tls-") as place:
        folder = pathlib.Path(place)
        make_certificates(folder)
        recording = folder / "tls.nspect"
        with subprocess.Popen([program, "capture", "-q", "--host", "--out", str(recording)]) as capture:
            time.sleep(1.5)
            lab = Lab(folder)
            try:
                openssl_cases(lab)
                nginx_case(lab)
                tls_stacks.stack_cases(lab, PASSWORD)
                tls_modes.mode_cases(lab)
                tls_upgrades.upgrade_cases(lab)
                plaintext_logins(lab)
                time.sleep(1)
            finally:
                capture.send_signal(signal.SIGTERM)
            assert capture.wait(timeout=TIMEOUT) == 0
        text = run(program, "flows", str(recording), "-o", "json", text=True).stdout
        wrong = judge(lab, [json.loads(line) for line in text.splitlines()])
        basic = base64.b64encode(f"user:{PASSWORD}".encode()).decode()
        found = tls_stacks.kept(folder, "tls.nspect*", [PASSWORD, PAYLOAD, basic[:16]])
        print(f"{'WRONG' if found else 'ok   '} no password and no payload in the recording: {found}")
        return 1 if wrong or found else 0


def outside(program):
    return subprocess.run(["unshare", "--net", sys.executable, __file__, program, "inside"], check=False).returncode


if __name__ == "__main__":
    sys.exit(stages(inside, outside, ("openssl",)))
