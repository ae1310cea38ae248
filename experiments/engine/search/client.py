"""What a worker has in place of an oracle: the chief's, asked over the network."""

import threading
import time
from collections.abc import Mapping
from typing import Any

import grpc
import keras_tuner
from keras_tuner.engine.trial import Trial, TrialStatus
from keras_tuner.errors import FatalError
from keras_tuner.src import protos  # there is no public way to them

from experiments.engine.search.chief import HOLDS, LEASE_S, MESSAGE, TOKEN, TUNER_ID
from experiments.engine.training import WATCHED
from features.errors import InputError

IDLE_S = 1.0
"""Seconds until a worker asks again when there is nothing for it to do yet."""

RETRY_S = 0.5
"""Seconds until a request is made again that failed."""

ANSWER_S = 30.0
"""Longest wait for one answer; a request that took longer is made again, which does no harm."""

SIGNS_A_LEASE = 6
"""How many signs of life a worker gives during a lease, so that a few may be lost."""

LONGEST_MESSAGE = 4000
"""Characters of a failure's trace that are sent; gRPC takes 8 KB of metadata."""


class ChiefLost(InputError, FatalError):
    """The chief cannot be reached, or does not want this worker; the worker should end.

    It is an error of the user's world as well as one that keras-tuner does not take for a failed trial.
    """


class TrialLost(Exception):
    """The trial is another worker's by now; this one should leave it and its files alone."""


class RemoteOracle(keras_tuner.Oracle):
    """An oracle whose trials are those of a chief; a context that ends the connection.

    Attributes:
        tuner_id: Which worker this is.
        address: `host:port` of the chief.
        patience_s: How long the chief may be out of reach.
    """

    def __init__(self, address: str, *, tuner_id: str, token: str, patience_s: float):
        super().__init__(objective=keras_tuner.Objective(WATCHED, "max"))
        self.tuner_id, self.address, self.patience_s = tuner_id, address, patience_s
        self._metadata = ((TOKEN, token), (TUNER_ID, tuner_id))
        self._channel = _open(address)
        self._stub = protos.get_service_grpc().OracleStub(self._channel)
        self._heard = time.monotonic()
        self._lease_s = patience_s
        self._closed = threading.Event()
        self._call("GetSpace", protos.get_service().GetSpaceRequest())
        threading.Thread(target=self._give_signs, name="signs of life", daemon=True).start()

    def __enter__(self) -> "RemoteOracle":
        return self

    def __exit__(self, *unused: object) -> None:
        self.close()

    def close(self) -> None:
        """Ends the connection, and with it the signs of life."""
        self._closed.set()
        self._channel.close()

    def create_trial(self, tuner_id: str | None = None) -> Trial:
        """Returns a trial to run, as soon as there is one, or one that is STOPPED when the search is over.

        Raises:
            ChiefLost: The chief was out of reach for too long.
        """
        request = protos.get_service().CreateTrialRequest(tuner_id=self.tuner_id)
        while True:
            trial = Trial.from_proto(self._call("CreateTrial", request).trial)
            if trial.status != TrialStatus.IDLE:
                return trial
            time.sleep(IDLE_S)

    def update_trial(self, trial_id: str, metrics: Mapping[str, float], step: int = 0) -> None:
        """Reports what a trial has scored."""
        service = protos.get_service()
        self._call("UpdateTrial", service.UpdateTrialRequest(trial_id=trial_id, metrics=metrics, step=step))

    def end_trial(self, trial: Trial) -> None:
        """Reports that a trial is over, and why if it failed."""
        values = keras_tuner.HyperParameters()
        report = Trial(values, trial_id=trial.trial_id, status=trial.status).to_proto()
        message = (trial.message or "")[-LONGEST_MESSAGE:].encode()[-LONGEST_MESSAGE:]
        extra = ((MESSAGE, message.decode(errors="ignore").encode()),) if message else ()
        self._call("EndTrial", protos.get_service().EndTrialRequest(trial=report), extra)

    def get_trial(self, trial_id: str) -> Trial:
        """Returns the values and the status of a trial."""
        request = protos.get_service().GetTrialRequest(trial_id=trial_id)
        return Trial.from_proto(self._call("GetTrial", request).trial)

    def check(self, trial_id: str) -> None:
        """Asks whether to go on with a trial; to be called after each epoch.

        A chief that is out of reach for a while does not matter.

        Raises:
            TrialLost: It is another worker's by now.
            ChiefLost: The chief has been out of reach for too long.
        """
        holds = self._sign()
        if holds is not None and holds != trial_id:
            raise TrialLost(
                f"Trial {trial_id} was given to another worker, because this one was not heard of."
            )
        if time.monotonic() - self._heard > self.patience_s:
            raise self._lost()

    def save(self) -> None:
        """Does nothing: the chief keeps the books."""

    def reload(self) -> None:
        """Does nothing: the chief keeps the books."""

    def _call(self, method: str, request: Any, extra: tuple = ()) -> Any:
        """Makes a request, again and again while the chief is out of reach."""
        deadline = time.monotonic() + self.patience_s
        while True:
            left_s = max(deadline - time.monotonic(), 0.1)
            try:
                response, call = getattr(self._stub, method).with_call(
                    request,
                    timeout=min(left_s, ANSWER_S),
                    wait_for_ready=True,
                    metadata=self._metadata + extra,
                )
                self._note(call)
                return response
            except grpc.RpcError as error:
                if error.code() == grpc.StatusCode.UNAUTHENTICATED:
                    raise _refused(self.address) from error
                if time.monotonic() >= deadline:
                    raise self._lost() from error
            time.sleep(RETRY_S)

    def _lost(self) -> ChiefLost:
        return ChiefLost(
            f"Expected the chief of the search at {self.address}, but it has not answered for {self.patience_s:g} "
            "seconds; start it again with --resume, which also starts its own workers, and others with --join."
        )

    def _give_signs(self) -> None:
        while not self._closed.wait(self._lease_s / SIGNS_A_LEASE):
            self._sign()

    def _sign(self) -> str | None:
        """Gives a sign of life; returns the id of the trial that the chief takes for this worker's, if it answers."""
        request = protos.get_service().GetSpaceRequest()
        try:
            _, call = self._stub.GetSpace.with_call(
                request, timeout=min(self._lease_s / SIGNS_A_LEASE, ANSWER_S), metadata=self._metadata
            )
        except (grpc.RpcError, ValueError):  # out of reach; or closed at this moment
            return None
        return self._note(call)

    def _note(self, call: grpc.Call) -> str:
        about = dict(call.trailing_metadata())
        self._heard, self._lease_s = time.monotonic(), float(about[LEASE_S])
        return about[HOLDS]


