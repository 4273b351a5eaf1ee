"""Why shipments stay outside the pool: the words that protocols leave on them.

Owners read them, so they name nobody; `agents.telling` takes a quote's figures out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from agents.protocols.deal import Deal

NOT_OFFERED = "its owner did not offer it to the pool"
NOTHING_TO_SAVE = "its owner stated no cost of going alone for it, so that carrying it could save nothing"
NOT_CHEAPER = "no pooled plan was cheaper than going alone"
NO_CARRIER = "no carrier in the pool offered to carry it"
NO_ROOM = "no carrier in the pool could fit it into its day"
NO_PLAN = "its carrier gave no plan for it that can be driven"
NO_COALITION = "in no coalition with others would everybody have paid no more than without"
NO_TERMS = "its owner and the carriers that it bargained with did not come to terms"
PROMISE_WITHDRAWN = "with what was promised for a later day its owner would have paid more than going alone today"
WORD_BROKEN = "a carrier that quoted for it went back on its word, and no other offer was worth taking"
OUT_OF_ROUNDS = "the rounds of the negotiation ended before it was awarded"
NOT_DRIVEN = "its carrier would not drive it, and no other pooled plan was cheaper than going alone"
NOT_HANDLED = "the hub on its way would not handle it, and no other pooled plan was cheaper than going alone"
LEFT_OUT = "its owner was left out: "
DEARER = LEFT_OUT + "with it the pool was dearer than going alone"
REST_DEARER = LEFT_OUT + "what the pool did not take would have cost it more alone than everything together"
NOT_STATED = LEFT_OUT + "it did not say what going alone costs it"
AFTER_REFUSAL = ", after a carrier or hub had gone back on its word"


def left_out(deal: Deal, owner: str, *, after_refusal: bool = False) -> str:
    """Say why an owner was taken out of a deal (see `agents.protocols.deal.worst_owner`)."""
    if owner in deal.silent:
        return NOT_STATED
    why = REST_DEARER if deal.left_alone[owner] > deal.standalone[owner] else DEARER
    return why + AFTER_REFUSAL if after_refusal else why
