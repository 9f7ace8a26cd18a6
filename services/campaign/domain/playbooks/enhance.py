"""Enhance: bundle, serve at lower cost and better."""

from __future__ import annotations

from typing import Any, Final

from services.campaign.domain.playbooks.wording import care, mail, site

ENTRY: Final = {"stages": ["enhance"], "orders_at_least": 1}

PLAYBOOKS: Final[tuple[dict[str, Any], ...]] = (
    {
        "key": "enhance-bundle", "family": "stage", "stage": "enhance", "focus": "bundle",
        "title": {"en": "Sell what goes together", "fa": "فروش بسته‌ای"},
        "about": "Customers who ordered once get what goes with it, together at a better price; the next order ends it.",
        "mails": {"bundle": mail("Goes well with your order", "Together they cost less.", "همراه خرید شما", "با هم ارزان‌ترند.")},
        "programmes": [care("care", "cross_sell", "What goes together", entry=ENTRY, steps=[{"template_id": "$bundle", "after_days": 7}], again_after_days=60)],
        "site": [site("pair", "Complete your set", "مجموعه را کامل کنید", placement="basket", conditions={"basket_at_least_minor": 1}, priority=5)],
    },
    {
        "key": "enhance-reduce-cost", "family": "stage", "stage": "enhance", "focus": "reduce_cost",
        "title": {"en": "Serve for less", "fa": "کاهش هزینه خدمت"},
        "about": "Customers learn to help themselves and to order again by themselves: a guide, and a reminder at their own interval.",
        "mails": {
            "guide": mail("Everything at a glance", "Orders, returns and answers, day and night.", "همه چیز در یک نگاه", "سفارش، مرجوعی و پاسخ، شبانه‌روز."),
            "again": mail("Time for a refill?", "It is about time, going by your own orders.", "وقت خرید دوباره؟", "بر پایه خریدهای خودتان."),
        },
        "programmes": [
            care("care", "individual", "Help yourself", entry=ENTRY, steps=[{"template_id": "$guide", "after_days": 2}], exit_on_order=False),
            {"ref": "refill", "name": "Refill", "settings": {"kind": "repeat_purchase", "sender": "$sender", "template_id": "$again"}},
        ],
    },
    {
        "key": "enhance-serve", "family": "stage", "stage": "enhance", "focus": "serve",
        "title": {"en": "Serve better", "fa": "خدمت بهتر"},
        "about": "A question after each delivery and each closed case; a bad answer opens a case the same minute.",
        "mails": {"ask": mail("How was it?", "One click is enough.", "چطور بود؟", "یک کلیک کافی است.", label="Answer", label_fa="پاسخ")},
        "programmes": [
            {"ref": "ask_them", "name": "How was it", "goal": 4.2, "settings": {"kind": "satisfaction", "sender": "$sender", "template_id": "$ask", "wait_hours": 24}},
        ],
    },
)
