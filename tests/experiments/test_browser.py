"""The page of a search in a real browser, from a file, at desktop and phone width."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from experiments.engine.search.watching.report import write_search_report

WIDTHS = {"desktop": 1280, "phone": 390}
"""Pixels."""


@pytest.fixture(scope="module")
def folders(make_search, tmp_path_factory):
    """A search at work and a finished one."""
    parent = tmp_path_factory.mktemp("results") / "four_composers"
    made = {}
    for name, running in (("running", True), ("finished", False)):
        made[name] = make_search(parent / f"search-{name}", trials=20, running=running)
        write_search_report(made[name], phase="trials" if running else "finished")
    return made


@pytest.fixture
def look(browser):
    """Returns a function that opens a report and returns the page and what went wrong there."""
    contexts = []

    def open_page(folder, width=1280, anchor=""):
        context = browser.new_context(viewport={"width": width, "height": 844}, offline=True)
        contexts.append(context)
        page, troubles = context.new_page(), []
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on("requestfailed", lambda request: troubles.append(request.url))
        page.on("console", lambda said: troubles.append(said.text) if said.type == "error" else None)
        page.goto(f"{(folder / 'report.html').as_uri()}{anchor}")
        return page, troubles

    yield open_page
    for context in contexts:
        context.close()


@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS)
@pytest.mark.parametrize("name", ["running", "finished"])
def test_every_chart_is_drawn_without_network_and_nothing_overflows(look, folders, name, width):
    page, troubles = look(folders[name], width)
    assert page.locator(".chart").count() == 6
    for chart in page.locator(".chart").all():
        assert chart.locator("svg.main-svg").count() >= 1, chart.get_attribute("id")
    assert page.locator("#parallel canvas").count() >= 1
    assert page.locator("#score .scatterlayer path.js-line").count() >= 6
    assert page.locator("#no-charts").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert troubles == []


@pytest.mark.parametrize("name", ["running", "finished"])
def test_only_a_search_at_work_loads_itself_anew(look, folders, name):
    page, _ = look(folders[name])
    assert page.locator('meta[http-equiv="refresh"]').count() == (name == "running")


@pytest.mark.parametrize("phase", ["trials", "best"])
def test_a_page_that_is_not_written_any_more_says_so(look, make_search, tmp_path, phase):
    folder = make_search(tmp_path / "results" / "x" / "search-x", trials=2)
    write_search_report(folder, phase=phase)
    page, _ = look(folder)
    assert not page.locator("#stale").is_visible()
    path = folder / "report.html"
    written = datetime.now(UTC) - timedelta(minutes=42)
    text = re.sub('datetime="[^"]*"', f'datetime="{written.isoformat()}"', path.read_text(encoding="utf-8"))
    path.write_text(text, encoding="utf-8")
    page, troubles = look(folder)
    assert page.locator("#stale").is_visible()
    told = page.locator("#stale").inner_text()
    assert told.startswith("Last written 42 minutes ago:")
    assert told.endswith("the search may have been killed; the same command with --resume goes on.")
    assert troubles == []


def test_chosen_trials_are_drawn_and_outlive_a_reload(look, folders):
    page, troubles = look(folders["finished"])
    boxes = page.locator("#choices input")
    assert [boxes.nth(place).is_checked() for place in range(4)] == [True, True, True, False]
    before = page.locator("#score .scatterlayer path.js-line").count()
    boxes.nth(3).check()
    assert page.locator("#score .scatterlayer path.js-line").count() > before
    boxes.nth(0).uncheck()
    page.reload()
    assert [page.locator("#choices input").nth(place).is_checked() for place in range(4)] == [
        False,
        True,
        True,
        True,
    ]
    assert troubles == []


def test_the_wide_tables_scroll_within_the_page_of_a_phone(look, folders):
    page, _ = look(folders["finished"], WIDTHS["phone"])
    table = page.locator(".scroll:has(#leaderboard)")
    assert table.evaluate("box => box.scrollWidth > box.clientWidth")
    table.evaluate("box => { box.scrollLeft = 500; }")
    first = page.locator("#leaderboard tr:nth-child(2) td").first.bounding_box()
    assert 0 <= first["x"] < 40, "the names of the trials stay in sight"


def test_without_its_script_the_page_says_what_is_missing(look, make_search, tmp_path):
    folder = make_search(tmp_path / "results" / "x" / "search-x", trials=6)
    write_search_report(folder, phase="trials")
    for script in (tmp_path / "results").glob("plotly*"):
        script.unlink()
    page, _ = look(folder)
    assert page.locator("#no-charts").is_visible()
    assert page.locator("#leaderboard").is_visible()


@pytest.mark.parametrize("arguments", [{"trials": 0}, {"trials": 1, "failures": 1}], ids=["none", "failed"])
def test_a_page_with_nothing_to_draw_has_no_errors(look, make_search, tmp_path, arguments):
    folder = make_search(tmp_path / "results" / "x" / "search-x", running=False, **arguments)
    write_search_report(folder, phase="trials")
    page, troubles = look(folder, WIDTHS["phone"])
    assert page.locator("h1").is_visible()
    assert troubles == []
