# SPDX-License-Identifier: Apache-2.0
"""The cases of tls_live.py with other stacks than openssl's own tools: GnuTLS, Node, Java, PostgreSQL."""
import os
import pathlib
import pwd
import shutil
import subprocess

HERE = pathlib.Path(__file__).resolve().parent
PRESENTED = {"client_cert": "presented"}
DECLINED = {"client_cert": "declined"}
ONE_WAY = {"client_cert": "not-requested"}


def openssl_client(port, *options):
    return ["sh", "-c", "(sleep 0.3; echo Q) | timeout 5 openssl s_client -connect 127.0.0.1:$0 \"$@\"", str(port), *options]


def openssl_server(port, *options):
    return ["openssl", "s_server", "-quiet", "-accept", str(port), "-cert", "p256.pem", "-key", "p256.key", *options]


def left_out(*tools, in_test_set=False):
    """What packaging/install-deps.sh installs for tests must be there where live tests must run."""
    missing = [each for each in tools if shutil.which(each) is None]
    if missing:
        print(f"left out: {missing[0]} is not installed")
        assert not in_test_set or os.environ.get("NSPECT_REQUIRE_LIVE") != "1", "packaging/install-deps.sh test"
    return bool(missing)


def gnutls_cases(lab):
    if left_out("gnutls-serv", "gnutls-cli", in_test_set=True):
        return
    own = ["--x509certfile", "p256.pem", "--x509keyfile", "p256.key"]
    for version in ("1.2", "1.3"):
        only = ["--priority", f"NORMAL:-VERS-ALL:+VERS-TLS{version}"]

        def client(port, *options, only=only):
            return ["sh", "-c", "(sleep 0.3; echo Q) | timeout 5 gnutls-cli --insecure -p \"$@\"", "sh", str(port), *only,
                    *options, "127.0.0.1"]
        port = lab.next_port()
        server = ["gnutls-serv", "--echo", "-p", str(port), *own, "--x509cafile", "ca.pem", "--require-client-cert", *only]
        lab.peers(f"gnutls {version} requires", port, server, [client(port, *own), client(port)],
                  [{"acceptance": "accepted", **PRESENTED}, {"acceptance": "refused", **DECLINED}])
        port = lab.next_port()
        server = ["gnutls-serv", "--echo", "-p", str(port), *own, "--disable-client-cert", *only]
        lab.peers(f"gnutls {version} one-way", port, server, [client(port)], [ONE_WAY])
    port = lab.next_port()
    lab.peers("gnutls asks openssl", port, openssl_server(port, "-verify", "1", "-CAfile", "ca.pem"),
              [["sh", "-c", "echo Q | timeout 5 gnutls-cli --insecure -p \"$@\"", "sh", str(port), *own, "127.0.0.1"]],
              [PRESENTED])


NODE_CLIENT = """
const tls = require('tls'), fs = require('fs');
const [port, name, version] = process.argv.slice(1);
const own = name === '-' ? {} : {cert: fs.readFileSync(name + '.pem'), key: fs.readFileSync(name + '.key')};
const socket = tls.connect({host: '127.0.0.1', port, rejectUnauthorized: false, minVersion: version, maxVersion: version,
                            ...own}, () => socket.write('Q\\n'));
socket.on('data', () => {}); socket.on('error', () => {}); setTimeout(() => socket.destroy(), 300);
"""
NODE_SERVER = """
const tls = require('tls'), fs = require('fs');
const [port, ask] = process.argv.slice(1);
tls.createServer({cert: fs.readFileSync('p256.pem'), key: fs.readFileSync('p256.key'), ca: fs.readFileSync('ca.pem'),
                  requestCert: ask !== 'none', rejectUnauthorized: ask === 'need'},
                 socket => { socket.on('data', () => socket.end('ok\\n')); socket.on('error', () => {}); })
   .on('tlsClientError', () => {}).listen(port, '127.0.0.1');
"""


def node_cases(lab):
    if left_out("node"):
        return
    for version in ("TLSv1.2", "TLSv1.3"):
        def client(port, name, version=version):
            return ["node", "-e", NODE_CLIENT, str(port), name, version]
        port = lab.next_port()
        lab.peers(f"node asks, {version}", port, ["node", "-e", NODE_SERVER, str(port), "want"],
                  [client(port, "rsa"), client(port, "-")], [PRESENTED, DECLINED])
        port = lab.next_port()
        lab.peers(f"node one-way, {version}", port, ["node", "-e", NODE_SERVER, str(port), "none"], [client(port, "rsa")],
                  [ONE_WAY])


