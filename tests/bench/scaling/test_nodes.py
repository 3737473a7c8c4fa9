"""Which network interface the ranks of several machines use."""

import pytest

from bench.scaling import nodes


@pytest.mark.parametrize(
    ("routes", "address", "name"),
    [
        ({"far": "eth0"}, "far", "eth0"),
        ({"own": "lo", nodes.ELSEWHERE: "eth0"}, "own", "eth0"),
        ({"own": "lo", nodes.ELSEWHERE: ""}, "own", "lo"),
        ({"127.0.0.1": "lo", nodes.ELSEWHERE: "eth0"}, "127.0.0.1", "lo"),
    ],
)
def test_a_name_with_a_loopback_address_leads_to_the_default_route(
    monkeypatch, routes, address, name
):
    monkeypatch.setattr(nodes, "_towards", routes.__getitem__)
    assert nodes.interface(address, alone=False) == name
