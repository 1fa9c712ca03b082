"""Start the test gateway alone, to try a client against it by hand.

It passes for every gateway we know, each at the address it would have: give the base
URL of a preset and a protocol, as printed, any key, and as the model's name what should
happen: `ok`, `reasoning:30@10`, `flaky:2`, `window:2000`, `error:429+retry-after:3` …
"""

from __future__ import annotations

import argparse
import sys
import time
from decimal import Decimal

from conversations.wire import Prices, Rates
from tests.gateway.economy import Economy
from tests.gateway.flavours import FLAVOURS
from tests.gateway.gates import GATES
from tests.gateway.modifiers import MODIFIERS
from tests.gateway.scenarios import SCENARIOS
from tests.gateway.server import TestGateway

HOW_TO = """\
The test gateway listens on {root}

  OPENAI_API_KEY=any OPENAI_BASE_URL={base_url} OPENAI_MODEL=ok make run

It passes for each of these at its base URL (an admin can enter them under Gateways):

{addresses}

The model's name says how it answers: name, name:K or name:K@R, where K is a number
of tokens (or a status, as in error:429) and R a rate in tokens a second:

  {scenarios}

Before it, requests can be stopped, as in flaky:2, window:2000+reasoning or no-effort:

  {gates}

And the answer can look otherwise, as in json, usage-absurd or error:429+retry-after:3:

  {modifiers}

A provider before the name is overlooked, as in openai/ok. The header X-Scenario does
what the name would do. Lists of models: {root}/catalog/NAME/v1/models, where NAME is one
of the gateways above, or paginated, missing, html, slow, empty, garbage, bare, error.

Press Ctrl+C to stop.
"""


def main() -> None:
    parser = argparse.ArgumentParser(prog="tests.gateway", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument(
        "--flavour", default="compatible", choices=FLAVOURS, help="at /v1"
    )
    parser.add_argument(
        "--truthful", action="store_true", help="count tokens, keep prompts, charge"
    )
    arguments = parser.parse_args()
    economy = Economy(prices=_PRICES) if arguments.truthful else None
    with TestGateway(
        arguments.port, flavour=arguments.flavour, economy=economy
    ) as gateway:
        sys.stdout.write(explain(gateway))
        sys.stdout.flush()
        try:
            while True:
                time.sleep(3600)
        except KeyboardInterrupt:
            pass


_PRICES = Prices(
    Rates(
        input=Decimal(3),
        cached_input=Decimal("0.3"),
        cache_write=Decimal("3.75"),
        cache_write_1h=Decimal(6),
        output=Decimal(15),
    )
)


def explain(gateway: TestGateway) -> str:
    """Return what a person should know who has started the gateway."""
    addresses = [
        f"  {name:<11} {protocol.value:<17} {gateway.url_for(name, protocol)}"
        for name, flavour in FLAVOURS.items()
        for protocol in flavour.prefixes
    ]
    return HOW_TO.format(
        root=gateway.root_url,
        base_url=gateway.base_url,
        addresses="\n".join(addresses),
        scenarios=", ".join("finish-WORD" if n == "finish-" else n for n in SCENARIOS),
        gates=", ".join(GATES),
        modifiers=", ".join(MODIFIERS),
    )


if __name__ == "__main__":
    main()
