#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A Kubernetes API server of a few pods, over TLS, with the bad luck a client has to live with.

fake_api.py FOLDER: uses FOLDER/{ca,server}.{pem,key}, writes its port to FOLDER/port and each request to
FOLDER/log, and ends when its standard input does.
"""
import http.server
import json
import os
import ssl
import sys
import threading
import urllib.parse

FOLDER = sys.argv[1]


def pod(name, version, address):
    return {"metadata": {"name": name, "namespace": "shop", "resourceVersion": version, "labels": {"app": name}},
            "spec": {"containers": [{"name": "c"}]}, "status": {"podIP": address}}


def event(kind, thing):
    return json.dumps({"type": kind, "object": thing}).encode() + b"\n"


WATCHES = [
    # The connection breaks inside a line.
    [event("ADDED", pod("c", "11", "10.0.0.3")),
     event("BOOKMARK", {"metadata": {"resourceVersion": "15"}}), b'{"type":"ADD'],
    # What the client knows is too old.
    [event("DELETED", pod("a", "16", "10.0.0.1")),
     event("ERROR", {"kind": "Status", "code": 410, "reason": "Expired"})],
    [event("MODIFIED", pod("d", "31", "10.0.0.9"))],
]


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    watches = 0

    def log_message(self, *_):
        pass

    def answer(self, status, document):
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        with open(os.path.join(FOLDER, "log"), "a", encoding="utf-8") as log:
            log.write(self.path + "\n")
        url = urllib.parse.urlsplit(self.path)
        query = dict(urllib.parse.parse_qsl(url.query))
        by_certificate = self.connection.getpeercert() is not None and self.connection.getpeercert() != {}
        if self.headers.get("Authorization") != "Bearer good" and not by_certificate:
            self.answer(401, {"kind": "Status", "code": 401})
        elif url.path == "/api/v1/nodes":
            self.answer(403, {"kind": "Status", "code": 403})
        elif url.path != "/api/v1/pods":
            self.answer(404, {"kind": "Status", "code": 404})
        elif "watch" in query:
            self.watch()
        else:
            self.list(query)

    def list(self, query):
        if Handler.watches >= 2:
            items, metadata = [pod("d", "30", "10.0.0.4")], {"resourceVersion": "30"}
        elif "continue" in query:
            items, metadata = [pod("b", "9", "10.0.0.2")], {"resourceVersion": "10"}
        else:
            items, metadata = [pod("a", "8", "10.0.0.1")], {"resourceVersion": "10", "continue": "a/b=="}
        self.answer(200, {"kind": "PodList", "apiVersion": "v1", "metadata": metadata, "items": items})

    def watch(self):
        number = Handler.watches
        Handler.watches += 1
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for line in WATCHES[min(number, len(WATCHES) - 1)]:
            self.wfile.write(b"%x\r\n%s\r\n" % (len(line), line))
        self.wfile.flush()
        if number >= 2:
            threading.Event().wait(20)
        elif number == 1:
            self.wfile.write(b"0\r\n\r\n")
        self.close_connection = True


context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(os.path.join(FOLDER, "server.pem"), os.path.join(FOLDER, "server.key"))
context.load_verify_locations(os.path.join(FOLDER, "ca.pem"))
context.verify_mode = ssl.CERT_OPTIONAL
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.daemon_threads = True
server.socket = context.wrap_socket(server.socket, server_side=True)
threading.Thread(target=server.serve_forever, daemon=True).start()
with open(os.path.join(FOLDER, "port.new"), "w", encoding="utf-8") as file:
    file.write(str(server.server_address[1]))
os.rename(os.path.join(FOLDER, "port.new"), os.path.join(FOLDER, "port"))
sys.stdin.read()
