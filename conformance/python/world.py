"""A server of its own for each test class, the client over it, and the client's local mode beside it.

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

from qdrant_client import AsyncQdrantClient, QdrantClient

SCORE_TOLERANCE = 1e-4


class Server:
    """The program on a free port of the loopback interface, its data in a folder that goes with it."""

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="ruvector-conformance-")
        self.log = open(os.path.join(self.folder.name, "log"), "wb")
        command = [os.environ["RUVECTOR_PROGRAM"], "serve", "--http-port", "0", "--grpc-port", "0"]
        command += ["--storage", os.path.join(self.folder.name, "data")]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=self.log, text=True)
        self.url = None
        for line in self.process.stdout:
            found = re.search(r"REST\s+(http://\S+)", line)
            if found:
                self.url = found.group(1)
            if line.startswith("Stop with"):
                break
        if self.url is None:
            self.stop()
            raise RuntimeError("the server did not start")

    def how(self):
        """How a client is opened over the server."""
        return {"url": self.url}

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=60)
        self.process.stdout.close()
        self.log.close()
        self.folder.cleanup()


class Blocking:
    """The asynchronous client, each call awaited at once, so that one test serves both clients."""

    def __init__(self, url):
        self.loop = asyncio.new_event_loop()
        self.client = self.loop.run_until_complete(self._open(url))

    async def _open(self, url):
        return AsyncQdrantClient(url=url)

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
    """`self.remote` is the client over REST, `self.local` its local mode; `both` asks the two and compares."""

    def open_client(self, url):
        raise unittest.SkipTest("the tests run in the subclasses, one for each client")

    def setUp(self):
        self.local = QdrantClient(":memory:")
        self.server = Server()
        self.addCleanup(self.server.stop)
        self.remote = self.open_client(self.server.url)
        self.addCleanup(self.remote.close)

    def change(self, method, *arguments, **named):
        """A change made in both."""
        getattr(self.local, method)(*arguments, **named)
        return getattr(self.remote, method)(*arguments, **named)

    def ask(self, method, *arguments, **named):
        """What both answer."""
        return (
            getattr(self.remote, method)(*arguments, **named),
            getattr(self.local, method)(*arguments, **named),
        )

    def same_points(self, remote, local, about):
        """The same records, in the order of ids: payload equal, vectors within the tolerance."""
        self.assertEqual([str(one.id) for one in remote], [str(one.id) for one in local], about)
        for ours, theirs in zip(remote, local):
            self.assertEqual(ours.payload, theirs.payload, about)
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
        payloads = {str(one.id): (one.payload, one.vector) for one in local}
        if not local:
            return
        last = local[-1].score
        ids = [{str(one.id) for one in found if not near(one.score, last)} for found in (remote, local)]
        self.assertEqual(ids[0], ids[1], about)
        for one in remote:
            if str(one.id) in payloads:
                payload, vector = payloads[str(one.id)]
                self.assertEqual(one.payload, payload, about)
                self.same_vectors(one.vector, vector, about)


class SyncCase(Case):
    def open_client(self, url):
        return QdrantClient(url=url)


class AsyncCase(Case):
    def open_client(self, url):
        return Blocking(url)


def near(a, b):
    return math.isclose(a, b, rel_tol=SCORE_TOLERANCE, abs_tol=SCORE_TOLERANCE)
