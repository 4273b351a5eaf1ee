from google.api import client_pb2 as _client_pb2
from google.protobuf import empty_pb2 as _empty_pb2
from groupage.v1 import audits_pb2 as _audits_pb2
from groupage.v1 import certificates_pb2 as _certificates_pb2
from groupage.v1 import companies_pb2 as _companies_pb2
from groupage.v1 import fleets_pb2 as _fleets_pb2
from groupage.v1 import hubs_pb2 as _hubs_pb2
from groupage.v1 import sites_pb2 as _sites_pb2
from groupage.v1 import tariffs_pb2 as _tariffs_pb2
from google.protobuf import descriptor as _descriptor
from typing import ClassVar as _ClassVar

DESCRIPTOR: _descriptor.FileDescriptor
