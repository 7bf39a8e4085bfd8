"""What works and what is refused, route by route and option by option: reads compatibility.toml and what the client can
send, and writes docs/api/compatibility.md.

Never decides whether a row is true: test_compatibility.py does.
"""

import inspect
import os
import re
import sys
import tomllib
import typing

import qdrant_client
from pydantic import BaseModel
from qdrant_client import grpc
from qdrant_client.http.models import models

HERE = os.path.dirname(os.path.abspath(__file__))
PAGE = os.path.join(HERE, "..", "..", "docs", "api", "compatibility.md")
HEAD = """# What of Qdrant's interface works

Written by `conformance/python/compatibility.py` from `conformance/python/compatibility.toml`; checked by
`cargo xtask conformance`: every route, remote procedure and option that qdrant-client {version} can send stands here, what
works names the test that shows it, and what is refused is sent and must be refused as it says. Nothing is accepted and
ignored without a word in the column "how".
"""


def table():
    """The rows as they are declared."""
    with open(os.path.join(HERE, "compatibility.toml"), "rb") as file:
        return tomllib.load(file)


def client_routes():
    """`{"GET /collections": {models of its body}}`, of every route that the client knows."""
    folder = os.path.join(os.path.dirname(qdrant_client.__file__), "http", "api")
    routes = {}
    for name in sorted(os.listdir(folder)):
        if not name.endswith("_api.py"):
            continue
        with open(os.path.join(folder, name)) as file:
            builders = re.split(r"\n    def _build_for_", file.read())[1:]
        for builder in builders:
            method, url = (re.search(rf'{key}="([^"]+)"', builder).group(1) for key in ("method", "url"))
            routes[f"{method} {url}"] = set(re.findall(r"\bm\.(\w+)", builder.split("):")[0]))
    return routes


def parameters():
    """Every parameter of a route's query."""
    folder = os.path.join(os.path.dirname(qdrant_client.__file__), "http", "api")
    found = set()
    for name in sorted(os.listdir(folder)):
        if name.endswith("_api.py"):
            with open(os.path.join(folder, name)) as file:
                found |= set(re.findall(r'query_params\["(\w+)"\]', file.read()))
    return found


def body_options(rows):
    """`{model: [options]}` of every body that a served route takes; a refused model hides what is inside it."""
    found = {}

    def walk(kind):
        if isinstance(kind, typing.ForwardRef):
            kind = getattr(models, kind.__forward_arg__)
        for part in typing.get_args(kind):
            walk(part)
        if not inspect.isclass(kind) or not issubclass(kind, BaseModel) or kind.__name__ in found:
            return
        found[kind.__name__] = list(kind.model_fields)
        row = rows["models"].get(kind.__name__, {})
        if "refused" in row:
            return
        for option, field in kind.model_fields.items():
            if "refused" not in row.get("options", {}).get(option, {}):
                walk(field.annotation)

    for route, bodies in client_routes().items():
        if "works" in rows["routes"].get(route, {}):
            for body in bodies:
                walk(getattr(models, body))
    return found


def procedures():
    """`{"Points/Search": its descriptor}`, of every remote procedure that the client knows."""
    found = {}
    for module in vars(grpc).values():
        for service in getattr(getattr(module, "DESCRIPTOR", None), "services_by_name", {}).values():
            for method in service.methods:
                found[f"{service.name}/{method.name}"] = method
    return found


def cell(row):
    if "works" in row:
        return "works", row.get("how", ""), f"`{row['works']}`"
    send = row["refused"]
    return "refused", row.get("how", ""), f"{send['status']}: {send['says']}"


def section(title, rows):
    lines = [f"\n## {title}\n", "| | | how | shown by |", "|---|---|---|---|"]
    for name, row in rows:
        state, how, proof = cell(row)
        lines.append(f"| `{name}` | {state} | {how} | {proof} |".replace("|  |", "| |"))
    return lines


def refused_fields():
    """Fields of messages that are refused, as the program has them."""
    with open(os.path.join(HERE, "..", "..", "crates", "ruvector-api", "src", "proto", "table.rs")) as file:
        declared = file.read().split("pub const REFUSED")[1].split("];")[0]
    lines = ["\n## Fields of messages that are refused\n", "Every other field is served; `proto_fields.rs` sends each."]
    lines += ["", "| field | which values |", "|---|---|"]
    for kind, arguments in re.findall(r"\b(all|some)\(([^)]*)\)", declared):
        texts = re.findall(r'"([^"]*)"', arguments)
        lines.append(f"| `{texts[0]}` | {texts[2] if kind == 'some' else 'all'} |")
    return lines


def page(rows):
    """The page, in Markdown."""
    from importlib.metadata import version

    lines = [HEAD.format(version=version("qdrant-client"))]
    lines += section("Routes", rows["routes"].items())
    lines += section("Parameters of routes", rows["parameters"].items())
    options = []
    for model, fields in sorted(body_options(rows).items()):
        row = rows["models"][model]
        if "refused" in row:
            options.append((model, row))
            continue
        for field in fields:
            options.append((f"{model}.{field}", row.get("options", {}).get(field, row)))
    lines += section("Options in bodies", options)
    lines += section("Remote procedures", rows.get("procedures", {}).items())
    lines += refused_fields()
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    with open(PAGE, "w") as file:
        file.write(page(table()))
    sys.exit(0)
