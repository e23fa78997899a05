"""Amounts as Stripe writes them, in major units.

Comes in: amounts in Stripe's smallest units. Goes out: major units, so that nobody has to know that Stripe's decimals are not always
those of ISO 4217: MGA has none, ISK and UGX have two that are always zero (docs.stripe.com/currencies).
"""

from __future__ import annotations

from typing import Any

from orchestration.sources.reading.values import in_major

_NO_DECIMALS = frozenset(["BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "VND", "VUV", "XAF", "XOF", "XPF"])
_THREE_DECIMALS = frozenset(["BHD", "JOD", "KWD", "OMR", "TND"])


def major(amount: Any, currency: Any) -> Any:
    """`amount` of Stripe's in major units of `currency`."""
    code = str(currency).upper()
    return in_major(amount, 0 if code in _NO_DECIMALS else 3 if code in _THREE_DECIMALS else 2)
