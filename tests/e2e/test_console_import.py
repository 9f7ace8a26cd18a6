"""The console's import: a file is checked, brought in with its columns named, its refused row is shown, and all of it is taken back, in each language."""

from __future__ import annotations

import uuid

import pytest
from playwright.sync_api import expect

from tests.support.consoles import Console, Look
from tests.support.upright import Upright

WORDS = {
    "en": {"file": "File", "dry": "Check only", "run": "Import", "only": "check only: nothing was kept", "refused": "Refused rows", "undo": "Take it back", "done": "done", "undone": "taken back"},
    "fa": {"file": "فایل", "dry": "فقط بررسی", "run": "وارد کن", "only": "فقط بررسی: چیزی نگه داشته نشد", "refused": "ردیف‌های ردشده", "undo": "برگردان", "done": "انجام شد", "undone": "برگردانده"},
}


@pytest.mark.parametrize("look", [Look("en"), Look("fa", dark=True, narrow=True)], ids=lambda look: look.name)
def test_a_file_is_checked_imported_and_taken_back(up: Upright, console: Console, look: Look) -> None:
    tag, words = uuid.uuid4().hex[:8], WORDS[look.language]
    content = f"user_id,mail,name,updated_at\nu{tag},{tag}@import.example,Sara {tag},2026-01-02\nv{tag},,Nima,not a day\n"

    def known() -> list[object]:
        found: list[object] = up.ask("GET", "/api/v1/customers", params={"identity": f"email:{tag}@import.example"})["data"]
        return found

    with console.opened("/import", look) as page:
        with page.expect_file_chooser() as chosen:
            page.get_by_role("button", name=words["file"], exact=False).first.click()
        chosen.value.set_files({"name": f"list-{tag}.csv", "mimeType": "text/csv", "buffer": content.encode()})
        page.get_by_label("mail", exact=False).last.select_option("email")
        console.checked(page, f"import-{look.name}")
        shown = page.get_by_role("region", name=f"list-{tag}", exact=True)
        page.get_by_role("button", name=words["dry"], exact=True).click()
        expect(shown).to_contain_text(words["only"])
        expect(shown.get_by_text(words["done"], exact=True)).to_be_visible()
        assert known() == []
        page.get_by_role("button", name=words["run"], exact=True).click()
        expect(shown.get_by_role("button", name=words["undo"])).to_be_visible()
        expect(shown).to_contain_text("3" if look.language == "en" else "۳")
        console.checked(page, f"import-done-{look.name}")
        assert len(known()) == 1
        shown.get_by_role("button", name=words["undo"]).click()
        page.get_by_role("dialog").get_by_role("button", name=words["undo"]).click()
        expect(shown.get_by_text(words["undone"], exact=True)).to_be_visible()
    assert known() == []
