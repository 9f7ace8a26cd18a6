"""Minor units of currencies, as everything here stores amounts: ISO 4217, which for some (IRR: 2) says other than what shops show (0)."""

from __future__ import annotations

from typing import Final

#: ISO 4217 minor unit exponents that are not 2.
EXPONENTS: Final = {
    **dict.fromkeys("BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF".split(), 0),
    **dict.fromkeys("BHD IQD JOD KWD LYD OMR TND".split(), 3),
    **dict.fromkeys("CLF UYW".split(), 4),
}


def exponent(currency: str) -> int:
    """So many digits of an amount in minor units stand behind the point."""
    return EXPONENTS.get(currency, 2)
