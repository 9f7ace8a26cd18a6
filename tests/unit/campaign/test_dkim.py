"""Signatures as an independent implementation reads them."""

from __future__ import annotations

import base64

import dkim
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa

from services.campaign.domain import mail
from services.campaign.domain.dkim import BadKey, Signer
from services.campaign.domain.mail import Mail

RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def pem(key: rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey) -> str:
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()).decode()


def record(key: rsa.RSAPrivateKey) -> bytes:
    public = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return b"v=DKIM1; k=rsa; p=" + base64.b64encode(public)


def built(**more: str) -> bytes:
    fields = {
        "sender": "shop@peyvand.example", "sender_name": "فروشگاه نمونه", "recipient": "ann@x.example", "subject": "پیشنهاد بهار " * 9,
        "html": "<p>سلام</p>", "text": "سلام \t دنیا  \n\n\n", "date": "Mon, 01 Jan 2027 00:00:00 +0000", "message_id": "abc@peyvand.example",
        "unsubscribe_url": "https://shop.example/u/t", "campaign": "c1", "reply_to": "reply@peyvand.example", **more,
    }
    return mail.build(Mail(**fields))


@pytest.mark.parametrize("more", [{}, {"text": ""}, {"subject": "short", "sender_name": ""}])
def test_signed_mails_verify(more: dict[str, str]) -> None:
    signed = Signer(private_key=pem(RSA), selector="s1", domain="peyvand.example").sign(built(**more), at=1_700_000_000)
    asked = []

    def look_up(name: bytes, timeout: int = 5) -> bytes:
        asked.append(name)
        return record(RSA)

    assert dkim.verify(signed, dnsfunc=look_up)
    assert asked == [b"s1._domainkey.peyvand.example."]
    signature = signed.split(b"\r\n\r\n")[0].replace(b"\r\n ", b" ")
    assert b"list-unsubscribe:list-unsubscribe-post" in signature
    # the permit that is put in front later does not disturb it; another text, From or unsubscribe address does
    assert dkim.verify(b"X-Ecrm-Permit: p1\r\n" + signed, dnsfunc=look_up)
    for before, after in (
        (b"List-Unsubscribe-Post: List-Unsubscribe=One-Click", b"List-Unsubscribe-Post: List-Unsubscribe=No"),
        (b"https://shop.example/u/t", b"https://evil.example/u/t"), (b"\r\nTo: ann@", b"\r\nTo: eve@"),
        (b"\r\nFrom: ", b"\r\nFrom: eve@x.example\r\nFrom: "), (b"text/html", b"text/plain"),
    ):
        assert before in signed
        assert not dkim.verify(signed.replace(before, after, 1), dnsfunc=look_up)


def test_keys_that_cannot_sign() -> None:
    small = rsa.generate_private_key(public_exponent=65537, key_size=1024)
    for key, selector in (("nonsense", "s"), (pem(small), "s"), (pem(RSA), "")):
        with pytest.raises(BadKey):
            Signer(private_key=key, selector=selector, domain="peyvand.example")


def test_an_ed25519_key_signs() -> None:
    key = ed25519.Ed25519PrivateKey.generate()
    signed = Signer(private_key=pem(key), selector="e1", domain="peyvand.example").sign(built(), at=1)
    assert b"a=ed25519-sha256" in signed.split(b"\r\n")[0]
