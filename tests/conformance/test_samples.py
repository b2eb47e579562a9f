from __future__ import annotations

from conformance.contract import bundled
from conformance.samples import WIDE, samples, with_value

CONTRACT = bundled()


def of(operation: str, name: str) -> dict[str, bool]:
    found = samples(CONTRACT, CONTRACT.operations[operation])
    return {sample.label: sample.good for sample in found if sample.name == name}


def test_a_text_is_tried_on_both_sides_of_both_bounds() -> None:
    found = of("create_room", "title")
    for length, good in ((2, False), (3, True), (255, True), (256, False)):
        assert found[f"{length} characters"] is good
        assert found[f"{length} wide characters"] is good


def test_wide_characters_are_one_code_point_and_two_utf_16_units() -> None:
    assert (len(WIDE), len(WIDE.encode("utf-16-le"))) == (1, 4)


def test_a_number_is_tried_on_both_sides_of_both_bounds() -> None:
    found = of("update_preset", "max_join_limit")
    assert found["the maximum, 5"]
    assert found["the minimum, 1"]
    assert not found["past the maximum, 6"]
    assert not found["past the minimum, 0"]


def test_every_field_is_tried_with_null_and_with_wrong_types() -> None:
    for operation in CONTRACT.operations.values():
        names = {sample.name for sample in samples(CONTRACT, operation)}
        for name in names:
            assert of(operation.id, name)["null"] is False


def test_enums_patterns_formats_and_inner_fields_are_tried() -> None:
    assert of("create_preset", "type")["one of the values, whip"]
    assert not of("create_preset", "primary_color")["not the pattern, '#fff'"]
    assert not of("create_session", "preset_id")["no uuid, '1'"]
    assert "null" in of("create_room", "analytics.google_tag_manager.enabled")


def test_limits_know_who_set_them() -> None:
    found = list(samples(CONTRACT, CONTRACT.operations["update_session_settings"]))
    said = {sample.provenance for sample in found if sample.name == "max_join_limit"}
    assert said <= {"published", "decided"}


def test_a_value_goes_where_its_path_says() -> None:
    sample = next(
        found
        for found in samples(CONTRACT, CONTRACT.operations["create_room"])
        if found.name == "analytics.google_tag_manager.enabled"
    )
    body = {"title": "x", "analytics": {"google_tag_manager": {"container_id": "GTM-1"}}}
    changed = with_value(body, sample)
    inner = {"container_id": "GTM-1", "enabled": sample.value}
    assert changed == {"title": "x", "analytics": {"google_tag_manager": inner}}
    assert body["analytics"] == {"google_tag_manager": {"container_id": "GTM-1"}}
