"""What is said when a command is interrupted, or a file cannot be used."""

import errno

import pytest

from experiments import all_composers, audit, benchmark, catalogue, four_composers, leaderboard
from experiments.engine.command import as_sentences, parse, read_for_study
from features.errors import InputError


def last_words(capsys, main):
    """Returns what a command says at its end, and its exit status."""
    with pytest.raises(SystemExit) as stopped:
        main([])
    return capsys.readouterr().err.strip(), stopped.value.code


def interrupt(*args, **kwargs):
    raise KeyboardInterrupt


def fill_the_disk(*args, **kwargs):
    raise OSError(errno.ENOSPC, "No space left on device", "somewhere")


def test_a_study_says_how_it_goes_on(capsys):
    said, status = last_words(capsys, as_sentences(interrupt))
    assert status == 130 and said.endswith("when it is started again with --resume.")
    said, status = last_words(capsys, as_sentences(fill_the_disk))
    assert status == 2 and "--results-dir and --cache-dir" in said and said.endswith("with --resume goes on.")


@pytest.mark.parametrize("tool", [catalogue, benchmark, leaderboard])
def test_other_tools_name_only_flags_that_they_have(capsys, monkeypatch, tool):
    with pytest.raises(SystemExit):
        tool.main(["corpus", "--help"] if tool is benchmark else ["--help"])
    helped = capsys.readouterr().out
    for raise_it, begins, exits_with in (
        (interrupt, "Interrupted; start it again", 130),
        (fill_the_disk, "A file could not be used: No space left on device (somewhere). Make room", 2),
    ):
        monkeypatch.setattr(tool, "read_arguments", raise_it)
        said, status = last_words(capsys, tool.main)
        assert said.startswith(begins) and status == exits_with
        assert all(word.strip(".,") in helped for word in said.split() if word.startswith("--"))


def test_an_error_in_the_code_is_not_a_sentence():
    @as_sentences
    def main(argv):
        raise OSError(errno.EBADF, "Bad file descriptor")

    with pytest.raises(OSError, match="Bad file descriptor"):
        main([])


@pytest.mark.parametrize(
    ("words", "study"),
    [
        (["--name", "all_composers"], "four_composers"),
        (["--name", "era", "all_composers"], "all_composers"),
        (["all_composers", "--name", "four_composers"], "all_composers"),
        (["--smoke", "era"], "era"),
    ],
)
def test_the_study_is_told_from_values_of_flags_and_brings_its_defaults(words, study):
    module, asked = read_for_study(audit.Arguments, words, description="", name="audit")
    assert module.DEFAULT.experiment == asked.study == study
    assert asked.training == module.DEFAULT.training


@pytest.mark.parametrize(
    ("study", "words", "needed"),
    [
        (four_composers, ["--humanise", "2"], "--renderings"),
        (four_composers, ["--temperature", "2"], "--teacher"),
        (four_composers, ["--distillation", "1"], "--teacher"),
        (four_composers, ["--sampling-power", "0.5"], "--sampling"),
        (four_composers, ["--no-class-weights", "--balance", "0.5"], "--class-weights"),
        (all_composers, ["--smoke", "--balance", "0.5"], "--class-weights"),
    ],
)
def test_a_flag_that_has_no_effect_without_another_is_not_passed_over(study, words, needed):
    with pytest.raises(InputError, match=f"has no effect without {needed}; add it"):
        parse(study.DEFAULT, words, description="")


def test_with_the_other_flag_it_has_one():
    words = ["--humanise", "2", "--renderings", "1", "--sampling", "work", "--sampling-power", "0.5"]
    config, _ = parse(
        four_composers.DEFAULT, [*words, "--teacher", "four_composers", "--temperature", "2"], description=""
    )
    assert (config.training.humanise, config.training.sampling_power, config.training.temperature) == (
        2,
        0.5,
        2,
    )
