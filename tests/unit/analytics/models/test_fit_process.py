"""The process that fits: it says how far it is, leaves artefact, scores and result, or says plainly what is missing."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa

from services.analytics.commands.fit_process import COMMAND


def run(folder: Path, kind: str, columns: dict[str, Any], options: dict[str, Any], about: dict[str, Any]) -> tuple[list[float], dict[str, Any]]:
    table = pa.table(columns)
    with pa.OSFile(str(folder / "frame.arrow"), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)
    (folder / "job.json").write_bytes(msgspec.json.encode({"kind": kind, "options": options, "about": about}))
    # The process ends with its standard input, so that stays open.
    with subprocess.Popen([*COMMAND, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        said = [float(line) for line in process.stdout]
        assert process.wait(120) == 0
    return said, msgspec.json.decode((folder / "result.json").read_bytes())


def test_progress_rises_and_too_little_is_a_result_not_a_crash(tmp_path: Path) -> None:
    random = np.random.default_rng(2)
    centre = np.repeat([0.0, 6.0], 60)
    columns = {"a": centre + random.normal(size=120), "b": centre - random.normal(size=120)}
    said, found = run(tmp_path, "clusters", columns, {"method": "kmeans", "seed": 7}, {"attributes": ["a", "b"]})
    assert said == sorted(said)
    assert said
    assert all(0 < share < 1 for share in said)
    assert found["scored"] == 120
    assert sorted(one["customers"] for one in found["explanation"]["profiles"]) == [60, 60]
    assert (tmp_path / "artefact.npz").exists()
    assert len((tmp_path / "scores.jsonl").read_bytes().splitlines()) == 120
    few = {name: values[:5] for name, values in columns.items()}
    assert run(tmp_path, "clusters", few, {"method": "kmeans"}, {"attributes": ["a", "b"]})[1] == {"error": "not enough data: 5 customers have all attributes, 30 are needed"}
