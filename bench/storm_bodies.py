"""What does a request of a storm look like? The same alerts as `storm.lua` makes, for clients in Python."""

import json

_DESCRIPTION = "More than 5% of the requests of this instance have failed for ten minutes, the last with status 500."


def body_of(first: int, count: int) -> bytes:
    """A request of so many alerts, numbered from `first`; every number is another alert."""
    return json.dumps([_alert(number) for number in range(first, first + count)]).encode()


def _alert(number: int) -> dict[str, object]:
    instance = f"storm-{number}"
    return {
        "labels": {
            "alertname": f"ErrorRate{number % 20}",
            "cluster": "eu-1",
            "container": "app",
            "instance": instance,
            "job": "node",
            "namespace": "shop",
            "pod": f"shop-7c9f4d6b9-{number}",
            "prometheus": "monitoring/k8s",
            "service": "website",
            "severity": "warning",
        },
        "annotations": {
            "description": _DESCRIPTION,
            "runbook_url": "https://runbooks.example/errors",
            "summary": f"Instance {instance} answers with errors",
        },
        "startsAt": "2026-01-05T00:00:00Z",
        "endsAt": "2099-01-01T00:00:00Z",
        "generatorURL": "http://prometheus.example:9090/graph?g0.expr=errors&g0.tab=1",
    }
