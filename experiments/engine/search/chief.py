"""The chief: an oracle served to workers on this machine and others, until every trial has ended.

It speaks the protocol of keras-tuner's own chief, and mends what makes that one wait for ever or repeat work: workers
have leases, and what a worker reports of a trial that is no longer its own is acknowledged and ignored. Only who knows
the token of the search is heard; but nothing is encrypted, so that other addresses than this machine's own are for
networks that one trusts.
"""

import hmac
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import grpc
import keras_tuner
from keras_tuner.engine.trial import Trial, TrialStatus
from keras_tuner.src import protos  # there is no public way to them

from experiments.engine.search.durable import DurableOracle
from experiments.engine.search.leases import Leases
from features.errors import InputError

TOKEN, TUNER_ID, MESSAGE = "search-token", "tuner-id", "trial-message-bin"
"""Metadata of a request: the secret of the search, which worker asks, why its trial failed (UTF-8)."""

LEASE_S, HOLDS = "lease-s", "holds"
"""Metadata of an answer: the length of a lease in seconds, the id of the trial that is this worker's."""

MOST_REQUESTS = 32
"""Threads that answer; a sign of life must not wait behind workers that wait for a long proposal."""

GRACE_S = 2.0
"""How long requests may take that are being answered when the chief ends."""


class Chief:
    """A served oracle, as its main loop sees it.

    Attributes:
        address: `host:port` at which it is served.
    """

    def __init__(self, address: str, oracle: DurableOracle, leases: Leases, gate: "_Gate"):
        self.address = address
        self._oracle, self._leases, self._gate = oracle, leases, gate

    @property
    def workers(self) -> list[str]:
        """The ids of the workers with a lease."""
        return self._leases.living

    @property
    def is_over(self) -> bool:
        """Whether all trials have ended and every worker has been told, or is gone."""
        return self._oracle.is_over and not self._leases.living

    def check_leases(self) -> list[str]:
        """Gives the trials of workers that are silent to others; to be called about once a second.

        Returns:
            The ids of the workers that have been given up.

        Raises:
            Exception: What kept the chief from answering a request, such as a full disk; it must end then, and can go
                on from its files.
        """
        if self._gate.failure is not None:
            raise self._gate.failure
        silent = self._leases.run_out()
        for tuner_id in silent:
            self._oracle.give_back(tuner_id)
        return silent

    def gone(self, tuner_id: str) -> str | None:
        """Gives the trial of a worker that has ended to another at once.

        Returns:
            The id of the trial, if it had one.
        """
        self._leases.end(tuner_id)
        return self._oracle.give_back(tuner_id)


@contextmanager
def serve(
    oracle: DurableOracle, *, address: str = "127.0.0.1:0", token: str, lease_s: float = 60.0
) -> Iterator[Chief]:
    """Serves an oracle within the block.

    Args:
        oracle: What hands out trials; workers whose trials it holds have a lease from now on.
        address: `host:port`; port 0 for any that is free.
        token: What workers must know.
        lease_s: After how many seconds of silence a worker counts as gone.

    Raises:
        InputError: The address cannot be used.
    """
    leases = Leases(lease_s, oracle.ongoing_trials)
    gate = _Gate(oracle, leases, token)
    server = grpc.server(
        ThreadPoolExecutor(MOST_REQUESTS, thread_name_prefix="chief"),
        interceptors=[gate],
        options=[
            ("grpc.so_reuseport", 0)
        ],  # else a second chief on the same port would get half the requests
    )
    protos.get_service_grpc().add_OracleServicer_to_server(_Servicer(oracle, leases), server)
    bound = _bind(server, address)
    server.start()
    try:
        yield Chief(bound, oracle, leases, gate)
    finally:
        server.stop(GRACE_S).wait()


def _bind(server: grpc.Server, address: str) -> str:
    """Binds a server to an address, whose port may be 0; returns it with its real port."""
    host, _, port = address.rpartition(":")
    try:
        if not host or not 0 <= int(port) < 2**16:
            raise ValueError
        return f"{host}:{server.add_insecure_port(address)}"
    except (RuntimeError, ValueError) as error:
        raise InputError(
            "Expected HOST:PORT, an address of this machine with a free port, "
            f"but {address or 'an empty one'} cannot be used; name another one."
        ) from error


