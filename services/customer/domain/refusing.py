"""Values that say "there is none" instead of naming somebody: what the identity rules begin with."""

from __future__ import annotations

from typing import Final

from services.customer.domain import contact

#: Compared folded (case, Persian and Arabic letters, digits, joiners), for every kind.
VALUES: Final = tuple(
    sorted(
        contact.REFUSED
        | {
            "n\\a", "empty", "blank", "missing", "nobody", "no", "test user", "not available", "not provided", "not applicable", "<null>",
            "<nil>", "\\n", ".", "..", "...", "?", "_", "*", "#", "''", '""', "infinity", "inf", "ناشناس", "ندارد", "نامشخص", "نامعلوم", "مجهول",
            "مهمان", "میهمان", "کاربر مهمان", "کاربر ناشناس", "هیچ", "هیچکدام", "خالی", "نمی‌دانم", "بدون نام", "بی‌نام", "ثبت نشده", "تست",
            "غير معروف", "غير متوفر", "لا يوجد", "ضيف", "زائر",
        }
    )
)

_PEOPLE: Final = (
    "test|tests|tester|testing|user|username|email|mail|name|example|sample|demo|you|your|yourname|youremail|your[._-]email|your[._-]name|"
    "noreply|no[._-]reply|nobody|none|null|no|na|nil|undefined|unknown|anonymous|guest|asdf|qwerty|foo|a|x|xx|xxx|aaa|abc|123"
)

#: By kind; a pattern must match the whole value. The syntax has neither look-around nor back references, so its time is linear.
PATTERNS: Final = {
    "email": (
        (
            f"(?:{_PEOPLE})@(?:example|test|testing|email|domain|sample|none|null|nowhere|noreply|invalid|yourdomain|asdf|abc|xxx|localhost)"
            r"(?:\.(?:com|org|net|ir|co|test|invalid|example|local))?"
        ),
        r".*@(?:[^@]*\.)?(?:invalid|localhost|localdomain)",
    ),
    "phone": (
        r"\+?\d{0,4}(?:0{7,}|1{7,}|2{7,}|3{7,}|4{7,}|5{7,}|6{7,}|7{7,}|8{7,}|9{7,})",
        r"\+?0*(?:12345678|123456789|1234567890|87654321|987654321|9876543210)",
    ),
    "anon": (r"0[0-]*", r"f[f-]{7,}"),
}
