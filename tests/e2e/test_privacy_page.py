"""Every command of docs/privacy.md and of the service's README, pasted into one shell from the top to the end; every refusal of its table stands in a test."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from chassis import settings
from tests.support.upright import ROOT, Upright

PAGE: Final = (ROOT / "docs/privacy.md").read_text(encoding="utf-8")
README: Final = (ROOT / "services/consent/README.md").read_text(encoding="utf-8")
BIN: Final = Path(sys.executable).parent


def paste(up: Upright, folder: Path, page: str, *, least: int) -> None:
    """All of a page's commands in one shell, which ends at the first that fails."""
    script = "".join(re.findall(r"^```sh\n(.*?)^```$", page, re.MULTILINE | re.DOTALL))
    assert script.count("curl ") >= least
    strict = 'set -eu -o pipefail\ncurl() { command curl --fail-with-body "$@"; }\n'
    given = settings.environment()
    done = subprocess.run(
        ["bash", "-c", strict + script], cwd=folder, env={**given, "URL": up.url, "KEY": up.admin_key, "PATH": f"{BIN}:{given['PATH']}", "PYTHONPATH": str(ROOT)},
        capture_output=True, text=True, timeout=150, check=False,
    )
    assert done.returncode == 0, f"{done.stdout[-1500:]}{done.stderr[-800:]}"


@pytest.mark.slow
@pytest.mark.timeout(180)
def test_every_command_works_as_it_stands(up: Upright, tmp_path: Path) -> None:
    paste(up, tmp_path, PAGE, least=15)
    assert (tmp_path / "copy.zip").read_bytes()[:2] == b"PK"


@pytest.mark.slow
@pytest.mark.timeout(180)
def test_every_command_of_the_readme_works(up: Upright, tmp_path: Path) -> None:
    paste(up, tmp_path, README, least=12)


def test_every_refusal_of_the_table_is_provoked_by_a_test() -> None:
    codes = set(re.findall(r"`((?:privacy|consent|analytics|export)\.[a-z_]+)`", PAGE))
    assert len(codes) >= 14
    tests = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests/integration/consent").glob("*.py"))
    assert sorted(code for code in codes if code not in tests) == []
