"""The Python client of the service: every method of the contract, and pandas in and out.

>>> from groupage import Client
>>> with Client("localhost:7443", token="gpg_...") as client:  # doctest: +SKIP
...     receipt = client.upload_orders("companies/acme", frame)
...     operation = client.synchronizations.request_synchronization(parent="pools/rhine", ...)
...     for event in client.watch(synchronization):
...         print(event)
"""

from groupage.client.aio import AsyncClient
from groupage.client.blocking import Client
from groupage.client.connection import Connection
from groupage.client.frames import Receipt
from groupage.client.retries import Retries

__all__ = ["AsyncClient", "Client", "Connection", "Receipt", "Retries"]
