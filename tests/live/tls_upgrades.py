# SPDX-License-Identifier: Apache-2.0
"""TLS that begins in the middle of another protocol: openssl's own clients of each protocol against servers which speak as
much of it as comes before TLS. AMQP, which openssl does not speak, has a client here."""
import socket
import ssl
import threading

PRESENTED = {"client_cert": "presented", "acceptance": "accepted"}
STREAM = b"<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>"
MYSQL = bytes([10]) + b"8.0.36\0" + b"\1\0\0\0" + b"saltsalt\0" + b"\xff\xff" + b"\x08\2\0\xff\xdf\x15" + bytes(10) + \
    b"moresaltmore\0" + b"mysql_native_password\0"

# What the server says, each after the client has said something that holds the words before it; b"" is before anything.
DIALOGUES = {
    "smtp": [(b"", b"220 mail\r\n"), (b"EHLO", b"250-mail\r\n250 STARTTLS\r\n"), (b"STARTTLS", b"220 go ahead\r\n")],
    "pop3": [(b"", b"+OK ready\r\n"), (b"STLS", b"+OK begin\r\n")],
    "imap": [(b"", b"* OK ready\r\n"), (b"CAPABILITY", b"* CAPABILITY IMAP4rev1 STARTTLS\r\n. OK done\r\n"),
             (b"STARTTLS", b". OK begin\r\n")],
    "ftp": [(b"", b"220 files\r\n"), (b"AUTH TLS", b"234 go\r\n")],
    "xmpp": [(b"<stream:stream", STREAM + b"<stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"
                                          b"</stream:features>"),
             (b"<starttls", b"<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")],
    "postgres": [(bytes.fromhex("0000000804d2162f"), b"S")],
    "mysql": [(b"", len(MYSQL).to_bytes(3, "little") + b"\0" + MYSQL), (b"\x20\0\0\1", b"")],
    "ldap": [(b"1.3.6.1.4.1.1466.20037", bytes.fromhex("300c02010178070a010004000400"))],
    "amqp": [(b"AMQP\2\1\0\0", b"AMQP\2\1\0\0")],
}


def serve(listener, context, dialogue):
    connection, _ = listener.accept()
    connection.settimeout(5)
    try:
        for words, answer in dialogue:
            heard = b""
            while words not in heard:
                more = connection.recv(36 if words == b"\x20\0\0\1" else 4096)
                if not more:
                    return
                heard += more
            connection.sendall(answer)
        with context.wrap_socket(connection, server_side=True) as secure:
            secure.recv(100)
            secure.sendall(b"ok\n")
    except OSError:
        pass
    finally:
        connection.close()


def amqp_client(folder, port):
    context = ssl.create_default_context(cafile=folder / "ca.pem")
    context.check_hostname = False
    context.load_cert_chain(folder / "rsa.pem", folder / "rsa.key")
    with socket.create_connection(("127.0.0.1", port), timeout=5) as plain:
        plain.sendall(b"AMQP\2\1\0\0")
        plain.recv(8)
        with context.wrap_socket(plain) as secure:
            secure.sendall(b"Q\n")
            secure.recv(100)


def upgrade_cases(lab):
    for name, dialogue in DIALOGUES.items():
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(lab.folder / "p256.pem", lab.folder / "p256.key")
        context.load_verify_locations(lab.folder / "ca.pem")
        context.verify_mode = ssl.CERT_OPTIONAL
        port = lab.next_port()
        lab.expected[port] = (f"{name} upgraded", [PRESENTED])
        with socket.create_server(("127.0.0.1", port)) as listener:
            server = threading.Thread(target=serve, args=(listener, context, dialogue), daemon=True)
            server.start()
            if name == "amqp":
                amqp_client(lab.folder, port)
            else:
                lab.run("sh", "-c", "(sleep 0.2; echo Q) | timeout 5 openssl s_client -connect 127.0.0.1:$0 -starttls $1 "
                        "-cert rsa.pem -key rsa.key", str(port), name)
            server.join(timeout=6)
