import zipfile

import pytest

from features.corpora import composer_folders
from features.corpora.catalogue import Request
from features.errors import InputError


@pytest.fixture
def home(tmp_path):
    for name in ("Bach/Air.mid", "Bach/Suites/Gigue.MIDI", "Clara/Romance.MID"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode())
    return tmp_path


def write_table(home, text):
    (home / "pieces.csv").write_text(text, encoding="utf-8")
    return Request(data_home=home / "pieces.csv")


def test_the_outermost_folder_is_the_label(home):
    pieces = composer_folders.load(Request(data_home=home))
    assert [(piece.piece, piece.composer) for piece in pieces] == [
        ("Bach/Air.mid", "Bach"),
        ("Bach/Suites/Gigue.MIDI", "Bach"),
        ("Clara/Romance.MID", "Clara"),
    ]
    assert all(piece.read() == piece.piece.encode() for piece in pieces)


@pytest.mark.parametrize("top", ["my-music", "Bach"])
def test_a_folder_that_was_compressed_as_a_whole_does_not_count_unless_it_is_a_composer(tmp_path, top):
    home = tmp_path / "x.zip"
    with zipfile.ZipFile(home, "w") as archive:
        for name in ("Bach/Air.mid", "Clara/Romance.mid"):
            archive.writestr(f"{top}/{name}", name)
    pieces = composer_folders.load(Request(data_home=home))
    if top == "Bach":
        assert {piece.composer for piece in pieces} == {"Bach"}
        return
    assert [(piece.piece, piece.composer) for piece in pieces] == [
        ("Bach/Air.mid", "Bach"),
        ("Clara/Romance.mid", "Clara"),
    ]
    assert pieces[0].read() == b"Bach/Air.mid"
    with zipfile.ZipFile(home, "a") as archive:
        archive.writestr(f"{top}/stray.mid", "")
    with pytest.raises(
        InputError, match="No pieces by Bach in .* All files of .* lie in its folder my-music, so"
    ):
        composer_folders.load(Request(data_home=home, composers=("Bach",)))


def test_a_link_that_leads_back_is_left_out_and_named(home):
    try:
        (home / "Back").symlink_to(home, target_is_directory=True)
    except OSError:
        pytest.skip("This system does not let us make links.")
    pieces = composer_folders.load(Request(data_home=home))
    assert {piece.piece: piece.left_out for piece in pieces if piece.left_out} == {
        "Back/(link)": "a link to a folder that is read already, or that holds the corpus"
    }


def test_labels_are_printable_and_composed(home):
    request = write_table(home, "path,composer,work\nBach/Air.mid,Faure\u0301\x1b[31m,a\u202eb\n")
    (piece,) = composer_folders.load(request)
    assert (piece.composer, piece.work) == ("Faur\u00e9\\x1b[31m", "a\\u202eb")


def test_a_table_names_composers_and_works(home):
    table = "\ufeffwork,path, composer\nBWV 1068, Bach/Air.mid,J. S. Bach\n,Clara/Romance.MID,Clara\n"
    request = write_table(home, table)
    pieces = composer_folders.load(request)
    assert [(piece.piece, piece.composer, piece.work) for piece in pieces] == [
        ("Bach/Air.mid", "J. S. Bach", "BWV 1068"),
        ("Clara/Romance.MID", "Clara", ""),
    ]
    assert pieces[0].read() == b"Bach/Air.mid"


def test_a_missing_composer_is_told_who_is_there(home):
    with pytest.raises(InputError, match=r"No pieces by Brahms .* Bach \(2\), Clara \(1\)"):
        composer_folders.load(Request(data_home=home, composers=("Brahms",)))


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("", "lacks the column path and composer; it has no columns"),
        ("file,composer\nBach/Air.mid,Bach\n", "lacks the column path; it has file, composer"),
        ("path;composer\nBach/Air.mid;Bach\n", "it has path;composer.*with commas between"),
        ("path,composer\n", "names no files"),
        ("path,composer\nBach/Air.mid,Bach\nBach/Aria.mid,Bach\n", "Line 3 of .* not there: Bach/Aria.mid"),
        ("path,composer\nBach/Air.mid,\n", "Line 2 of .* needs a path and a composer"),
        (
            "path,composer\nBach/Air.mid,Bach\nBach/./Air.mid,Bach\n",
            "Line 3 .* Bach/Air.mid again, as line 2",
        ),
        (
            "path,composer\nBach/Air.mid,Bach\nClara/../Bach/Air.mid,Clara\n",
            "Line 3 .* Clara/../Bach/Air.mid again, as line 2",
        ),
        (f"path,composer\n{'a' * 5000}.mid,Bach\n", r"Line 2 of .* not there: a+\.\.\.a+\.mid;"),
    ],
)
def test_a_bad_table_says_what_and_where(home, table, message):
    with pytest.raises(InputError, match=message):
        composer_folders.load(write_table(home, table))


def test_a_table_must_be_text(home):
    (home / "pieces.csv").write_bytes(b"path,composer\nBach/Air.mid,Dvo\xf8\xe1k\n")
    with pytest.raises(InputError, match="save it as a CSV file in UTF-8"):
        composer_folders.load(Request(data_home=home / "pieces.csv"))


def test_a_file_without_a_folder_has_no_label(home):
    (home / "loose.mid").write_bytes(b"")
    with pytest.raises(InputError, match="loose.mid lies directly in .*no label"):
        composer_folders.load(Request(data_home=home))


@pytest.mark.parametrize(
    ("missing", "message"),
    [("nowhere", "There is no folder and no file"), ("nowhere.csv", "There is no folder and no file")],
)
def test_a_wrong_path_is_named(home, missing, message):
    with pytest.raises(InputError, match=message):
        composer_folders.load(Request(data_home=home / missing))


def test_a_home_is_needed():
    with pytest.raises(InputError, match="needs --data-home"):
        composer_folders.load(Request())
