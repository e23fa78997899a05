"""The page: complete, self-contained, readable in light and dark, and silent about persons."""

import re
from datetime import date
from html.parser import HTMLParser

import pytest

from orchestration import releases, report
from orchestration.report import words
from orchestration.report.axes import ticks
from tests.fakes.marts_of_acme import make_marts

TABLES = [
    "metric_mrr_movements", "metric_retention_monthly", "metric_cohort_retention", "metric_lifecycle_monthly",
    "metric_nps_monthly", "metric_csat_monthly",
    "metric_feedback_themes_monthly", "metric_customer_clv", "fct_churn_scores", "fct_next_best_actions", "fct_action_candidates",
    "metric_engagement_monthly", "metric_campaign_performance", "data_quality", "data_sources", "data_reconciliation", "model_quality",
]  # fmt: skip
SECTIONS = ["revenue", "retention", "feedback", "value", "risk", "actions", "engagement", "data", "models"]
FACTS = {"as_of": date(2026, 1, 31), "run_id": "run-1", "code_version": "1", "config_hash": "c", "models": {}, "sources": [], "checks": []}


def release_of(folder, **changes):
    folder.mkdir()
    warehouse = make_marts(folder / "w.duckdb", **changes)
    return releases.publish(releases.build(warehouse, folder / "home", **FACTS))


def render(release, **options):
    return report.render(release, **{"company": "Acme & Söhne", "currency": "EUR", **options})


@pytest.fixture(scope="module")
def release(tmp_path_factory):
    return release_of(tmp_path_factory.mktemp("page") / "full")


@pytest.fixture(scope="module")
def page(release):
    return render(release)


def text_of(html):
    """What a reader sees, tags and styles left out, any white space one blank."""
    visible = re.sub(r"<(style|script)>.*?</\1>", " ", html, flags=re.S)
    return " ".join(re.sub(r"<[^>]+>", " ", visible).replace("\u202f", " ").split())


class Outline(HTMLParser):
    """Counts tags, and fails on a tag that closes another one than it opened."""

    VOID = frozenset({"meta", "link", "br", "img"})

    def __init__(self, html):
        super().__init__()
        self.open, self.attributes = [], []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.attributes.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.attributes.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_the_html_is_well_formed(page):
    assert Outline(page).open == []


def test_every_section_is_there_and_none_is_empty(page):
    assert re.findall(r'<section id="(\w+)"', page) == SECTIONS
    assert 'class="note"' not in page


def test_nothing_is_fetched(page):
    attributes = [pair for _, values in Outline(page).attributes for pair in values.items()]
    fetching = [value for name, value in attributes if name in ("src", "href", "srcset")]
    # The page of checks and the cards of models lie beside this one in every release.
    assert {value for value in fetching if not value.startswith("#")} == {"data:,", "checks.html", "model_churn.html", "model_clv.html"}
    assert not re.search(r"https?://|//fonts|@import|url\(", page)


def test_the_headline_says_what_the_marts_say(page):
    text = text_of(page)
    assert "Acme &amp; Söhne Customers as of 31 January 2026" in text
    assert "Active customers 1,228 +17 in Jan 2026 so far Customer retention 97.2 %" in text
    assert "Net Promoter Score +32 95 % interval +24 to +41; 196 answers" in text


def test_numbers_of_the_sections(page):
    text = text_of(page)
    assert "1,160 of 1,194 customers stayed through Dec 2025." in text
    assert "98 promoters, 52 passives, 46 detractors" in text
    assert "of the value expected within 273 days." in text
    assert "92 of 96 checks passed; 1 warned and 1 errored, and none of those blocks a release. 2 did not run" in text
    assert "0.412 (0.382 to 0.442)" in text
    assert "CLV was not published anew" in text
    assert "3.4 (1.2 to 5.6) against holdout" in text


def test_what_is_drawn_at_random_is_not_advised(tmp_path):
    unpaid = "UPDATE marts.fct_next_best_actions SET expected_value = -8 WHERE action <> 'nothing'"
    text = text_of(render(release_of(tmp_path / "unpaid", script=unpaid)))
    assert re.search(r"No action is expected to pay for its cost tonight; [\d,]+ are drawn at random all the same", text)
    assert "Doing nothing is the best choice for everyone tonight" in text
    assert "is advised for" not in text
    assert "Where acting pays most" not in text


