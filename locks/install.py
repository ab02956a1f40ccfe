"""Fill a virtual environment from locks: `python locks/install.py .venv run dev --project`.

Does nothing if the environment holds that already. What is installed is noted only when all of it
is there, so an environment that is half made, was moved, or belongs to another Python or to older
locks is made afresh. Needs the standard library and nothing else.
"""

import argparse
import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

LOCKS = Path(__file__).resolve().parent
ROOT = LOCKS.parent
OLDEST, NEWEST = (3, 11), (3, 14)
"""Newer ones have no wheels of all that is locked yet."""
PROJECT = "project"
PIP_SETTINGS = {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1"}


def main():
    """Read the command line and install what is missing."""
    if not OLDEST <= sys.version_info[:2] <= NEWEST:
        sys.exit(f"{sys.executable} is not Python 3.11 to 3.14; name one that is: make PYTHON=…")
    parser = argparse.ArgumentParser(description="Fill a virtual environment from locks.")
    parser.add_argument("folder", type=Path, help="the virtual environment")
    parser.add_argument("locks", nargs="+", help="names of files in locks/, without .txt")
    parser.add_argument("--project", action="store_true", help="install Privet itself as well")
    options = parser.parse_args()
    wanted = {name: digest(LOCKS / (name + ".txt")) for name in options.locks}
    if options.project:
        wanted[PROJECT] = digest(ROOT / "pyproject.toml")
    fill(options.folder.absolute(), wanted)


def fill(folder, wanted):
    """Make `folder` hold every lock of `wanted`, which has a digest for each name."""
    note = folder / "installed.json"
    place = [str(folder), sys.base_prefix, sys.version]
    held = read(note, place)
    if wanted.items() <= held.items():
        return
    stale = any(held[name] != digest(LOCKS / (name + ".txt")) for name in held if name != PROJECT)
    sys.stderr.write(f"filling {folder} with {', '.join(wanted)}\n")
    note.unlink(missing_ok=True)
    if stale or not held:
        held = {}
        run(sys.executable, "-m", "venv", "--clear", str(folder))
    pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet"]
    for name in wanted:
        if name == PROJECT:
            run(*pip, "--no-deps", "--no-build-isolation", "--editable", str(ROOT))
        elif name not in held:
            locked = ["--require-hashes", "--no-deps", "--only-binary", ":all:"]
            run(*pip, *locked, "--requirement", str(LOCKS / (name + ".txt")))
    note.write_text(json.dumps({"place": place, "holds": {**held, **wanted}}))


def read(note, place):
    """What the environment holds; nothing if it is unfinished or was made for another place."""
    try:
        written = json.loads(note.read_text())
        return written["holds"] if written["place"] == place else {}
    except (OSError, ValueError, KeyError):
        return {}


def digest(path):
    """SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def run(*command):
    """Run a command, and stop if it fails."""
    environment = {**os.environ, **PIP_SETTINGS}
    code = subprocess.run(command, env=environment, check=False).returncode  # noqa: S603
    if code:
        sys.exit(f"{' '.join(command[:4])} … failed; put right what it says above and try again")


if __name__ == "__main__":
    main()
