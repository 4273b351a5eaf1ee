from google.api import client_pb2 as _client_pb2
from groupage.v1 import shipments_pb2 as _shipments_pb2
from groupage.v1 import tracking_events_pb2 as _tracking_events_pb2
from google.protobuf import descriptor as _descriptor
from typing import ClassVar as _ClassVar

DESCRIPTOR: _descriptor.FileDescriptor
