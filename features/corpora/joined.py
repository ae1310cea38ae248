"""Several corpora as one: `--corpus midi_classics+music21_scores`."""

from collections.abc import Mapping
from dataclasses import replace
from types import ModuleType

from features.corpora.catalogue import Piece, Request, check_list, select_composers


def load_together(corpora: Mapping[str, ModuleType], request: Request) -> list[Piece]:
    """Returns the pieces of several corpora, sorted by name.

    What a corpus has one list of only, it gives whichever list is asked for, as long as another has that. Works are
    found over all of them: a piece that two corpora have is one work, under whatever names.

    Args:
        corpora: The modules of `features.corpora.CORPORA`, by their names. Of two pieces of one name, the later one's
            is preceded by its corpus.
        request: What is wanted; composers may be in any of the corpora.

    Raises:
        InputError: A corpus cannot be had, none has the list of pieces, or a composer is in none.
    """
    lists = {name: getattr(module, "LISTS", ("reference",)) for name, module in corpora.items()}
    check_list(request, " and ".join(corpora), sorted(set().union(*lists.values()), reverse=True))
    pieces: dict[str, Piece] = {}
    for name, module in corpora.items():
        wanted = request.pieces if request.pieces in lists[name] else lists[name][0]
        for piece in module.load(replace(request, composers=(), pieces=wanted)):
            free = piece.piece if piece.piece not in pieces else f"{name}/{piece.piece}"
            pieces[free] = replace(piece, piece=free)
    return select_composers(pieces.values(), request.composers)
