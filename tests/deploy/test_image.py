"""The image's recipe, as far as it can be judged where nothing builds images: linted, one stage to install and one to run, nobody's root."""

from __future__ import annotations

import json
import re
import subprocess

import pytest

from tests.deploy.charts import ENVIRONMENT, ROOT

DOCKERFILE = ROOT / "deploy" / "Dockerfile"


def test_the_recipe_is_linted() -> None:
    linter = ENVIRONMENT / "bin" / "hadolint"
    if not linter.exists():
        pytest.skip("no linter here: `make charts` makes its environment")
    done = subprocess.run([str(linter), "--format", "json", str(DOCKERFILE)], capture_output=True, text=True, check=False)
    assert [f"{fault['line']} {fault['code']}: {fault['message']}" for fault in json.loads(done.stdout)] == []


def test_what_runs_has_what_it_needs_and_no_more() -> None:
    text = DOCKERFILE.read_text(encoding="utf-8")
    final = text[text.rindex("FROM ") :]
    assert "--require-hashes -r requirements.lock" in text
    assert set(re.findall(r"^COPY (\w+) \w+$", final, re.MULTILINE)) == {"contracts", "chassis", "services", "gateway", "launcher"}
    assert re.search(r"^USER 10001$", final, re.MULTILINE)
    assert "--uid 10001" in final
    assert 'ENTRYPOINT ["python", "-m", "launcher"]' in final
