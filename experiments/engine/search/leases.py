"""Which workers are alive: each has a lease, which every request of its own renews."""

import threading
import time
from collections.abc import Callable, Iterable


class Leases:
    """The workers of a search that are owed an answer.

    Args:
        lease_s: After how many seconds without a request a worker counts as gone.
        tuner_ids: Workers that are thought to be at work.
        clock: Seconds that only go forward.

    Example:
        >>> leases = Leases(60.0, ["far-0"])
        >>> leases.begin("far-1")
        >>> leases.end("far-0")
        >>> leases.run_out()
        []
        >>> leases.living
        ['far-1']
    """

    def __init__(
        self, lease_s: float, tuner_ids: Iterable[str] = (), *, clock: Callable[[], float] = time.monotonic
    ):
        self.lease_s, self.clock = lease_s, clock
        self._lock = threading.Lock()
        self._checked = clock()
        self._heard = dict.fromkeys(tuner_ids, self._checked)

    @property
    def living(self) -> list[str]:
        """The ids of workers whose leases have not ended."""
        with self._lock:
            return sorted(self._heard)

    def begin(self, tuner_id: str) -> None:
        """Gives a worker that asks for work its lease."""
        with self._lock:
            self._heard[tuner_id] = self.clock()

    def renew(self, tuner_id: str) -> None:
        """Prolongs a lease; one that has ended stays so until the worker asks for work again."""
        with self._lock:
            if tuner_id in self._heard:
                self._heard[tuner_id] = self.clock()

    def end(self, tuner_id: str) -> None:
        """Ends the lease of a worker that goes."""
        with self._lock:
            self._heard.pop(tuner_id, None)

    def run_out(self) -> list[str]:
        """Ends and returns the leases that were not renewed in time; to be called several times a lease.

        If it was not, this process was held up itself (stopped, or a machine asleep), and nobody is to blame for a
        silence that nobody listened to: all leases begin anew.
        """
        with self._lock:
            now = self.clock()
            held_up, self._checked = now - self._checked > self.lease_s / 2, now
            if held_up:
                self._heard = dict.fromkeys(self._heard, now)
            gone = sorted(name for name, heard in self._heard.items() if now - heard > self.lease_s)
            for name in gone:
                del self._heard[name]
            return gone
