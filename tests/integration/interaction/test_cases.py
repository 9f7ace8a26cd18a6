"""Cases from contacts and by hand: worked, noted, related, merged, answered, closed."""

from __future__ import annotations

from typing import Any

import pytest

from contracts.customer import ErasureState
from contracts.interaction import CaseAssigned, CaseOpened, CaseResolved
from launcher.embedded_postgres import PrivateCluster
from services.interaction import commands
from tests.integration.interaction.desks import (
    READ,
    WRITE,
    case_of,
    changed,
    contact,
    employee,
    got,
    made,
    refused,
    team,
    until,
)
from tests.integration.interaction.support import checked, facts, settle, source, track
from tests.integration.interaction.test_orders import ANNA, know
from tests.integration.interaction.test_timeline import TOUCHPOINTS
from tests.support.platform import started

pytestmark = pytest.mark.asyncio

EMAIL: dict[str, Any] = {"direction": "inbound", "from": "anna@example.com", "to": ["help@shop.example"], "rfc_message_id": "<1@example.com>", "subject": "Lamp"}
#: All that customers may use or that may be used for them; the kinds without schema of a contact of its own are left to their rules.
KINDS = (
    "call email fax letter face_to_face chat sms social website other call_centre marketer salesperson partner internal_system in_person catalogue "
    "telemarketing direct_mail fax_order web_shop"
).split()


async def test_items_by_phone_fax_and_mail_and_tasks_of_marketing_and_sales_are_queued_assigned_worked_and_closed(cluster: PrivateCluster) -> None:
    """M5."""
    async with started(cluster, "interaction") as platform:
        service = platform["interaction"]
        await know(platform, {"user:anna": ANNA})
        desk = "00000000-0000-7000-8000-000000000001"
        marketing, sales = await team(service, "Marketing"), await team(service, "Sales")
        sara = await employee(service, "Sara", team_ids=[desk, marketing["id"], sales["id"]])
        contacts = {
            "call": await contact(platform, "call", answered=True, duration_s=60, summary="Lamp is broken"),
            "fax": await contact(platform, "fax", **TOUCHPOINTS["fax"]),
            "email": await contact(platform, "email", **EMAIL),
            "website": await contact(platform, "website", direction="inbound", text="Where is it?"),
        }
        cases = {kind: await case_of(service, interaction) for kind, interaction in contacts.items()}
        for kind, in_charge in (("marketing", marketing), ("sales", sales)):
            cases[kind] = await made(service, "cases", {"subject": f"A {kind} task", "kind": kind, "team_id": in_charge["id"], "customer": "user:anna"})
        for kind, case in cases.items():
            assert (case["employee"], case["status"]) == ("Sara", "open"), kind
            await changed(service, f"cases/{case['id']}", {"status": "resolved", "outcome": "solved"})
            closed = await changed(service, f"cases/{case['id']}", {"status": "closed"})
            assert (closed["status"], closed["outcome"], closed["employee_id"]) == ("closed", "solved", sara["id"])
        listed = (await got(service, f"customers/{ANNA}/cases"))["data"]
        left = await got(service, f"employees/{sara['id']}")
        await settle(platform)
        opened = await facts(platform.log, "ecrm.interaction.case_opened.v1", CaseOpened)
        assigned = await facts(platform.log, "ecrm.interaction.case_assigned.v1", CaseAssigned)
        resolved = await facts(platform.log, "ecrm.interaction.case_resolved.v1", CaseResolved)
    assert {case["id"] for case in listed} == {case["id"] for case in cases.values()}
    assert [cases[kind]["channel"] for kind in ("call", "fax", "email", "website")] == ["call", "fax", "email", "website"]
    assert cases["call"]["subject"] == "Lamp is broken"
    assert left["open_cases"] == 0
    assert {fact.case_id for fact in opened} == {fact.case_id for fact in resolved} == {case["id"] for case in cases.values()}
    assert {(fact.case_id, fact.employee_id) for fact in assigned} == {(case["id"], sara["id"]) for case in cases.values()}
    assert all(fact.customer_id == ANNA for fact in resolved)


