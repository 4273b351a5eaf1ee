"""The contract's form: what Google's API improvement proposals (AIPs) and this house ask of everything in it."""

from __future__ import annotations

import re
from typing import Any

from google.longrunning import operations_pb2

from tests.groupage.v1.contract import (
    ENUMS,
    FIELDS,
    MESSAGES,
    METHODS,
    PACKAGE,
    RESOURCES,
    SERVICES,
    SOURCES,
    Behaviour,
    behaviours,
    broken,
    comments,
    is_map,
    is_uuid,
    named,
    new,
    reachable,
    reference,
    rules,
)

READING = ("Get", "List", "Watch", "Read")
# Units, as the last part of a name or before `_per_`; then pure numbers.
UNITS = ("km", "min", "kg", "m3", "pallets", "percent", "kgco2e", "kmh", "hours", "micros", "cents", "days", "bytes")
RATIOS = {"level", "levels", "share", "circuity_ratio"}
# Figures whose unit another field names, as EPCIS and tables have them.
UNIT_BESIDE = {"QuantityElement.quantity", "SensorReport.reading", "Parameter.number", "DoubleCells.cells"}
MONEY = re.compile(r"(^|_)(cents|eur|price|cost|fee|paid|reserve)(_|$)")
LINE = 120


def writing(method: Any) -> bool:
    return not method.name.startswith(READING)


def long(name: str) -> str:
    return name.removeprefix(PACKAGE)


def test_the_services_of_the_house_are_there() -> None:
    """The contract has the seven services, and long ones answer with an operation that names its types."""
    assert {s.name for s in SERVICES} == {
        "Network",
        "Pools",
        "Orders",
        "Forecasts",
        "Synchronizations",
        "Negotiation",
        "Tracking",
    }
    assert {s.file.package for s in SERVICES} == {"groupage.v1"}
    running = [m for m in METHODS if m.output_type.full_name == "google.longrunning.Operation"]
    assert {m.name for m in running} == {"TrainForecastModel", "RequestSynchronization", "ExportMember"}
    known = {m.name for m in MESSAGES}
    for method in running:
        info = method.GetOptions().Extensions[operations_pb2.operation_info]
        assert {info.response_type, info.metadata_type} <= known, method.name


def test_everything_is_commented() -> None:
    """Every service, method, message, field, enum and value says in a sentence what it is."""
    said = comments()
    assert len(said) > 1500
    assert [name for name, text in said.items() if not re.search(r"\w.*[.:?]$", text)] == []


def test_every_resource_says_who_sees_it() -> None:
    """Competitors share this service: the comment of each resource says by whom it is seen."""
    said = comments()
    assert [m.name for m in RESOURCES if "Seen by" not in said[m.full_name]] == []


def test_comments_keep_to_the_line() -> None:
    """Comments of the contract are no wider than the code, and ASCII where a reader's terminal may not be more."""
    wide = [
        f"{path.name}:{number}"
        for path in SOURCES
        for number, line in enumerate(path.read_text(encoding="ascii").splitlines(), 1)
        if line.lstrip().startswith("//") and len(line) > LINE
    ]
    assert wide == []


def test_every_field_of_a_request_says_how_it_is_used() -> None:
    """All that a caller can send carries a field behaviour (AIP-203), and none is both sides'."""
    silent = [
        long(field.full_name)
        for message in reachable([m.input_type for m in METHODS])
        for field in message.fields
        if not behaviours(field)
    ]
    assert silent == []
    both = [
        long(f.full_name)
        for f in FIELDS
        if Behaviour.OUTPUT_ONLY in behaviours(f) and behaviours(f) & {Behaviour.REQUIRED, Behaviour.OPTIONAL}
    ]
    assert both == []


def test_requests_belong_to_one_method() -> None:
    """Each method has a request of its own, named after it, so that a field added for one reaches no other."""
    assert [m.full_name for m in METHODS if m.input_type.name != f"{m.name}Request"] == []
    assert len({m.input_type for m in METHODS}) == len(METHODS)


