"""A server that speaks as much of Qdrant's REST as the Qdrant index needs, over qdrant-client's local mode.

So the real client, its timeouts, its retries, its API key and its errors are met over HTTP; what it does is what local
mode does. Faults come on demand.
"""

from __future__ import annotations

import json
import re
import time
import warnings
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import Any

from pydantic_core import to_jsonable_python
from qdrant_client import QdrantClient, models

VERSION = "1.16.0"
PATH = re.compile(r"/collections/(?P<name>[^/?]+)(?P<what>/[a-z/]+)?(?:\?.*)?")


class QdrantStub:
    """The server, and what it is to do wrong.

    Attributes:
        url: Where it listens.
        requests: Method and path of each request so far.
        fault: What to do instead of answering: a status, "cut", "slow", or the body of an answer 200.
        faulty: How many requests are still to meet the fault.
        headers: More headers of an answer with a faulty status.
        slow_s: Seconds that "slow" takes.
        api_key: What each request has to bring, but for the root.
        version: What the root tells.
    """

    def __init__(self) -> None:
        self.local = QdrantClient(":memory:")
        self.lock = Lock()
        self.requests: list[str] = []
        self.fault: int | str | None = None
        self.faulty = 0
        self.headers: dict[str, str] = {}
        self.slow_s = 2.0
        self.api_key: str | None = None
        self.version = VERSION
        self._server: ThreadingHTTPServer | None = None
        self._port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def start(self) -> None:
        handler = type("Bound", (_Handler,), {"stub": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", self._port), handler)
        self._server.daemon_threads = True
        self._port = self._server.server_port
        Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def stop(self) -> None:
        """Refuse connections from now on; `start` takes them again, at the same port, with everything still there."""
        if self._server:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    @contextmanager
    def failing(self, fault: int | str, *, times: int = 10**6, headers: dict[str, str] | None = None):
        self.fault, self.faulty, self.headers = fault, times, headers or {}
        try:
            yield self
        finally:
            self.fault, self.faulty, self.headers = None, 0, {}

    def answer(self, method: str, path: str, body: bytes) -> object:
        """Return the result of one request."""
        if path == "/":
            return None
        found = PATH.fullmatch(path)
        assert found, path
        with self.lock, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that local mode has no indexes
            return _ROUTES[method, found["what"] or ""](self.local, found["name"], body)


def _create(local: QdrantClient, name: str, body: bytes) -> object:
    wanted = models.CreateCollection.model_validate_json(body)
    if local.collection_exists(name):
        raise FileExistsError(f"Collection `{name}` already exists!")
    return local.create_collection(
        name, vectors_config=wanted.vectors, sparse_vectors_config=wanted.sparse_vectors, metadata=wanted.metadata
    )


def _index(local: QdrantClient, name: str, body: bytes) -> object:
    wanted = models.CreateFieldIndex.model_validate_json(body)
    return local.create_payload_index(name, wanted.field_name, wanted.field_schema)


def _upsert(local: QdrantClient, name: str, body: bytes) -> object:
    return local.upsert(name, models.PointsList.model_validate_json(body).points)


def _retrieve(local: QdrantClient, name: str, body: bytes) -> object:
    wanted = models.PointRequest.model_validate_json(body)
    return local.retrieve(name, wanted.ids, wanted.with_payload, wanted.with_vector or False)


def _batch(local: QdrantClient, name: str, body: bytes) -> object:
    return local.batch_update_points(name, models.UpdateOperations.model_validate_json(body).operations)


def _count(local: QdrantClient, name: str, body: bytes) -> object:
    wanted = models.CountRequest.model_validate_json(body)
    return local.count(name, wanted.filter, exact=bool(wanted.exact))


def _delete(local: QdrantClient, name: str, body: bytes) -> object:
    return local.delete(name, models.PointIdsList.model_validate_json(body).points)


def _query(local: QdrantClient, name: str, body: bytes) -> object:
    return _asked(local, name, [models.QueryRequest.model_validate_json(body)])[0]


def _queries(local: QdrantClient, name: str, body: bytes) -> object:
    return _asked(local, name, models.QueryRequestBatch.model_validate_json(body).searches)


def _asked(local: QdrantClient, name: str, requests: list[models.QueryRequest]) -> list[models.QueryResponse]:
    for request in requests:
        request.params = None  # local mode looks at everything anyway
    return local.query_batch_points(name, requests)


_ROUTES: dict[tuple[str, str], Any] = {
    ("GET", "/exists"): lambda local, name, _: {"exists": local.collection_exists(name)},
    ("GET", ""): lambda local, name, _: local.get_collection(name),
    ("PUT", ""): _create,
    ("PUT", "/index"): _index,
    ("PUT", "/points"): _upsert,
    ("POST", "/points"): _retrieve,
    ("POST", "/points/batch"): _batch,
    ("POST", "/points/count"): _count,
    ("POST", "/points/delete"): _delete,
    ("POST", "/points/query"): _query,
    ("POST", "/points/query/batch"): _queries,
}


class _Handler(BaseHTTPRequestHandler):
    stub: QdrantStub
    protocol_version = "HTTP/1.1"

    def _handle(self) -> None:
        stub = self.stub
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        stub.requests.append(f"{self.command} {self.path.partition('?')[0]}")
        if stub.faulty > 0:
            stub.faulty -= 1
            self._fail(stub)
            return
        if stub.api_key and self.path != "/" and self.headers.get("api-key") != stub.api_key:
            self._send(401, b"Invalid API key or JWT")
            return
        try:
            result = stub.answer(self.command, self.path, body)
        except FileExistsError as error:
            self._send(409, _json({"status": {"error": str(error)}, "time": 0.0}))
        except ValueError as error:
            status = 404 if "not found" in str(error) else 400
            self._send(status, _json({"status": {"error": str(error)}, "time": 0.0}))
        else:
            answer = {"result": result, "status": "ok", "time": 0.0}
            self._send(200, _json({"title": "stub", "version": stub.version} if self.path == "/" else answer))

    do_GET = do_PUT = do_POST = _handle  # noqa: N815 - the names that http.server calls

    def _fail(self, stub: QdrantStub) -> None:
        if stub.fault == "cut":
            self.close_connection = True
        elif stub.fault == "slow":
            time.sleep(stub.slow_s)
            self.close_connection = True
        elif isinstance(stub.fault, int):
            self._send(stub.fault, _json({"status": {"error": "as asked for"}, "time": 0.0}), stub.headers)
        else:
            self._send(200, str(stub.fault).encode())

    def _send(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), "Content-Type": "application/json"}.items():
            self.send_header(name, value)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def _json(value: object) -> bytes:
    return json.dumps(to_jsonable_python(value)).encode()
