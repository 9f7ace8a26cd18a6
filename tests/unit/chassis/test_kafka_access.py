"""How a process shows itself to the brokers: nothing unless asked, a password only with a user, TLS with one authority."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest

from chassis.eventlog.kafka.access import OPEN, Access
from chassis.settings import SettingsError
from launcher import wiring


def test_each_way_has_its_options() -> None:
    assert OPEN.options() == {"security_protocol": "PLAINTEXT"}
    shown = Access(user="crm-customer", password="geheim").options()
    assert shown["security_protocol"] == "SASL_PLAINTEXT"
    assert shown["sasl_mechanism"] == "SCRAM-SHA-512"
    both = Access(user="crm-customer", password="geheim", tls=True).options()
    assert both["security_protocol"] == "SASL_SSL"
    assert both["ssl_context"].verify_mode == ssl.CERT_REQUIRED
    assert both["ssl_context"].check_hostname


def test_half_of_it_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ECRM_KAFKA_USER", "crm-customer")
    with pytest.raises(SettingsError, match="belong together"):
        wiring.event_log("kafka://127.0.0.1:9")
    (tmp_path / "password").write_text("geheim\n")
    monkeypatch.setenv("ECRM_KAFKA_PASSWORD_FILE", str(tmp_path / "password"))
    monkeypatch.setenv("ECRM_KAFKA_CA", str(tmp_path / "absent"))
    with pytest.raises(SettingsError, match="ECRM_KAFKA_CA"):
        wiring.event_log("kafka://127.0.0.1:9")
