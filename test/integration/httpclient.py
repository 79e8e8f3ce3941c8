"""Asks a server by http.client, and by hand where that cannot: pipelined. httpclient.py PORT"""

import hashlib
import http.client
import json
import socket
import sys

PORT = int(sys.argv[1])
PATIENCE_S = 30


def equal(got, wanted):
    if got != wanted:
        raise SystemExit(f"got {got!r}, not {wanted!r}")


def ask(connection, method, target, **given):
    connection.request(method, target, **given)
    response = connection.getresponse()
    return response.status, response.read()


def keeps_a_connection():
    connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=PATIENCE_S)
    connection.connect()
    port = connection.sock.getsockname()[1]
    for _ in range(5):
        equal(ask(connection, "GET", "/"), (200, b"Hello, world"))
        equal(ask(connection, "HEAD", "/"), (200, b""))
        equal(ask(connection, "GET", "/nowhere")[0], 404)
    equal(connection.sock.getsockname()[1], port)
    connection.close()


def sends_and_reads_chunks():
    connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=PATIENCE_S)
    pieces = [b"hello", b", ", b"world" * 50_000]
    status, answer = ask(connection, "POST", "/taken", body=iter(pieces), encode_chunked=True,
                         headers={"Transfer-Encoding": "chunked"})
    taken = json.loads(answer)
    whole = b"".join(pieces)
    equal((status, taken["bytes"], taken["chunked"]), (200, len(whole), True))
    equal(taken["sha256"], hashlib.sha256(whole).hexdigest())
    connection.request("GET", "/given/300000?chunked=1")
    response = connection.getresponse()
    equal(response.getheader("Transfer-Encoding"), "chunked")
    equal(len(response.read()), 300_000)
    # A body of a given length, over the same connection.
    equal(json.loads(ask(connection, "PUT", "/taken", body=b"x" * 70_000)[1])["bytes"], 70_000)
    connection.close()


def speaks_http_1_0():
    connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=PATIENCE_S)
    connection._http_vsn, connection._http_vsn_str = 10, "HTTP/1.0"
    status, body = ask(connection, "GET", "/given/70000?chunked=1")
    equal((status, len(body)), (200, 70_000))
    connection.close()


def pipelines():
    count = 50
    with socket.create_connection(("127.0.0.1", PORT), timeout=PATIENCE_S) as sock:
        request = b"GET /given/%d HTTP/1.1\r\nHost: a\r\n%s\r\n"
        sock.sendall(b"".join(
            request % (n * 100, b"Connection: close\r\n" if n == count else b"")
            for n in range(1, count + 1)))
        # What http.client reads its answers from; it buffers, so there is one for all.
        file = sock.makefile("rb")
        for n in range(1, count + 1):
            response = http.client.HTTPResponse(Borrowed(file), method="GET")
            response.begin()
            equal((response.status, len(response.read())), (200, n * 100))
        equal(file.read(), b"")


class Borrowed:
    """A socket whose file outlives each response."""

    def __init__(self, file):
        self.file = file

    def makefile(self, _mode):
        return Unclosed(self.file)


class Unclosed:
    def __init__(self, file):
        self.file = file

    def __getattr__(self, name):
        return getattr(self.file, name)

    def close(self):
        pass

    def flush(self):
        pass


for behaviour in (keeps_a_connection, sends_and_reads_chunks, speaks_http_1_0, pipelines):
    behaviour()
    print("ok", behaviour.__name__)
