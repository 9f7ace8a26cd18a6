"""200 hostile templates: each is refused where it is written, or comes out as harmless text. Nothing is evaluated, read or run."""

from __future__ import annotations

import re
import time
from itertools import product

import pytest

from chassis.liquid import TemplateLimit
from services.campaign.domain.compiling import BadTemplate, compile_template
from services.campaign.domain.rendering import render

#: What would show that something was evaluated, read or run.
PROOF = re.compile(
    r"1787569|root:x:0|<class |<function|<module|object at 0x|__globals__'|/bin/|PATH=|TypeError|Traceback|uid=0|ECRM_|secret-value", re.IGNORECASE
)
DATA = {
    "customer": {"name": "Ann", "id": "1", "traits": {"x": "y"}, "bad": "<script>alert(1)</script>", "code": "{{ 1337 | times: 1337 }}", "url": "javascript:alert(1)"},
    "campaign": {"id": "c", "name": "C"}, "locale": "en", "unsubscribe_url": "https://s.example/u", "preferences_url": "https://s.example/p",
    "data": {}, "feeds": {}, "postal_address": "",
}
SUM = "1337*1337"
#: Other engines' ways to compute or reach out, in the spelling of each.
ENGINES = (
    "{{{{ {0} }}}}", "${{{0}}}", "#{{{0}}}", "<%= {0} %>", "{{{{{{{0}}}}}}}", "@({0})", "[[${{{0}}}]]", "*{{{0}}}", "{{= {0} }}", "{{php}}echo {0};{{/php}}",
    "{{% print({0}) %}}", "#set($x={0})${{x}}", "{{{{ '{0}' | eval }}}}", "<#assign x={0}>${{x}}", "{{{{ [{0}] | first }}}}", "{{% set x = {0} %}}{{{{ x }}}}",
)
REACHING = (
    SUM, "self.__class__.__mro__", "''.__class__.__base__.__subclasses__()", "config.items()", "request.application.__globals__", "cycler.__init__.__globals__.os",
    "lipsum.__globals__['os'].popen('id').read()", "get_flashed_messages.__globals__", "T(java.lang.Runtime).getRuntime().exec('id')",
)
LIQUID = (
    "{% include '/etc/passwd' %}", "{% render '../../etc/passwd' %}", "{% include customer.name %}", "{{ customer.__class__ }}", "{{ customer['__class__'] }}",
    "{{ customer.traits.__init__.__globals__ }}", "{{ customer.name.__class__.__mro__ }}", "{{ customer | map: '__class__' }}", "{{ customer.items }}",
    "{{ customer.name | send: 'system' }}", "{{ 'id' | system }}", "{{ 'x' | safe }}", "{{ customer.bad | safe }}", "{{ customer.bad | raw }}",
    "{% raw %}{{ 1337 | times: 1337 }}{% endraw %}", "{{ customer.code }}", "{% capture x %}{{ customer.code }}{% endcapture %}{{ x }}",
    "{{ 'PHNjcmlwdD4=' | base64_decode }}", "{% layout 'x' %}", "{% extends 'x' %}", "{% import 'os' %}", "{% macro x() %}{% endmacro %}",
    "{% comment %}{% include 'x' %}{% endcomment %}ok", "{% tablerow i in (1..999999999) %}x{% endtablerow %}", "{% for i in (1..999999999) %}x{% endfor %}",
    "{% for i in (1..9999) %}{% for j in (1..9999) %}x{% endfor %}{% endfor %}", "{{ 'a' | append: 'a' }}", "{% assign x = 'aaaaaaaaaa' %}"
    + "{% assign x = x | append: x %}" * 40 + "{{ x }}", "{{ 9999999999 | times: 9999999999 | times: 9999999999 | times: 9999999999 | times: 99999999999999999999 }}",
    "{{ 'a' | replace: '', 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa' }}" * 3, "{{ 1 | divided_by: 0 }}", "{{ 'x' | date: '%999999999d' }}", "{{ 'now' | date: '" + "%c" * 400 + "' }}",
    "{% cycle 'a', 'b' %}" * 2000, "{% if " + "(" * 400 + "x" + ")" * 400 + " %}y{% endif %}", "{% if true %}" * 400 + "x" + "{% endif %}" * 400,
    "{{ customer" + ".a" * 4000 + " }}", "{{ " + "x | upcase " * 60 + "}}", "{% increment x %}{% decrement y %}", "{% liquid\ninclude 'x'\n%}",
    "{{ customer.name | split: '' | join: customer.bad }}", "{{ customer.url }}", "{{ 'a' | slice: 0, 99999999999999999999 }}", "{{ '%n%s%x' | date: '%n%s' }}",
)
MARKUP = (
    "<script>alert(1)</script>", "<SCRIPT SRC=//x.example/x.js></SCRIPT>", "<img src=x onerror=alert(1)>", "<svg onload=alert(1)>", "<svg><script>1</script></svg>",
    "<iframe src='https://x.example'></iframe>", "<object data='x'></object>", "<embed src='x'>", "<form action='https://x.example'><input></form>",
    "<a href='javascript:alert(1)'>x</a>", "<a href='JaVaScRiPt:alert(1)'>x</a>", "<a href='java\tscript:alert(1)'>x</a>", "<a href='vbscript:x'>x</a>",
    "<a href='data:text/html,<script>1</script>'>x</a>", "<body onload=alert(1)>", "<base href='https://x.example/'>", "<math href='javascript:1'>x</math>",
    "<button formaction='javascript:1'>x</button>", "<a onclick='x()' href='https://x.example'>x</a>", "<div onmouseover=alert(1)>x</div>",
    "<!--[if mso]><script>alert(1)</script><![endif]-->", "<mj-include path='/etc/passwd' />", "<input autofocus onfocus=alert(1)>",
    '<p style="x" onbegin=alert(1)>x</p>', "<a href='&#106;avascript:alert(1)'>x</a>", "<a href='{{ customer.url }}'>x</a>", "{{ customer.bad }}",
    "<img src='{{ customer.bad }}'>", "<a title='{{ customer.bad }}' href='https://x.example'>x</a>", "<p>{{ customer.bad | upcase }}</p>",
)
SUBJECTS = (
    "x\r\nBcc: eve@x.example", "x\nSubject: y", "x\x00y", "x\u2028y", "x\u2029y", "x\x85y", "x\x1b[31m", "", " ", "a" * 5000, "{{ customer.name", "{% if x %}",
)

