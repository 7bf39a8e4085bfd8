"""Memory of idle connections: opens many to a running server, first silent, then each with one request answered, and tells
the server's resident memory and how long others wait meanwhile. Never starts or stops a server."""

import argparse
import resource
import socket
import statistics
import time

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--port", type=int, default=6333)
parser.add_argument("--pid", type=int, required=True, help="process of the server, whose memory is read from /proc")
parser.add_argument("--connections", type=int, default=5000)
arguments = parser.parse_args()

REQUEST = b"GET /collections HTTP/1.1\r\nhost: localhost\r\n\r\n"


def rss_mib():
    with open(f"/proc/{arguments.pid}/status", encoding="ascii") as status:
        line = next(line for line in status if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


def connect():
    return socket.create_connection(("127.0.0.1", arguments.port), timeout=30)


def ask(connection):
    connection.sendall(REQUEST)
    answer = connection.recv(65536)
    assert answer.startswith(b"HTTP/1.1 200 "), answer[:200]


def tell(what):
    times = []
    for _ in range(100):
        started = time.perf_counter()
        with connect() as connection:
            ask(connection)
        times.append((time.perf_counter() - started) * 1e3)
    print(
        f"{what:<44} RSS {rss_mib():8.1f} MiB, a new connection and its request: "
        f"median {statistics.median(times):.2f} ms, longest {max(times):.2f} ms"
    )


soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
tell("no connections")
idle = [connect() for _ in range(arguments.connections)]
tell(f"{len(idle)} connections, silent")
for connection in idle:
    ask(connection)
tell(f"{len(idle)} connections, one request answered on each")
for connection in idle:
    connection.sendall(b"POST /collections/c/points/search HTTP/1.1\r\nhost: x\r\nx: ")
tell(f"{len(idle)} connections, half a head sent on each")
for connection in idle:
    connection.close()
time.sleep(1)
tell("all closed")
