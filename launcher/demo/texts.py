"""What the demo shows: its segment, its template in two languages, and its tables."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from rich.table import Table

from launcher.demo import population

RULE: Final[dict[str, Any]] = {
    "all": [
        {"orders": {"measure": "count", "op": "gte", "value": 2}},
        {"trait": "email", "op": "exists"},
        {"any": [{"consent": {"purpose": "marketing", "channel": "email", "state": "granted"}}, {"trait": "acquired_by", "op": "eq", "value": "friend"}]},
    ]
}
RULE_IN_WORDS: Final = "at least two orders, an e-mail address, and either marketing by e-mail allowed or won by a friend"


def template(name: str) -> dict[str, Any]:
    """A thank-you in English and Persian; the words come from the customer's own profile."""
    return {
        "name": name, "fallback": ["en"],
        "locales": {
            "en": {"subject": "{{ customer.name }}, thank you", "body": _mjml(
                "en", "Dear {{ customer.name }},", "you have been with us for a while. Here is what others from {{ customer.traits.city }} like.",
                "See the new rugs", "You get this mail because you allowed it. Unsubscribe with one click:", "unsubscribe")},
            "fa": {"subject": "{{ customer.name }}، سپاس از شما", "body": _mjml(
                "fa", "{{ customer.name }} گرامی،", "مدتی است که همراه ما هستید. ببینید دیگران در {{ customer.traits.city }} چه می‌پسندند.",
                "فرش‌های تازه را ببینید", "این نامه را دریافت می‌کنید زیرا اجازه داده‌اید. لغو اشتراک با یک کلیک:", "لغو اشتراک")},
        },
    }


def _mjml(language: str, greeting: str, words: str, button: str, reason: str, unsubscribe: str) -> str:
    direction = "rtl" if language == "fa" else "ltr"
    return f"""<mjml lang="{language}" dir="{direction}"><mj-body background-color="#f4f1ea"><mj-section background-color="#ffffff"><mj-column>
<mj-text font-size="20px">{greeting}</mj-text><mj-text line-height="1.7">{words}</mj-text>
<mj-button href="https://shop.example/rugs" background-color="#7a1f2b">{button}</mj-button>
<mj-text font-size="12px" color="#666666">{reason} <a href="{{{{ unsubscribe_url }}}}">{unsubscribe}</a></mj-text>
</mj-column></mj-section></mj-body></mjml>"""


def window(shop: population.Shop) -> str:
    """A window with the whole story in it: from the first month to the day after tomorrow."""
    begin = shop.anchor - timedelta(days=int(shop.months * 30.5) + 2)
    return f"from={begin:%Y-%m-%d}&to={shop.anchor + timedelta(days=2):%Y-%m-%d}"


def metrics(whole: str) -> list[tuple[str, str]]:
    """Revenue, conversion and cost per response over the whole story; retention and repeat rate over their usual 365 days."""
    return [("revenue", f"?{whole}"), ("conversion", f"?{whole}"), ("retention", ""), ("repeat_rate", ""), ("cper", f"?{whole}")]


def refunded_orders(shop: population.Shop) -> int:
    """Orders refunded in full do not count as orders."""
    return sum(1 for event in population.events(shop) if event.get("event") == "Order Refunded")


def person_table(person: population.Person, view: dict[str, Any]) -> Table:
    """One person's 360 view, in brief."""
    table = Table(title="One of them, all in one call (GET /api/v1/customers/{id}/360)", show_header=False)
    for name, value in (
        ("name", person.name), ("language", person.language), ("first seen as", person.anonymous_id), ("known as", person.user_id),
        ("orders drawn", str(len(person.orders))),
    ):
        table.add_row(name, value)
    for part in ("profile", "identities", "timeline", "orders", "scores", "consent", "messages"):
        found = view.get(part)
        if isinstance(found, dict) and isinstance(found.get("data"), list):
            table.add_row(part, f"{len(found['data'])} entries on the first page")
        elif isinstance(found, list):
            table.add_row(part, f"{len(found)} entries")
        elif isinstance(found, dict):
            table.add_row(part, ", ".join(sorted(found))[:90])
    if view.get("missing"):
        table.add_row("missing", ", ".join(view["missing"]))
    return table


def report_table(report: dict[str, Any]) -> Table:
    """Sum rule: planned = accepted + failed + suppressed + unknown, with each reason."""
    table = Table("outcome", "messages", title="Campaign report")
    for state in ("planned", "accepted", "failed", "suppressed", "unknown"):
        table.add_row(state, f"{report[state]:,}")
        for reason in report["reasons"]:
            if reason["state"] == state:
                table.add_row(f"    {reason['reason']}", f"{reason['messages']:,}")
    agrees = report["planned"] == report["accepted"] + report["failed"] + report["suppressed"] + report["unknown"]
    table.add_row("planned = sum of outcomes", "[green]yes[/green]" if agrees else "[red]no[/red]")
    return table


def response_table(report: dict[str, Any]) -> Table:
    table = Table("response", "people", "visits")
    for name in ("opens", "clicks"):
        table.add_row(name, f"{report[name]['messages']:,}", f"{report[name]['visits']:,}")
    rate = report.get("click_through_rate")
    table.add_row("click-through rate", f"{100 * rate:.1f} %" if rate is not None else "–", "")
    return table


def metrics_table(rows: list[tuple[str, dict[str, Any]]]) -> Table:
    """Figures with the counts behind them."""
    table = Table("metric", "window", "value", "numerator", "denominator", title="Metrics")
    for name, found in rows:
        window = f"{found['window']['from']} – {found['window']['to']}"
        value = found.get("reason") or _value(found)
        table.add_row(name.replace("_", " "), window, value, _count(found.get("numerator")), _count(found.get("denominator")))
    return table


def _value(found: dict[str, Any]) -> str:
    value, unit = found.get("value"), found.get("unit", "")
    if value is None:
        return "–"
    if unit == "share":
        return f"{100 * value:.1f} %"
    if "minor" in unit:
        return f"{value / 100:,.2f} {population.CURRENCY}"
    return f"{value:,}"


def _count(value: Any) -> str:
    return "" if value is None else f"{value:,}" if isinstance(value, int | float) else str(value)
