"""N11: ي and ی, ك and ک, ۰–۹ and the zero-width joiner never make two people of one."""

from __future__ import annotations

import pytest

from launcher.embedded_postgres import PrivateCluster
from tests.integration.customer.test_duplicates import ask, fill, pairs, scan
from tests.support import people
from tests.support.platform import started

pytestmark = pytest.mark.asyncio

#: One person, written by an Arabic and by a Persian keyboard.
SPELLED = (
    {"given_name": "علي‌رضا", "family_name": "كاظمي", "birthday": "1990-12-10", "phone": "+98 ۹۱۲ ۳۴۵ ۶۷۸۹"},
    {"given_name": "علیرضا", "family_name": "کاظمی", "birthday": "1990-12-10", "phone": "+989123456789"},
)


async def test_two_keyboards_are_one_person(cluster: PrivateCluster) -> None:
    """N11"""
    async with started(cluster, "customer") as platform:
        await fill(platform, [(f"p{place}", dict(record.traits)) for place, record in enumerate(people.records(60))])
        one = (await ask(platform, "POST", "/customers", {"identities": ["user:k0"], "traits": SPELLED[0]}, status=201))["id"]
        taken = await ask(platform, "POST", "/customers", {"identities": ["user:k1"], "traits": SPELLED[1]}, status=409)
        assert (taken["code"], taken["customer_id"]) == ("customer.identity_taken", one), "the number is one number in either digits"
        without = {name: value for name, value in SPELLED[1].items() if name != "phone"}
        two = (await ask(platform, "POST", "/customers", {"identities": ["user:k1"], "traits": without}, status=201))["id"]
        await scan(platform)
        (pair,) = await pairs(platform, f"&customer={one}")
        assert {pair["low_id"], pair["high_id"]} == {one, two}
        assert pair["score"] > 0.99
        texts = [reason["text"] for reason in pair["reasons"] if reason["bits"] > 0]
        assert not [text for text in texts if "slip" in text], f"no letter differs: {texts}"
        assert {"given name is the same", "family name is the same"} <= set(texts), texts
