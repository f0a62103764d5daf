"""`python -m tests.fault.inside.service SERVICE PROCESS`: a real service, and what its orders do to it.

The supervisor of a stack under test starts this in place of `python -m SERVICE PROCESS`. Production has no hook for
it: the composition root finds wrapped classes where it expects the runtime's.
"""

from __future__ import annotations

import os
import runpy
import sys
from pathlib import Path

from cuestream.settings import inherited_environment
from cuestream.stack.proxy import PROCESS
from tests.fault.inside.libfaketime import faked
from tests.fault.inside.orders import Orders


def main(service: str, *arguments: str) -> None:
    """Become the service."""
    environment = inherited_environment()
    orders, process = Orders.below(Path(environment["CUESTREAM_DATA"])), environment[PROCESS]
    # A library that lies about the time can only be loaded before anything else.
    wanted = faked(orders.clock(process), environment | orders.environment(process))
    if wanted != environment:
        os.execve(sys.executable, sys.orig_argv, wanted)  # noqa: S606  our own argv
    # Not before: what is loaded so far is loaded again where the environment changes.
    import common.consuming  # noqa: PLC0415  as said
    import common.jobs  # noqa: PLC0415  as said
    from tests.fault.inside.crossings import (  # noqa: PLC0415  as said
        struck_consumer,
        struck_worker,
    )

    setattr(common.consuming, "Consumer", struck_consumer(orders, process))  # noqa: B010  mypy knows it as a class
    setattr(common.jobs, "Worker", struck_worker(orders, process))  # noqa: B010  as above
    sys.argv = [service, *arguments]
    runpy.run_module(service, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
