"""What the page is told, and what is refused: without a browser."""

import dataclasses
import json
import socket
import tempfile
import time
from contextlib import ExitStack
from threading import Thread
from urllib.request import urlopen

import pytest
from werkzeug.test import Client

from experiments.engine.demo import pieces, serving
from experiments.engine.demo.app import SENT, App
from experiments.engine.demo.listening import LONGEST_S, MAX_BYTES, MOST_NOTES, Ear
from experiments.engine.heard import Heard
from experiments.engine.predicting.asking import Asker
from experiments.engine.saved_models import load_saved_model
from features.corpora.synthetic import compose
from features.midi import notes_to_midi, read_events, read_notes

HOURS = notes_to_midi([(0, 480, 60), (480, 480 * (2 * LONGEST_S + 10), 62)])

DRUMS = notes_to_midi([(0, 480, 60, 64, 0, 9)])


@pytest.fixture(scope="module")
def client(calibrated):
    return Client(App(Ear(Asker(load_saved_model(calibrated)))))


@pytest.fixture
def post(client):
    """Returns a function that asks about a file, and returns the status and what was said."""

    def send(path, data=b"", **how):
        response = client.post(path, data=data, **{"content_type": SENT} | how)
        return response.status_code, json.loads(response.text)

    return send


def test_the_page_asks_nobody_else_for_anything(client):
    for path in ("/", "/demo.js", "/demo.css"):
        response = client.get(path)
        assert response.status_code == 200 and "://" not in response.text
        assert response.headers["Content-Security-Policy"].startswith("default-src 'none';")
        assert response.headers["Cache-Control"] == "no-store"


def test_a_piece_is_heard_before_it_is_answered_for(post):
    data = compose("Ada", 1, movement=1)
    status, heard = post("/listen", data)
    assert status == 200 and set(heard) == {"seconds", "num_notes", "notes"}
    notes = read_notes(read_events(data)).notes
    assert heard["num_notes"] == len(heard["notes"]) == len(notes)
    assert heard["seconds"] == pytest.approx(notes["end_s"].max(), abs=1e-3)
    assert heard["notes"] == sorted(heard["notes"], key=lambda note: note[0])

    status, answer = post("/answer", data)
    assert status == 200 and "composer" not in answer
    assert sum(share for _, share in answer["ranking"]) == pytest.approx(1)
    assert answer["answer"] in ("Ada", "Bela", "none of these") and answer["remark"].startswith("Calibrated")
    assert answer["timeline"][-1]["end_s"] >= heard["seconds"] - 0.2


def test_the_notes_that_decided_are_notes_of_the_piece(post):
    data = compose("Ada", 1, movement=1)
    status, why = post("/why", data)
    _, heard = post("/listen", data)
    assert status == 200 and why["composer"] in ("Ada", "Bela")
    assert 0 < len(why["notes"]) <= 0.1 * heard["num_notes"] + 1
    assert {tuple(note) for note in why["notes"]} <= {tuple(note[:3]) for note in heard["notes"]}


@pytest.mark.slow
@pytest.mark.parametrize("number", range(len(pieces.PIECES)))
def test_every_piece_at_hand_can_be_read_and_its_composer_is_told_last(post, number):
    status, heard = post(f"/listen?piece={number}")
    assert status == 200 and heard["num_notes"] > 50 and "composer" not in heard


def test_a_surprise_is_fifteen_seconds_and_the_same_for_one_seed(post):
    _, one = post("/listen?surprise=5")
    _, again = post("/listen?surprise=5")
    assert one == again and 0 < one["seconds"] <= pieces.SURPRISE_S
    _, answer = post("/answer?surprise=5")
    assert (answer["composer"], answer["title"]) in {(p.composer, p.title) for p in pieces.PIECES}
    assert answer["known_as"] is None, "the model knows Ada and Bela"
    assert len({json.dumps(post(f"/listen?surprise={seed}")) for seed in range(8)}) > 4


@pytest.mark.parametrize("path", ["/listen", "/answer", "/why"])
@pytest.mark.parametrize(
    ("data", "status", "sentence"),
    [
        (b"", 422, "This file cannot be read: it is empty. Choose another."),
        (b"MThd", 422, "This file cannot be read: it ends within its header. Choose another."),
        (b"PK\x03\x04" * 99, 422, "This file cannot be read: it has no MIDI header (MThd). Choose another."),
        (HOURS, 422, "It lasts longer than 60 minutes; choose something shorter."),
        (DRUMS, 422, "There is no pitched note in it that lasts; choose another."),
        (
            bytes(MAX_BYTES + 1),
            413,
            "That file is larger than 1 MB, more than any piece needs; choose another.",
        ),
    ],
    ids=["empty", "cut short", "zip", "hours", "drums", "large"],
)
def test_what_cannot_be_heard_gets_a_friendly_sentence(post, path, data, status, sentence):
    assert post(path, data) == (status, {"error": sentence})


