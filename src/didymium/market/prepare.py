"""A case made ready to clear: its network and its calibrated base point, made once per case."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from didymium.case.network import Network
from didymium.market.base import Base

if TYPE_CHECKING:
    from didymium.case import case as cases


class Market(NamedTuple):
    """Network and base point of a case."""

    network: Network
    base: Base


_READY: dict[str, Market] = {}
"""By the hash of the case's files: the verbs of one run share one calibration."""


def prepare(case: cases.Case) -> Market:
    """Return the network and the base point of a case: fitted, or as the tables state it (``case.toml``, calibration).

    Raises
    ------
    CaseError
        The case cannot be calibrated.
    """
    from didymium.case.network import build_network
    from didymium.market.calibrate import calibrate
    from didymium.market.cross import joints
    from didymium.market.stated import stated

    if case.digest not in _READY:
        network = build_network(case)
        point = stated if case.calibration == "stated" else calibrate
        market = Market(network, point(case, network))
        joints(*market)  # cross terms that do not fit the base point are faults of the case
        _READY[case.digest] = market
    return _READY[case.digest]
