"""Bounces that follow no standard: who sends them, where the returned mail begins, and which addresses they speak of."""

from __future__ import annotations

import re
from typing import Final

LONGEST: Final = 16_000

#: Local parts and names of programs that tell of mails that came back.
MACHINE: Final = re.compile(
    r"mailer[-_. ]?d(?:a)?emon|post[-_. ]?master|mail[-_. ]?deliver(?:y|er)|mail (?:system|administrator|router)|system administrator|delivery (?:subsystem|system|status|agent)|"
    r"mdaemon|mail[-_.]?(?:server|agent|gateway|admin)|antivirus|\bmmdf\b|\bsmtp\b|internet mail|<>|bounce|jetmail|microsoft ?exchange|returned",
    re.IGNORECASE,
)
#: How their subjects begin.
SUBJECT: Final = re.compile(
    r"^\W*(?:(?:automatically )?(?:returned|rejected|undeliver(?:ed|able)|delayed|failed) |mail (?:delivery|could|error|system|status|failure|not|undeliver)|deliver\w* (?:fail|status|notif|delay|problem|error|report|has|unsuccess)|"
    r"(?:warning|notice|error|failure|problem)\b.{0,60}(?:mail|deliver|message|user|return)|fail(?:ure|ed)?[ :]+(?:notice|deliver|mail|to|notif|delivery)|undeliver|non-?deliver|unzustellbar|message (?:delivery|undeliver|status|could not|delayed|not)|"
    r"could not (?:be )?(?:send|deliver)|couldn't be delivered|can(?:'t|not) deliver|nondeliverable|unable to deliver|user unknown|unknown (?:user|address|recipient)|bounce|(?:your )?(?:e-?mail|message) (?:\S+ ){0,6}(?:could not|not deliver|was not|undeliver|reject|return)|"
    r"no such|invalid|returned|.{0,40}errors from|error (?:sending|in|deliver)|notification d'?.{0,3}tat|rapport|permanent|warning|the results of your|non remis|nicht zugestellt|automatically rejected|auto.?mated.{0,20}(?:fail|reject)|.{0,60}(?:delivery (?:failure|failed|error|status)|undeliverable|returned mail|user unknown|not delivered)|"
    r"не ?достав|невозможно доставить|退信|系统退信|.{0,20}(?:投递|发送|邮件).{0,8}(?:失败|退回)|配信(?:不能|エラー|失敗)|.{0,20}(?:送信|配送|配信)(?:エラー|できません)|non remis|échec de|no se (?:ha )?(?:pu|puede)|"
    r"mensaje no entregado|mancata consegna|não entregue|onbestelbaar|niet bezorgd|ikke levert|تحویل نشد|برگشت)",
    re.IGNORECASE,
)
#: That something could not be delivered, said in a sentence.
FAILURE: Final = re.compile(
    r"(?:could|can|did|was|were|has|have|is|been|be|will)(?:n't| ?not)? (?:\S+ ){0,4}?(?:un)?(?:deliver|sent|reach|receive|accept|reject|return|fail)\w*|(?:un(?:able|deliver)|fail\w*|cannot|error\w*|problem|couldn't|impossible|wasn't able|not able)"
    r" (?:\S+ ){0,6}?(?:deliver|send|sent|mail|message|recipient|reach)\w*|undeliver(?:able|ed)|delivery (?:\S+ ){0,4}?(?:fail|error|delay|problem|attempt)\w*|deliver\w* to (?:\S+ ){0,5}fail|(?:unknown|no such|invalid) (?:\S+ )?(?:user|recipient|address|mailbox)|user unknown|"
    r"permanent (?:fatal )?error|fatal errors|non-?delivery|mailbox (?:\S+ ){0,2}full|over quota|did not reach|not be reached|no longer|delayed|"
    r"не (?:может|удалось|был\w*) (?:быть )?доставлен|无法(?:投递|送达|发送)|投递失败|(?:送信|配信|配送|お届け)(?:でき|に失敗)|konnte (?:\S+ ){0,6}nicht (?:zugestellt|übermittelt)|n'a (?:pas )?pu être (?:remis|délivré)|"
    r"no (?:se )?(?:ha )?(?:podido|pudo) (?:ser )?entreg|non è stato possibile|não (?:pôde|foi) (?:\S+ ){0,2}entreg|تحویل (?:نشد|داده نشد)",
    re.IGNORECASE,
)
#: Where the returned mail begins.
RETURNED: Final = re.compile(
    r"^[ \t>|*#=-]*(?:[-=*_ ]{2,}[ \t]*)?(?:(?:below (?:this line|is)|following is|this is|here is|here follows|enclosed is|attached is|a copy of|the (?:following|first|text|header|original|non-delivered|unsent|undelivered|returned|body|rest)|your (?:original )?(?:message|mail) (?:begins|follows|reads|was:|as follows|text)|start of|begin|included is|return(?:ed)?|unsent|undelivered|"
    r"original|old|failed|rejected|source|quoted) ?(?:\S+ ){0,6}?(?:message|mail|copy|e-?mail|headers?|text)\b(?! (?:was|has|could|will|to|you sent|that|system|delivery|account|server|is not|from))|"
    r"(?:message|mail) (?:headers?|contents?|text|body|follows)(?: \S+){0,3}$|---+ ?(?:message|header|returned|original|unsent|transcript of message|forwarded|enclosed)\b|original (?:mail|message) (?:follows|as follows)|"
    r"old message:|reporting-mta:|header of the source mail|text of (?:the )?message|message text follows)",
    re.IGNORECASE | re.MULTILINE,
)
#: Two header lines of a mail in succession: the returned mail without any announcement.
_HEADERS: Final = re.compile(r"^(?:Received|Return-Path|Message-ID|X-[A-Za-z-]+|DKIM-Signature|MIME-Version|Delivered-To|Date|From):[ \t].*\n(?:[ \t].*\n)*(?:[A-Z][A-Za-z-]+:[ \t].*\n?)", re.IGNORECASE | re.MULTILINE)

