"""Other machines: the processes of a Dask cluster, one that is there or one made here. Needs the extra ``scale``."""

from __future__ import annotations

import importlib
from typing import Any

from didymium.faults import DidymiumError
from didymium.messages import _


def connected(address: str | None = None, processes: int | None = None, patience: float = 10.0) -> tuple[Any, Any]:
    """Return the client of a cluster, and the cluster itself where it was made here.

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
        dask: Any = importlib.import_module("dask.distributed")
    except ImportError:
        raise DidymiumError(_("a cluster needs `pip install 'didymium[scale]'`")) from None
    own: Any = None
    try:
        if address is None:
            own = dask.LocalCluster(n_workers=processes, threads_per_worker=1, processes=True, dashboard_address=None)
        return dask.Client(own or address, timeout=patience), own
    except OSError as error:
        said = _("no cluster answers at {address}: {error}").format(address=address, error=error)
        raise DidymiumError(said) from None
