"""Who composed this? Asks a saved model about MIDI files and scores, one or a whole folder.

    python -m experiments.predict piece.mid
    python -m experiments.predict FOLDER score.musicxml song.krn tune.abc --model results/runs/four_composers/RUN
    python -m experiments.predict FOLDER --json - | jq '.answers[].composer'
    python -m experiments.predict piece.mid --timeline --prior Bach=0.7,Chopin=0.1

Each piece gets a composer with a probability, the runner-up, and "none of these" if it is unlike all of them; a model
that is not calibrated (`experiments.calibrate`) still answers, and says so. MusicXML (.xml, .musicxml, .mxl), Humdrum
(.krn) and ABC are read by music21 and played at their first tempo mark. Nothing is kept of the files. A file that
cannot be read is named with its reason, and the others are answered for all the same; the exit status is 2 only if
all fail.
"""

import io
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import tyro

from experiments.engine.command import EXIT_INPUT, as_sentences, read_arguments
from models.pretrained import DEFAULT

if TYPE_CHECKING:
    from experiments.engine.predicting.asking import Answer, Asker
    from experiments.engine.predicting.files import Read

STANDARD_OUTPUT = Path("-")


@dataclass(frozen=True)
class Arguments:
    """What to ask about, whom to ask, and how to answer."""

    files: Annotated[tuple[Path, ...], tyro.conf.Positional, tyro.conf.arg(metavar="FILE_OR_FOLDER...")]
    """MIDI files, scores, zip files of MIDI files, and folders of them."""
    model: str = DEFAULT
    """A shipped model by its name, or a run folder, or an .h5 file with its .json beside it."""
    prior: str | None = None
    """How often each composer is to be expected: training (as the model has heard them, the default), flat,
    or shares such as Bach=0.5,Chopin=0.2, others sharing what is left."""
    timeline: bool = False
    """Also say who each chunk of a piece sounds like."""
    csv: Path | None = None
    """Write the answers as CSV, a row a file; -: to standard output, and nothing else there."""
    json: Path | None = None
    """Write the answers as JSON, with --timeline their chunks too; -: to standard output, and nothing else there."""
    own_tempo: bool = True
    """Play scores at their first tempo mark; else at 120 quarters a minute, as the corpus music21_scores has them."""


@as_sentences(interrupted="Interrupted; nothing was written.", advice="Make room, or write to another file.")
def main(argv: Sequence[str] | None = None) -> None:
    """Answers for the files that the command line names."""
    asked = read_arguments(
        Arguments, argv, description=__doc__, name="predict", default=Arguments(tyro.MISSING)
    )
    check_outputs(asked)
    from experiments.engine.predicting.asking import Asker
    from experiments.engine.predicting.files import find_files
    from experiments.engine.predicting.presenting import say_errors
    from experiments.engine.predicting.starting import quick_imports
    from experiments.engine.saved_models import load_saved_model
    from experiments.engine.telling import report_known_by_name

    files = find_files(asked.files, own_tempo=asked.own_tempo)
    with quick_imports():
        saved = load_saved_model(asked.model)
    asker = Asker(saved, prior=asked.prior)
    report_known_by_name(asker.saved.path, asker.saved.heard)
    answers, errors = ask_all(asker, files)
    say_errors(errors)
    write(asked, answers, errors, asker)
    if not answers:
        sys.exit(EXIT_INPUT)


def check_outputs(asked: Arguments) -> None:
    """Makes sure that the answers can be written, before anybody is asked.

    Raises:
        InputError: They cannot, or two outputs would go to one place.
    """
    from experiments.engine.records import prepare_file
    from features.errors import InputError

    outputs = {"--csv": asked.csv, "--json": asked.json}
    places = [
        path if path == STANDARD_OUTPUT else prepare_file(path, flag=flag).resolve()
        for flag, path in outputs.items()
        if path is not None
    ]
    if len(set(places)) < len(places):
        raise InputError(f"Expected --csv and --json to name different outputs, but both name {asked.csv}.")


def ask_all(asker: "Asker", files: Mapping[str, "Read"]) -> tuple[list["Answer"], dict[str, str]]:
    """Returns the answers for all files that can be read, and the reasons for the others, by name."""
    from tqdm import tqdm

    from features.errors import InputError

    answers, errors = [], {}
    for name, read in tqdm(files.items(), desc="Asking", unit="file", disable=len(files) < 2, leave=False):
        try:
            answers.append(asker.ask(name, read()))
        except InputError as error:
            errors[name] = str(error)
    return answers, errors


def write(asked: Arguments, answers: Sequence["Answer"], errors: Mapping[str, str], asker: "Asker") -> None:
    """Writes what was asked for; a table on the terminal unless standard output is for a script."""
    from experiments.engine.predicting import presenting
    from experiments.engine.records import write_text
    from experiments.engine.terminal import console

    for path, how in (
        (asked.csv, lambda file: presenting.write_csv_to(file, answers, errors, asker)),
        (
            asked.json,
            lambda file: presenting.write_json_to(file, answers, errors, asker, timeline=asked.timeline),
        ),
    ):
        if path == STANDARD_OUTPUT:
            how(sys.stdout)
        elif path is not None:
            text = io.StringIO()
            how(text)
            write_text(path.expanduser(), text.getvalue())
    if STANDARD_OUTPUT not in (asked.csv, asked.json) and answers:
        terminal = console(at_least=presenting.NARROWEST)
        terminal.print(presenting.table_of(answers, asker))
        terminal.print(presenting.sentence_on(asker), soft_wrap=True)
        for answer in answers if asked.timeline else ():
            presenting.print_timeline(answer, terminal)


if __name__ == "__main__":
    main()