def test_every_write_carries_a_request_id() -> None:
    """Each method that changes something has a required UUID by which a repeated call is known (AIP-155)."""
    for method in METHODS:
        field = method.input_type.fields_by_name.get("request_id")
        assert (field is not None) == writing(method), method.full_name
        if field is not None:
            assert Behaviour.REQUIRED in behaviours(field)
            assert is_uuid(field), method.full_name
            request = new(method.input_type)
            for text, fits in (("", False), ("today", False), ("7f1e1b1e-5b0a-4d5e-9b8e-2d1f5f5f5f5f", True)):
                request.request_id = text
                assert any(b.startswith("request_id:") for b in broken(request)) is not fits, method.full_name


def test_unary_writes_can_be_tried() -> None:
    """Each write that is no stream has `validate_only`; an export, which changes nothing, needs none."""
    lacking = [
        m.name
        for m in METHODS
        if writing(m) and not m.client_streaming and "validate_only" not in m.input_type.fields_by_name
    ]
    assert lacking == ["ExportMember"]


def test_lists_come_in_pages() -> None:
    """Whatever lists has page size and token, answers the next token, and repeats one thing in its first field."""
    lists = [m for m in METHODS if m.name.startswith("List") or m.name == "GetTrace"]
    assert len(lists) > 15
    for method in lists:
        asked, answered = method.input_type.fields_by_name, method.output_type.fields_by_name
        assert {"page_size", "page_token"} <= set(asked), method.name
        assert "next_page_token" in answered, method.name
        assert method.output_type.fields_by_number[1].is_repeated, method.name
        if method.name.startswith("List"):
            assert "filter" in asked, method.name
        request = new(method.input_type)
        request.page_size = -1
        assert "page_size: int32.gte" in broken(request), method.name
    paged = {m.name for m in METHODS if "page_token" in m.input_type.fields_by_name}
    assert paged == {m.name for m in lists}


def test_lists_say_what_they_can_be_filtered_by() -> None:
    """Every filter's comment names fields that the listed message has, and gives an example."""
    said = comments()
    for method in (m for m in METHODS if m.name.startswith("List")):
        text = said[f"{method.input_type.full_name}.filter"]
        listed = method.output_type.fields_by_number[1].message_type
        names, _, example = text.partition("Fields that may be named:")[2].partition("Example:")
        assert example, method.name
        for name in re.findall(r"`([a-z_.]+)`", names.split("(")[0] + names.partition(")")[2]):
            head, _, rest = name.partition(".")
            oneofs = {c.name for o in listed.oneofs for c in o.fields}
            if name == "kind" and listed.name == "Tariff":
                assert oneofs == {"groupage", "dedicated", "contract"}
                continue
            assert head in listed.fields_by_name, f"{method.name}: {name}"
            if rest:
                assert rest in listed.fields_by_name[head].message_type.fields_by_name


def test_standard_methods_have_their_standard_shape() -> None:
    """Get takes a name; Create a parent, an id and the resource; Update the resource and a mask; Delete a name."""
    by_name = {m.name: m for m in MESSAGES}
    for method in METHODS:
        verb, _, noun = re.match(r"(Get|Create|Update|Delete)?((\w+))", method.name).groups()
        noun = method.name.removeprefix(verb or "")
        if verb is None or by_name.get(noun) not in RESOURCES:
            continue
        fields = method.input_type.fields_by_name
        snake = re.sub(r"(?<!^)([A-Z])", r"_\1", noun).lower()
        if verb in ("Get", "Delete"):
            assert "name" in fields, method.name
        if verb == "Create":
            # Others make things in the same pool: an id of one's own choice would tell that one's is taken.
            shared = noun == "ChangeRequest"
            assert {snake} | (set() if shared else {f"{snake}_id"}) <= set(fields), method.name
            assert ("parent" in fields) == ("/" in RESOURCES[by_name[noun]].pattern[0].partition("}")[2]), method.name
        if verb == "Update":
            assert fields["update_mask"].message_type.full_name == "google.protobuf.FieldMask"
            assert by_name[noun].fields_by_name["etag"], method.name
            request = new(method.input_type)
            getattr(request, snake).SetInParent()
            assert f": {snake}_name" in broken(request), method.name
        if verb == "Delete":
            assert method.output_type.full_name == "google.protobuf.Empty"
        else:
            assert method.output_type.name == noun, method.name


