"""How the mails of playbooks are put together."""

from __future__ import annotations

from typing import Any


def mail(subject: str, text: str, subject_fa: str, text_fa: str, *, label: str = "", label_fa: str = "") -> dict[str, Any]:
    """A mail in English and Persian; with a label it leads to the programme's own page, or to what `data.link` says."""
    return {
        "locales": {"en": {"subject": subject, "body": _body(text, label, "")}, "fa": {"subject": subject_fa, "body": _body(text_fa, label_fa, ' dir="rtl" lang="fa"')}},
        "fallback": ["en"],
    }


def site(ref: str, title: str, title_fa: str, **more: Any) -> dict[str, Any]:
    """A message for the site."""
    return {
        "ref": ref, "name": title, "placement": "home", "locales": {"en": {"title": title}, "fa": {"title": title_fa}}, "fallback": ["en"], **more,
    }


def care(ref: str, kind: str, name: str, *, steps: list[dict[str, Any]], entry: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A programme that writes to those who fit."""
    settings = {"kind": kind, "sender": "$sender", "entry": entry, "steps": steps, **more}
    return {"ref": ref, "name": name, "holdout": 0.1, "settings": settings}


def _body(text: str, label: str, attributes: str) -> str:
    link = f'<mj-text><a href="{{{{ data.link }}}}">{label}</a></mj-text>' if label else ""
    return (
        f"<mjml{attributes}><mj-body><mj-section><mj-column><mj-text>{{{{ customer.name }}}}</mj-text><mj-text>{text}</mj-text>{link}"
        "</mj-column></mj-section></mj-body></mjml>"
    )