async def test_buying_and_being_served_by_phone_mail_and_web_end_in_the_same_records(cluster: PrivateCluster) -> None:
    """C4."""
    async with started(cluster, "interaction") as platform:
        service = platform["interaction"]
        await know(platform, {"user:anna": ANNA})
        await employee(service, "Sara", team_ids=["00000000-0000-7000-8000-000000000001"])
        bought = {"currency": "EUR", "total": 30, "products": [{"product_id": "p1", "price": 30}]}
        await platform.log.append(checked([track("user:anna".removeprefix("user:"), "Order Completed", "m1", {**bought, "order_id": "web-1"})]))
        for channel in ("phone", "email"):
            body = {"customer": "user:anna", "order_id": f"{channel}-1", "affiliation": channel, **bought}
            assert (await service.call("POST", "/api/v1/orders", json=body, scopes=WRITE)).status == 202
        served = [
            await contact(platform, "call", answered=True, duration_s=60), await contact(platform, "email", **EMAIL),
            await contact(platform, "website", direction="inbound", text="Where is it?"),
        ]
        cases = [await case_of(service, each) for each in served]
        await settle(platform)
        orders = (await got(service, f"customers/{ANNA}/orders"))["data"]
        listed = (await got(service, f"customers/{ANNA}/cases"))["data"]
    assert sorted(order["order_id"] for order in orders) == ["email-1", "phone-1", "web-1"]
    assert len({frozenset(order) for order in orders}) == 1
    assert {(order["paid_minor"], order["currency"], order["status"]) for order in orders} == {(3000, "EUR", orders[0]["status"])}
    assert sorted(case["id"] for case in listed) == sorted(case["id"] for case in cases)
    assert sorted(case["channel"] for case in listed) == ["call", "email", "website"]
    assert {case["employee"] for case in listed} == {"Sara"}


async def test_every_kind_of_contact_is_accepted_and_answered_from_the_same_item(cluster: PrivateCluster) -> None:
    """C1, C2, C3."""
    async with started(cluster, "interaction") as platform:
        service = platform["interaction"]
        sara = await employee(service, "Sara", team_ids=["00000000-0000-7000-8000-000000000001"], capacity=100)
        contacts = {kind: await contact(platform, kind, **TOUCHPOINTS[kind]) for kind in KINDS}
        for kind, interaction in contacts.items():
            case = await case_of(service, interaction)
            answer = await service.call("POST", f"/api/v1/cases/{case['id']}/replies", json={"text": "سلام، درست شد."}, scopes=WRITE)
            assert answer.status == 202, (kind, answer.json())
            said = answer.json()["interaction_id"]

            async def both(case: dict[str, Any] = case) -> Any:
                found = (await got(service, f"cases/{case['id']}/contacts"))["data"]
                return found if len(found) == 2 else None

            one, two = await until(both)
            assert (one["interaction_id"], two["interaction_id"]) == (interaction, said), kind
            assert (two["kind"], two["initiator"], two["employee_id"]) == (kind, "company", sara["id"]), kind
            after = await got(service, f"cases/{case['id']}")
            assert (after["status"], after["answered_at"] is not None) == ("waiting", True), kind


async def test_one_conversation_goes_on_over_channels(cluster: PrivateCluster) -> None:
    """C15: by phone, then by mail: the same case, history and person; resolved it is reopened, and followed when its time is over."""
    async with started(cluster, "interaction") as platform:
        service = platform["interaction"]
        await know(platform, {"user:anna": ANNA, "email:anna@example.com": ANNA})
        desk = "00000000-0000-7000-8000-000000000001"
        sara = await employee(service, "Sara", team_ids=[desk])
        called = await contact(platform, "call", answered=True, duration_s=60, summary="Lamp is broken", conversation_id="talk-7")
        case = await case_of(service, called)
        await employee(service, "Omid", team_ids=[desk])  # who has less to do, but no part in it
        by_mail = {"text": "We send a new one. Write to us any time.", "kind": "email", "fields": {"from": "help@shop.example", "to": ["anna@example.com"]}}
        answer = await service.call("POST", f"/api/v1/cases/{case['id']}/replies", json=by_mail, scopes=WRITE)
        assert answer.status == 202, answer.json()
        sent = await until(lambda: _contacts(service, case["id"], 2))
        mail = sent[1]["data"]
        assert mail["subject"] == f"Re: Lamp is broken [#{case['number']}]"
        by_header = await contact(
            platform, "email", "email:anna@example.com", direction="inbound", **{"from": "anna@example.com"}, to=["help@shop.example"],
            rfc_message_id="<2@example.com>", in_reply_to=mail["rfc_message_id"].strip("<>"), subject="Thanks",
        )
        by_number = await contact(platform, "sms", direction="inbound", phone="+989121234567", text="and the bulb?", subject=f"[#{case['number']}]")
        assert {(await case_of(service, each))["id"] for each in (by_header, by_number)} == {case["id"]}
        stranger = await contact(platform, "sms", "user:eve", direction="inbound", phone="+4912", text="mine", subject=f"[#{case['number']}]")
        assert (await case_of(service, stranger))["id"] != case["id"]
        back = await got(service, f"cases/{case['id']}")
        assert (back["status"], back["employee_id"]) == ("open", sara["id"])
        await changed(service, f"cases/{case['id']}", {"status": "resolved"})
        again = await contact(platform, "chat", direction="inbound", conversation_id="talk-7", text="it broke again")
        reopened = await case_of(service, again)
        assert (reopened["id"], reopened["status"], reopened["employee_id"], reopened["resolutions"]) == (case["id"], "open", sara["id"], 1)
        await changed(service, f"cases/{case['id']}", {"status": "closed"})
        later = await contact(platform, "chat", direction="inbound", conversation_id="talk-7", text="a new lamp, please")
        followed = await case_of(service, later)
        history = [each["action"] for each in (await got(service, f"cases/{case['id']}/history"))["data"]]
    assert followed["id"] != case["id"]
    assert followed["relations"] == [{"case_id": case["id"], "kind": "follows", "backwards": False}]
    assert [action for action in history if action != "contact"] == [
        "opened", "assigned", "replied", "customer_answered", "resolved", "reopened", "assigned", "closed",
    ]


