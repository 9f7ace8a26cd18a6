"""What a refusal means: the enhanced status code, and whether anybody will ever be reached at that address.

Sources: RFC 3463 and its registry (RFC 5248; 7372 authentication, 7505 and 7504 domains without mail), RFC 5321 section 4.2 for reply
codes. The phrases are those which servers write in place of, beside, and often against the code: a full mailbox is told as 5.1.1,
a blocked sender as 5.0.0. Hard is only what says that the address or its domain does not exist or takes no mail: whoever suppresses an
address for good must not do so for a full mailbox, a block list or a network at fault. What says nothing is soft.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

#: Categories of an address that will never be reached.
HARD: Final = frozenset({"unknown_address", "unknown_domain", "moved", "takes_no_mail"})

#: In the order of asking: the first that matches decides. What is passing comes before what lasts wherever both are said together,
#: but a plain "user unknown" beats hints at policies, as refusals for policy often send readers to a page about unknown users.
_PHRASES: Final[tuple[tuple[str, str], ...]] = (
    ("delivered", r"successfully (?:delivered|relayed|sent)|(?:was|been) (?:delivered|relayed) to (?:the|a) (?:recipient|mail)"),
    ("mailbox_full",
     (r"mail ?(?:box|folder|drop|file|account)s?(?:'s)? (?:\S+ ){0,3}(?:is |are |was |has )?(?:(?:almost|currently|already) )?(?:full|over ?flow)|"
     r"over (?:the )?(?:\w+ )?(?:quota|disk quota|storage)|overquota|quota (?:\S+ ){0,3}(?:exceed|full|reach|violat|overrun)|"
     r"(?:exceed\w*|out of|over|violat\w*|not enough|insufficient) (?:\S+ ){0,4}(?:quota|disk space|storage|mailbox (?:size|limit|space))|"
     r"(?:mailbox|mail box|storage|box) (?:size |space )?(?:limit|allocation|space)?\s?(?:is |has been )?(?:exceed|reach|not enough|insufficient)|"
     r"(?:disk|storage|mailbox|user'?s? space|space) (?:\S+ ){0,2}(?:full|exhausted|exceeded|has been used up)|not enough (?:disk |storage )?space|"
     r"insufficient (?:system )?(?:storage|resources|space)|no space left|account is full|user is over|inbox is full|too much mail data for|"
     r"delivery failed: over quota|domain size limit exceeded|user has too many messages|unread messages|maildir (?:over|delivery failed: domaindiskquota)")),
    ("too_big",
     (r"(?:message|mail|size) (?:\S+ ){0,3}(?:too (?:big|large|long)|exceed\w* (?:\S+ ){0,5}(?:limit|maximum|size))|"
     r"message length exceeds|(?:exceed\w*|larger than) (?:\S+ ){0,4}(?:maximum|message|mail) (?:\S+ ){0,2}(?:size|length)|message size")),
    # Exchange Online's word for recipients its directory does not know (5.4.1, directory-based edge blocking).
    ("unknown_address", r"recipient address rejected: access denied|domain (?:is )?not reachable. please check the domain"),
    ("sender",
     (r"sender (?:\S+ ){0,3}(?:reject|den(?:ied|y)|refus|invalid|unknown|not (?:allowed|exist|found|valid)|does not exist|verif\w* fail|domain|must)|"
     r"(?:invalid|bad|unknown|forged|unresolvable|rejected|unverified|blocked|domain of|domain name of|verify) sender|"
     r"domain of (?:the )?sender|(?:mail|envelope)[ -]?from (?:\S+ ){0,3}(?:reject|den|refus|invalid|not)|return[- ]path (?:\S+ ){0,2}(?:reject|invalid)|"
     r"from address (?:\S+ ){0,3}(?:reject|invalid|not)|(?:backscatter|null sender|empty envelope sender)|must have (?:a )?valid (?:sender|dns)")),
    ("authentication",
     (r"\b(?:spf|dkim|dmarc|arc|sender ?id)\b|unauthenticated (?:e?mail|sender)|authenticat\w+ (?:\S+ ){0,2}(?:required|fail|check)|"
     r"must be authenticated|not authenticated|authentication[- ]results?")),
    ("moved",
     (r"(?:user|recipient|account|address|mailbox|he|she|person) (?:\S+ ){0,3}(?:has |have )?moved|has been replaced by|has a new address|new (?:e-?mail )?address is|"
     r"not our user|user not local|forwarding address|no longer (?:work|employ|with|valid|in use|on (?:this )?server|available here|associated)|"
     r"address (?:\S+ ){0,2}(?:has )?changed")),
    ("takes_no_mail",
     (r"null ?mx|(?:does|do|will) ?(?:not|n['o]t|never) (?:currently )?accept (?:any )?(?:e-?)?mail\b(?! from)|(?:host|server|domain) (?:\S+ ){0,2}accepts no mail|"
     r"accepts no (?:e-?)?mail|smtp protocol is not (?:used|supported)|not (?:a )?mail (?:host|server) (?:here|any)|no mail(?:-| )?(?:enabled|service)")),
    ("suspended",
     (r"(?:account|mailbox|user|recipient|address|domain|mail ?drop|e-?mail)s? (?:\S+ ){0,5}(?:disabled|suspend\w*|inactive|deactivated|locked|frozen|not active|"
     r"not activated|restricted|blocked by the user|turned off|terminated|expired|unavailable for|has been closed|on hold|dormant)|"
     r"(?:disabled|suspended|inactive|locked|deactivated|terminated) (?:account|mailbox|user|recipient|address|domain)|account[- ]?inactive|"
     r"is (?:currently )?(?:inactive|disabled|suspended|deactivated)|vdelivermail: account is locked|payment")),
    ("unknown_domain", r"host or domain name not found|name service error|name or service not known|nxdomain"),
    ("unknown_address",
     (r"(?:user|recipient|address(?:ee)?|account|mailbox|person|name|local part|id|userid|login|customer|destination|dest|box|alias|rcpt|subscriber|member|"
     r"customer name|e-?mail)s?(?: \S{1,80}){0,6}? ?(?:is |was |are |were |has |have )?(?:currently )?(?:un-?known|not (?:be )?(?:found|known|recogni[sz]ed|listed|exist|registered|present|"
     r"valid|local|handled|identified|deliverable|provisioned|hosted)|(?:does|do|did|could|can) ?(?:not|n['o]t) (?:actually |currently )?(?:exist|match|have (?:a|an)|resolve|be (?:found|resolved|verified|matched))|"
     r"no longer exist\w*|non-?exist\w*|invalid|unrouteable|undeliverable)|"
     r"(?:un-?known|invalid|bad|no such|nonexist\w+|not a valid|wrong|not known|illegal|undeliverable|unrouteable|undefined|ambiguous|obsolete|incorrect|no|not a) (?:\S+ ){0,2}?"
     r"(?:user|recipient|address(?:ee)?|account|mailbox(?:es)?|person|local part|local[- ]user|userid|name|alias|customer|rcpt|destination(?: mailbox)?|login|member|subscriber|recip)\b(?! (?:name )?server)|"
     r"(?:there is|we have|has) no (?:one|body|user|account|mailbox|such)|nobody (?:here|by)|no one (?:here )?(?:by|with|at)|no mailbox (?:here|found|by)|(?:does|do)(?:es)?(?: not|n'?t) have an? (?:\S+ ){0,3}(?:account|mailbox)|"
     r"not (?:in (?:our|the|my) (?:list|directory|records|database|system|domain|virtual)|listed in|a (?:local|known|valid|yahoo|registered|customer))|(?:does|do)(?: not|n't) exist|doesn't exist|"
     r"(?:is|are) not (?:\w+ ){0,3}(?:users?|accounts?|recipients?|customers?|subscribers?)\b|(?:e-?mail |mail )?address (?:\S+ ){0,4}(?:couldn't|could not|wasn't) (?:be )?found|"
     r"cannot find (?:\S+ ){0,4}(?:user|account|mailbox|recipient|address)|user\.?not\.?found|recipnotfound|recipient(?:s)? not found|mailbox not found|mailbox unavailable or access denied|not our customer|"
     r"delivery to (?:this|that) (?:address|user) is (?:restricted|not possible)|unable to find (?:user|recipient)|addressee unknown|r[ec]*ipient\w* unknown|"
     r"check (?:the )?(?:spelling|recipient(?:'s)? (?:address|e-?mail))|utilisateur inconnu|boite aux lettres (?:inconnue|inexistante)|destinatario (?:desconocido|inexistente)|"
     r"casella (?:inesistente|non esistente)|unbekannte[rn]? (?:empf|benutzer|adresse)|empf.{1,3}nger (?:\S+ ){0,3}(?:unbekannt|nicht (?:gefunden|bekannt))|adresse (?:\S+ )?(?:inconnue|n'existe pas)|5\.1\.1")),
    ("network",
     (r"connection (?:\S+ ){0,3}(?:timed? ?out|refused|reset|closed|lost|dropped|fail|interrupt|abort|error)|timed? out|network (?:\S+ ){0,2}(?:error|unreachable|problem|down)|no route|"
     r"host (?:\S+ ){0,3}(?:unreachable|not reachable|is down|not respond|did not respond)|server (?:\S+ ){0,3}(?:not respond|unavailable|down)|not responding|too many hops|\bloop|hop count|lost connection|broken pipe|"
     r"couldn't (?:connect|establish)|(?:could|can) ?not connect|unable to connect|bad connection|remote protocol error")),
    ("unknown_domain",
     (r"(?:host|domain|destination (?:domain|server)|mx|server name)(?: [^\s:\d]\S{0,79}){0,4}? ?(?:un-?known|not (?:be )?found|does ?(?:not|n't) exist|non-?exist\w*|not known|invalid|unresolvable|cannot be (?:found|resolved)|"
     r"can(?:not|'t) be (?:found|resolved)|could not be (?:found|resolved)|no such)|(?:un-?known|no such|invalid|bad|unresolvable|illegal|unrouteable) (?:\S+ ){0,1}?(?:host|domain|mail domain|mx)\b|nxdomain|"
     r"(?:couldn't|could not|cannot|can't|unable to) (?:find|resolve|look ?up|determine|route) (?:\S+ ){0,3}(?:host|domain|address|mx|mail exchange|dns|sender|to)|"
     r"unrouteable (?:mail )?(?:address|domain)|name service error|name or service not known|no (?:valid )?(?:mx|address|dns|a)(?: or \S+)? (?:records?|host)|(?:mx|dns) (?:lookup|error|failure|server)|"
     r"(?:no|not) (?:an? )?(?:dns|valid) (?:entry|record|domain)|all relevant mx records point to non-?exist|all host address lookups failed|host lookup (?:did not|failed|error)|recipient domain not found|"
     r"domain (?:must|is not) (?:exist|resolvable|hosted)|has no (?:mx|mail exchanger)|wasn't found|address not present in directory|name server: (?:\S+ ){0,2}host not found|lookup of (?:\S+ )?failed")),
    ("expired",
     (r"(?:message|mail|delivery|queue|it) (?:\S+ ){0,6}(?:expired|timed? ?out|too long in (?:the )?queue|too old|has been in the queue|in the queue for)|"
     r"(?:could|can) ?not (?:be )?deliver(?:ed)? (?:\S+ ){0,3}(?:for|after|within|in|during) (?:the last )?(?:more than )?\d+|retry (?:time|timeout|limit|count)|giving up|delivery attempts?|not delivered within|"
     r"cannot send message (?:for|within)|maximum (?:\S+ ){0,2}(?:time|retries|attempts)|will be (?:retried|deleted)|still being retried|delivery expired|could not send message for past|queue (?:period|lifetime)|deferred")),
    ("spam_or_policy",
     (r"spam|\bbulk\b|unsolicited|junk|black ?list|block(?:ed| ?list)|\brbl\b|dnsbl|spamhaus|barracuda|reputation|polic(?:y|ies)|content (?:reject|filter|den)|banned|prohibited|not permitted|"
     r"virus|malware|infected|phish|suspicious|filter(?:ed|ing)?|reverse dns|\bptr\b|\brdns\b|rejected for|access denied|permission denied|not allowed|denied|relay|refused|unacceptable|security|tls|encrypt|"
     r"abuse|complaints?|rate|too many|limit|throttl|grey ?list|gray ?list|temporar|try (?:again|later)|later|busy|connection")),
)
#: The same in other languages, asked where no English phrase was found.
_ELSEWHERE: Final[tuple[tuple[str, str], ...]] = (
    ("mailbox_full", (r"переполнен|превы\w+ квот|邮箱(?:已满|空间不足)|超出.{0,8}容量|容量.{0,6}(?:不足|超)|メールボックス.{0,12}(?:いっぱい|容量)|postfach (?:\S+ ){0,2}voll|boîte (?:\S+ ){0,3}pleine|"
     r"buzón (?:\S+ ){0,2}lleno|casella (?:\S+ ){0,2}piena|caixa (?:\S+ ){0,3}cheia|صندوق.{0,20}پر")),
    ("unknown_address", (r"(?:пользовател|адрес|ящик|получател)\w* (?:\S+ ){0,3}не (?:найден|существует|зарегистрирован)|нет такого (?:пользователя|ящика)|(?:用户|收件人|邮箱|帐号|账号|地址).{0,6}不存在|无此用户|查无此人|"
     r"(?:ユーザ|宛先|アドレス|メールボックス).{0,16}(?:存在しません|見つかりません|不明)|あて先不明|gibt es nicht|existiert nicht|n'existe pas|inconnue?\b|no existe|não existe|non esiste|inesistente|inexistente|"
     r"bestaat niet|nie istnieje|(?:کاربر|نشانی|آدرس|صندوق).{0,24}(?:وجود ندارد|یافت نشد|نامعتبر)")),
)
_COMPILED: Final = tuple((category, re.compile(pattern)) for category, pattern in (*_PHRASES, *_ELSEWHERE))

#: RFC 3463 subject.detail of class 5 -> category. The class alone, and details not listed here, say nothing that lasts.
_CODES: Final = {
    "1.1": "unknown_address", "1.2": "unknown_domain", "1.3": "unknown_address", "1.4": "unknown_address", "1.5": "other", "1.6": "moved",
    "1.7": "sender", "1.8": "sender", "1.9": "sender", "1.10": "takes_no_mail", "2.1": "suspended", "2.2": "mailbox_full",
    "2.3": "too_big", "3.4": "too_big", "4.4": "unknown_domain", "4.7": "expired", "4.6": "network",
}
#: Reply codes that say more than their class (RFC 5321, 7504).
_REPLIES: Final = {"551": "moved", "552": "mailbox_full", "556": "takes_no_mail"}

_PAIR: Final = re.compile(r"(?<![\d.])([45]\d\d)[ \t-]{1,3}[(#'\"\[]{0,3}([45]\.\d{1,3}\.\d{1,3})(?!\.?\d)")
_ENHANCED: Final = re.compile(r"(?<![\d.\w-])[(#]{0,2}([245]\.\d{1,3}\.\d{1,3})(?!\.?\d)")
_REPLY: Final = re.compile(r"(?<![\d.\w-])([45][0-5]\d)(?=[ \t-]+\S)(?!-?\d)(?![ \t]+(?:bytes|seconds|minutes|hours|days|messages|attempts))")
_ADDRESSES: Final = re.compile(r"<?[^\s<>]{1,80}@[^\s<>]{1,120}>?|https?://\S+")
#: Words without end would cost the patterns time with the square of their length.
_LONG_WORDS: Final = re.compile(r"(\S{60})\S+")
_SPACES: Final = re.compile(r"[\s\"`*_]+")
#: A server knows its users when they are named: one that finds out at the end of the mail has read it, and a filter speaks.
_AFTER_DATA: Final = re.compile(r"(?:reply to|after|response to) (?:the )?(?:sending )?(?:the )?(?:end of )?(?:data|message body|message content)|(?:smtp )?command:?\s+data\b", re.IGNORECASE)
#: Refused before anybody was named: the sender or we are meant.
_BEFORE_RECIPIENT: Final = re.compile(
    r"(?:reply to|after|response to) (?:the )?(?:sending )?(?:mail\b|ehlo|helo|initial|connect|starttls|auth)|my name was rejected|^[ \t]*>>> (?:MAIL|EHLO|HELO)[^\n]*\n<<< [45]", re.IGNORECASE | re.MULTILINE
)
LONGEST: Final = 4_000


class Verdict(NamedTuple):
    """`status`: RFC 3463, `x.0.0` where only the class is known. `reply`: the SMTP reply code, or empty."""

    status: str
    reply: str
    hard: bool
    category: str


def judge(diagnostic: str, *, told: str = "", action: str = "", beside: str = "", session: str = "") -> Verdict:
    """What became of a recipient. `told`: the report's Status field; `beside`: further text about it, looked at if the diagnostic says nothing;
    `session`: all that was said of the conversation, if it was about nobody else.
    """
    diagnostic, beside = diagnostic[:LONGEST], beside[:LONGEST]
    status, reply = codes_of(diagnostic, told)
    if not reply or status.endswith(".0.0"):
        other_status, other_reply = codes_of(beside, "")
        if not reply and (not status or other_reply[:1] == status[:1]):
            reply = other_reply
        if other_status and not other_status.endswith(".0.0") and (not status or status.endswith(".0.0")) and other_status[0] == (status or other_status)[0]:
            status = other_status
    if not status:
        letter = reply[:1] or ("4" if action == "delayed" else "2" if action in ("delivered", "relayed", "expanded") else "5")
        status = f"{letter}.0.0"
    category = _category(diagnostic)
    if category in ("", "spam_or_policy") and beside:
        category = _category(beside) or category
    if not category or (category == "spam_or_policy" and status[2:] in ("1.1", "1.2", "1.10")):
        category = (_CODES.get(status[2:]) if status[0] == "5" else None) or _REPLIES.get(reply) or category or "other"
    if category in ("unknown_address", "unknown_domain"):
        said = f"{diagnostic}\n{beside}\n{session[:LONGEST]}"
        if category == "unknown_address" and _AFTER_DATA.search(said):
            category = "refused_after_data"
        elif _BEFORE_RECIPIENT.search(said):
            category = "sender"
    if category in ("unknown_address", "unknown_domain", "moved") and status.startswith("5.7."):
        category = "spam_or_policy"  # RFC 3463: subject 7 is policy, whatever the words
    if category == "unknown_address" and status.startswith("5.2."):
        category = "suspended"  # subject 2: the mailbox exists
    passing = status[0] == "4" or reply[:1] == "4" or action in ("delayed", "delivered", "relayed", "expanded")
    return Verdict(status, reply, category in HARD and not passing, category)


def _category(text: str) -> str:
    """What a server says comes behind its code; what stands before it are a reporter's words, asked only if the server said nothing."""
    pairs = list(_PAIR.finditer(text))
    if pairs:  # of a reply of several lines each begins with the code
        begin = next(pair.end() for pair in pairs if pair.groups() == pairs[-1].groups())
        own = category_of(_PAIR.sub(" ", text[begin:]))
    else:
        plain = _REPLY.search(text)
        own = category_of(text[plain.end() :]) if plain else None
    return own or category_of(text) or ""


def category_of(text: str) -> str | None:
    """The category of the first phrase known, None where none is."""
    text = _LONG_WORDS.sub(r"\1", _SPACES.sub(" ", _ADDRESSES.sub(" ", text[:LONGEST]))).lower()
    return next((category for category, pattern in _COMPILED if pattern.search(text)), None)


def codes_of(text: str, told: str) -> tuple[str, str]:
    """Enhanced status and reply code out of a diagnostic and the Status field; empty where there is none.

    The code behind the reply code is the server's own word; a report's Status field often only repeats its class.
    """
    told_code = _ENHANCED.search(told)
    status = told_code.group(1) if told_code else ""
    pairs = list(_PAIR.finditer(text))
    if pairs:  # the last is that of the server farthest away: others quote it
        return pairs[-1].group(2) if not pairs[-1].group(2).endswith(".0.0") or status.endswith(".0.0") else status or pairs[-1].group(2), pairs[-1].group(1)
    plain, alone = _REPLY.search(text), _ENHANCED.search(text)
    if alone is not None and (not status or status.endswith(".0.0")):
        status = alone.group(1)
    return status, plain.group(1) if plain else ""
