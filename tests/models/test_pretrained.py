"""A model is found by its name, its path or its run folder, or fetched from the Hub: here from a stub of it."""

import sys
from types import SimpleNamespace

import pytest

from models import pretrained
from models.pretrained import find
from models.saving import ModelFileError


def test_shipped_models_have_a_description_and_a_card():
    folder = pretrained.Path(pretrained.__file__).parent
    for file in pretrained.PRETRAINED.values():
        for suffix in (".h5", ".json", ".md"):
            assert (folder / file).with_suffix(suffix).is_file()


def test_a_shipped_model_is_found_by_its_name_even_where_a_folder_has_it(tmp_path, monkeypatch):
    monkeypatch.setitem(pretrained.PRETRAINED, "four_composers", "four_composers.h5")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "four_composers").mkdir()
    assert find("four_composers").parent.name == "pretrained"
    assert find("./four_composers").parent.parent.name == ""


def test_a_path_and_a_run_folder_are_taken_as_they_are(tmp_path):
    assert find(tmp_path) == tmp_path / "model.h5"
    assert find(str(tmp_path / "other.h5")) == tmp_path / "other.h5"


@pytest.mark.parametrize("name", ["nobody", "a/b/c", "model.keras"])
def test_an_unknown_name_is_answered_with_what_can_be_given(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ModelFileError, match=f"no model '{name}'; give an .h5 file, a run folder"):
        find(name)


@pytest.fixture
def hub(tmp_path, monkeypatch):
    """A Hub that holds one model, and notes what is asked of it."""
    asked = []

    def download(repository, name, *, revision):
        asked.append((repository, name, revision))
        if repository != "somebody/model":
            raise OSError("401 Client Error.\nRepository Not Found")
        return str(tmp_path / name)

    monkeypatch.setitem(sys.modules, "huggingface_hub", SimpleNamespace(hf_hub_download=download))
    monkeypatch.chdir(tmp_path)
    return asked


def test_two_files_are_fetched_from_the_hub_and_nothing_else(hub, tmp_path):
    assert find("somebody/model") == tmp_path / "model.h5"
    assert hub == [("somebody/model", name, None) for name in ("model.json", "model.h5")]


def test_a_revision_can_be_named(hub):
    find("somebody/model@v2")
    assert hub[0] == ("somebody/model", "model.json", "v2")


def test_a_folder_here_is_not_looked_for_on_the_hub(hub, tmp_path):
    (tmp_path / "somebody" / "model").mkdir(parents=True)
    assert find("somebody/model").parts[0] == "somebody"
    assert not hub


def test_what_the_hub_lacks_is_one_sentence(hub):
    with pytest.raises(
        ModelFileError, match=r"nobody/model cannot be fetched .*401 Client Error\.\)"
    ) as caught:
        find("nobody/model")
    assert "\n" not in str(caught.value)


def test_without_its_library_the_hub_is_named_as_a_way(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(ModelFileError, match="pip install huggingface_hub"):
        find("somebody/model")
