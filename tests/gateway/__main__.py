"""Start the test gateway alone, to try a client against it."""

from __future__ import annotations

import argparse
import sys
import time

from tests.gateway.scenarios import SCENARIOS
from tests.gateway.server import TestGateway

HOW_TO = """\
The test gateway listens on {base_url}

  OPENAI_API_KEY=any OPENAI_BASE_URL={base_url} OPENAI_MODEL=ok make run

The model's name chooses how it answers: name, name:K or name:K@R, where K is a number
of tokens (or a status, as in error:429) and R a rate in tokens a second:

  {names}

Press Ctrl+C to stop.
"""


def main() -> None:
    parser = argparse.ArgumentParser(prog="tests.gateway", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    arguments = parser.parse_args()
    with TestGateway(arguments.port) as gateway:
        names = ", ".join(SCENARIOS)
        sys.stdout.write(HOW_TO.format(base_url=gateway.base_url, names=names))
        sys.stdout.flush()
        try:
            while True:
                time.sleep(3600)
        except KeyboardInterrupt:
            pass


if __name__ == "__main__":
    main()