async def test_a_contact_that_names_nothing_joins_the_only_open_case_where_the_rules_say_so(cluster: PrivateCluster) -> None:
    """C15."""
    async with started(cluster, "interaction") as platform:
        service = platform["interaction"]
        await know(platform, {"user:anna": ANNA, "email:anna@example.com": ANNA})
        apart = [await case_of(service, await contact(platform, "call", answered=True, duration_s=1), assigned=False) for _ in range(2)]
        rules = await got(service, "case-rules")
        del rules["version"]
        await changed(service, "case-rules", {**rules, "join_hours": 24}, method="PUT")
        third = await case_of(service, await contact(platform, "email", "email:anna@example.com", **EMAIL), assigned=False)
        for case in (apart[0], third):
            await changed(service, f"cases/{case['id']}", {"status": "closed"})
        joined = await case_of(service, await contact(platform, "sms", direction="inbound", phone="+9821", text="any news?"), assigned=False)
        browser = {"type": "track", "userId": "anna", "event": "ecrm.touchpoint.chat.v1", "messageId": "b1",
                   "properties": {"initiator": "customer", "direction": "inbound", "conversation_id": "c", "text": "x", "case_id": third["id"]}}
        await platform.log.append(checked([browser], settings=source(kind="browser"), received_at=service.service.clock.now()))
        await settle(platform)
        contacts = (await got(service, f"cases/{third['id']}/contacts"))["data"]
    assert len({apart[0]["id"], apart[1]["id"], third["id"]}) == 3  # two were open: which one is meant nobody can say
    assert joined["id"] == apart[1]["id"]
    assert [each["kind"] for each in contacts] == ["email"]  # what a browser tells speaks in no case that it names


async def _contacts(service: Any, case_id: str, count: int) -> Any:
    found = (await got(service, f"cases/{case_id}/contacts"))["data"]
    return found if len(found) == count else None


async def test_status_priority_tags_notes_relations_and_merge(cluster: PrivateCluster) -> None:
    """U15."""
    async with started(cluster, "interaction") as platform:
        service = platform["interaction"]
        one = await made(service, "cases", {"subject": "Lamp broken", "customer": "user:anna", "tags": ["lamp"], "priority": "low"})
        two = await made(service, "cases", {"subject": "Lamp again", "customer": "user:anna", "tags": ["again"]})
        read = await service.call("GET", f"/api/v1/cases/{one['id']}", scopes=READ)
        tag = read.headers["etag"]
        same = await service.call("GET", f"/api/v1/cases/{one['id']}", scopes=READ, headers={"if-none-match": tag})
        first = await service.call("PATCH", f"/api/v1/cases/{one['id']}", json={"priority": "urgent", "tags": ["lamp", "vip"]}, headers={"if-match": tag}, scopes=WRITE)
        late = await service.call("PATCH", f"/api/v1/cases/{one['id']}", json={"priority": "low"}, headers={"if-match": tag}, scopes=WRITE)
        await made(service, f"cases/{two['id']}/notes", {"content": "called back, nobody there"})
        await made(service, f"cases/{one['id']}/relations", {"case_id": two["id"], "kind": "duplicate"})
        found = {
            query: [case["id"] for case in (await got(service, f"cases?{query}"))["data"]]
            for query in ("tag=vip", "priority=urgent", "q=again", f"q=%23{two['number']}", "status=resolved", "unassigned=true", "channel=call")
        }
        kept = await changed(service, f"cases/{two['id']}/merge", {"into": one["id"]}, method="POST")
        gone = await got(service, f"cases/{two['id']}")
        notes = (await got(service, f"cases/{one['id']}/notes"))["data"]
        circle = await service.call("POST", f"/api/v1/cases/{one['id']}/merge", json={"into": two["id"]}, scopes=WRITE)
        work = await service.call("PATCH", f"/api/v1/cases/{two['id']}", json={"status": "resolved"}, scopes=WRITE)
        history = (await got(service, f"cases/{one['id']}/history"))["data"]
    assert (same.status, first.status, refused(late)) == (304, 200, (412, "case.changed_meanwhile"))
    assert found == {
        "tag=vip": [one["id"]], "priority=urgent": [one["id"]], "q=again": [two["id"]], f"q=%23{two['number']}": [two["id"]], "status=resolved": [],
        "unassigned=true": [two["id"], one["id"]], "channel=call": [],
    }
    assert (kept["id"], kept["tags"], gone["status"], gone["merged_into"]) == (one["id"], ["again", "lamp", "vip"], "merged", one["id"])
    assert [(note["content"], note["author"]) for note in notes] == [("called back, nobody there", "test")]
    assert (refused(circle), refused(work)) == ((422, "case.bad_merge"), (409, "case.merged"))
    assert {relation["kind"] for relation in kept["relations"]} == {"duplicate", "merged"}
    assert [(each["action"], each["content"].get("changed", {}).get("priority")) for each in history if each["action"] == "changed"] == [
        ("changed", ["low", "urgent"])
    ]


