# SPDX-License-Identifier: Apache-2.0
"""The cases of tls_live.py that few clients take: Go's stack, Encrypted ClientHello, keys in place of certificates, data
before the handshake and certificates after it."""
import os
import pathlib
import shutil
import subprocess
import time

from tls_stacks import DECLINED, ONE_WAY, PRESENTED, left_out, openssl_client, openssl_server, stop

HERE = pathlib.Path(__file__).resolve().parent
TIMEOUT = 120
RSA = ["-cert", "rsa.pem", "-key", "rsa.key"]
ASKS = ["-verify", "1", "-CAfile", "ca.pem"]


def go_program(lab):
    """Built once; nothing is fetched, it has no imports but the standard library's."""
    if left_out("go"):
        return None
    program = lab.folder / "tls_peer"
    # The first time Go compiles its library, too, which it then keeps in its own cache.
    words = {**os.environ, "GO111MODULE": "off", "GOTOOLCHAIN": "local", "CGO_ENABLED": "0", "GOFLAGS": ""}
    made = subprocess.run(["go", "build", "-o", str(program), str(HERE / "TlsPeer.go")], cwd=lab.folder, check=False,
                          capture_output=True, text=True, timeout=900, env=words)
    if made.returncode != 0:
        print("left out: go does not build TlsPeer.go:", made.stderr.strip()[-200:])
        return None
    return str(program)


def go_cases(lab, program):
    both = ["1.2", "1.3"]
    port = lab.next_port()
    lab.peers("go requires", port, [program, "server", str(port), "need"],
              [[program, "client", str(port), "rsa", *both], [program, "client", str(port), "-", *both],
               openssl_client(port, *RSA)],
              [{"acceptance": "accepted", **PRESENTED}, {"acceptance": "accepted", **PRESENTED},
               {"acceptance": "refused", **DECLINED}, {"acceptance": "refused", **DECLINED}, PRESENTED])
    port = lab.next_port()
    lab.peers("go asks", port, [program, "server", str(port), "want"],
              [[program, "client", str(port), "-", *both], openssl_client(port)], [DECLINED, DECLINED, DECLINED])
    port = lab.next_port()
    lab.peers("go one-way", port, [program, "server", str(port), "none"],
              [[program, "client", str(port), "rsa", *both]], [ONE_WAY, ONE_WAY])
    port = lab.next_port()
    lab.peers("go to openssl after a HelloRetryRequest", port, openssl_server(port, "-groups", "P-521", *ASKS),
              [[program, "client", str(port), "rsa", "1.3"]], [{"hello_retry": True, **PRESENTED}])
    port = lab.next_port()
    lab.peers("go to openssl with keys of P-384", port,
              ["openssl", "s_server", "-quiet", "-accept", str(port), "-cert", "p384.pem", "-key", "p384.key", *ASKS],
              [[program, "client", str(port), "p384", *both]], [PRESENTED, PRESENTED])


def ech_cases(lab, program):
    """The name in clear is the public one; what is inside is not told, the client's certificate is."""
    hidden = {"encrypted_hello": True, "sni": "p256.shop"}
    for name, ask, keys, state, expected in (
            ("ECH, mutual", "want", "rsa", "accepted", {**hidden, **PRESENTED}),
            ("ECH, declined", "want", "-", "accepted", {**hidden, **DECLINED}),
            ("ECH, one-way", "none", "-", "accepted", {**hidden, **ONE_WAY}),
            # A client whose ECH was refused shows nobody its certificate (RFC 9849, section 6.1.7).
            ("ECH, refused", "want", "rsa", "stale", {**hidden, **DECLINED})):
        port = lab.next_port()
        lab.expected[port] = (name, [expected])
        lab.run(program, "ech", str(port), ask, keys, state)


def chromium_case(lab):
    """It offers an ECH that means nothing (GREASE) wherever it has none."""
    browser = next((each for each in ("chromium", "chromium-browser", "google-chrome") if shutil.which(each)), None)
    if browser is None:
        print("left out: chromium is not installed")
        return
    port = lab.next_port()
    lab.more_allowed.add(port)  # a browser asks as often as it likes
    lab.expected[port] = ("ECH of GREASE, by Chromium", [{"encrypted_hello": True, "sni": "localhost", **ONE_WAY}])
    server = ["openssl", "s_server", "-quiet", "-accept", str(port), "-tls1_3", "-cert", "p256.pem", "-key",
              "p256.key", "-www"]
    with subprocess.Popen(server, cwd=lab.folder, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL) as process:
        lab.wait_for_port(port)
        subprocess.run([browser, "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking",
                        "--ignore-certificate-errors", f"--user-data-dir={lab.folder}/chromium", "--timeout=4000", "--dump-dom",
                        f"https://localhost:{port}/"], capture_output=True, check=False, timeout=60)
        stop(process, TIMEOUT)