def test_resources_take_an_etag_back_where_they_are_sent_back() -> None:
    """Output only is what a server must ignore (AIP-203): an update's etag is read, that of other resources is not."""
    updated = {m.name.removeprefix("Update") for m in METHODS if m.name.startswith("Update")}
    assert len(updated) == 9
    for message in RESOURCES:
        if field := message.fields_by_name.get("etag"):
            expected = Behaviour.OPTIONAL if message.name in updated else Behaviour.OUTPUT_ONLY
            assert behaviours(field) == {expected}, message.name


def test_answers_to_proposals_carry_the_etag_that_was_read() -> None:
    """Nobody accepts or declines what it has not read: the etag is required."""
    answers = [m for m in METHODS if re.match(r"(Accept|Decline)(Proposal|ChangeRequest)$|Verify", m.name)]
    assert len(answers) == 6
    for method in answers:
        assert Behaviour.REQUIRED in behaviours(method.input_type.fields_by_name["etag"])
        assert "etag: string.min_len" in broken(new(method.input_type))


def test_resources_are_named_by_their_pattern() -> None:
    """A resource's name is its first field, an identifier, and fits its pattern, segment by segment."""
    assert len(RESOURCES) == 18
    assert len({r.type for r in RESOURCES.values()}) == 18
    for message, resource in RESOURCES.items():
        field = message.fields_by_number[1]
        assert field.name == "name", message.name
        assert behaviours(field) == {Behaviour.IDENTIFIER}
        assert resource.type == f"groupage/{message.name}"
        (pattern,) = resource.pattern
        good = named(pattern)
        for name, fits in (
            (good, True),
            (named(pattern, "a" * 63), True),
            ("", True),  # what is made has no name yet
            (named(pattern, "a" * 64), False),
            (named(pattern, "A1"), False),
            (named(pattern, "-a"), False),
            (named(pattern, ""), False),
            (f"{good}/more/x", False),
            (f"{good}\n", False),
            (f"x/{good}", False),
        ):
            made = new(message)
            made.name = name
            assert ("name: string.pattern" in broken(made)) is not fits, f"{message.name} {name!r}"


def test_references_take_names_of_what_they_refer_to() -> None:
    """A field that refers to a resource, or to the parent of one, takes such names and no others."""
    patterns = {r.type: r.pattern[0] for r in RESOURCES.values()}
    seen = 0
    for message in reachable([m.input_type for m in METHODS]):
        for field in message.fields:
            said = reference(field)
            if not (said.type or said.child_type) or behaviours(field) == {Behaviour.OUTPUT_ONLY}:
                continue
            seen += 1
            assert {said.type, said.child_type} - {""} <= patterns.keys(), field.full_name
            if said.type:
                good = named(patterns[said.type])
            elif said.child_type == "groupage/Shipment":  # of all orders of a company
                good = "companies/a1"
            else:
                good = named(patterns[said.child_type]).rpartition("/")[0].rpartition("/")[0]
            for name, fits in ((good, True), (f"{good}/a2/a3", False), (good.upper(), False), (f"{good} ", False)):
                made = new(message)
                if field.is_repeated:
                    getattr(made, field.name).append(name)
                else:
                    setattr(made, field.name, name)
                wrong = [b for b in broken(made) if b.startswith((f"{field.name}:", f"{field.name}["))]
                assert bool(wrong) is not fits, f"{field.full_name} {name!r} {wrong}"
    assert seen > 90


def test_units_stand_in_names() -> None:
    """Every figure that is no pure number has its unit in its name, as the engine's own fields have."""
    double = [f for f in FIELDS if f.type in (f.TYPE_DOUBLE, f.TYPE_FLOAT)]
    assert [f.full_name for f in double if f.type == f.TYPE_FLOAT] == []
    unitless = [
        long(f.full_name)
        for f in double
        if f.name not in RATIOS and long(f.full_name) not in UNIT_BESIDE and not set(f.name.split("_")) & set(UNITS)
    ]
    assert unitless == []