PAYLOADS = [
    *(("subject", text) for text in SUBJECTS), *(("body", text) for text in LIQUID), *(("body", text) for text in MARKUP),
    *(("body", engine.format(reach)) for engine, reach in product(ENGINES, REACHING)),
][:]


def test_there_are_enough() -> None:
    assert len(PAYLOADS) >= 200
    assert len(set(PAYLOADS)) == len(PAYLOADS)


def tried(part: str, text: str) -> str | None:
    """What comes out, all parts of it; None where it was refused."""
    subject = text if part == "subject" else "Hello"
    inner = text if part == "body" else "Hello"
    body = f"<mjml><mj-body><mj-section><mj-column><mj-text>{inner}</mj-text></mj-column></mj-section></mj-body></mjml>"
    try:
        compiled = compile_template(subject=subject, body=body, locale="en")
    except (BadTemplate, TemplateLimit):
        return None
    made = render(compiled, DATA)
    return None if made.problem else f"{made.subject}\n{made.html}\n{made.text}"


@pytest.mark.parametrize("family", range(10))
def test_hostile_templates_do_nothing(family: int) -> None:
    """Families only to spread the work; every payload is in one of them."""
    used = time.process_time()
    for part, text in PAYLOADS[family::10]:
        out = tried(part, text)
        if out is None:
            continue
        visible = out.replace(text, "")  # the author's own words may stand there as words
        assert not PROOF.search(visible), (part, text[:200], PROOF.search(visible))
        html = out.split("<body", 1)[-1].rsplit("</html>", 1)[0].lower()
        assert "<script" not in html, text[:200]
        assert not re.search(r"<[a-z][^>]*\son[a-z]+\s*=", html), text[:200]
        assert len(out) < 600_000
    assert time.process_time() - used < 30


def test_a_calculation_that_is_liquid_is_liquid() -> None:
    """The proof is one: what is meant to be calculated is."""
    out = tried("body", "{{ 1337 | times: 1337 }}")
    assert out is not None
    assert "1787569" in out
