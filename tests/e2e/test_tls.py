"""`ecrm up` with a certificate: HTTPS at the door, and the commands of the same machine trust it."""

from __future__ import annotations

import json
import ssl
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import httpx2
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from chassis import settings
from tests.support.upright import ROOT, Launched, free_port, temporary_folder


def a_pair(folder: Path, name: str) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that its own key signed, and the key."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key()).serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5)).not_valid_after(now + timedelta(hours=2))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False).sign(key, hashes.SHA256())
    )
    chain, secret = folder / f"{name}.crt", folder / f"{name}.key"
    chain.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    return chain, secret


def said_ready(launched: Launched) -> dict[str, str]:
    """The keys, once the platform says that it is ready."""
    deadline = time.monotonic() + 60
    while "ready" not in launched.said and launched.process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.05)
    assert launched.process.poll() is None, launched.said
    keys: dict[str, str] = json.loads((launched.data / "keys.json").read_text())
    return keys


def test_https_at_the_door() -> None:
    with temporary_folder() as folder:
        chain, key = a_pair(folder, "door")
        given = {"ECRM_TLS_CERT": str(chain), "ECRM_TLS_KEY": str(key)}
        launched = Launched(folder / "data", free_port(), environment=given)
        try:
            keys = said_ready(launched)
            url = keys["url"]
            assert url.startswith("https://")
            trusting = ssl.create_default_context(cafile=str(chain))
            assert httpx2.get(url + "/healthz", verify=trusting).status_code == 200
            posted = httpx2.post(
                url + "/v1/batch", json={"batch": [{"type": "track", "event": "Seen", "userId": "u1"}]}, auth=(keys["source_key"], ""), verify=trusting
            )
            assert posted.json()["accepted"] == 1
            with pytest.raises(httpx2.TransportError):
                httpx2.get(url.replace("https", "http") + "/healthz")
            environment = {**settings.environment(), **given}
            check = [sys.executable, "-m", "launcher", "check", "--data", str(launched.data)]
            said = subprocess.run(check, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False)
            assert said.returncode == 0, said.stderr
        finally:
            launched.stop()


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"ECRM_TLS_CERT": "door.crt"}, "ECRM_TLS_KEY"),
        ({"ECRM_TLS_CERT": "door.crt", "ECRM_TLS_KEY": "other.key"}, "one pair"),
        ({"ECRM_TLS_CERT": "nowhere.crt", "ECRM_TLS_KEY": "door.key"}, "No such file"),
    ],
)
def test_a_certificate_that_cannot_be_used_is_refused_before_anything_is_made(given: dict[str, str], reason: str) -> None:
    with temporary_folder() as folder:
        a_pair(folder, "door")
        a_pair(folder, "other")
        environment = {**settings.environment(), **{name: str(folder / file) for name, file in given.items()}}
        command = [sys.executable, "-m", "launcher", "up", "--data", str(folder / "data"), "--port", str(free_port())]
        refused = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False)
        assert refused.returncode == 1
        assert reason in refused.stderr
        assert "Traceback" not in refused.stderr
        assert not (folder / "data").exists()
