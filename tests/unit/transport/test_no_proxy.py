"""The hosts that are reached without a proxy: those of `NO_PROXY`, and this machine."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etelecom_async.transport.no_proxy import NoProxy, is_loopback


@pytest.mark.parametrize(
    ("text", "excepted", "others"),
    [
        ("*", ["example.vn"], []),
        ("a.test, *", ["example.vn"], []),
        ("example.vn", ["example.vn", "api.example.vn"], ["badexample.vn", "example.vn.evil.test"]),
        ("EXAMPLE.vn", ["api.Example.VN."], []),
        (".example.vn", ["api.example.vn", "example.vn"], []),
        ("*.example.vn", ["api.example.vn"], []),
        ("example.vn.", ["example.vn"], []),
        ("a.test b.test", ["b.test"], []),
        ("a.test,,b.test,", ["b.test"], []),
        ("a.test,,", [], ["c.test"]),
        (".", [], ["example.vn"]),
        ("bücher.example", ["xn--bcher-kva.example"], []),
        ("example.vn:443", ["example.vn"], []),
        ("example.vn:8443", [], ["example.vn"]),
        ("10.0.0.5", ["10.0.0.5"], ["10.0.0.50"]),
        ("10.0.0.5:443", ["10.0.0.5"], []),
        ("10.0.0.5:80", [], ["10.0.0.5"]),
        ("10.0.0.0/8", ["10.200.3.4", "::ffff:10.0.0.1"], ["11.0.0.1", "10.example.vn"]),
        ("10.1.2.3/8", ["10.200.3.4"], []),
        ("10.0.0.0/99", [], ["10.0.0.1"]),
        ("0.0.0.0/0", ["8.8.8.8"], ["example.vn"]),
        ("fd00::/8", ["fd12::1"], ["fe80::1"]),
        ("[fd00::]/8", ["fd12::1"], []),
        ("[fd12::1]:443", ["fd12::1"], []),
        ("[fd12::1]:80", [], ["fd12::1"]),
        ("fd12:0:0::0001", ["fd12::1"], []),
        ("::ffff:10.0.0.1", ["10.0.0.1"], []),
    ],
)
def test_no_proxy_excepts_names_addresses_and_networks(text, excepted, others):
    assert [host for host in [*excepted, *others] if NoProxy(text).excepts(host, 443)] == excepted


@given(st.text(max_size=30), st.sampled_from(["example.vn", "10.0.0.1", "fd12::1", ""]))
def test_no_proxy_takes_any_text(text, host):
    assert NoProxy(text).excepts(host, 443) in (True, False)


@pytest.mark.parametrize(
    ("host", "is_it"),
    [
        *[(host, True) for host in ("localhost", "LOCALHOST.", "a.localhost", "127.1.2.3", "::1", "::ffff:127.0.0.1")],
        *[(host, False) for host in ("localhost.example.vn", "10.0.0.1", "127.example.vn", "")],
    ],
)
def test_a_loopback_host_is_this_machine(host, is_it):
    assert is_loopback(host) is is_it
