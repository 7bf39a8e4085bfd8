"""What the network adds: the embedded search and the server's by REST and by gRPC, over one connection and over several, in
alternation on one collection. Starts its own server on ports of its own and stops it; never measures two things at once.
Ends with status 1 if one connection adds more than its target to the embedded p50.

    python3 bench/network.py --binary target/release/ruvector --folder DIR --base B.npy --queries Q.npy --truth T.npy
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
import urllib.request

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--binary", required=True)
parser.add_argument("--folder", required=True, help="storage of the collection; filled by the first run, kept")
parser.add_argument("--base", required=True)
parser.add_argument("--queries", required=True)
parser.add_argument("--truth")
parser.add_argument("--metric", default="cosine")
parser.add_argument("--sweep", default="ef=20,32,64")
parser.add_argument("--calls", type=int, default=40_000)
parser.add_argument("--connections", default="1,8")
parser.add_argument("--rounds", type=int, default=3)
parser.add_argument("--interfaces", default="REST,gRPC")
parser.add_argument("--adds-max-us", type=float, default=150, help="what one connection may add to the p50; 0: anything")
parser.add_argument("--port", type=int, default=17_100, help="of REST; gRPC has the next one")
parser.add_argument("--idle", type=int, default=5_000, help="idle connections at the end; 0: none")
arguments = parser.parse_args()

URLS = {"REST": f"http://127.0.0.1:{arguments.port}", "gRPC": f"http://127.0.0.1:{arguments.port + 1}"}
SPEAKS = {"REST": [], "gRPC": ["--grpc"]}
INTERFACES = arguments.interfaces.split(",")
if not set(INTERFACES) <= set(URLS):
    parser.error("--interfaces takes REST, gRPC or both")
FILES = ["--base", arguments.base, "--queries", arguments.queries, "--metric", arguments.metric]
FILES += ["--truth", arguments.truth] if arguments.truth else []
OUT = os.path.join(arguments.folder + ".json")


def bench(*flags):
    command = [arguments.binary, "bench", *FILES, *flags, "--json", OUT]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}\n{done.stderr}")
    with open(OUT, encoding="utf-8") as file:
        return json.load(file)


class Server:
    def __enter__(self):
        command = [arguments.binary, "serve", "--http-port", str(arguments.port)]
        command += ["--grpc-port", str(arguments.port + 1), "--storage", arguments.folder]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(600):
            try:
                with urllib.request.urlopen(URLS["REST"] + "/readyz", timeout=5):
                    return self
            except OSError:
                time.sleep(0.1)
        sys.exit("the server does not answer")

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()

    def cpu_s(self):
        with open(f"/proc/{self.process.pid}/stat", encoding="ascii") as file:
            ticks = file.read().rsplit(")", 1)[1].split()[11:13]
        return sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")


def figures(report):
    return {point["params"]["ef"]: point for point in report["points"]}


if not os.path.isdir(arguments.folder):
    with Server():
        bench("--url", URLS["REST"], "--batch", "1000", "--sweep", "ef=64", "--calls", "10000")
settings = ["--reuse", "--sweep", arguments.sweep, "--calls", str(arguments.calls)]
runs = {}
for turn in range(arguments.rounds):
    print(f"round {turn + 1}: load {os.getloadavg()[0]:.1f}", file=sys.stderr)
    report = figures(bench("--engine-dir", arguments.folder, *settings))
    for ef, point in report.items():
        runs.setdefault((ef, "embedded, 1 thread"), []).append((point, None))
    with Server() as server:
        for connections in arguments.connections.split(","):
            # Which comes first changes from round to round.
            for interface in INTERFACES[:: 1 if turn % 2 == 0 else -1]:
                before = server.cpu_s()
                where = ["--url", URLS[interface], *SPEAKS[interface]]
                report = figures(bench(*where, "--connections", connections, *settings))
                # Every query is also sent once for the recall.
                cpu_us = (server.cpu_s() - before) * 1e6 / len(report) / arguments.calls
                for ef, point in report.items():
                    runs.setdefault((ef, f"{interface}, {connections} connection(s)"), []).append((point, cpu_us))

print("| ef | recall | how | QPS | p50 µs | p99 µs | server CPU µs a request, all ef |")
print("|---|---|---|---|---|---|---|")
for (ef, how), points in sorted(runs.items()):
    qps = [point["qps"] for point, _ in points]
    p50, p99 = (statistics.median(point[key] for point, _ in points) for key in ("p50_us", "p99_us"))
    cpu = "–" if points[0][1] is None else f"{statistics.median(cpu for _, cpu in points):.0f}"
    spread = f"{min(qps):,.0f} to {max(qps):,.0f}"
    print(f"| {ef} | {points[0][0]['recall']:.3f} | {how} | {spread} | {p50:.0f} | {p99:.0f} | {cpu} |")
too_much = False
for interface in INTERFACES:
    for ef in sorted({ef for ef, _ in runs}):
        one = runs.get((ef, f"{interface}, 1 connection(s)"), [])
        # Round by round: what slows the machine in one slows both.
        embedded = runs[(ef, "embedded, 1 thread")]
        adds = [there["p50_us"] - here["p50_us"] for (there, _), (here, _) in zip(one, embedded)]
        if adds:
            most = arguments.adds_max_us
            held = not most or statistics.median(adds) <= most
            too_much = too_much or not held
            target = f"; target at most {most:.0f}: {'held' if held else 'MISSED'}" if most else ""
            spread = f"{min(adds):.0f} to {max(adds):.0f}"
            print(f"{interface}, ef {ef}: adds {statistics.median(adds):.0f} µs ({spread}) to the p50{target}")
if arguments.idle:
    with Server() as server:
        script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "idle.py")
        idle = ["--port", str(arguments.port), "--pid", str(server.process.pid), "--connections", str(arguments.idle)]
        subprocess.run([sys.executable, script, *idle], check=True)
sys.exit(1 if too_much else 0)
