"""The peers' packages at pinned versions, and their installation. Never hides a peer that does not install."""

import importlib.metadata
import subprocess
import sys
from pathlib import Path

VERSIONS = {
    "alayalite": "1.0.4",
    "diskannpy-rust": "0.49.1",
    "faiss-cpu": "1.15.1",
    "hnswlib": "0.8.0",
    "qdrant-edge-py": "0.9.0",
    "rabitqlib": "0.7.1",
    "scalable-vs": "0.5.0",
    "scann": "1.4.2",
    "usearch": "2.26.6",
    "zvec": "0.8.0",
}


def install(package: str, constraints: Path) -> str | None:
    """Installs one peer into the running environment; the reason if that fails."""
    if installed(package) == VERSIONS[package]:
        return None
    print(f"installing {package} {VERSIONS[package]}", flush=True)
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    command += ["--constraint", str(constraints), f"{package}=={VERSIONS[package]}"]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode == 0:
        return None
    lines = done.stderr.strip().splitlines()
    return "does not install: " + (lines[-1] if lines else f"pip ended with {done.returncode}")


def installed(package: str) -> str | None:
    """The version of a package in the running environment."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None
