#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes mesh.pcapng anew: real handshakes between addresses of a network namespace of its own.

    sudo samples/mesh/record.py PROGRAM     needs root and openssl
"""
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
WEB, DB, JOB, API, PARTNER = (f"10.20.0.{last}" for last in (1, 2, 3, 4, 9))
ISTIO = ["-alpn", "istio-peer-exchange,istio"]
TIMEOUT = 30


def run(*command, folder):
    subprocess.run(command, cwd=folder, capture_output=True, timeout=TIMEOUT, check=False)


def certificate(folder, name, identity, days="365"):
    (folder / f"{name}.ext").write_text(f"subjectAltName=URI:{identity}\n")
    run("openssl", "req", "-nodes", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-keyout", f"{name}.key",
        "-out", f"{name}.csr", "-subj", f"/CN={name}", folder=folder)
    run("openssl", "x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days",
        days, "-extfile", f"{name}.ext", "-out", f"{name}.pem", folder=folder)


def certificates(folder):
    run("openssl", "req", "-x509", "-nodes", "-newkey", "rsa:2048", "-keyout", "ca.key", "-out", "ca.pem", "-days", "3650",
        "-subj", "/CN=mesh root", folder=folder)
    for name in ("web", "db", "api"):
        certificate(folder, name, f"spiffe://cluster.local/ns/shop/sa/{name}")
    certificate(folder, "old", "spiffe://cluster.local/ns/shop/sa/api")
    (folder / "ca.cnf").write_text("[ca]\ndefault_ca=d\n[d]\ndatabase=index\nserial=serial\nnew_certs_dir=.\n"
                                   "default_md=sha256\npolicy=p\n[p]\ncommonName=supplied\n")
    (folder / "index").write_text("")
    (folder / "serial").write_text("1000\n")
    run("openssl", "ca", "-batch", "-config", "ca.cnf", "-cert", "ca.pem", "-keyfile", "ca.key", "-in", "old.csr", "-out",
        "old.pem", "-startdate", "20250101000000Z", "-enddate", "20250401000000Z", "-extfile", "old.ext", "-notext",
        folder=folder)
    certificate(folder, "stranger", "spiffe://elsewhere.example/ns/shop/sa/partner")


def tls(folder, server, port, server_options, client, client_options):
    command = ["openssl", "s_server", "-quiet", "-accept", f"{server}:{port}", "-CAfile", "ca.pem", *server_options]
    with subprocess.Popen(command, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL) as process:
        time.sleep(0.5)
        run("sh", "-c", "(sleep 0.3; echo Q) | timeout 5 openssl s_client -bind $0 -connect \"$@\"", f"{client}:0",
            f"{server}:{port}", *client_options, folder=folder)
        process.terminate()
        process.wait(timeout=TIMEOUT)


def plaintext(server, port, client, question, answer):
    listener = socket.create_server((server, port))

    def serve():
        connection, _ = listener.accept()
        connection.recv(1000)
        connection.sendall(answer)
        connection.close()
    thread = threading.Thread(target=serve)
    thread.start()
    with socket.create_connection((server, port), timeout=TIMEOUT, source_address=(client, 0)) as connection:
        connection.sendall(question)
        connection.recv(1000)
    thread.join(timeout=TIMEOUT)
    listener.close()


def identity(name):
    return ["-cert", f"{name}.pem", "-key", f"{name}.key"]


def talk(folder):
    mutual = ["-verify", "1", "-tls1_3"]
    name = ["-servername", "outbound_.5432_._.db.shop.svc.cluster.local"]
    tls(folder, DB, 5432, [*identity("db"), *mutual], WEB, [*identity("web"), *ISTIO, *name])
    tls(folder, API, 8080, [*identity("api"), *mutual], WEB, [*identity("web"), *ISTIO])
    tls(folder, API, 8443, [*identity("api"), *mutual], WEB, [*identity("web"), *ISTIO])
    plaintext(API, 8080, JOB, b"GET /health HTTP/1.1\r\nHost: api\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
    plaintext(DB, 6379, JOB, b"*2\r\n$3\r\nGET\r\n$4\r\ncart\r\n", b"$6\r\napples\r\n")
    tls(folder, API, 8444, [*identity("old"), "-tls1_2"], WEB, [])
    tls(folder, API, 9443, [*identity("api"), "-verify", "1", "-tls1_2"], PARTNER, identity("stranger"))


def inside(program):
    subprocess.run("ip link set lo up; for i in 1 2 3 4 9; do ip addr add 10.20.0.$i/32 dev lo; done", shell=True, check=True)
    with tempfile.TemporaryDirectory() as place:
        folder = pathlib.Path(place)
        certificates(folder)
        command = [program, "capture", "-q", "--host", "--out", str(folder / "r.nspect"), "--pcapng", str(folder / "packets")]
        with subprocess.Popen(command) as capture:
            time.sleep(1.5)
            talk(folder)
            time.sleep(1)
            capture.send_signal(signal.SIGTERM)
            capture.wait(timeout=TIMEOUT)
        kept = sorted((folder / "packets").glob("*.pcapng"))
        shutil.copy(kept[0], HERE / "mesh.pcapng")


if __name__ == "__main__":
    if len(sys.argv) > 2:
        inside(os.path.abspath(sys.argv[1]))
    else:
        sys.exit(subprocess.run(["unshare", "--net", sys.executable, __file__, sys.argv[1], "inside"], check=False).returncode)
