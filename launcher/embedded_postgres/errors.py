"""Why a private cluster cannot run."""

from __future__ import annotations

from pathlib import Path


class ClusterError(Exception):
    """The private cluster cannot run; the text says what to do."""


class ClusterInUse(ClusterError):
    """Another launcher holds the data directory."""

    def __init__(self, data_dir: Path, pid: str) -> None:
        super().__init__(
            f"{data_dir} is in use by the process {pid or 'unknown'}. Stop that one first, or choose another --data."
        )
        self.pid = pid