def test_every_model_that_was_not_published_anew_is_named(tmp_path):
    refused = "UPDATE marts.model_quality SET status = 'refused', reason = 'too few rows'"
    assert "Churn and CLV were not published anew; the table says why." in text_of(render(release_of(tmp_path / "two", script=refused)))


def test_a_theme_is_as_good_as_the_comments_whose_tone_is_known(tmp_path):
    unread = "INSERT INTO marts.metric_feedback_themes_monthly VALUES ('2025-12-01', 'none', 'support', true, 200, 51, NULL, NULL)"
    text = text_of(render(release_of(tmp_path / "unread", script=unread)))
    assert "support 102 0.42 +9" in text


def test_no_window_is_named_that_a_setting_may_change(page):
    assert "in the rolling window: 98 promoters" in text_of(page)


def test_warned_failed_errored_and_not_run_are_four_things(page):
    text = text_of(page)
    asked = "solved at is not below opened at"  # and not the name of a class of Great Expectations
    assert f"Table State Severity Rows What it protects crm_tickets Errored warns – {asked}: A reply precedes its question." in text
    assert "crm_tickets Warned warns 41 expectation 3: A reply precedes its question. Ask the support desk. Found: 41 of 90." in text
    assert "Asked at Passed Warned Failed Errored Did not run Rows that broke one Landing gate 22 1 0 1 0 41" in text
    assert "Mart gate 24 0 0 0 0 0 Audience gate 22 0 0 0 2 0" in text


def test_the_moves_of_the_month_before_the_as_of_month_are_a_table(page):
    text = text_of(page)
    assert "Stages of the lifecycle when Dec 2025 began (rows) and when it ended (columns)" in text
    assert "From prospect loyal at risk lapsed" in text
    assert "not yet known 21 0 0 0" in text


def test_a_month_without_answers_is_a_gap_not_a_zero(page):
    figure = page[page.index("Satisfied customers") :]
    assert figure[: figure.index("</svg>")].count("<polyline") == 2


def test_customers_are_listed_by_expected_loss(page):
    section = text_of(page[page.index('id="risk"') : page.index('id="actions"')])
    losses = [int(loss.replace(",", "")) for loss in re.findall(r"€[\d,]+ €([\d,]+)", section)]
    assert len(losses) == 12
    assert losses == sorted(losses, reverse=True)


def test_nothing_personal_is_read(page):
    assert "somebody@example.com" not in page
    assert "Jane Doe" not in page


def test_a_refused_night_is_told_at_the_top(release):
    refusal = releases.Refusal("2026-02-01", "2026-02-02T02:00:00", "mart gate", "closing <is not> opening")
    text = text_of(html := render(release, refusal=refusal))
    assert "The night for 2026-02-01 was refused. It stopped at the mart gate: closing &lt;is not&gt; opening" in text
    assert 'role="alert"' in html
    assert 'role="alert"' not in render(release)


def test_the_data_s_age_is_told(page):
    assert re.search(r'<span id="age">, \d+ days old</span>', page)


@pytest.mark.parametrize("how", ["drop", "empty"])
def test_a_page_without_any_mart_says_why(tmp_path, how):
    html = render(release_of(tmp_path / "r", **{how: TABLES}))
    assert re.findall(r'<section id="(\w+)"', html) == SECTIONS
    assert html.count('class="note"') >= len(SECTIONS)
    assert "None" not in text_of(html)
    assert "nan" not in text_of(html)


class Without:
    """A release that lacks one table."""

    def __init__(self, release, table):
        self.id, self.as_of, self.created_at, self.table_file = release.id, release.as_of, release.created_at, release.table_file
        self.tables = [name for name in release.tables if name != table]


@pytest.mark.parametrize("table", TABLES)
def test_any_mart_may_be_missing(release, table):
    html = render(Without(release, table))
    assert re.findall(r'<section id="(\w+)"', html) == SECTIONS


