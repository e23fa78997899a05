"""Numbers and dates as a person reads them. An absent value is an en dash, never 0."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from math import isfinite
from typing import TypeGuard

Number = float | int | Decimal
MISSING = "–"
THIN = "\u202f"  # a narrow space that does not break
_ABBREVIATIONS = {"auc", "clv", "csat", "dr", "ess", "ips", "ipw", "mrr", "nps", "pr", "rfm", "rmse", "roc", "snips"}
_SYMBOLS = {"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥", "INR": "₹"}


def whole(value: Number | None) -> str:
    """1,234."""
    return MISSING if not _is_there(value) else f"{float(value):z,.0f}".replace("-", "−")


def decimal(value: Number | None, places: int = 2) -> str:
    """0.25."""
    return MISSING if not _is_there(value) else f"{float(value):z,.{places}f}".replace("-", "−")


def percent(value: Number | None, places: int = 1) -> str:
    """93.4 %; `value` is a share."""
    return MISSING if not _is_there(value) else f"{float(value) * 100:z,.{places}f}{THIN}%".replace("-", "−")


def score(value: Number | None) -> str:
    """+32, for scores such as NPS that have a sign."""
    return MISSING if not _is_there(value) else _signed(f"{float(value):+.0f}")


def money(value: Number | None, currency: str) -> str:
    """$1,234, $56.7k, $1.23M, $4.56B."""
    if not _is_there(value):
        return MISSING
    amount = float(value)
    size = abs(amount)
    if size >= 999_500_000:
        text = f"{size / 1e9:,.{2 if size < 1e11 else 0}f}".removesuffix(".00") + "B"
    elif size >= 999_500:
        text = f"{size / 1e6:,.{2 if size < 1e8 else 0}f}".removesuffix(".00") + "M"
    elif size >= 10_000:
        text = f"{size / 1e3:,.1f}".removesuffix(".0") + "k" if size < 1e5 else f"{size / 1e3:,.0f}k"
    else:
        text = f"{size:,.0f}" if size >= 100 or size == round(size) else f"{size:,.2f}"
    return ("−" if amount < 0 and text.strip("0.,kMB") else "") + _SYMBOLS.get(currency, f"{currency} ") + text


def change(text: str) -> str:
    """A formatted number with its sign in front, also when positive."""
    return text if text[:1] in ("−", MISSING) else f"+{text}"


def month(value: date) -> str:
    """Jan 2026."""
    return f"{value:%b %Y}"


def month_short(value: date) -> str:
    """Jan, and the year below it."""
    return f"{value:%b}\n{value:%Y}"


def day(value: date) -> str:
    """31 January 2026."""
    return f"{value.day} {value:%B %Y}"


def moment(value: datetime | None) -> str:
    """31 Jan 2026, 02:15."""
    return MISSING if value is None else f"{value.day} {value:%b %Y, %H:%M}"


def days(count: int | None) -> str:
    """3 days."""
    return MISSING if count is None else f"{count} day{'' if count == 1 else 's'}"


def key(value: str) -> str:
    """A customer key, shortened to what tells customers apart."""
    return value if len(value) <= 14 else f"{value[:12]}…"


def label(name: str) -> str:
    """A name of the data as words: `at_risk` → at risk, `pr_auc` → PR AUC."""
    return " ".join(part.upper() if part.lower() in _ABBREVIATIONS else part for part in name.replace("_", " ").split(" "))


def capitalised(text: str) -> str:
    """The text with its first letter large; the others stay, so that abbreviations do."""
    return text[:1].upper() + text[1:]


def _signed(text: str) -> str:
    return "0" if text in ("+0", "-0") else text.replace("-", "−")


def _is_there(value: Number | None) -> TypeGuard[Number]:
    return value is not None and isfinite(float(value))
