"""Tests of the wire as the engine reads it; left out, with a word, where what it stands on is not installed."""

import pytest

for _name in ("google.protobuf", "google.api", "grpc", "protovalidate"):
    pytest.importorskip(_name, reason=f"{_name} is missing: install the extra groupage[service]")
