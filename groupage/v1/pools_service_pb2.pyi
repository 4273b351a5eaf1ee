from google.api import client_pb2 as _client_pb2
from google.longrunning import operations_pb2 as _operations_pb2
from groupage.v1 import consents_pb2 as _consents_pb2
from groupage.v1 import members_pb2 as _members_pb2
from groupage.v1 import pools_pb2 as _pools_pb2
from groupage.v1 import rulebooks_pb2 as _rulebooks_pb2
from google.protobuf import descriptor as _descriptor
from typing import ClassVar as _ClassVar

DESCRIPTOR: _descriptor.FileDescriptor
