"""One negotiated plan for one planning window: the call that laboratory and service share."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from agents.mediation import mediate, replay
from agents.registry import create
from agents.reservations import Good, account
from agents.seeds import rng_for
from agents.tools import Tools
from agents.transcript import Round, Transcript
from agents.verify import settlement_faults
from groupage.errors import ReplayError, SettlementError
from logistics.fleet import is_reserved, type_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from agents.market import Market
    from agents.participant import Participant
    from agents.policy import Policy
    from agents.protocol import Conduct, NegotiationProtocol
    from agents.settlement import Settlement


@dataclass(frozen=True, slots=True)
class Synchronization:
    """A settlement and the record of how it came about."""

    settlement: Settlement
    transcript: Transcript


def synchronize(
    market: Market,
    participants: Mapping[str, Participant],
    policy: Policy,
    seed: int,
    *,
    stability: bool = False,
) -> Synchronization:
    """Negotiate a market under a policy.

    Parameters
    ----------
    participants
        By id: everybody who owns shipments, drives, or runs a hub in the market.
    stability
        Work out every coalition's cost, to say how tempted a group is to leave.

    Returns
    -------
    Synchronization
        Same market, participants, policy and seed: the same.

    Raises
    ------
    SettlementError
        If the protocol returns a settlement that breaks a promise; it is not handed out.
    PolicyError
        If the policy names or parametrises a strategy wrongly.
    """
    opened = Negotiation(market, policy, seed, stability=stability)
    settlement, rounds = mediate(opened.conduct(), participants, seed)
    return opened.finished(settlement, rounds)


def replayed(market: Market, policy: Policy, transcript: Transcript, *, stability: bool = False) -> Synchronization:
    """Feed a recorded transcript back: the same exchanges must come, and the settlement they lead to is returned.

    Raises
    ------
    ReplayError
        If the market or policy is another one, or an exchange differs from the record.
    """
    if transcript.market_digest != market.digest:
        raise ReplayError("the record is of another market: its digest differs")
    if transcript.policy_digest != policy.digest:
        raise ReplayError("the record is of another policy: its digest differs")
    opened = Negotiation(market, policy, transcript.seed, stability=stability)
    return opened.finished(replay(opened.conduct(), transcript.rounds), transcript.rounds)


class Negotiation:
    """A negotiation that is about to begin: its conversation, and what is made of where that leads.

    For whoever drives the conversation elsewhere (`agents.mediation.Mediation`); `synchronize` does all in one.
    """

    def __init__(self, market: Market, policy: Policy, seed: int, *, stability: bool = False) -> None:
        self._market, self._policy, self._seed = market, policy, seed
        self._protocol: NegotiationProtocol = create("protocols", policy.protocol)
        self._tools = Tools(market, create("sharing", policy.sharing), policy.effort, seed, stability)

    def conduct(self) -> Conduct:
        """Begin the protocol's conversation."""
        return self._protocol.conduct(self._market, self._tools, rng_for(self._seed, "protocol"))

    def finished(self, settlement: Settlement, rounds: Sequence[Round]) -> Synchronization:
        """Check what the conversation came to, and put its record to it.

        Raises
        ------
        SettlementError
            If it breaks a promise.
        """
        settlement = _with_reservations(self._market, settlement)
        faults = settlement_faults(self._market, settlement, self._tools.jobs)
        if faults:
            raise SettlementError(
                f"{self._policy.protocol.name} returned a settlement with {len(faults)} faults: {faults[0]}"
            )
        transcript = Transcript(self._seed, self._market.digest, self._policy.digest, tuple(rounds))
        evidence = replace(
            settlement.evidence,
            rounds=len(transcript.rounds),
            messages=transcript.message_count,
            disclosed=transcript.disclosed,
        )
        return Synchronization(replace(settlement, evidence=evidence), transcript)


def _with_reservations(market: Market, settlement: Settlement) -> Settlement:
    """Put to a settlement what its day's reservations cost, used or not; no protocol has to know of them."""
    if not market.reserved:
        return settlement
    reservations, transfers = account(market, settlement.loads, settlement.bookings)
    of = {r.good: r.id for r in market.reserved if r.kind is Good.VEHICLE}
    loads = tuple(
        replace(load, reservation=of[type_of(load.vehicle)]) if is_reserved(load.vehicle) else load
        for load in settlement.loads
    )
    return replace(settlement, loads=loads, reservations=reservations, transfers=(*settlement.transfers, *transfers))
