"""Goal: the table of what works and what is refused is whole and true. Method: everything that the client can send must
stand in it; what works names a test that exists (and runs beside this one); what is refused is sent and refused so."""

import importlib
import json
import os
import re
import unittest
import urllib.error
import urllib.request

import compatibility
from world import Server

ROOT = os.path.join(compatibility.HERE, "..", "..")


class Compatibility(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.rows = compatibility.table()
        cls.server = Server()
        cls.addClassCleanup(cls.server.stop)
        for name, vectors in (("c", {"size": 4, "distance": "Cosine"}), ("named", {"a": {"size": 4, "distance": "Dot"}})):
            status, answer = cls.send("PUT", f"/collections/{name}", {"vectors": vectors})
            assert status == 200, answer
        points = [{"id": n, "vector": [n, 1, 1, 1], "payload": {"n": n}} for n in range(1, 9)]
        status, answer = cls.send("PUT", "/collections/c/points?wait=true", {"points": points})
        assert status == 200, answer

    @classmethod
    def send(cls, method, path, body=None):
        request = urllib.request.Request(cls.server.url + path, method=method)
        if body is not None:
            request.add_header("content-type", "application/json")
            request.data = json.dumps(body).encode()
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def every(self):
        """Every row, with its name."""
        for part in ("routes", "parameters", "procedures", "behaviour"):
            for name, row in self.rows.get(part, {}).items():
                yield name, row
        for model, row in self.rows["models"].items():
            if "works" in row or "refused" in row:
                yield model, row
            for option, inner in row.get("options", {}).items():
                yield f"{model}.{option}", inner

    def test_everything_the_client_sends_is_listed(self):
        self.assertEqual(set(compatibility.client_routes()), {
            name for name, row in self.rows["routes"].items() if not row.get("older")
        })
        self.assertEqual(compatibility.parameters(), set(self.rows["parameters"]))
        options = compatibility.body_options(self.rows)
        listed = self.rows["models"]
        self.assertEqual(set(options), set(listed))
        for model, row in listed.items():
            unknown = set(row.get("options", {})) - set(options[model])
            self.assertEqual(unknown, set(), model)
            if "works" not in row and "refused" not in row:
                self.assertEqual(set(row.get("options", {})), set(options[model]), model)
        self.assertEqual(set(compatibility.procedures()), set(self.rows.get("procedures", {})))

    def test_every_proof_exists(self):
        for name, row in self.every():
            self.assertEqual(len({"works", "refused"} & set(row)), 1, name)
            shown = row.get("works") or row["refused"].get("shown")
            if shown:
                self.assertTrue(exists(shown), f"{name}: there is no test {shown}")
            else:
                self.assertIn("send", row["refused"], name)

    def test_what_is_refused_is_refused(self):
        for name, row in self.every():
            if "refused" not in row or "send" not in row["refused"]:
                continue
            refused = row["refused"]
            method, path = refused["send"].split(" ", 1)
            body = json.loads(refused["body"]) if "body" in refused else None
            with self.subTest(name):
                status, answer = self.send(method, path, body)
                self.assertEqual(status, refused["status"], answer)
                self.assertIn(refused["says"], json.loads(answer)["status"]["error"])

    def test_the_page_is_up_to_date(self):
        with open(compatibility.PAGE) as file:
            self.assertEqual(file.read(), compatibility.page(self.rows), "run conformance/python/compatibility.py")


def exists(test):
    """`test_x.Class.method` of this folder, or `path/to/file.rs::function`."""
    if "::" in test:
        path, function = test.split("::")
        with open(os.path.join(ROOT, path)) as file:
            return re.search(rf"#\[(?:tokio::)?test[^\]]*\]\s+(?:async )?fn {function}\(", file.read()) is not None
    module, case, method = test.split(".")
    return callable(getattr(getattr(importlib.import_module(module), case, None), method, None))


if __name__ == "__main__":
    unittest.main()
