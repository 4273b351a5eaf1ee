from google.api import client_pb2 as _client_pb2
from google.longrunning import operations_pb2 as _operations_pb2
from groupage.v1 import change_requests_pb2 as _change_requests_pb2
from groupage.v1 import proposals_pb2 as _proposals_pb2
from groupage.v1 import synchronizations_pb2 as _synchronizations_pb2
from google.protobuf import descriptor as _descriptor
from typing import ClassVar as _ClassVar

DESCRIPTOR: _descriptor.FileDescriptor
