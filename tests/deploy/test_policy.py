"""A policy scan of everything the chart renders; what does not pass stands with its reason in deploy/charts/policy/exceptions.yaml."""

from __future__ import annotations

import functools
import json
import subprocess
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from tests.deploy import charts
from tests.deploy.charts import MATRIX, ROOT, rendered

SCANNER = ROOT / ".venv-policy" / "bin" / "checkov"
EXCEPTIONS = "deploy/charts/policy/exceptions.yaml"
#: The case that has everything switched on and the image by its digest.
BY_DIGEST = "everything"


@functools.cache
def _failed() -> dict[str, dict[str, set[str]]]:
    """Checks that failed, and on what, by case; `wrong` is a pod that no policy would take."""
    if not SCANNER.exists():
        pytest.skip("no policy scanner here: `make charts` makes its environment")
    cases = {name: [each for each in rendered(name)["objects"] if each["kind"] != "Notes"] for name in MATRIX}
    wrong = json.loads(json.dumps(next(each for each in cases["external"] if each["kind"] == "Deployment")))
    wrong["spec"]["template"]["spec"]["containers"][0]["securityContext"] = {"privileged": True}
    cases["wrong"] = [wrong]
    found: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    with tempfile.TemporaryDirectory() as folder:
        for index, objects in enumerate(cases.values()):
            # JSON documents with a line between them are YAML: no writer of YAML is needed here.
            (Path(folder) / f"{index}.yaml").write_text("\n---\n".join(json.dumps(each) for each in objects), encoding="utf-8")
        done = subprocess.run(
            [str(SCANNER), "--framework", "kubernetes", "-d", folder, "--compact", "--quiet", "--skip-download", "-o", "json"],
            capture_output=True, text=True, timeout=170, check=False,
        )
        report: dict[str, Any] = json.loads(done.stdout)
        assert report["summary"]["parsing_errors"] == 0 and report["summary"]["resource_count"] >= sum(len(each) for each in cases.values()) * 0.5
        names = list(cases)
        for failure in report["results"]["failed_checks"]:
            found[names[int(Path(failure["file_path"]).stem)]][failure["check_id"]].add(failure["resource"])
    return found


def test_what_does_not_pass_has_its_reason() -> None:
    """U49"""
    reasons = charts.read_yaml(EXCEPTIONS)[EXCEPTIONS]
    failed = {check for name in MATRIX for check in _failed()[name]}
    assert failed == set(reasons)
    assert all(len(reason.split()) > 10 for reason in reasons.values())


def test_an_image_by_its_digest_leaves_one_exception() -> None:
    assert set(_failed()[BY_DIGEST]) == {"CKV_K8S_11"}


def test_the_scanner_finds_what_is_wrong() -> None:
    """A control: a privileged container without any of the chart's restrictions."""
    assert {"CKV_K8S_16", "CKV_K8S_20", "CKV_K8S_22", "CKV_K8S_37"} <= set(_failed()["wrong"])
