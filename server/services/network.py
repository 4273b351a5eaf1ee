"""`groupage.v1.Network`: companies with what they have and run. Standard methods; what is special stands in `kinds`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from groupage.v1 import (
    audits_pb2,
    certificates_pb2,
    companies_pb2,
    fleets_pb2,
    hubs_pb2,
    network_service_pb2_grpc,
    sites_pb2,
    tariffs_pb2,
)
from server.faults import Fault
from server.services import standard
from server.services.kinds import AUDIT, CERTIFICATE, COMPANY, HUB, SITE, TARIFF, VEHICLE_TYPE
from server.store.writer import Transaction, Write, single
from server.viewer import caller

if TYPE_CHECKING:
    from server.store import Store


class Network(network_service_pb2_grpc.NetworkServicer):
    """Companies, sites, hubs, fleets, tariffs, certificates and audits."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def GetCompany(self, request: Any, context: Any) -> Any:
        """One company."""
        return await standard.get(self._store, COMPANY, request.name)

    async def ListCompanies(self, request: Any, context: Any) -> Any:
        """Those that the caller may see."""
        return await standard.listed(self._store, COMPANY, request, companies_pb2.ListCompaniesResponse)

    async def CreateCompany(self, request: Any, context: Any) -> Any:
        """Enter a company; the operator does."""
        if not caller().operator:
            raise Fault("NOT_ALLOWED")
        return await standard.create(self._store, COMPANY, request, parent="")

    async def UpdateCompany(self, request: Any, context: Any) -> Any:
        """Change a company."""
        return await standard.update_(self._store, COMPANY, request)

    async def GetSite(self, request: Any, context: Any) -> Any:
        """One site."""
        return await standard.get(self._store, SITE, request.name)

    async def ListSites(self, request: Any, context: Any) -> Any:
        """A company's sites."""
        return await standard.listed(self._store, SITE, request, sites_pb2.ListSitesResponse)

    async def CreateSite(self, request: Any, context: Any) -> Any:
        """Make a site."""
        return await standard.create(self._store, SITE, request)

    async def UpdateSite(self, request: Any, context: Any) -> Any:
        """Change a site."""
        return await standard.update_(self._store, SITE, request)

    async def DeleteSite(self, request: Any, context: Any) -> Any:
        """Delete a site that nothing names."""
        return await standard.delete(self._store, SITE, request)

    async def GetHub(self, request: Any, context: Any) -> Any:
        """One hub."""
        return await standard.get(self._store, HUB, request.name)

    async def ListHubs(self, request: Any, context: Any) -> Any:
        """A company's hubs."""
        return await standard.listed(self._store, HUB, request, hubs_pb2.ListHubsResponse)

    async def CreateHub(self, request: Any, context: Any) -> Any:
        """Make a hub."""
        return await standard.create(self._store, HUB, request)

    async def UpdateHub(self, request: Any, context: Any) -> Any:
        """Change a hub."""
        return await standard.update_(self._store, HUB, request)

    async def DeleteHub(self, request: Any, context: Any) -> Any:
        """Delete a hub that is not booked."""
        return await standard.delete(self._store, HUB, request)

    async def GetVehicleType(self, request: Any, context: Any) -> Any:
        """One vehicle type."""
        return await standard.get(self._store, VEHICLE_TYPE, request.name)

    async def ListVehicleTypes(self, request: Any, context: Any) -> Any:
        """A company's fleet."""
        return await standard.listed(self._store, VEHICLE_TYPE, request, fleets_pb2.ListVehicleTypesResponse)

    async def CreateVehicleType(self, request: Any, context: Any) -> Any:
        """Make a vehicle type."""
        return await standard.create(self._store, VEHICLE_TYPE, request)

    async def UpdateVehicleType(self, request: Any, context: Any) -> Any:
        """Change a vehicle type."""
        return await standard.update_(self._store, VEHICLE_TYPE, request)

    async def DeleteVehicleType(self, request: Any, context: Any) -> Any:
        """Delete a vehicle type that nothing names."""
        return await standard.delete(self._store, VEHICLE_TYPE, request)

    async def GetTariff(self, request: Any, context: Any) -> Any:
        """One tariff."""
        return await standard.get(self._store, TARIFF, request.name)

    async def ListTariffs(self, request: Any, context: Any) -> Any:
        """A company's tariffs, as far as the caller may see them."""
        return await standard.listed(self._store, TARIFF, request, tariffs_pb2.ListTariffsResponse)

    async def CreateTariff(self, request: Any, context: Any) -> Any:
        """Make a tariff."""
        return await standard.create(self._store, TARIFF, request)

    async def UpdateTariff(self, request: Any, context: Any) -> Any:
        """Change a tariff."""
        return await standard.update_(self._store, TARIFF, request)

    async def DeleteTariff(self, request: Any, context: Any) -> Any:
        """Delete a tariff."""
        return await standard.delete(self._store, TARIFF, request)

    async def GetCertificate(self, request: Any, context: Any) -> Any:
        """One certificate."""
        return await standard.get(self._store, CERTIFICATE, request.name)

    async def ListCertificates(self, request: Any, context: Any) -> Any:
        """A company's certificates."""
        return await standard.listed(self._store, CERTIFICATE, request, certificates_pb2.ListCertificatesResponse)

    async def CreateCertificate(self, request: Any, context: Any) -> Any:
        """Make a certificate; it counts once it is verified."""
        return await standard.create(self._store, CERTIFICATE, request)

    async def UpdateCertificate(self, request: Any, context: Any) -> Any:
        """Change a certificate, which takes its verification away."""
        return await standard.update_(self._store, CERTIFICATE, request)

    async def DeleteCertificate(self, request: Any, context: Any) -> Any:
        """Delete a certificate."""
        return await standard.delete(self._store, CERTIFICATE, request)

    async def VerifyCertificate(self, request: Any, context: Any) -> Any:
        """Say that a certificate was held against its document."""
        return await self._verify(CERTIFICATE, request)

    async def GetAudit(self, request: Any, context: Any) -> Any:
        """One audit."""
        return await standard.get(self._store, AUDIT, request.name)

    async def ListAudits(self, request: Any, context: Any) -> Any:
        """A company's audits."""
        return await standard.listed(self._store, AUDIT, request, audits_pb2.ListAuditsResponse)

    async def CreateAudit(self, request: Any, context: Any) -> Any:
        """Make an audit; it counts once it is verified."""
        return await standard.create(self._store, AUDIT, request)

    async def UpdateAudit(self, request: Any, context: Any) -> Any:
        """Change an audit, which takes its verification away."""
        return await standard.update_(self._store, AUDIT, request)

    async def DeleteAudit(self, request: Any, context: Any) -> Any:
        """Delete an audit."""
        return await standard.delete(self._store, AUDIT, request)

    async def VerifyAudit(self, request: Any, context: Any) -> Any:
        """Say that an audit was held against its document."""
        return await self._verify(AUDIT, request)

    async def _verify(self, kind: standard.Kind, request: Any) -> Any:
        method = f"Verify{kind.message.DESCRIPTOR.name}"
        write = standard.write(method, request, _verify, payload=(kind, request), resources=[request.name])
        return kind.message.FromString(await self._store.write(write))


def _verify_one(tx: Transaction, write: Write) -> bytes:
    kind, request = write.payload
    with tx.reading(write.viewer) as session:
        record = standard.found(session, kind, request.name)
    if not write.viewer.operator:
        raise Fault("NOT_ALLOWED")
    standard.must_match(record, request.etag)
    message = kind.message.FromString(record.body)
    message.verify_time.FromDatetime(tx.now)
    return bytes(standard.decoded(kind, standard.change_record(tx, kind, record, message)).SerializeToString())


_verify = single(_verify_one)
