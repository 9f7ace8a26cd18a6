"""The mail that carries a link to confirm, as the platform brings it; others may be set in its place."""

from __future__ import annotations

from typing import Final

_BODY: Final = """<mjml lang="{lang}" dir="{dir}"><mj-head><mj-attributes><mj-all align="{align}" /></mj-attributes></mj-head><mj-body><mj-section><mj-column>
<mj-text>{asked} <b>{{{{ data.title }}}}</b></mj-text>
<mj-text>{{{{ data.wording }}}}</mj-text>
<mj-text><a href="{{{{ data.url }}}}">{confirm}</a></mj-text>
<mj-text>{otherwise}</mj-text>
</mj-column></mj-section></mj-body></mjml>"""

#: Language -> subject and body.
BUILT_IN: Final[dict[str, dict[str, str]]] = {
    "en": {
        "subject": "Please confirm: {{ data.title }}",
        "body": _BODY.format(
            lang="en", dir="ltr", align="left", asked="You, or somebody who gave this address, asked for:", confirm="Yes, I confirm",
            otherwise="It counts only after you have confirmed; the link works for {{ data.hours }} hours. If it was not you, do nothing.",
        ),
    },
    "fa": {
        "subject": "لطفاً تأیید کنید: {{ data.title }}",
        "body": _BODY.format(
            lang="fa", dir="rtl", align="right", asked="شما، یا کسی که این نشانی را داده است، این را خواسته‌اید:", confirm="بله، تأیید می‌کنم",
            otherwise="تنها پس از تأیید شما به کار می‌رود؛ این پیوند {{ data.hours }} ساعت کار می‌کند. اگر شما نبوده‌اید، کاری نکنید.",
        ),
    },
}
#: What is taken where a language has no template.
FALLBACK: Final = "en"
