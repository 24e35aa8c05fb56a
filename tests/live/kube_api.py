# SPDX-License-Identifier: Apache-2.0
"""A Kubernetes API server over TLS that a test tells what there is, and that it can take down for a while."""
import http.server
import json
import socket
import ssl
import subprocess
import threading
import urllib.parse

KINDS = {"/api/v1/pods": "Pod", "/apis/apps/v1/replicasets": "ReplicaSet", "/apis/batch/v1/jobs": "Job"}


def make_certificates(folder):
    """ca.pem and server.pem with its key, for 127.0.0.1."""
    subprocess.run(["sh", "-c", """
        openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=ca -keyout ca.key -out ca.pem &&
        openssl req -newkey rsa:2048 -nodes -subj /CN=api -keyout server.key -out server.csr &&
        echo subjectAltName=IP:127.0.0.1 > ext &&
        openssl x509 -req -days 2 -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -extfile ext -out server.pem
        """], cwd=folder, check=True, capture_output=True, timeout=60)


class KubeApi:
    def __init__(self, folder):
        self.folder = folder
        self.changed = threading.Condition()
        self.objects = {}
        self.events = []  # (version, kind, type, object)
        self.server = None
        self.port = 0
        self.connections = set()
        make_certificates(folder)
        self.up()

    def kubeconfig(self):
        path = self.folder / "kubeconfig"
        path.write_text(json.dumps({
            "apiVersion": "v1", "kind": "Config", "current-context": "test",
            "contexts": [{"name": "test", "context": {"cluster": "c", "user": "u"}}],
            "users": [{"name": "u", "user": {"token": "good"}}],
            "clusters": [{"name": "c", "cluster": {"server": f"https://127.0.0.1:{self.port}",
                                                   "certificate-authority": str(self.folder / "ca.pem")}}]}))
        return str(path)

    def set(self, kind, thing):
        self.change(kind, thing, "MODIFIED" if (kind, thing["metadata"]["name"]) in self.objects else "ADDED")

    def delete(self, kind, name):
        self.change(kind, self.objects[(kind, name)], "DELETED")

    def change(self, kind, thing, how):
        with self.changed:
            version = len(self.events) + 1
            thing = {**thing, "metadata": {**thing["metadata"], "resourceVersion": str(version)}}
            key = (kind, thing["metadata"]["name"])
            self.objects[key] = thing
            if how == "DELETED":
                del self.objects[key]
            self.events.append((version, kind, how, thing))
            self.changed.notify_all()

    def up(self):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.folder / "server.pem", self.folder / "server.key")
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", self.port), handler_of(self))
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def down(self):
        self.server.shutdown()
        self.server.server_close()
        with self.changed:
            for connection in self.connections:
                try:
                    connection.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass
            self.connections.clear()
            self.changed.notify_all()


def handler_of(api):
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_):
            pass

        def do_GET(self):
            url = urllib.parse.urlsplit(self.path)
            query = dict(urllib.parse.parse_qsl(url.query))
            kind = KINDS.get(url.path)
            if self.headers.get("Authorization") != "Bearer good":
                self.answer(401, {"kind": "Status", "code": 401})
            elif kind is None:
                self.answer(404, {"kind": "Status", "code": 404})
            elif "watch" in query:
                self.watch(kind, int(query["resourceVersion"]))
            else:
                with api.changed:
                    items = [thing for (of, _), thing in api.objects.items() if of == kind]
                    version = str(len(api.events))
                self.answer(200, {"kind": kind + "List", "metadata": {"resourceVersion": version}, "items": items})

        def answer(self, status, document):
            body = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def watch(self, kind, version):
            self.close_connection = True
            self.send_response(200)
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            api.connections.add(self.connection)
            try:
                while self.connection in api.connections:
                    with api.changed:
                        news = [each for each in api.events if each[0] > version and each[1] == kind]
                        if not news:
                            api.changed.wait(1)
                    for version, _, how, thing in news:
                        line = json.dumps({"type": how, "object": thing}).encode() + b"\n"
                        self.wfile.write(b"%x\r\n%s\r\n" % (len(line), line))
                        self.wfile.flush()
            except OSError:
                pass

    return Handler
