"""The page in a real browser, at desktop and phone width: listen, guess, see."""

import re
import socket
from threading import Thread

import pytest

from experiments import demo
from experiments.engine.demo import serving
from features.corpora.synthetic import compose

WIDTHS = {"desktop": 1280, "phone": 390}
"""Pixels."""

PATIENCE_MS = 60_000
"""On a busy machine."""


@pytest.fixture(scope="module")
def address(calibrated):
    """The page of a small model, served by the command itself."""
    opened = []
    with pytest.MonkeyPatch.context() as patch:
        really = serving.open_server
        patch.setattr(serving, "open_server", lambda *how: opened.append(really(*how)) or opened[0])
        command = ["--model", str(calibrated), "--port", "0", "--no-open"]
        thread = Thread(target=demo.main, args=(command,))
        thread.start()
        while not opened and thread.is_alive():
            thread.join(0.05)
        yield f"http://127.0.0.1:{opened[0].port}"
        opened[0].shutdown()
        thread.join()


@pytest.fixture
def look(browser, address):
    """Returns a function that opens the page, and returns it and what went wrong there."""
    contexts = []

    def open_page(width=1280):
        context = browser.new_context(viewport={"width": width, "height": 844})
        contexts.append(context)
        page, troubles = context.new_page(), []
        page.set_default_timeout(PATIENCE_MS)
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on("request", lambda request: _is_ours(request.url, address) or troubles.append(request.url))
        page.on(
            "console", lambda said: troubles.append(said.text) if "Content Security" in said.text else None
        )
        page.goto(address)
        return page, troubles

    yield open_page
    for context in contexts:
        context.close()


def _is_ours(url, address):
    return url.startswith((f"{address}/", "data:,"))


def drop(page, data, name="piece.mid"):
    page.set_input_files("#file", {"name": name, "mimeType": "audio/midi", "buffer": data})


def num_colours(page, canvas):
    """How many colours a canvas shows."""
    return page.evaluate(
        """id => { const c = document.getElementById(id);
        const d = new Uint32Array(c.getContext("2d").getImageData(0, 0, c.width, c.height).data.buffer);
        return new Set(d).size; }""",
        canvas,
    )


@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS)
def test_a_visitor_drops_a_file_hears_it_guesses_and_sees_the_answer(look, width):
    page, troubles = look(width)
    drop(page, compose("Ada", 1, movement=1), "<b>my</b> piece.mid")
    page.locator("#roll").wait_for()
    assert page.inner_text("#title") == "<b>my</b> piece.mid"
    assert num_colours(page, "roll") > 3
    assert not page.locator("#answer").is_visible() and not page.locator("#timeline").is_visible()

    page.click("#play")
    page.wait_for_function("() => document.getElementById('clock').textContent !== '0:00'")
    page.click("#play")
    assert page.inner_text("#play") == "Play"

    page.get_by_role("button", name="Bela").click()
    page.locator("#answer").wait_for()
    assert re.match("You say Bela; the model says (Ada, |Bela, |none of these)", page.inner_text("#verdict"))
    shares = page.locator("#bars .share").all_inner_texts()
    assert len(shares) == 2 and all("%" in share for share in shares)
    assert num_colours(page, "timeline") > 1 and not page.locator("#guess").is_visible()
    page.wait_for_function("() => /^(In orange|No note)/.test(document.getElementById('why').textContent)")
    page.locator("summary").click()
    assert page.locator("#chunks tr").first.inner_text().startswith("0:00 to 0:15")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert troubles == []


@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS)
def test_a_piece_at_hand_is_told_only_after_the_guess_and_counted(look, width):
    page, troubles = look(width)
    page.select_option("#piece", "0")
    page.locator("#roll").wait_for()
    assert "Bach" not in page.inner_text("main")
    page.get_by_role("button", name="none of these").click()
    page.locator("#answer").wait_for()
    assert page.inner_text("#truth") == "It is by Bach: chorale from the cantata BWV 66."
    assert re.match(r"So far: you 1 of 1, the model [01]\.", page.inner_text("#tally"))
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert troubles == []


def test_a_surprise_follows_another_without_a_trace_of_the_first(look):
    page, troubles = look()
    for _ in range(2):
        page.click("#surprise")
        page.wait_for_function(
            "() => document.getElementById('busy').hidden && !document.getElementById('music').hidden"
        )
        assert not page.locator("#answer").is_visible() and not page.locator("#timeline").is_visible()
        page.click("#tell")
        page.locator("#answer").wait_for()
        assert page.inner_text("#verdict").startswith("The model says ")
        assert not page.locator("#tally").is_visible(), "who does not guess is not counted"
    assert troubles == []


def test_what_cannot_be_heard_is_refused_kindly_and_the_page_goes_on(look):
    page, troubles = look()
    for name, data, sentence in (
        ("a.MXL", b"PK", "This page reads MIDI files; for scores use python -m experiments.predict."),
        ("a.mid", b"MThd", "This file cannot be read: it ends within its header. Choose another."),
        ("a.mid", bytes(2**21), "That file is larger than 1 MB, more than any piece needs; choose another."),
    ):
        drop(page, data, name)
        page.wait_for_function(
            "said => document.getElementById('trouble').textContent === said", arg=sentence
        )
        assert page.locator("#trouble").is_visible() and not page.locator("#music").is_visible()
    drop(page, compose("Bela", 1, movement=1))
    page.locator("#roll").wait_for()
    assert not page.locator("#trouble").is_visible()
    assert troubles == []


def test_music_can_be_chosen_and_guessed_from_the_keyboard(look):
    page, _ = look()
    page.focus("#surprise")
    page.keyboard.press("Enter")
    page.locator("#roll").wait_for()
    page.get_by_role("button", name="Ada").focus()
    page.keyboard.press("Enter")
    page.locator("#answer").wait_for()


def test_a_port_that_is_taken_is_said_in_a_sentence(calibrated, capsys):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        with pytest.raises(SystemExit) as stopped:
            demo.main(["--model", str(calibrated), "--port", port, "--no-open"])
    assert stopped.value.code == 2
    assert f"cannot be served at 127.0.0.1, port {port}" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [(["--port", "70000"], "Expected --port to be 0 to 65535"), (["--model", "nobody"], "There is no model")],
)
def test_flags_that_cannot_be_end_in_a_sentence(capsys, arguments, sentence):
    with pytest.raises(SystemExit) as stopped:
        demo.main(arguments)
    assert stopped.value.code == 2 and sentence in capsys.readouterr().err