def psk_cases(lab):
    key = ["-psk", "00112233445566778899aabbccddeeff", "-psk_identity", "sensor-17"]
    port = lab.next_port()
    server = ["openssl", "s_server", "-quiet", "-accept", str(port), "-nocert", "-tls1_3", *key]
    lab.peers("external PSK, TLS 1.3", port, server,
              [openssl_client(port, "-tls1_3", *key)],
              [{"external_psk": True, "resumed": False, "client_cert": "unknown", "version": "TLSv1.3"}])


def early_data_case(lab):
    """Data before the answer, with the ticket of a mutual handshake."""
    (lab.folder / "early").write_text("before the answer\n")
    port = lab.next_port()
    server = ["openssl", "s_server", "-quiet", "-accept", str(port), "-tls1_3", "-cert", "p256.pem", "-key", "p256.key",
              "-early_data", "-no_anti_replay", *ASKS]
    # The first stays until it has its ticket.
    first = ["sh", "-c", "(for i in $(seq 300); do [ -s early.session ] && break; sleep 0.1; done; echo Q) | "
             "timeout 60 openssl s_client -connect 127.0.0.1:$0 \"$@\"", str(port), *RSA, "-sess_out", "early.session"]
    lab.peers("early data", port, server,
              [first,
               openssl_client(port, "-sess_in", "early.session", "-early_data", "early")],
              [{"resumed": False, **PRESENTED}, {"resumed": True, "early_data": "accepted", **PRESENTED}])


def wait_until(condition):
    for _ in range(200):
        if condition():
            return
        time.sleep(0.05)


def post_handshake_case(lab):
    """The server asks when told to, long after the handshake."""
    port = lab.next_port()
    lab.expected[port] = ("certificate after the handshake", [{"post_handshake_auth": True, "client_cert": "not-requested"}])
    server = ["openssl", "s_server", "-accept", str(port), "-tls1_3", "-cert", "p256.pem", "-key", "p256.key", "-CAfile", "ca.pem"]
    client = ["openssl", "s_client", "-connect", f"127.0.0.1:{port}", "-enable_pha", *RSA]
    log = lab.folder / "pha.log"
    with log.open("wb") as out, \
         subprocess.Popen(server, cwd=lab.folder, stdin=subprocess.PIPE, stdout=out, stderr=subprocess.STDOUT) as process:
        lab.wait_for_port(port)
        with subprocess.Popen(client, cwd=lab.folder, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL) as asking:
            wait_until(lambda: b"CIPHER is" in log.read_bytes())
            process.stdin.write(b"c\n")
            process.stdin.flush()
            wait_until(lambda: b"SSL_do_handshake" in log.read_bytes())
            # What the client says next carries its answer.
            asking.stdin.write(b"hello\n")
            asking.stdin.flush()
            wait_until(lambda: b"hello" in log.read_bytes())
            asking.stdin.close()
            stop(asking, TIMEOUT)
        stop(process, TIMEOUT)


def raw_key_cases(lab):
    """RFC 7250: a bare key on both sides, in place of certificates."""
    if left_out("gnutls-serv", "gnutls-cli", in_test_set=True):
        return
    for name in ("p256", "ed25519"):
        lab.run("openssl", "pkey", "-in", f"{name}.key", "-pubout", "-out", f"{name}.pub")
    words = ["--priority", "NORMAL:-VERS-ALL:+VERS-TLS1.3:-CTYPE-ALL:+CTYPE-CLI-RAWPK:+CTYPE-SRV-RAWPK"]
    own = ["--rawpkkeyfile", "p256.key", "--rawpkfile", "p256.pub"]
    for key in ("p256", "ed25519"):
        port = lab.next_port()
        server = ["gnutls-serv", "--echo", "-p", str(port), *own, "--require-client-cert", *words]
        client = ["sh", "-c", "(sleep 0.3; echo Q) | timeout 5 gnutls-cli --insecure -p \"$@\"", "sh", str(port), *words,
                  "--rawpkkeyfile", f"{key}.key", "--rawpkfile", f"{key}.pub", "127.0.0.1"]
        lab.peers(f"raw public key, {key}", port, server, [client], [{"raw_public_key": True, **PRESENTED}])


def mode_cases(lab):
    program = go_program(lab)
    if program is not None:
        go_cases(lab, program)
        ech_cases(lab, program)
    chromium_case(lab)
    psk_cases(lab)
    early_data_case(lab)
    post_handshake_case(lab)
    raw_key_cases(lab)
