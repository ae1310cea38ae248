"""The era reference's own corpus, on Parquet files as Hugging Face writes them."""

import pyarrow
import pyarrow.parquet
import pytest

from features.corpora.catalogue import Piece, Request
from features.corpora.imslp_midi import load
from features.corpora.labels import label_pieces
from features.errors import InputError
from features.midi import notes_to_midi
from features.splits.works import NO_OUTLINE, assign_works

SCALE = notes_to_midi([(240 * i, 240 * (i + 1), 60 + i) for i in range(12)])


def row(title, composer="Bach, Johann Sebastian", *, era="Baroque", year=1722.0, midi=SCALE):
    names = {"title": title, "composer": composer, "year": year, "era": era, "midi": midi}
    return names | {"style": era, "key": "C major", "license": "CC BY-SA 4.0", "midi_mido": "{}"}


@pytest.fixture
def home(tmp_path):
    """Three sides; the first in two groups of rows."""

    def write(side, rows, **how):
        (tmp_path / "data").mkdir(exist_ok=True)
        path = tmp_path / "data" / f"{side}-00000-of-00001.parquet"
        pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows), path, **how)

    write(
        "train",
        [row("Fugue"), row("Waltz", "Chopin, Frédéric", era="Romantic", year=None), row("Fugue")],
        row_group_size=2,
    )
    write("validation", [row("Air", None, era=None, year=1905.0)])
    write("test", [row("Song", "Nobody, A.", era="Early 20th century", midi=notes_to_midi([(0, 9, 70)]))])
    return tmp_path


def test_pieces_have_composers_works_sides_and_facts(home):
    pieces = load(Request(data_home=home))
    assert [piece.composer for piece in pieces] == ["A. Nobody", "Bach", "Chopin", "Bach", "unknown"]
    assert [piece.facts["side"] for piece in pieces] == ["test", "train", "train", "train", "validation"]
    assert pieces[1].work == pieces[3].work == "Fugue" and pieces[1].piece != pieces[3].piece
    assert pieces[1].facts["year"] == "1722" and "year" not in pieces[2].facts
    assert pieces[1].read() == pieces[3].read() == SCALE != pieces[0].read()


def test_the_era_is_that_of_the_corpus_else_that_of_the_year(home):
    pieces = label_pieces(load(Request(data_home=home)), "era")
    assert [piece.label for piece in pieces] == [
        *("Early 20th century", "Baroque", "Romantic", "Baroque", "Modern"),
    ]


def test_files_as_the_datasets_library_writes_them(tmp_path):
    rows = [row("Fugue", midi={"bytes": SCALE, "path": None})]
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows), tmp_path / "all.parquet")
    (piece,) = load(Request(data_home=tmp_path / "all.parquet"))
    assert piece.read() == SCALE and piece.facts["side"] == ""


def test_a_work_that_another_corpus_has_is_the_same(tmp_path):
    rows = [row("Piano Sonata No.14, Op.27 No.2", "Beethoven, Ludwig van"), row("Cello Suite No.1, BWV 1007")]
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows), tmp_path / "all.parquet")
    sonata, suite = sorted(load(Request(data_home=tmp_path)), key=lambda piece: piece.composer, reverse=True)
    others = [
        Piece("Beethoven/Piano Sonata n14 op27 n2 3mov.mid", "Beethoven", bytes),
        Piece("Bach/bwv1007 prelude.mid", "Bach", bytes),
    ]
    works = assign_works([sonata, suite, *others], [NO_OUTLINE] * 4)
    assert works[0] == works[2] != works[1] == works[3]


def test_composers_are_chosen_by_their_labels(home):
    assert {piece.composer for piece in load(Request(data_home=home, composers=("Bach",)))} == {"Bach"}


def test_a_row_without_a_file_has_a_reason_and_one_without_a_year_none(tmp_path):
    rows = [row("Fugue"), row("Air", midi=None), row("Song", era=" Baroque ", year=float("inf"))]
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows), tmp_path / "all.parquet")
    facts = load(Request(data_home=tmp_path))[2].facts
    assert facts["era"] == "Baroque" and "year" not in facts
    with pytest.raises(InputError, match="Row 1 of group 0 in .* has no MIDI file"):
        load(Request(data_home=tmp_path))[1].read()


def damage(path):
    """Writes a file that opens, but whose texts cannot be unpacked."""
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist([row(f"Air {i}") for i in range(300)]), path)
    whole = bytearray(path.read_bytes())
    whole[40:600] = bytes(560)
    path.write_bytes(whole)


@pytest.mark.parametrize(
    ("write", "sentence"),
    [
        (lambda path: None, "There is no Parquet file under"),
        (lambda path: path.write_bytes(b"no parquet"), "cannot be read as Parquet .*; fetch it again"),
        (
            lambda path: pyarrow.parquet.write_table(pyarrow.Table.from_pylist([{"title": "Air"}]), path),
            "lacks composer and era and",
        ),
        (
            lambda path: pyarrow.parquet.write_table(pyarrow.Table.from_pylist([row("Air", 5)]), path),
            "Expected title and composer as text and year as a number, .* but row 0 of .* has 'Air', 5 and 1722.0",
        ),
        (
            lambda path: pyarrow.parquet.write_table(pyarrow.Table.from_pylist([row("Air", year="?")]), path),
            "but row 0 of .* has 'Air', 'Bach, Johann Sebastian' and '[?]'",
        ),
        (damage, "cannot be read as Parquet .*; fetch it again"),
    ],
)
def test_what_is_not_the_corpus_is_refused(tmp_path, write, sentence):
    write(tmp_path / "all.parquet")
    with pytest.raises(InputError, match=sentence):
        load(Request(data_home=tmp_path))


def test_without_a_folder_it_says_how_to_fetch_one():
    with pytest.raises(InputError, match="needs --data-home.*hf download TiMauzi/imslp-midi-by-sa"):
        load(Request())
