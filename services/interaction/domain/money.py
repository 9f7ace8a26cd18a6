"""Money: a number as it was sent -> integer minor units of an ISO 4217 currency, exact."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Context, Decimal, InvalidOperation
from typing import Any, Final

from contracts.money import exponent

#: ISO 4217, active codes.
CURRENCIES: Final = frozenset(
    "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE "
    "CHF CHW CLF CLP CNY COP COU CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD "
    "HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD "
    "MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR "
    "RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH "
    "UGX USD USN UYI UYU UYW UZS VED VES VND VUV WST XAF XCD XOF XPF YER ZAR ZMW ZWG".split()
)

#: The Toman is no ISO currency: ten Rials.
TOMAN: Final = "IRT"

_MOST: Final = 2**63 - 1
_PLACES: Final = 64
#: Wide enough that nothing is rounded before the end.
_EXACT: Final = Context(prec=4 * _PLACES, rounding=ROUND_HALF_EVEN)


def read_currency(value: Any) -> str | None:
    """The code in capitals (`IRT` is one here), or None when it is no currency."""
    if not isinstance(value, str):
        return None
    code = value.strip().upper()
    return code if code in CURRENCIES or code == TOMAN else None


def stored_currency(code: str) -> str:
    """The ISO 4217 code amounts given in `code` are stored in."""
    return "IRR" if code == TOMAN else code


def read_number(value: Any) -> Decimal | None:
    """A JSON number by its shortest decimal text, or a string of digits; None for anything else.

    Exact to 15 digits for numbers; strings are exact whatever their length.
    """
    if value is None or isinstance(value, bool) or not isinstance(value, (int, float, str, Decimal)):
        return None
    text = repr(value) if isinstance(value, float) else str(value).strip()
    if not text or len(text) > _PLACES or "_" in text:
        return None
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number if number.is_finite() and abs(number.adjusted()) <= _PLACES else None


def minor_units(amount: Decimal, code: str) -> int | None:
    """Half-even rounded minor units of the stored currency; None when they do not fit into 64 bits."""
    if not amount:
        return 0
    places = exponent(code) + (code == TOMAN)
    units = int(_EXACT.to_integral_value(_EXACT.scaleb(amount, places)))
    return units if abs(units) <= _MOST else None