ADDRESS: Final = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,80}@(?:[A-Za-z0-9_-]{1,63}\.){1,10}[A-Za-z][A-Za-z0-9-]{1,62}"
_QUOTED: Final = r"\"[^\"\s@]{1,64}\"@(?:[A-Za-z0-9_-]{1,63}\.){1,10}[A-Za-z][A-Za-z0-9-]{1,62}"
_ANY: Final = re.compile(rf"(?<![\w.@+=/%-])({_QUOTED}|{ADDRESS})")
#: An address at the beginning of a line, in whatever brackets, followed by nothing or by what happened to it.
_LEADING: Final = re.compile(
    rf"^[ \t>*•|-]*(?:[1-9][.)][ \t]+)?(?:(?:smtp|rfc822|addr|recipient|to|e-?mail|user|address)[ \t]*[:;=][ \t]*)?(?:\"[^\"\n]{{0,80}}\"[ \t]*)?[<('\"\[]{{0,2}}(?:mailto:|smtp:|rfc822;)?({_QUOTED}|{ADDRESS})[>)'\"\]]{{0,2}}[ \t]*(?:$|[:;,.\r]|\.\.\.|[-–—]|\(|\bon \d|\[|(?:is|was|has|does|no|not|user|unknown|failed|said|error|host|mailbox|account)\b|\d)",
    re.IGNORECASE | re.MULTILINE,
)
#: An address in a sentence that says it is the recipient.
_NAMED: Final = re.compile(
    rf"(?:rcpt to:?|recipients?(?: address)?|addressee|addressed to|deliver\w* (?:(?:your|the|this|a|mail|message|e-?mail)\s+){{0,4}}(?:from \S+ )?to|(?:message|mail|e-?mail) (?:(?:was|sent|you|tried|addressed|could|not|be|delivered)\s+){{0,7}}(?:to|for)|address(?:es)?(?:\(es\))?|user(?:id|name| name)?|account|mailbox|user unknown|unknown user|failed|attempts|undeliver\w+(?: to)?|"
    rf"quota violation for|for user|no such (?:user|person|mailbox|recipient)|failure for|reach|destination|send to|sent to|(?:error-)?for|to)(?:[ \t]*[:=;][ \t\r\n]*|[ \t\r\n]+|(?=[<(\"\[]))[<('\"\[]{{0,2}}(?:mailto:|smtp:|rfc822;)?({_QUOTED}|{ADDRESS})",
    re.IGNORECASE,
)
#: A server's reply with the address in it.
_REPLIED: Final = re.compile(rf"(?:^|[\s:<])[45]\d\d[ -][^\n@]{{0,80}}?[<('\"\[]{{0,2}}({_QUOTED}|{ADDRESS})", re.MULTILINE)
_SYSTEM: Final = re.compile(r"^(?:mailer-?daemon|post-?master|mdaemon|abuse|support|help(?:desk)?|admin(?:istrator)?|root|hostmaster|webmaster|info|bounces?|owner-|mail\.?delivery)(?:[@+.=-]|$)", re.IGNORECASE)
_EMPTY_LINE: Final = re.compile(r"\n[ \t]*\n")
_MESSAGE_ID: Final = re.compile(r"(?:message-id|in-reply-to|references|\bid|msgid)[ \t]*[:=]?[ \t]*<?$", re.IGNORECASE)


