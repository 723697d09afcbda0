"""The pieces on other machines: the same jobs and the same workers, in the processes of a Dask cluster.

Needs the extra ``scale``. A job's arrays travel once; after that only decisions go out and worths come back.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from didymium.faults import DidymiumError
from didymium.machines import Connection
from didymium.market.basis import Basis
from didymium.messages import _
from didymium.plan.recourse import Decision, Job, Worth
from didymium.plan.workers import Worker, seeding, shares

if TYPE_CHECKING:
    import numpy as np
    import scipy.sparse as sp

_HERE: dict[str, tuple[Worker, list[Job]]] = {}
"""In a cluster's process: its worker and jobs by crew."""


def _settle(crew: str, matrices: list[sp.csr_array], lot: list[Job]) -> int:
    """Take the jobs of a lot; a worker that is there keeps its solvers and their bases."""
    worker = _HERE[crew][0] if crew in _HERE else Worker(matrices)
    worker.inside = dict.fromkeys(worker.inside, -1)
    _HERE[crew] = (worker, lot)
    return len(lot)


def _solve(crew: str, decision: Decision, wanted: frozenset[int] | None, keep: bool) -> dict[int, Worth]:
    worker, lot = _HERE[crew]
    return {job.at: worker.solve(job, decision, keep) for job in lot if wanted is None or job.at in wanted}


def _seed(crew: str, asked: list[Job], decision: Decision) -> dict[int, Basis]:
    worker = _HERE[crew][0]
    return {job.matrix: worker.seed(job, decision) for job in asked}


def _sow(crew: str, seeds: dict[int, Basis]) -> int:
    _HERE[crew][0].seeds = seeds
    return len(seeds)


def _kept(crew: str) -> dict[int, tuple[np.ndarray, np.ndarray]]:
    return _HERE[crew][0].last


def _leave(crew: str) -> None:
    _HERE.pop(crew, None)


class Machines:
    """A crew in the processes of a Dask cluster, one lot to each.

    Parameters
    ----------
    found : list of Job
        The pieces.
    matrices : list of sparse array
        What they share.
    client : dask.distributed.Client
        The cluster.
    """

    def __init__(self, found: list[Job], matrices: list[sp.csr_array], client: Any) -> None:
        self.client, self.found, self.name = client, found, uuid.uuid4().hex
        self.places: list[str] = sorted(client.scheduler_info(n_workers=-1)["workers"])
        if not self.places:
            raise DidymiumError(_("the cluster has no workers -> start some, or leave the cluster out"))
        self.lots = shares(found, len(self.places))
        self.matrices, self._seeded, self._settled = matrices, len(self.places) == 1, False

    def _each(self, what: Callable[..., Any], arguments: list[tuple[Any, ...]]) -> list[Any]:
        futures = [
            self.client.submit(what, self.name, *own, workers=[place], pure=False, allow_other_workers=False)
            for place, own in zip(self.places, arguments, strict=True)
        ]
        return list(self.client.gather(futures))

    def solve(self, decision: Decision, which: Iterable[int] | None = None, keep: bool = False) -> dict[int, Worth]:
        """Return what a decision is worth in each piece."""
        wanted = None if which is None else frozenset(which)
        if not self._settled:
            # Not before: jobs that are taken and never asked do not travel. Workers that were there know the matrices.
            self._each(_settle, [(self.matrices, lot) for lot in self.lots])
            self.matrices, self._settled = [], True
        if not self._seeded:
            self._seeded = True
            found = self._each(_seed, [(asked, decision) for asked in seeding(self.lots)])
            seeds = {matrix: basis for part in found for matrix, basis in part.items()}
            self._each(_sow, [(seeds,)] * len(self.places))
        parts = self._each(_solve, [(decision, wanted, keep)] * len(self.places))
        return {at: worth for part in parts for at, worth in part.items()}

    def kept(self) -> dict[int, tuple[np.ndarray, np.ndarray]]:
        """Return columns and row duals of what was solved to be kept."""
        parts = self._each(_kept, [()] * len(self.places))
        return {at: values for part in parts for at, values in part.items()}

    def take(self, found: list[Job]) -> None:
        """Take the same pieces with other costs: users weighted otherwise."""
        if found is self.found:
            return
        self.found = found
        by_place = {job.at: job for job in found}
        self.lots = [[by_place[job.at] for job in lot] for lot in self.lots]
        self._settled = False

    def close(self) -> None:
        """Let the workers forget the jobs; the cluster stays."""
        self._each(_leave, [()] * len(self.places))


class Cluster(Connection):
    """Makes crews on a Dask cluster."""

    def __call__(self, found: list[Job], matrices: list[sp.csr_array]) -> Machines:
        """Return a crew for these pieces."""
        return Machines(found, matrices, self.client)
