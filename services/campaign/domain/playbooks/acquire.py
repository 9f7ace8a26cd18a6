"""Acquire: differentiate by innovation and convenience."""

from __future__ import annotations

from typing import Any, Final

from services.campaign.domain.playbooks.wording import care, mail, site

ENTRY: Final = {"stages": ["acquire"]}

PLAYBOOKS: Final[tuple[dict[str, Any], ...]] = (
    {
        "key": "acquire-differentiate", "family": "stage", "stage": "acquire", "focus": "differentiate",
        "title": {"en": "Show what sets us apart", "fa": "تفاوت خود را نشان دهید"},
        "about": "People who have not ordered yet hear in two mails what they get here and nowhere else; it ends with their first order.",
        "mails": {
            "why_us": mail("What you get only here", "Here is what sets us apart.", "آنچه فقط نزد ماست", "این ویژگی‌های ماست."),
            "proof": mail("What others say", "Hear it from those who chose us.", "دیگران چه می‌گویند", "از زبان مشتریان ما بشنوید."),
        },
        "programmes": [care("care", "acquisition", "What sets us apart", entry=ENTRY, steps=[{"template_id": "$why_us"}, {"template_id": "$proof", "after_days": 4}])],
        "site": [site("banner", "Only here", "فقط اینجا", conditions={"visitors": ["first_time", "returning"]}, priority=10)],
    },
    {
        "key": "acquire-innovate", "family": "stage", "stage": "acquire", "focus": "innovate",
        "title": {"en": "Win by something new", "fa": "با نوآوری جذب کنید"},
        "about": "Prospects see the newest first: a mail when they become known, a message on the site until they order.",
        "mails": {"news": mail("Something new for you", "You are among the first to see it.", "تازه‌ای برای شما", "شما از نخستین بینندگان هستید.")},
        "programmes": [care("care", "acquisition", "Something new", entry=ENTRY, steps=[{"template_id": "$news"}])],
        "site": [site("banner", "New today", "تازه امروز", conditions={"visitors": ["first_time", "returning", "known"]}, priority=5)],
    },
    {
        "key": "acquire-ease", "family": "stage", "stage": "acquire", "focus": "ease",
        "title": {"en": "Make the first order easy", "fa": "خرید نخست را آسان کنید"},
        "about": "A first order's gift without conditions, help where a basket waits, and a recommendation programme that rewards who brings friends.",
        "mails": {"gift": mail("A gift with your first order", "It is yours: {{ data.reward.name }}.", "هدیه نخستین خرید", "از آن شماست: {{ data.reward.name }}.", label="Take it", label_fa="دریافت")},
        "programmes": [
            {"ref": "gifts", "name": "First order gift", "settings": {"kind": "rewards"}},
            care("care", "acquisition", "Easy start", entry=ENTRY, steps=[{"template_id": "$gift", "reward_id": "$present"}]),
        ],
        "rewards": [
            {"ref": "present", "programme": "$gifts", "name": "Free delivery", "kind": "service", "cost_minor": 500, "currency": "$currency", "per_customer": 1, "stages": ["acquire"]},
        ],
        "site": [site("help", "Delivery is free from here", "ارسال رایگان", placement="basket", conditions={"basket_at_least_minor": 1, "basket_below_minor": 5000})],
    },
)