def test_money_is_whole_and_never_a_float() -> None:
    """Amounts are int64 cents and rates int64 millionths of a euro; nothing about money is any other number."""
    numbers = {"TYPE_DOUBLE": 1, "TYPE_FLOAT": 2, "TYPE_INT32": 5, "TYPE_INT64": 3}
    about_money = [f for f in FIELDS if MONEY.search(f.name) and f.type in numbers.values() and not f.is_repeated]
    assert len(about_money) > 60
    odd = [
        long(f.full_name)
        for f in about_money
        if f.type != f.TYPE_INT64 or not re.search(r"(^|_)(cents|micros)(_|$)", f.name)
    ]
    # How many prices there are in a talk is no price.
    assert odd == []


def test_times_and_days_have_their_types() -> None:
    """What is named after a point in time is a timestamp, what is named after a day a date."""
    for field in FIELDS:
        if re.search(r"(_at|_time|_until|_by|window_open|window_close|window_start|window_end)$", field.name):
            if field.name in ("answered_by", "signed_by"):
                continue
            types = {"google.protobuf.Timestamp"}
            if field.name == "valid_until":
                types = {"google.type.Date"}
            assert field.message_type is not None, field.full_name
            assert field.message_type.full_name in types, field.full_name
        if re.search(r"(_day|_on|^day)$", field.name) and field.message_type is not None:
            assert field.message_type.full_name == "google.type.Date", field.full_name


def test_enums_begin_with_nothing_said() -> None:
    """Value 0 of every enum means that nothing was said; values of top-level enums carry the enum's name (AIP-126)."""
    for enum in ENUMS:
        prefix = re.sub(r"(?<!^)(?=[A-Z])", "_", enum.name).upper()
        if enum.name == "ErrorReason":  # its names are the reasons themselves
            prefix = "ERROR_REASON"
            assert enum.values_by_number[0].name == "ERROR_REASON_UNSPECIFIED"
            continue
        assert enum.values_by_number[0].name == f"{prefix}_UNSPECIFIED", enum.full_name
        if enum.containing_type is None:
            assert [v.name for v in enum.values if not v.name.startswith(f"{prefix}_")] == [], enum.full_name


def test_nothing_of_requests_is_unbounded() -> None:
    """Every list and text that a caller can send has a largest size: no request grows without end."""
    said = rules()
    for message in reachable([m.input_type for m in METHODS]):
        for field in message.fields:
            rule = said[field.full_name]
            if behaviours(field) & {Behaviour.OUTPUT_ONLY}:
                continue
            if is_map(field):
                assert rule.map.max_pairs, field.full_name
            elif field.is_repeated:
                assert rule.repeated.max_items, field.full_name
                rule = rule.repeated.items
            if field.type == field.TYPE_STRING:
                text = rule.string
                bounded = text.max_len or text.uuid or getattr(text, "in") or (text.pattern and "*" not in text.pattern)
                # Ids are bounded within their pattern; SSCC and GLN by their digits.
                ids = "{0,61}" in text.pattern or {c.id for c in rule.cel} & {"sscc", "gln"}
                assert bounded or ids, field.full_name


def test_every_figure_of_requests_is_bounded() -> None:
    """Whatever number a caller can send is finite and has a lower bound, unless it is a sensor's or a parameter's."""
    said = rules()
    for message in reachable([m.input_type for m in METHODS]):
        for field in message.fields:
            rule = said[field.full_name]
            rule = rule.repeated.items if field.is_repeated else rule
            if behaviours(field) & {Behaviour.OUTPUT_ONLY} or field.type != field.TYPE_DOUBLE:
                continue
            figure = rule.double
            assert figure.finite or figure.HasField("lt"), field.full_name
            signed = field.name.endswith("_min") or field.name in {"reading", "number", "cells", "day"}
            assert signed or figure.WhichOneof("greater_than"), field.full_name
