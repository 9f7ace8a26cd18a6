"""Every command of docs/privacy.md, pasted into one shell from the top to the end; every refusal of its table stands in a test."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Final

import pytest

from chassis import settings
from tests.support.upright import ROOT, Upright

PAGE: Final = (ROOT / "docs/privacy.md").read_text(encoding="utf-8")


@pytest.mark.slow
@pytest.mark.timeout(180)
def test_every_command_works_as_it_stands(up: Upright, tmp_path: Path) -> None:
    script = "".join(re.findall(r"^```sh\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL))
    assert script.count("curl ") >= 15
    strict = 'set -eu -o pipefail\ncurl() { command curl --fail-with-body "$@"; }\n'
    done = subprocess.run(
        ["bash", "-c", strict + script], cwd=tmp_path, env={**settings.environment(), "URL": up.url, "KEY": up.admin_key}, capture_output=True, text=True,
        timeout=150, check=False,
    )
    assert done.returncode == 0, f"{done.stdout[-1500:]}{done.stderr[-800:]}"
    assert (tmp_path / "copy.zip").read_bytes()[:2] == b"PK"


def test_every_refusal_of_the_table_is_provoked_by_a_test() -> None:
    codes = set(re.findall(r"`((?:privacy|consent|analytics|export)\.[a-z_]+)`", PAGE))
    assert len(codes) >= 14
    tests = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests/integration/consent").glob("*.py"))
    assert sorted(code for code in codes if code not in tests) == []
