"""What `k8s/monitoring` gives the Prometheus operator: its kinds by their schemas, all questions of
Prometheus by a parser of PromQL, and the ports and labels that the monitors look for."""

from __future__ import annotations

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import jsonschema
import promql_parser
import pytest

from tests.k8s.manifests import Manifest, Render, groups_of, of_kind

SCHEMAS = Path(__file__).parent / "prometheus_operator"
KINDS = ("ServiceMonitor", "PodMonitor", "PrometheusRule")


def validate(manifest: Manifest) -> None:
    schema = json.loads((SCHEMAS / f"{manifest['kind'].lower()}.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(schema).validate(manifest)


@pytest.fixture
def monitoring(render: Render) -> list[Manifest]:
    return of_kind(render("overlays/production"), *KINDS)


def test_the_operator_takes_every_manifest(monitoring: list[Manifest]) -> None:
    assert {manifest["kind"] for manifest in monitoring} == set(KINDS)
    for manifest in monitoring:
        validate(manifest)


@pytest.mark.parametrize(
    ("kind", "path", "value"),
    [
        ("PodMonitor", ("podMetricsEndpoint",), []),
        ("PodMonitor", ("podMetricsEndpoints", 0, "intervall"), "15s"),
        ("PodMonitor", ("selector", "matchLabels", "role"), 1),
        ("ServiceMonitor", ("endpoints",), {}),
        ("PrometheusRule", ("groups", 0, "rules", 0, "exprs"), "up"),
        ("PrometheusRule", ("groups", 0, "rules", 0, "for"), 5),
    ],
)
def test_a_mistake_would_be_seen(
    monitoring: list[Manifest], kind: str, path: tuple[str | int, ...], value: object
) -> None:
    [manifest] = [deepcopy(each) for each in monitoring if each["kind"] == kind]
    node: Any = manifest["spec"]
    for part in path[:-1]:
        node = node[part]
    node[path[-1]] = value
    with pytest.raises(jsonschema.ValidationError):
        validate(manifest)


def expressions(render: Render) -> list[str]:
    manifests = render("overlays/production")
    found = [
        rule["expr"]
        for manifest in of_kind(manifests, "PrometheusRule")
        for group in manifest["spec"]["groups"]
        for rule in group["rules"]
    ]
    for board in of_kind(manifests, "ConfigMap"):
        if "inferloop.json" in board["data"]:
            panels = json.loads(board["data"]["inferloop.json"])["panels"]
            found += [target["expr"] for panel in panels for target in panel["targets"]]
    return found


def test_prometheus_can_read_every_question(render: Render) -> None:
    every = expressions(render)
    assert len(every) > 20
    for expression in every:
        # Grafana puts its own window in; Prometheus never sees the name.
        promql_parser.parse(expression.replace("$__rate_interval", "5m"))


def test_a_question_that_prometheus_cannot_read_would_be_seen() -> None:
    with pytest.raises(ValueError, match="parenthesis"):
        promql_parser.parse("sum by (pool) (rate(x[10m])")


def test_the_monitors_find_the_pods_and_their_ports(render: Render) -> None:
    manifests = render("overlays/production")
    [monitor] = of_kind(manifests, "PodMonitor")
    [service] = of_kind(manifests, "RayService")
    head, *workers = groups_of(service)
    wanted = dict(monitor["spec"]["selector"]["matchLabels"])
    assert wanted.pop("ray.io/node-type") == "worker"  # of the operator's own labels
    for group in workers:
        assert wanted.items() <= group["template"]["metadata"]["labels"].items()
    ports = {endpoint["port"] for endpoint in monitor["spec"]["podMetricsEndpoints"]}
    [head_monitor] = of_kind(manifests, "ServiceMonitor")
    ports |= {endpoint["port"] for endpoint in head_monitor["spec"]["endpoints"]}
    for group in (head, *workers):
        [container] = group["template"]["spec"]["containers"]
        assert ports <= {port["name"] for port in container["ports"]}
