"""Other machines: the processes of a Dask cluster, one that is there or one made here. Needs the extra ``scale``."""

from __future__ import annotations

import importlib
from typing import Any, Self

from didymium.faults import DidymiumError
from didymium.messages import _

CALM = {
    "distributed.worker.profile.enabled": False,
    "distributed.admin.tick.interval": "1s",
    "distributed.admin.system-monitor.interval": "5s",
}
"""Of Dask: how often its processes look at themselves, where a cluster is made here. As it comes, each takes a
twentieth of a core for that, from the cores that solve (docs/decisions/031)."""


class Connection:
    """A Dask cluster, to be left with :meth:`shut`.

    Parameters
    ----------
    client : dask.distributed.Client
        The cluster.
    own : object, optional
        A cluster that was started for this, and goes with it.
    """

    def __init__(self, client: Any, own: Any = None) -> None:
        self.client, self.own = client, own

    @classmethod
    def to(cls, address: str | None = None, processes: int | None = None, patience: float = 10.0) -> Self:
        """Return a connection to a cluster, which is made here where there is no address.

        Parameters
        ----------
        address : str, optional
            Address of its scheduler; a cluster of this machine's processes where None.
        processes : int, optional
            How many processes, where the cluster is made here; one to a core where None.
        patience : float
            Seconds to wait for the address to answer.

        Raises
        ------
        DidymiumError
            Without the extra ``scale``, or nobody answers at the address.
        """
        try:
            dask: Any = importlib.import_module("dask")
            distributed: Any = importlib.import_module("dask.distributed")
        except ImportError:
            raise DidymiumError(_("a cluster needs `pip install 'didymium[scale]'`")) from None
        own: Any = None
        try:
            if address is None:
                with dask.config.set(CALM):
                    own = distributed.LocalCluster(
                        n_workers=processes, threads_per_worker=1, processes=True, dashboard_address=None
                    )
            return cls(distributed.Client(own or address, timeout=patience), own)
        except OSError as error:
            said = _("no cluster answers at {address}: {error}").format(address=address, error=error)
            raise DidymiumError(said) from None

    def shut(self) -> None:
        """Leave the cluster; one of our own ends."""
        self.client.close()
        if self.own is not None:
            self.own.close()
