"""The one exception for input that a user can put right."""


class InputError(ValueError):
    """Bad input: the message is one sentence that a user can act on.

    It says what was expected, what came, and what to do. Command lines print it
    without a traceback; anything else that is raised is a bug of ours.
    """