def reach(address: str, *, token: str, within_s: float = 10.0) -> None:
    """Makes sure that the chief of a search answers, before anything that takes long is begun for it.

    Args:
        address: `host:port` of the chief.
        token: The secret of the search.
        within_s: How long to wait for its answer, in seconds.

    Raises:
        ChiefLost: Nothing that knows the token answers there.
    """
    deadline = time.monotonic() + within_s
    with _open(address) as channel:
        stub = protos.get_service_grpc().OracleStub(channel)
        while True:
            try:
                stub.GetSpace(
                    protos.get_service().GetSpaceRequest(),
                    timeout=max(deadline - time.monotonic(), 0.1),
                    wait_for_ready=True,
                    metadata=((TOKEN, token),),
                )
                return
            except grpc.RpcError as error:
                if error.code() == grpc.StatusCode.UNAUTHENTICATED:
                    raise _refused(address) from error
                if time.monotonic() >= deadline:
                    raise ChiefLost(
                        f"Expected the chief of a search at {address}, but none answered within {within_s:g} seconds; "
                        "give --join the HOST:PORT that it was told to --listen at, and see that it still runs."
                    ) from error
            time.sleep(RETRY_S)


def _open(address: str) -> grpc.Channel:
    """Opens a connection; gRPC would wait up to two minutes before it looks for a lost chief again."""
    backoff_ms = int(1000 * RETRY_S)
    options = [(f"grpc.{which}_reconnect_backoff_ms", backoff_ms) for which in ("initial", "min", "max")]
    options.append(("grpc.enable_http_proxy", 0))  # which knows no chief
    return grpc.insecure_channel(address, options)


def _refused(address: str) -> ChiefLost:
    return ChiefLost(
        f"Expected the search at {address} to know this folder's token, but it refused it; give --name and "
        "--results-dir of that very search, or --join another address."
    )


def connect(address: str, *, tuner_id: str, token: str, patience_s: float = 300.0) -> RemoteOracle:
    """Returns the oracle of a search that runs elsewhere.

    Args:
        address: `host:port` of its chief, which may also start a little later.
        tuner_id: Names this worker; no two workers have the same. One that begins with `"local-"` ends with its chief.
        token: The secret of the search.
        patience_s: How long the chief may be out of reach, for instance until it is started again, in seconds.

    Raises:
        ChiefLost: It is not there, or refuses the token.
    """
    return RemoteOracle(address, tuner_id=tuner_id, token=token, patience_s=patience_s)
