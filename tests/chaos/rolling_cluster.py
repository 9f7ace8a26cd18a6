"""`make cluster`, but each process runs the code that a test has named for it, and after its end the code named by then.

    python -m tests.chaos.rolling_cluster --data FOLDER --port 8080

`FOLDER/trees/NAME/tree` holds the folder of the code that the process NAME is to run; `all` is what migrates and makes the first keys.
Each start leaves `FOLDER/trees/NAME/ran/PID`, in which that folder stands.
"""

from __future__ import annotations

import argparse
import asyncio
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from launcher.cluster import Supervisor

#: Run by Python before anything else: from here on there is one tree, whatever is named later.
BOOT = """
import os, sys
here = os.path.dirname(os.path.abspath(__file__))
with open(os.path.join(here, "tree")) as named:
    tree = named.read().strip()
sys.path.insert(0, tree)
os.environ["PYTHONPATH"] = tree
os.makedirs(os.path.join(here, "ran"), exist_ok=True)
with open(os.path.join(here, "ran", str(os.getpid())), "w") as ran:
    ran.write(tree)
"""


def name_tree(data: Path, process: str, tree: Path) -> Path:
    """From its next start on, this process runs that code; what its PYTHONPATH must be."""
    folder = data / "trees" / process
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "sitecustomize.py").write_text(BOOT)
    (folder / "named").write_text(str(tree))
    (folder / "named").replace(folder / "tree")
    return folder


class Rolling(Supervisor):
    """The cluster's supervisor; where code comes from is decided at each start."""

    def _shared(self, found: dict[str, Any]) -> dict[str, str]:
        return {**super()._shared(found), "PYTHONPATH": str(self.data / "trees" / "all")}

    def _environment(self, name: str, found: dict[str, Any], shared: Mapping[str, str]) -> dict[str, str]:
        return {**super()._environment(name, found, shared), "PYTHONPATH": str(self.data / "trees" / name)}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--port", type=int, required=True)
    given = parser.parse_args()
    made = Rolling(given.data, given.port)
    os.chdir(given.data / "trees")  # Python looks there first, and there is no code
    asyncio.run(made.run())


if __name__ == "__main__":
    main()
