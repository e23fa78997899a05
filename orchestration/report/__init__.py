"""The nightly page: one self-contained HTML file about one release, for whoever answers for the customers.

Comes in: a release, the company's name and currency, and the refusal that stands, if one does. Goes out: HTML that needs no network.
Beside it lie a page of all checks, and a card for each model.
Reads the release's tables only, never those that may hold personal data (`sync_*`, `fct_feedback`); customers appear by key.
"""

from orchestration.report.page import render, render_cards, render_checks

__all__ = ["render", "render_cards", "render_checks"]
