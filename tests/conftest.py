"""What all tests share."""

from hypothesis import settings

# An example may have to wait for numba's compiler, or for a busy machine.
settings.register_profile("searching", deadline=None)
# The same examples on every machine: who clones this sees what we saw. `make test-slow` draws new ones.
settings.register_profile("settled", deadline=None, derandomize=True)
settings.load_profile("settled")
