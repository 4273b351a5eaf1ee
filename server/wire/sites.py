"""Sites and audits of the contract as the engine's."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from google.type import dayofweek_pb2

from groupage.v1 import audits_pb2, sites_pb2
from logistics.audits import Audit, AuditResult
from logistics.sites import OpeningHours, Site, SiteKind
from server.wire.fields import day, fault, word

if TYPE_CHECKING:
    from collections.abc import Mapping

_KINDS: Mapping[int, SiteKind] = {
    sites_pb2.SITE_KIND_FACTORY: SiteKind.FACTORY,
    sites_pb2.SITE_KIND_HUB: SiteKind.HUB,
    sites_pb2.SITE_KIND_CLIENT: SiteKind.CLIENT,
    sites_pb2.SITE_KIND_BASE: SiteKind.BASE,
}
_RESULTS: Mapping[int, AuditResult] = {
    audits_pb2.AUDIT_RESULT_PASSED: AuditResult.PASSED,
    audits_pb2.AUDIT_RESULT_CONDITIONAL: AuditResult.CONDITIONAL,
    audits_pb2.AUDIT_RESULT_FAILED: AuditResult.FAILED,
}


def time_zone(name: str, site: str) -> str:
    """Name of a time zone, checked; empty: UTC.

    Raises
    ------
    InputError
        If there is no such zone.
    """
    try:
        ZoneInfo(name or "UTC")
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise fault(site, "time_zone", name, "an IANA name such as Europe/Berlin") from None
    return name or "UTC"


def site(message: sites_pb2.Site) -> Site:
    """Return a site.

    Raises
    ------
    InputError
        Naming the field that does not fit.
    """
    opening = None
    if message.HasField("opening"):
        weekdays = frozenset(d - dayofweek_pb2.MONDAY for d in message.opening.weekdays) or frozenset(range(7))
        try:
            opening = OpeningHours(message.opening.open_min, message.opening.close_min, weekdays)
        except ValueError as error:
            raise fault(message.name, "opening", str(error), "open_min before close_min, in one day") from None
    kind, zone = word(_KINDS, message.name, "kind", message.kind), time_zone(message.time_zone, message.name)
    try:
        return Site(
            id=message.name,
            kind=kind,
            lat=message.position.latitude,
            lon=message.position.longitude,
            name=message.display_name,
            zone=message.zone,
            gln=message.gln or None,
            time_zone=zone,
            opening=opening,
        )
    except ValueError as error:
        field = "gln" if "gln" in str(error) else "position"
        raise fault(message.name, field, str(error), "a place on earth, and a GLN with its check digit") from None


def audit(message: audits_pb2.Audit) -> Audit:
    """Return an audit; one that the operator has not verified is marked so, and does not count.

    Raises
    ------
    InputError
        Naming the field that does not fit.
    """
    audited_on = day(message, "audited_on")
    if audited_on is None:
        raise fault(message.name, "audited_on", "missing", "a day")
    return Audit(
        site=message.site,
        scheme=message.scheme,
        audited_on=audited_on,
        result=word(_RESULTS, message.name, "result", message.result),
        logistics=word(_RESULTS, message.name, "logistics.result", message.logistics.result),
        expires_on=day(message, "expires_on"),
        verified=message.HasField("verify_time"),
    )
