"""Texts that are no JSON, by the categories of the public JSON test suite (RFC 8259): arrays, numbers, objects, strings, structure, encoding."""

from __future__ import annotations

from typing import Final

ARRAYS: Final = [
    b'["a" 1]', b'["": 1]', b'[""],', b"[,1]", b"[1,,2]", b'["x",,]', b'["x"]]', b'["",]', b'["x"', b"[x", b"[3[4]]", b"[1:2]", b"[,]", b"[-]", b'[   , ""]',
    b'["a",\n4\n,1,', b"[1,]", b"[1,,]", b'["\x0ba"\\f]', b"[*]", b'[""', b"[1,", b"[1,\n1\n,1", b"[{}", b"[fals]", b"[nul]", b"[tru]", b"[\xff]",
]
NUMBERS: Final = [
    b"[++1234]", b"[+1]", b"[+Inf]", b"[-01]", b"[-1.0.]", b"[-2.]", b"[-NaN]", b"[.-1]", b"[.2e-3]", b"[0.1.2]", b"[0.3e+]", b"[0.3e]", b"[0.e1]", b"[0e+]", b"[0e]",
    b"[0E+]", b"[0E]", b"[1.0e+]", b"[1.0e-]", b"[1.0e]", b"[1 000.0]", b"[1eE2]", b"[2.e+3]", b"[2.e-3]", b"[2.e3]", b"[9.e+]", b"[Inf]", b"[NaN]",
    "[\uff11]".encode(), b"[1+2]", b"[0x1]", b"[0x42]", b"[Infinity]", b"[0e+-1]", b"[-123.123foo]", b"[123\xe5]", b"[1e1\xe5]", b"[0\xe5]", b"[-Infinity]", b"[-foo]",
    b"[- 1]", b"[-012]", b"[-.123]", b"[-1x]", b"[1ea]", b"[1e\xe5]", b"[1.]", b"[.123]", b"[1.2a-3]", b"[1.8011670033376514H-308]", b"[012]", b"[1e+-1]",
]
OBJECTS: Final = [
    b'["x", truth]', b'{[: "x"}\n', b'{"x", null}', b'{"x"::"b"}', b"{\xf0\x9f\x87\xa8\xf0\x9f\x87\xad}", b'{"a":"a" 123}', b"{key: 'value'}", b'{"\xb9":"0",}', b'{"a" b}',
    b'{:"b"}', b'{"a" "b"}', b'{"a":', b'{"a"', b"{1:1}", b"{9999E9999:1}", b"{null:null,null:null}", b'{"id":0,,,,,}', b"{'a':0}", b'{"id":0,}', b'{"a":"b"}/**/',
    b'{"a":"b"}/**//', b'{"a":"b"}//', b'{"a":"b"}/', b'{"a":"b",,"c":"d"}', b'{a: "b"}', b'{"a":"a', b'{ "foo" : "bar", "a" }', b'{"a":"b"}#', b'{"a":true} "x"', b"{",
]
STRINGS: Final = [
    b'["\\uD800\\"]', b'["\\uD800\\u"]', b'["\\uD800\\u1"]', b'["\\uD800\\u1x"]', "[\u00e9]".encode(), b'["\\\x00"]', b'["\\x00"]', b'["\\\\\\"]', b'["\\\t"]',
    b'["\\\xf0\x9f\x8c\x80"]', b'["\\"]', b'["\\u00A"]', b'["\\uD834\\uDd"]', b'["\\uD800\\uD800\\x"]', b'["\\u\xe5"]', b'["\\a"]', b'["\\uqqqq"]', b'["\\\xe5"]',
    b'[\\u0020"asd"]', b"[\\n]", b'"', b"['single quote']", b"abc", b'["\\', b'["new\nline"]', b'["\t"]', b'["a\x00a"]', b'["\x1f"]', b'"\\UA66D"', b'""x', b'["asd', b"\\u0022",
]
STRUCTURE: Final = [
    b"<.>", b"[<null>]", b"[True]", b"aA", b"[1]x", b"]", b"[" * 1500, b'{"":' * 1500, b"[1", b"[][]", b"2@", b"{}}", b'{"":', b'{"a":/*comment*/"b"}', b'{"a": true} "x"', b"['",
    b"[", b"[a", b'["a', b"[{", b"{,", b"{[", b'{"a', b"{'a'", b'{"a', b'["\\{["\\{["\\{', b"\xe9", b"*", b'{"a":"b"}#{}', b'[\\u000A""]', b'["asd]', b"[True", b"[tru", b"nul",
    b"fals", b'{"asd":"asd"', "\u00e5".encode(), b"[\xe2\x81\xa0]", b"[\x0c]", b"\x00", b"\x0b{}", "\u2060{}".encode(), b"{}\x00", b"@", b"&", b"'", b",", b":", b"-", b"#{}", b"null,",
]
ENCODING: Final = [
    b"\xef\xbb\xbf{}", b"\xef\xbb\xbf", b'\xff\xfe[\x00"\x00\xe9\x00"\x00]\x00', b'\x00[\x00"\x00\xe9\x00"\x00]', "{}".encode("utf-16"), "{}".encode("utf-32"), b"\xe2\x81\xa0",
    b"\xc0\xa2a\xc0\xa2", b"\xff", b"\xed\xa0\x80", b"\x80{}", b'{"\xff":1', b"\x1f\x8b\x08",
]
#: Readable as a part of a JSON text alone: they must be refused where a request is expected, too.
ALL: Final = [*ARRAYS, *NUMBERS, *OBJECTS, *STRINGS, *STRUCTURE, *ENCODING]
#: Each unreadable value where a value belongs, so that a parser which stops at the end of the first object is seen.
INSIDE: Final = [b'{"batch":[{"type":"track","userId":"u","event":"e","properties":' + text + b"}]}" for text in ALL]
