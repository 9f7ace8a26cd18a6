"""What the readable page of a copy says, by language."""

from __future__ import annotations

from typing import Final

TEXTS: Final[dict[str, dict[str, str]]] = {
    "en": {
        "title": "Your data", "lead": "This is what {organisation} holds about you, as of {date}. Everything stands in the JSON files beside this page, too, for machines.",
        "purposes": "What we may use it for", "purpose": "Purpose", "basis": "Legal basis", "channels": "Ways", "allowed": "Now",
        "yes": "allowed", "no": "not allowed", "held": "What we hold", "category": "About", "origin": "Comes from", "rows": "Entries", "part": "Part",
        "given": "told by you or on your behalf", "observed": "seen when you dealt with us", "derived": "worked out by us", "ours": "kept so that our systems work",
        "rights": "Your rights",
        "rights_text": "You may have your data corrected or erased, have their use restricted, object to a use, withdraw a permission at any time, take your data "
        "along, and complain to a supervisory authority. The preference centre, to which every message of ours links, is the shortest way.",
        "more": "{number} more in the file {file}.", "nothing": "Nothing.", "recipients": "Who receives it",
        "recipients_text": "Providers that deliver our messages receive the address and the content of each message. Nobody else receives your data unless you allowed it under a purpose above.",
        "automated": "Decisions by machines", "automated_text": "Scores and segments under “worked out by us” choose which messages suit you. No decision with legal effect is made by machines alone.",
        "profile": "your profile", "contact": "how to reach you", "activity": "what you did", "orders": "orders and offers", "service": "our service for you",
        "messages": "messages to you", "consents": "your permissions", "scores": "figures and groups", "answers": "what you answered and wrote", "other": "other",
        "portability": "This is what you told us and what we saw when you dealt with us, to take along.",
        "kept": "Kept for", "days": "{days} days", "no_end": "as long as needed for the purpose",
    },
    "fa": {
        "title": "داده‌های شما", "lead": "این چیزی است که {organisation} در تاریخ {date} از شما نگه می‌دارد. همه چیز در پرونده‌های JSON کنار این صفحه نیز، برای ماشین‌ها، آمده است.",
        "purposes": "برای چه کاری اجازه داریم", "purpose": "هدف", "basis": "پایهٔ قانونی", "channels": "راه‌ها", "allowed": "اکنون",
        "yes": "پذیرفته", "no": "نپذیرفته", "held": "آنچه نگه می‌داریم", "category": "دربارهٔ", "origin": "از کجا", "rows": "شمار", "part": "بخش",
        "given": "گفتهٔ خود شما یا از سوی شما", "observed": "دیده‌شده هنگام کار با ما", "derived": "برآورد ما", "ours": "برای کار سامانه‌های ما",
        "rights": "حقوق شما",
        "rights_text": "می‌توانید بخواهید داده‌هایتان درست یا پاک شود، استفاده از آنها محدود شود، به استفاده‌ای اعتراض کنید، اجازه‌ای را هر زمان پس بگیرید، داده‌هایتان را "
        "با خود ببرید و به نهاد ناظر شکایت کنید. کوتاه‌ترین راه، صفحهٔ انتخاب‌هاست که پیوند آن در هر پیام ما هست.",
        "more": "{number} مورد دیگر در پروندهٔ {file}.", "nothing": "هیچ.", "recipients": "چه کسانی دریافت می‌کنند",
        "recipients_text": "رسانندگان پیام‌های ما نشانی و متن هر پیام را دریافت می‌کنند. جز این، تنها کسانی که بالاتر پذیرفته‌اید.",
        "automated": "تصمیم ماشین", "automated_text": "امتیازها و گروه‌های «برآورد ما» پیام‌های مناسب شما را برمی‌گزینند. هیچ تصمیم دارای اثر حقوقی را تنها ماشین نمی‌گیرد.",
        "profile": "نمایهٔ شما", "contact": "راه‌های تماس", "activity": "کارهای شما", "orders": "سفارش‌ها و پیشنهادها", "service": "خدمات ما به شما",
        "messages": "پیام‌ها به شما", "consents": "اجازه‌های شما", "scores": "امتیازها و گروه‌ها", "answers": "پاسخ‌ها و نوشته‌های شما", "other": "دیگر",
        "portability": "این چیزی است که به ما گفته‌اید و هنگام کار با ما دیده‌ایم، برای بردن.",
        "kept": "مدت نگه‌داری", "days": "{days} روز", "no_end": "تا زمانی که برای هدف لازم است",
    },
}
