"""A server of its own for each test, the client over it by REST or gRPC, and the client's local mode beside it.

Never checks anything itself but what all tests share: that two answers are the same.
"""

import asyncio
import inspect
import math
import os
import re
import subprocess
import tempfile
import unittest

import grpc
from qdrant_client import AsyncQdrantClient, QdrantClient
from qdrant_client.http.exceptions import UnexpectedResponse

SCORE_TOLERANCE = 1e-4
# The codes of gRPC that stand for a status of REST.
CODES = {
    400: (grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.UNIMPLEMENTED),
    404: (grpc.StatusCode.NOT_FOUND,),
    409: (grpc.StatusCode.ALREADY_EXISTS, grpc.StatusCode.ABORTED),
}


class Server:
    """The program on a free port of the loopback interface, its data in a folder that goes with it."""

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="ruvector-conformance-")
        self.log = open(os.path.join(self.folder.name, "log"), "wb")
        self.start()

    def start(self):
        command = [os.environ["RUVECTOR_PROGRAM"], "serve", "--http-port", "0", "--grpc-port", "0"]
        command += ["--storage", os.path.join(self.folder.name, "data")]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=self.log, text=True)
        self.url = self.grpc_port = None
        for line in self.process.stdout:
            found = re.search(r"(REST|gRPC)\s+(http://\S+:(\d+))", line)
            if found and found.group(1) == "REST":
                self.url = found.group(2)
            elif found:
                self.grpc_port = int(found.group(3))
            if line.startswith("Stop with"):
                break
        if self.url is None or self.grpc_port is None:
            self.stop()
            raise RuntimeError("the server did not start")

    def how(self, grpc=False):
        """How a client is opened over the server."""
        return {"url": self.url, "grpc_port": self.grpc_port, "prefer_grpc": grpc}

    def restart(self):
        """The same folder, on other ports."""
        self.end()
        self.start()

    def end(self):
        self.process.terminate()
        self.process.wait(timeout=60)
        self.process.stdout.close()

    def stop(self):
        self.end()
        self.log.close()
        self.folder.cleanup()


class Blocking:
    """The asynchronous client, each call awaited at once, so that one test serves both clients."""

    def __init__(self, how):
        self.loop = asyncio.new_event_loop()
        self.client = self.loop.run_until_complete(self._open(how))

    async def _open(self, how):
        return AsyncQdrantClient(**how)

    def __getattr__(self, name):
        method = getattr(self.client, name)

        def call(*arguments, **named):
            result = method(*arguments, **named)
            return self.loop.run_until_complete(result) if inspect.isawaitable(result) else result

        return call

    def close(self):
        self.loop.run_until_complete(self.client.close())
        self.loop.close()


class Case(unittest.TestCase):
    """`self.remote` is the client over the server, `self.local` its local mode; `ask` asks the two."""

    # The errors that the client raises for what the server refuses.
    refusals = (UnexpectedResponse, grpc.RpcError)
    over_grpc = False

    def open_client(self, server):
        raise unittest.SkipTest("the tests run in the subclasses, one for each client")

    def setUp(self):
        self.local = QdrantClient(":memory:")
        self.server = Server()
        self.addCleanup(self.server.stop)
        self.remote = self.open_client(self.server)
        self.addCleanup(self.remote.close)

    def change(self, method, *arguments, **named):
        """A change made in both."""
        getattr(self.local, method)(*arguments, **named)
        return getattr(self.remote, method)(*arguments, **named)

    def refused(self, status, call):
        """Why the server refuses a call, by the status of REST or the code of gRPC that stands for it."""
        with self.assertRaises(self.refusals) as refusal:
            call()
        error = refusal.exception
        if isinstance(error, UnexpectedResponse):
            self.assertEqual(error.status_code, status, error)
            return error.content.decode()
        self.assertIn(error.code(), CODES[status], error)
        return error.details()

    def ask(self, method, *arguments, **named):
        """What both answer."""
        return (
            getattr(self.remote, method)(*arguments, **named),
            getattr(self.local, method)(*arguments, **named),
        )

    def payload(self, point):
        """A point's payload as the client can know it: a message does not tell an empty one from none."""
        return point.payload or None if self.over_grpc else point.payload

    def same_points(self, remote, local, about):
        """The same records, in the order of ids: payload equal, vectors within the tolerance."""
        self.assertEqual([str(one.id) for one in remote], [str(one.id) for one in local], about)
        for ours, theirs in zip(remote, local):
            self.assertEqual(self.payload(ours), self.payload(theirs), about)
            self.same_vectors(ours.vector, theirs.vector, about)

    def same_vectors(self, ours, theirs, about):
        if isinstance(theirs, dict):
            self.assertEqual(sorted(ours), sorted(theirs), about)
            for name in theirs:
                self.same_vectors(ours[name], theirs[name], about)
        elif theirs is None:
            self.assertIsNone(ours, about)
        else:
            self.assertEqual(len(ours), len(theirs), about)
            self.assertTrue(all(near(a, b) for a, b in zip(ours, theirs)), about)

    def same_scores(self, remote, local, about):
        """Scores place by place; of equal scores the ids as sets, but the last, which the limit may cut anywhere."""
        self.assertEqual(len(remote), len(local), about)
        for ours, theirs in zip(remote, local):
            self.assertTrue(near(ours.score, theirs.score), (about, ours, theirs))
        payloads = {str(one.id): (self.payload(one), one.vector) for one in local}
        if not local:
            return
        last = local[-1].score
        ids = [{str(one.id) for one in found if not near(one.score, last)} for found in (remote, local)]
        self.assertEqual(ids[0], ids[1], about)
        for one in remote:
            if str(one.id) in payloads:
                payload, vector = payloads[str(one.id)]
                self.assertEqual(self.payload(one), payload, about)
                self.same_vectors(one.vector, vector, about)


class SyncCase(Case):
    def open_client(self, server):
        return QdrantClient(**server.how())


class AsyncCase(Case):
    def open_client(self, server):
        return Blocking(server.how())


class GrpcSyncCase(Case):
    over_grpc = True

    def open_client(self, server):
        return QdrantClient(**server.how(grpc=True))


class GrpcAsyncCase(Case):
    over_grpc = True

    def open_client(self, server):
        return Blocking(server.how(grpc=True))


def near(a, b):
    return math.isclose(a, b, rel_tol=SCORE_TOLERANCE, abs_tol=SCORE_TOLERANCE)
