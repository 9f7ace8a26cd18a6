"""Nine practices of marketing, each as a small example that runs."""

from __future__ import annotations

from typing import Any, Final

from services.campaign.domain.playbooks.wording import care, mail, site

EVERYBODY: Final[dict[str, Any]] = {}


def _practice(key: str, focus: str, title: str, title_fa: str, about: str, **parts: Any) -> dict[str, Any]:
    return {"key": f"practice-{key}", "family": "practice", "focus": focus, "title": {"en": title, "fa": title_fa}, "about": about, **parts}


PLAYBOOKS: Final[tuple[dict[str, Any], ...]] = (
    _practice(
        "database", "database", "Database marketing", "بازاریابی پایگاه داده", "Whom to write to is chosen by what is on record: orders and scores, not hearsay.",
        mails={"hello": mail("From your own orders", "We looked at what you ordered.", "بر پایه خریدهای شما", "خریدهای شما را دیدیم.")},
        programmes=[care("care", "individual", "By orders", entry={"orders_at_least": 2}, steps=[{"template_id": "$hello"}], exit_on_order=False)],
    ),
    _practice(
        "individualised", "individualised", "Individualised marketing", "بازاریابی فردی", "Each part of the mail is chosen by this customer's own traits.",
        mails={
            "own": mail(
                "For you in {{ customer.city | default: 'your town' }}", "{% if customer.language == 'fa' %}Nowruz{% else %}Spring{% endif %} ideas for you.",
                "برای شما در {{ customer.city | default: 'شهرتان' }}", "پیشنهادهایی برای شما.",
            ),
        },
        programmes=[care("care", "individual", "One's own mail", entry=EVERYBODY, steps=[{"template_id": "$own"}], exit_on_order=False)],
    ),
    _practice(
        "intimacy", "customer-intimacy", "Customer intimacy", "نزدیکی با مشتری", "Ask after every contact, and act on a bad answer.",
        mails={"ask": mail("How was it?", "One click is enough.", "چطور بود؟", "یک کلیک کافی است.", label="Answer", label_fa="پاسخ")},
        programmes=[{"ref": "ask_them", "name": "Ask", "goal": 4.5, "settings": {"kind": "satisfaction", "sender": "$sender", "template_id": "$ask", "wait_hours": 1}}],
    ),
    _practice(
        "technology", "technology-enabled", "Technology-enabled marketing", "بازاریابی فناورانه", "The site recognises each visit and answers within milliseconds.",
        site=[site("hello", "Good to see you again", "خوشحالیم که بازگشتید", conditions={"visitors": ["returning", "known", "customer"]})],
    ),
    _practice(
        "dialogue", "dialogue", "Dialogue marketing", "بازاریابی گفت‌وگویی", "A mail that asks for an answer, and one more only to those who gave none.",
        mails={
            "question": mail("May we ask you something?", "Answer this mail: we read it.", "پرسشی داریم", "به این نامه پاسخ دهید؛ می‌خوانیم."),
            "again": mail("One more time", "Your answer counts.", "بار دیگر", "پاسخ شما مهم است."),
        },
        programmes=[care("care", "individual", "Dialogue", entry=EVERYBODY, steps=[{"template_id": "$question"}, {"template_id": "$again", "after_days": 7}])],
    ),
    _practice(
        "interactive", "interactive", "Interactive marketing", "بازاریابی تعاملی", "What the visitor does changes what they see: the basket decides the next message.",
        site=[
            site("empty", "Find something nice", "چیزی پیدا کنید", placement="basket", conditions={"basket_below_minor": 1}),
            site("nearly", "Nearly there", "تقریباً تمام", placement="basket", conditions={"basket_at_least_minor": 1, "basket_below_minor": 5000}, priority=5),
        ],
    ),
    _practice(
        "permission", "permission", "Permission marketing", "بازاریابی با اجازه", "Only who agreed gets it: nothing personal without a grant, and each mail under a permit.",
        mails={"agreed": mail("As you wished", "You asked us to write, so we do.", "همان‌گونه که خواستید", "خواستید بنویسیم.")},
        programmes=[care("care", "individual", "By permission", entry=EVERYBODY, steps=[{"template_id": "$agreed"}], exit_on_order=False)],
        site=[site("yours", "Chosen for you", "برگزیده برای شما", conditions={"orders_at_least": 0}, priority=1)],
    ),
    _practice(
        "one-to-one", "one-to-one", "One-to-one marketing", "بازاریابی نفر به نفر", "A reminder when this one person's own interval is over.",
        mails={"refill": mail("Time again?", "It is about time, going by your own orders.", "وقتش رسیده؟", "بر پایه خریدهای خودتان.")},
        programmes=[{"ref": "refill_them", "name": "Own interval", "settings": {"kind": "repeat_purchase", "sender": "$sender", "template_id": "$refill", "least_orders": 2}}],
    ),
    _practice(
        "mass-customisation", "mass-customisation", "Mass customisation", "سفارشی‌سازی انبوه", "Everybody gets their own choice out of parts: the reward that fits their standing.",
        mails={"choice": mail("Made for you", "Yours: {{ data.reward.name }}.", "ویژه شما", "از آن شما: {{ data.reward.name }}.", label="Take it", label_fa="دریافت")},
        programmes=[
            {"ref": "parts", "name": "Parts", "settings": {"kind": "rewards"}},
            care("first", "individual", "For newcomers", entry={"orders_at_most": 0}, steps=[{"template_id": "$choice", "reward_id": "$small"}], exit_on_order=False),
            care("later", "individual", "For customers", entry={"orders_at_least": 1}, steps=[{"template_id": "$choice", "reward_id": "$large"}], exit_on_order=False),
        ],
        rewards=[
            {"ref": "small", "programme": "$parts", "name": "Sample", "cost_minor": 100, "currency": "$currency", "per_customer": 1},
            {"ref": "large", "programme": "$parts", "name": "Your own set", "cost_minor": 900, "currency": "$currency", "per_customer": 1},
        ],
    ),
)
