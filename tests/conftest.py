"""What all tests share."""

from hypothesis import settings

# An example may have to wait for numba's compiler, or for a busy machine.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")