def java_cases(lab):
    if left_out("java", "javac"):
        return
    lab.run("javac", "-d", ".", str(HERE / "TlsPeer.java"))
    lab.run("openssl", "pkcs12", "-export", "-in", "p256.pem", "-inkey", "p256.key", "-out", "p256.p12", "-passout",
            "pass:test")
    both = ["TLSv1.2", "TLSv1.3"]
    java = ["java", "-Xshare:auto", "-XX:TieredStopAtLevel=1", "-cp", ".", "TlsPeer"]
    asks = ["-verify", "1", "-CAfile", "ca.pem"]
    port = lab.next_port()
    lab.peers("java to a server that asks", port, openssl_server(port, *asks),
              [[*java, "client", str(port), "p256.p12", *both], [*java, "client", str(port), "-", *both]],
              [PRESENTED, PRESENTED, DECLINED, DECLINED])
    port = lab.next_port()
    lab.peers("java to a server that does not ask", port, openssl_server(port),
              [[*java, "client", str(port), "p256.p12", *both]], [ONE_WAY, ONE_WAY])
    port = lab.next_port()
    rsa = ["-cert", "rsa.pem", "-key", "rsa.key"]
    lab.peers("java requires", port, [*java, "server", str(port), "p256.p12", "need", "3"],
              [openssl_client(port, *rsa), openssl_client(port, "-tls1_2", *rsa), openssl_client(port)],
              [PRESENTED, PRESENTED, {"acceptance": "refused", **DECLINED}])


def postgres_programs():
    return next(iter(sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)), None)


def postgres_case(lab, password):
    """clientcert=verify-full, and beside it a login with a password in plaintext."""
    programs = postgres_programs()
    if programs is None or left_out("psql", in_test_set=True):
        print("left out: PostgreSQL is not installed")
        return
    owner = pwd.getpwnam("postgres")
    base = lab.folder / "postgres"
    base.mkdir()
    for name in ("p256.pem", "p256.key", "ca.pem"):
        shutil.copy(lab.folder / name, base / name)
    for each in (base, *base.iterdir()):
        os.chown(each, owner.pw_uid, owner.pw_gid)
        each.chmod(0o700 if each.is_dir() else 0o600)
    lab.folder.chmod(0o755)
    (lab.folder / "p256.key").chmod(0o600)
    user = ["runuser", "-u", "postgres", "--"]
    word = lab.folder / "word"
    word.write_text(password)
    word.chmod(0o644)
    lab.run(*user, str(programs / "initdb"), "-D", str(base / "data"), "-U", "p256", "--no-sync", "--auth=trust", "--no-locale",
            "--encoding=UTF8", f"--pwfile={word}", cwd=base)
    port = lab.next_port()
    (base / "data" / "pg_hba.conf").write_text("hostssl all all 127.0.0.1/32 trust clientcert=verify-full\n"
                                               "hostnossl all all 127.0.0.1/32 password\n")
    server = [*user, str(programs / "postgres"), "-D", str(base / "data"), "-p", str(port), "-k", str(base), "-c", "ssl=on",
              "-c", f"ssl_cert_file={base}/p256.pem", "-c", f"ssl_key_file={base}/p256.key", "-c", f"ssl_ca_file={base}/ca.pem",
              "-c", "fsync=off"]
    target = f"host=127.0.0.1 port={port} user=p256 dbname=postgres connect_timeout=5 sslmode="

    def ask(options):
        return ["env", f"PGPASSWORD={password}", "HOME=/nonexistent", "psql", "-Atc", "select 1", target + options]
    lab.peers("postgres clientcert=verify-full", port, server,
              [ask("verify-ca sslrootcert=ca.pem sslcert=p256.pem sslkey=p256.key"), ask("require"), ask("disable")],
              [PRESENTED, DECLINED], plaintext=["postgres-password"])


def stack_cases(lab, password):
    for cases in (gnutls_cases, node_cases, java_cases):
        cases(lab)
    postgres_case(lab, password)


def kept(folder, names, words):
    """Which of the words stand in one of the files; each file is read as bytes."""
    found = []
    for path in sorted(folder.glob(names)):
        data = path.read_bytes()
        found += [(path.name, each) for each in words if each.encode() in data]
    return found


def stop(process, timeout):
    """Also what runuser started."""
    subprocess.run(["pkill", "-TERM", "-P", str(process.pid)], check=False)
    process.terminate()
    process.wait(timeout=timeout)
