"""The page in a real browser: it fits a phone and a desk, and asks the network for nothing."""

import json
import shutil
import subprocess
from datetime import date

import pytest

from orchestration import releases, report
from tests.fakes.marts_of_acme import make_marts

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed: apt-get install chromium"),
]
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
]
# Writes what it measures into the title, which --dump-dom prints.
PROBE = """<script>
const box = e => e.getBoundingClientRect(), all = [...document.querySelectorAll("body *")];
const wide = all.filter(e => !e.closest(".scroll, svg") && box(e).right > innerWidth + 1);
const shown = all.filter(e => e.tagName == "svg" && box(e).width > 0);
document.title = "probe" + JSON.stringify({
  width: innerWidth, scroll: document.documentElement.scrollWidth, wide: wide.map(e => e.tagName + "." + e.className),
  figures: document.querySelectorAll("figure").length, shown: shown.length,
  tick: Math.min(...shown.map(e => box(e).width / e.viewBox.baseVal.width)) * 12,
  spilt: [...document.querySelectorAll("td")].filter(e => e.scrollWidth > e.clientWidth + 1).map(e => e.textContent),
  ink: getComputedStyle(document.body).color, errors: window.errors,
  requests: performance.getEntriesByType("resource").map(e => e.name),
}) + "end";
</script></body>"""


STEPPED_ASIDE = """INSERT INTO marts.data_quality BY NAME SELECT * REPLACE ('ColumnValuesToBeBetween(share)' AS expectation)
FROM marts.data_quality LIMIT 1"""


@pytest.fixture(scope="module")
def release(tmp_path_factory):
    folder = tmp_path_factory.mktemp("browser")
    facts = {"as_of": date(2026, 1, 31), "run_id": "run-1", "code_version": "1", "config_hash": "c"}
    facts |= {"models": {}, "sources": [], "checks": []}
    return releases.publish(releases.build(make_marts(folder / "w.duckdb", script=STEPPED_ASIDE), folder / "home", **facts))


def probed(folder, html):
    file = folder / "page.html"
    file.write_text(html.replace("<head>", "<head><script>errors = []; onerror = m => errors.push(m)</script>").replace("</body>", PROBE))
    return file


@pytest.fixture(scope="module")
def page(release, tmp_path_factory):
    return probed(tmp_path_factory.mktemp("page"), report.render(release, company="Acme", currency="EUR"))


@pytest.fixture(scope="module")
def checks(release, tmp_path_factory):
    return probed(tmp_path_factory.mktemp("checks"), report.render_checks(release, company="Acme"))


def probe(page, width, dark=False):
    # A window of less than 500 px is not granted; a frame of that width is.
    frame = page.with_name(f"frame-{width}.html")
    style, copy_title = f"border:0;width:{width}px;height:900px", "document.title=contentDocument.title"
    frame.write_text(f'<body style="margin:0"><iframe src="{page.name}" style="{style}" onload="{copy_title}">')
    scheme = f"--blink-settings=preferredColorScheme={0 if dark else 1}"
    options = [scheme, "--allow-file-access-from-files", f"--user-data-dir={page.parent}/profile", "--virtual-time-budget=3000"]
    command = [CHROMIUM, *FLAGS, *options, "--dump-dom", frame.as_uri()]
    printed = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout
    title = printed.split("<title>probe", 1)[1].split("end</title>", 1)[0]
    return json.loads(title.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"))


@pytest.mark.parametrize("width", [390, 1280])
def test_it_fits(page, width):
    found = probe(page, width)
    assert found["width"] == width
    assert found["scroll"] <= width, "nothing makes the page scroll sideways"
    assert found["wide"] == []
    assert found["shown"] == found["figures"] > 0, "each figure is drawn once, for this width"
    assert found["tick"] >= 10, "labels stay readable"


@pytest.mark.parametrize("width", [390, 1280])
def test_no_check_is_written_over_its_neighbour(checks, width):
    found = probe(checks, width)
    assert (found["scroll"] <= width, found["spilt"]) == (True, [])


def test_it_runs_without_errors_and_without_a_network(page):
    found = probe(page, 1280)
    assert (found["errors"], found["requests"]) == ([], [])


def test_dark_is_dark(page):
    assert probe(page, 1280, dark=True)["ink"] == "rgb(236, 235, 230)"
    assert probe(page, 1280)["ink"] == "rgb(30, 29, 26)"