async def test_pages_of_cases_hold_each_once(cluster: PrivateCluster) -> None:
    async with started(cluster, "interaction") as platform:
        service = platform["interaction"]
        all_of_them = [(await made(service, "cases", {"subject": f"Case {number}"}))["id"] for number in range(7)]
        seen: list[str] = []
        token = ""
        while True:
            answer = await got(service, f"cases?limit=3{token}")
            seen.extend(case["id"] for case in answer["data"])
            if answer["next_page_token"] is None:
                break
            token = f"&page_token={answer['next_page_token']}"
    assert seen == all_of_them[::-1]


async def test_which_contacts_open_cases_is_data(cluster: PrivateCluster) -> None:
    async with started(cluster, "interaction") as platform:
        service = platform["interaction"]
        billing = await team(service, "Billing")
        rules = await got(service, "case-rules")
        del rules["version"]
        rules["kinds"] = {"fax": {"team_id": billing["id"], "priority": "high", "kind": "complaint"}, "call": {"opens": False}}
        rules["purposes"] = {}
        await changed(service, "case-rules", rules, method="PUT")
        call = await contact(platform, "call", answered=True, duration_s=1)
        mail = await contact(platform, "email", **EMAIL)
        auto = await contact(platform, "fax", **TOUCHPOINTS["fax"], automatic=True)
        old = await contact(platform, "fax", **TOUCHPOINTS["fax"], occurred_at="2020-01-01T00:00:00Z")
        fax = await contact(platform, "fax", **TOUCHPOINTS["fax"])
        case = await case_of(service, fax, assigned=False)
        await settle(platform)
        joined = await service.service.database.fetch_value(
            "SELECT count(*) FROM case_contact WHERE interaction_id = ANY($1::text[]::uuid[])", [call, mail, auto, old]
        )
        unknown = await service.call("PUT", "/api/v1/case-rules", json={**rules, "kinds": {"fax": {"team_id": ANNA}}}, scopes=WRITE)
    assert (case["team"], case["priority"], case["kind"], joined) == ("Billing", "high", "complaint", 0)
    assert (refused(unknown), unknown.json()["pointer"]) == ((422, "request.unknown_reference"), "/kinds/fax/team_id")


async def test_what_is_erased_leaves_figures_but_neither_person_nor_content(cluster: PrivateCluster) -> None:
    async with started(cluster, "interaction") as platform:
        service = platform["interaction"]
        await know(platform, {"user:anna": ANNA})
        case = await case_of(service, await contact(platform, "email", **EMAIL), assigned=False)
        other = await made(service, "cases", {"subject": "Another's", "customer": "user:boris"})
        await made(service, f"cases/{case['id']}/notes", {"content": "Anna lives in Tabriz"})
        await made(service, f"customers/{ANNA}/notes", {"kind": "habit", "content": "calls on Mondays"})
        identity = service.service.hash_identity("user:anna")
        state = ErasureState(request_id=ANNA, customer_ids=[ANNA], identities=[identity.hex()], erased_at=service.service.clock.now())
        async with service.service.transaction() as tx:
            await commands.erase_people(service.service, tx, states=[state])
        after = await got(service, f"cases/{case['id']}")
        left = [await got(service, f"cases/{case['id']}/{part}") for part in ("notes", "contacts")] + [await got(service, f"customers/{ANNA}/notes")]
        history = (await got(service, f"cases/{case['id']}/history"))["data"]
        untouched = await got(service, f"cases/{other['id']}")
    assert (after["subject"], after["identity"], after["customer_id"], after["opened_at"]) == ("", None, None, case["opened_at"])
    assert [each["data"] for each in left] == [[], [], []]
    assert {str(each["content"]) for each in history} == {"{}"}
    assert untouched["subject"] == "Another's"