def test_a_page_is_not_flooded_with_notes(post):
    data = notes_to_midi([(i, i + 20, 30 + i % 60) for i in range(0, 2 * MOST_NOTES + 20, 2)])
    status, heard = post("/listen", data)
    assert (status, len(heard["notes"]), heard["num_notes"]) == (200, MOST_NOTES, MOST_NOTES + 10)


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost:7007", 200),
        ("127.0.0.1", 200),
        ("[::1]:7007", 200),
        ("192.168.0.7", 200),
        ("evil.example", 403),
    ],
)
def test_a_name_that_a_stranger_has_pointed_at_this_machine_is_refused(client, host, status):
    assert client.get("/", headers={"Host": host}).status_code == status


def test_the_page_says_where_what_is_dropped_goes(client):
    assert "Nothing leaves this machine" in client.get("/").text
    app = client.application
    for host, is_private in (("::1", True), ("localhost", True), ("0.0.0.0", False), ("192.168.0.7", False)):
        page = Client(App(app.ear, host=host)).get("/", headers={"Host": "127.0.0.1"}).text
        assert ("Nothing leaves this machine" in page) == is_private


def test_a_surprise_of_a_piece_that_the_model_has_heard_is_called_heard(post, client, monkeypatch):
    whole = {pieces.read_built_in(piece) for piece in pieces.PIECES[:1]}
    monkeypatch.setattr(client.application.ear, "has_heard", lambda *of: of[-1] in whole)
    monkeypatch.setattr(pieces, "PIECES", pieces.PIECES[:1])
    assert post("/answer?surprise=1")[1]["in_training"] is True
    assert post("/answer?piece=0")[1]["in_training"] is True


def test_a_piece_of_a_work_that_the_model_was_trained_on_is_called_heard_whatever_the_edition(calibrated):
    works = frozenset({"Ada/op-6"})
    saved = dataclasses.replace(load_saved_model(calibrated), trained_on=Heard(works=works))
    titles, data = ("waltz op. 6 no. 2", "waltz op. 7"), compose("Bela", 1, movement=1)
    assert [Ear(Asker(saved)).has_heard(title, "Ada", data) for title in titles] == [True, False]


def test_other_pages_cannot_ask(client, post):
    assert post("/listen?piece=0", headers={"Origin": "http://[x"})[0] == 403
    assert post("/listen?piece=0", headers={"Origin": "http://evil.example"})[0] == 403
    assert post("/listen?piece=0", headers={"Origin": "http://localhost"})[0] == 200
    assert post("/listen?piece=0", content_type="text/plain")[0] == 404
    for path in ("/listen", "/../setup.cfg", "/demo.html", "/templates/demo.js"):
        assert client.get(path).status_code == 404
    assert post("/listen?piece=99") == (422, {"error": "There is no such piece; choose one of the list."})


def test_nothing_that_is_sent_stays_on_disk(post, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    data = compose("Bela", 2, movement=1)
    for path in ("/listen", "/answer", "/why"):
        assert post(path, data)[0] == 200
    assert list(tmp_path.iterdir()) == []


def test_silent_and_too_many_connections_are_dropped_without_a_word(client, monkeypatch, caplog):
    monkeypatch.setattr(serving, "MOST_CONNECTIONS", 2)
    monkeypatch.setattr(serving._Silent, "timeout", 2)
    server = serving.open_server(client.application, 0)
    thread = Thread(target=server.serve_forever)
    thread.start()
    address = ("127.0.0.1", server.port)
    try:
        with ExitStack() as opened:
            waiting = [opened.enter_context(socket.create_connection(address, 5)) for _ in range(3)]
            for connection in waiting[:2]:
                connection.sendall(f"POST /listen HTTP/1.1\r\nContent-Type: {SENT}\r\n".encode())
                connection.sendall(b"Host: localhost\r\nContent-Length: 999\r\n\r\n")
            assert waiting[2].recv(1) == b""
            assert b"400 BAD REQUEST" in waiting[0].recv(99)
        while server._free._value < 2:
            time.sleep(0.05)
        with urlopen(f"http://127.0.0.1:{server.port}", timeout=5) as response:
            assert response.status == 200
        assert not caplog.records
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
