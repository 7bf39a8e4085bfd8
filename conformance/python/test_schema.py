"""Goal: the OpenAPI document is true: no answer is a server error, each has a documented status, type and shape.
Method: schemathesis makes requests from the document, valid and not, with a fixed seed."""

import os
import subprocess
import sys
import unittest

from world import Server

CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
EXAMPLES = 25
SEED = 20


class Schema(unittest.TestCase):
    def test_answers_are_as_documented(self):
        server = Server()
        self.addCleanup(server.stop)
        program = os.path.join(os.path.dirname(sys.executable), "schemathesis")
        command = [program, "run", server.url + "/openapi.json", "--checks", CHECKS, "--no-color"]
        command += ["--max-examples", str(EXAMPLES), "--seed", str(SEED), "--warnings", "off"]
        folder = server.folder.name
        done = subprocess.run(command, capture_output=True, text=True, timeout=900, cwd=folder)
        self.assertEqual(done.returncode, 0, done.stdout[-20_000:])
