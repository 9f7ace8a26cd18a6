"""Retain: adapt, listen, new products."""

from __future__ import annotations

from typing import Any, Final

from services.campaign.domain.playbooks.wording import care, mail, site

ENTRY: Final = {"stages": ["retain"]}

PLAYBOOKS: Final[tuple[dict[str, Any], ...]] = (
    {
        "key": "retain-adapt", "family": "stage", "stage": "retain", "focus": "adapt",
        "title": {"en": "Adapt to the loyal", "fa": "سازگاری با مشتریان وفادار"},
        "about": "A points programme with tiers, and a gift that only gold members get, by mail and on the site.",
        "mails": {"gold": mail("Yours alone", "For our best customers: {{ data.reward.name }}.", "ویژه شما", "برای بهترین مشتریان: {{ data.reward.name }}.", label="Take it", label_fa="دریافت")},
        "programmes": [
            {
                "ref": "club", "name": "Club",
                "settings": {
                    "kind": "loyalty", "earn": [{"points": 1, "per_minor": 100, "currency": "$currency"}],
                    "tiers": [{"name": "silver", "from_points": 500}, {"name": "gold", "from_points": 2000, "factor": 1.5}],
                },
            },
            care("care", "individual", "For gold members", entry=ENTRY, steps=[{"template_id": "$gold", "reward_id": "$golden"}], exit_on_order=False),
        ],
        "rewards": [
            {"ref": "golden", "programme": "$club", "name": "Golden gift", "cost_minor": 1500, "currency": "$currency", "budget_minor": 150000, "per_customer": 1, "tiers": ["gold"]},
        ],
        "site": [site("gold_banner", "Welcome back", "خوش آمدید", conditions={"stages": ["retain"]}, priority=30)],
    },
    {
        "key": "retain-listen", "family": "stage", "stage": "retain", "focus": "listen",
        "title": {"en": "Listen", "fa": "گوش دهید"},
        "about": "A circle of customers who are asked, and a question after every contact; whoever grows silent is written to.",
        "mails": {
            "circle": mail("Tell us what to do", "Join the circle that decides with us.", "بگویید چه کنیم", "به حلقه تصمیم‌گیران بپیوندید.", label="Join", label_fa="پیوستن"),
            "ask": mail("How are we doing?", "One click is enough.", "از ما راضی هستید؟", "یک کلیک کافی است.", label="Answer", label_fa="پاسخ"),
            "silent": mail("We have not heard from you", "Is there something we should do better?", "مدتی است خبری نداریم", "چه چیزی را بهتر کنیم؟"),
        },
        "programmes": [
            {"ref": "group", "name": "Circle", "settings": {"kind": "community", "sender": "$sender", "invitation_template_id": "$circle"}},
            {"ref": "ask_them", "name": "After each contact", "goal": 4.5, "settings": {"kind": "satisfaction", "sender": "$sender", "template_id": "$ask"}},
            care("care", "win_back", "Grown silent", entry={"stages": ["retain"], "silent_days": 90}, steps=[{"template_id": "$silent"}]),
        ],
    },
    {
        "key": "retain-new-products", "family": "stage", "stage": "retain", "focus": "new_products",
        "title": {"en": "New products first", "fa": "محصولات تازه"},
        "about": "The best customers see new products before everybody else.",
        "mails": {"preview": mail("Before everybody else", "New, and for you first.", "پیش از همه", "تازه، و نخست برای شما.")},
        "programmes": [care("care", "individual", "Preview", entry=ENTRY, steps=[{"template_id": "$preview"}], exit_on_order=False, again_after_days=30)],
        "site": [site("preview_banner", "New, for you first", "تازه برای شما", conditions={"stages": ["retain"]}, priority=20)],
    },
)