class _Gate(grpc.ServerInterceptor):
    """Lets in who knows the token, and notes that they are alive.

    Attributes:
        failure: What a request ended with; from then on none is answered, as memory may be ahead of the files.
    """

    def __init__(self, oracle: DurableOracle, leases: Leases, token: str):
        self.oracle, self.leases, self.token = oracle, leases, token
        self.failure: Exception | None = None

    def intercept_service(self, continuation: Callable, details: grpc.HandlerCallDetails) -> Any:
        handler = continuation(details)
        if handler is None:
            return None
        return grpc.unary_unary_rpc_method_handler(
            lambda request, context: self._answer(handler.unary_unary, request, context),
            request_deserializer=handler.request_deserializer,
            response_serializer=handler.response_serializer,
        )

    def _answer(self, method: Callable, request: Any, context: grpc.ServicerContext) -> Any:
        metadata = dict(context.invocation_metadata())
        if not hmac.compare_digest(str(metadata.get(TOKEN, "")).encode(), self.token.encode()):
            context.abort(grpc.StatusCode.UNAUTHENTICATED, "Expected the token of the search.")
        if self.failure is None:
            try:
                tuner_id = _tuner_id(context)
                self.leases.renew(tuner_id)
                answer = method(request, context)
                context.set_trailing_metadata(self._about(tuner_id))
                return answer
            except Exception as error:
                self.failure = error  # for the main loop to raise
        context.abort(grpc.StatusCode.UNAVAILABLE, "The chief ends because of an error.")

    def _about(self, tuner_id: str) -> tuple[tuple[str, str], ...]:
        trial = self.oracle.ongoing_trials.get(tuner_id)
        return (LEASE_S, str(self.leases.lease_s)), (HOLDS, "" if trial is None else trial.trial_id)


class _Servicer(protos.get_service_grpc().OracleServicer):
    """Answers what workers ask; the space itself stays with the chief."""

    def __init__(self, oracle: DurableOracle, leases: Leases):
        self.oracle, self.leases = oracle, leases

    def GetSpace(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Answers a sign of life."""
        return protos.get_service().GetSpaceResponse()

    def CreateTrial(self, request: Any, context: grpc.ServicerContext) -> Any:
        tuner_id = _tuner_id(context)
        self.leases.begin(tuner_id)
        trial = self.oracle.create_trial(tuner_id)
        if trial.status == TrialStatus.STOPPED:
            self.leases.end(tuner_id)
        return protos.get_service().CreateTrialResponse(trial=_as_message(trial))

    def UpdateTrial(self, request: Any, context: grpc.ServicerContext) -> Any:
        with self.oracle.lock:
            if self.oracle.holds(_tuner_id(context), request.trial_id):
                self.oracle.update_trial(request.trial_id, request.metrics, step=request.step)
        return protos.get_service().UpdateTrialResponse()

    def EndTrial(self, request: Any, context: grpc.ServicerContext) -> Any:
        trial = Trial.from_proto(request.trial)
        trial.message = dict(context.invocation_metadata()).get(MESSAGE, b"").decode(errors="replace")
        with self.oracle.lock:
            if self.oracle.holds(_tuner_id(context), trial.trial_id):
                self.oracle.end_trial(trial)
        return protos.get_service().EndTrialResponse()

    def GetTrial(self, request: Any, context: grpc.ServicerContext) -> Any:
        unknown = Trial(keras_tuner.HyperParameters(), request.trial_id, TrialStatus.INVALID)
        trial = self.oracle.trials.get(request.trial_id, unknown)
        return protos.get_service().GetTrialResponse(trial=_as_message(trial))


def _tuner_id(context: grpc.ServicerContext) -> str:
    return dict(context.invocation_metadata()).get(TUNER_ID, "")


def _as_message(trial: Trial) -> Any:
    """What a worker gets: the values, without the space.

    keras-tuner's messages sort the space anew, so that conditional entries come back with values while they are
    inactive; and it prints the values of each condition. Metrics are left out, because it warns of a trial that has
    some, as one has that another worker has ended meanwhile.
    """
    values = keras_tuner.HyperParameters()
    values.values = dict(trial.hyperparameters.values)
    return Trial(values, trial_id=trial.trial_id, status=trial.status).to_proto()
