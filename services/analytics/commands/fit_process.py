"""A process of its own that fits a model: COMMAND with a folder that holds job.json, frame.arrow and perhaps previous.npz.

It leaves result.json, artefact.npz and scores.jsonl there and says how far it is on standard output, a number a line. It is polite to the
service (nice 10), opens no store, and ends when its standard input does, so it never outlives the service.
"""

from __future__ import annotations

import os
import sys
import threading
import warnings
from pathlib import Path
from typing import Any, Final

import msgspec

COMMAND: Final = (sys.executable, "-c", "from services.analytics.commands import fit_process; fit_process.main()")


def run(folder: Path) -> dict[str, Any]:
    """Fit what job.json asks for; returns the result, which is also written. `error` in it: the data cannot carry the model."""
    from services.analytics.domain.models import fitters
    from services.analytics.domain.models.fitting import Job
    from services.analytics.domain.models.purchasing import NotEnoughData

    asked = msgspec.json.decode((folder / "job.json").read_bytes())
    job = Job(_frame(folder / "frame.arrow"), asked["options"], asked["about"], _arrays(folder / "previous.npz"))
    try:
        found = fitters.FITTERS[asked["kind"]](job, _say)
    except NotEnoughData as reason:
        return _left(folder, {"error": str(reason)})
    _keep(folder / "artefact.npz", found.artefact)
    scored = 0
    with (folder / "scores.jsonl").open("wb") as file:
        for one in found.scores or ():
            scored += one is not None
            file.write(msgspec.json.encode(one) + b"\n")
    return _left(folder, {
        "method": found.method, "source": found.source, "data": found.data, "quality": found.quality, "explanation": found.explanation,
        "comparison": found.comparison, "scored": scored,
    })


def _left(folder: Path, result: dict[str, Any]) -> dict[str, Any]:
    (folder / "result.json").write_bytes(msgspec.json.encode(result))
    return result


def _frame(path: Path) -> dict[str, Any]:
    """Columns of the Arrow file as NumPy arrays; texts as objects, what is missing None or NaN."""
    import pyarrow as pa

    with pa.memory_map(str(path)) as source:
        table = pa.ipc.open_file(source).read_all()
        return {name: table.column(name).to_numpy() for name in table.column_names}


def _arrays(path: Path) -> dict[str, Any] | None:
    import numpy as np

    if not path.exists():
        return None
    with np.load(path, allow_pickle=False) as kept:
        return dict(kept)


def _keep(path: Path, arrays: dict[str, Any]) -> None:
    import numpy as np

    np.savez_compressed(path, **arrays)


def _say(share: float) -> None:
    sys.stdout.write(f"{share:.3f}\n")
    sys.stdout.flush()


def _end_with_the_service() -> None:
    sys.stdin.read()
    os._exit(1)


def main() -> None:
    """Where the process begins."""
    os.nice(10)
    warnings.simplefilter("ignore")
    threading.Thread(target=_end_with_the_service, daemon=True).start()
    run(Path(sys.argv[1]))
