from google.api import client_pb2 as _client_pb2
from groupage.v1 import demand_pb2 as _demand_pb2
from groupage.v1 import orders_pb2 as _orders_pb2
from google.protobuf import descriptor as _descriptor
from typing import ClassVar as _ClassVar

DESCRIPTOR: _descriptor.FileDescriptor