def notice_of(text: str) -> str:
    """The words of the machine: the text up to the returned mail."""
    text = text[:LONGEST]
    ends = [found.start() for pattern in (RETURNED, _HEADERS) if (found := pattern.search(text, 1))]
    for end in sorted(ends):
        # The first mention need not be the end of anything: some put the transcript behind the announcement.
        if end and "@" in text[:end] and (_LEADING.search(text, 0, end) or FAILURE.search(text, 0, end)):
            return text[:end]
    return text


def lists_recipients(notice: str) -> bool:
    """Whether lines begin with an address and a colon, as programs write that speak no English."""
    return any(match.group(0).rstrip().endswith(":") for match in _LEADING.finditer(notice))


def recipients_of(notice: str, *, excluded: frozenset[str]) -> list[tuple[str, int]]:
    """(address, where it is first said) of those that a notice says were not reached, the surest form that occurs in it deciding."""
    leading = _found(_LEADING, notice, excluded)
    if leading:
        return leading
    for pattern in (_REPLIED, _NAMED, _ANY):
        found = _found(pattern, notice, excluded)
        if found:
            return found
    return []


def _found(pattern: re.Pattern[str], notice: str, excluded: frozenset[str]) -> list[tuple[str, int]]:
    seen: dict[str, tuple[str, int]] = {}
    for match in pattern.finditer(notice):
        address = match.group(1).strip(".'`")
        folded = address.lower()
        if folded in excluded or folded in seen or "@" not in address or _SYSTEM.match(folded):
            continue
        if _MESSAGE_ID.search(notice[max(0, match.start(1) - 30) : match.start(1)]):
            continue
        seen[folded] = (address, match.start(1))
    whole = [each for folded, each in seen.items() if not any(other != folded and other.startswith(folded) for other in seen)]
    return whole[:100]


def passage(notice: str, start: int, following: int | None) -> str:
    """What is said about an address: its own paragraph, with the next one if it is a single line, up to the next address."""
    begin = notice.rfind("\n", 0, start) + 1
    end = min(len(notice) if following is None else max(following, start), begin + 1500)
    said = notice[begin:end]
    paragraphs = _EMPTY_LINE.split(said.strip("\n"))
    kept = 1 if "\n" in paragraphs[0].strip() or len(paragraphs[0]) > 120 else 2
    return "\n\n".join(paragraphs[:kept])