def test_text_of_the_data_is_escaped(tmp_path):
    import duckdb

    (tmp_path / "r").mkdir()
    warehouse = make_marts(tmp_path / "r" / "w.duckdb")
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("UPDATE marts.metric_campaign_performance SET name = '<script>alert(1)</script>'")
        connection.execute("UPDATE marts.fct_churn_scores SET reasons = ['<img src=x onerror=alert(1)>']")
    html = render(releases.publish(releases.build(warehouse, tmp_path / "home", **FACTS)))
    assert "<script>alert" not in html
    assert "<img" not in html


def test_figures_have_names_and_their_numbers_as_tables(page):
    attributes = Outline(page).attributes
    images = [values for tag, values in attributes if tag == "svg"]
    assert images
    assert all(values["role"] == "img" and values["aria-label"] for values in images)
    assert page.count("<figure>") == page.count("<details><summary>Show the numbers</summary>")
    assert all(values["aria-label"] for tag, values in attributes if tag == "table")


def colours(css):
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", css))


def contrast(one, other):
    """WCAG 2.2 contrast of two colours."""

    def luminance(colour):
        parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("scheme", [0, 1])
def test_contrast_is_sufficient_in_light_and_dark(page, scheme):
    found = colours(re.findall(r":root \{(.*?)\}", page, flags=re.S)[scheme])
    texts = [("ink", "paper"), ("soft", "paper"), ("soft", "wash"), ("link", "paper"), ("good", "paper"), ("bad", "paper")]
    texts.append(("alarm-ink", "alarm-paper"))
    assert {pair: round(ratio, 2) for pair in texts if (ratio := contrast(found[pair[0]], found[pair[1]])) < 4.5} == {}
    fills = ("c1", "c2", "c3", "c4", "c5")
    assert {name: round(ratio, 2) for name in fills if (ratio := contrast(found[name], found["paper"])) < 3} == {}


def test_light_and_dark_name_the_same_colours(page):
    light, dark = re.findall(r":root \{(.*?)\}", page, flags=re.S)
    assert colours(light).keys() == colours(dark).keys()


AMOUNTS = [(0, "€0"), (9.5, "€9.50"), (1234, "€1,234"), (12_345, "€12.3k"), (50_000, "€50k"), (123_456, "€123k")]
AMOUNTS += [(999_499, "€999k"), (999_949, "€1M"), (1_234_567, "€1.23M"), (-20_000_000, "−€20M"), (999_499_999, "€999M")]
AMOUNTS += [(8_667_000_000, "€8.67B"), (-1234, "−€1,234"), (None, "–"), (float("nan"), "–")]


@pytest.mark.parametrize(("amount", "shown"), AMOUNTS)
def test_money(amount, shown):
    assert words.money(amount, "EUR") == shown


def test_numbers_and_words():
    assert (words.percent(0.9716), words.percent(None)) == ("97.2\u202f%", "–")
    assert (words.score(31.7), words.score(-0.2), words.score(-12)) == ("+32", "0", "−12")
    assert words.label("pr_auc") == "PR AUC"
    assert words.money(5, "CHF") == "CHF 5"
    assert (words.days(1), words.days(2)) == ("1 day", "2 days")


@pytest.mark.parametrize("ends", [(0, 1), (0, 87_431), (-0.31, 0.04), (93.2, 97.9), (0, 0), (5, 5)])
def test_ticks_cover_their_values_in_few_steps(ends):
    marks = ticks(*ends)
    assert marks[0] <= ends[0] <= ends[1] <= marks[-1]
    assert 2 <= len(marks) <= 8
    assert marks == sorted(set(marks))


@pytest.mark.parametrize("ends", [(-5, 6), (0, 1), (0, 9), (-1, 0.5), (0, 23_456)])
def test_a_line_bears_the_number_that_it_stands_at(ends):
    """Of 6 customers who came and 5 who left, lines at 2.5 and 7.5 were called 2 and 8."""
    marks = ticks(*ends, words.whole)
    assert [float(words.whole(mark).replace("−", "-").replace(",", "")) for mark in marks] == marks
    assert marks[0] <= ends[0] <= ends[1] <= marks[-1]
